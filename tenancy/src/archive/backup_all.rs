//! A backup of every tenant.
//!
//! Each tenant is a snapshot of its own, on a connection of its own: the locks that are held at a time are those of one tenant,
//! however many there are.

use chrono::{DateTime, Utc};

use super::{ArchiveKey, ArchivePlace};
use crate::{Error, Result, Slug, Tenant, TenantStatus, Tenants};

/// How many tenants are read from the control plane at a time.
const PAGE: u64 = 200;
/// How the names of archives end.
const EXTENSION: &str = ".tenantry";
/// What stands between slug and time in the names of these archives; a slug has no dot. The schedule may put its own into the same
/// place, and has its own rules which of them go.
const OF_ALL: &str = ".all-";

/// A tenant that could not be backed up. Its former archives are kept.
#[derive(Debug)]
pub struct BackupAllFailure {
    /// The tenant.
    pub tenant: Tenant,
    /// Why.
    pub error: Error,
}

/// What a backup of all tenants did.
#[derive(Debug, Default)]
pub struct BackupAllReport {
    /// How many tenants were backed up.
    pub done: usize,
    /// Their rows.
    pub rows: u64,
    /// How many old archives were removed.
    pub removed: usize,
    /// Those that could not be backed up.
    pub failed: Vec<BackupAllFailure>,
}

impl Tenants {
    /// Backs up every tenant into `<id>/<slug>.all-<time>.tenantry` of a place, one after the other, and keeps the `keep` latest such
    /// archives of each. They are grouped by the id, so a renamed tenant keeps its archives and nobody inherits them. One that fails is
    /// reported, and the others go on. `watch` is told of each.
    ///
    /// # Errors
    /// Only when the tenants cannot be read.
    pub async fn backup_all(
        &self,
        place: &ArchivePlace,
        keep: usize,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
        mut watch: impl FnMut(&Tenant, bool),
    ) -> Result<BackupAllReport> {
        let mut report = BackupAllReport::default();
        let mut after: Option<Slug> = None;
        loop {
            let page = self.list(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(report) };
            after = Some(last.slug.clone());
            // What is being deleted is not whole any more.
            for tenant in page.into_iter().filter(|tenant| tenant.status != TenantStatus::Deleting) {
                let result = self.back_up_one(&tenant, place, keep, key, now).await;
                watch(&tenant, result.is_ok());
                match result {
                    Ok((rows, removed)) => {
                        report.done += 1;
                        report.rows += rows;
                        report.removed += removed;
                    }
                    // Deleted since the page was read.
                    Err(Error::NotFound(_)) => {}
                    Err(error) => report.failed.push(BackupAllFailure { tenant, error }),
                }
            }
        }
    }

    async fn back_up_one(
        &self,
        tenant: &Tenant,
        place: &ArchivePlace,
        keep: usize,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<(u64, usize)> {
        let home = place.join(&tenant.id.to_string());
        let name = format!("{}{OF_ALL}{}{EXTENSION}", tenant.slug, now.format("%Y%m%dT%H%M%S%3fZ"));
        let written = self.backup_into(tenant, &home.join(&name), key, now).await?;
        Ok((written.contents.rows(), rotate(&home, keep).await?))
    }
}

/// Removes all archives of this kind but the latest, and says how many. What has another name is not touched.
async fn rotate(home: &ArchivePlace, keep: usize) -> Result<usize> {
    let names = home.names().await?;
    let mut archives: Vec<(&str, &str)> = names.iter().filter_map(|name| Some((time_of(name)?, name.as_str()))).collect();
    archives.sort_unstable();
    let old = archives.len().saturating_sub(keep.max(1));
    for (_, name) in archives.iter().take(old) {
        home.join(name).remove().await?;
    }
    Ok(old)
}

/// The time in the name of an archive: slugs may differ from one to the next.
fn time_of(name: &str) -> Option<&str> {
    let (_, time) = name.strip_suffix(EXTENSION)?.split_once(OF_ALL)?;
    let digits = time.strip_suffix('Z')?;
    (digits.len() == 18 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T')).then_some(time)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::time_of;

    #[rstest]
    #[case("acme.all-20261121T101112345Z.tenantry", Some("20261121T101112345Z"))]
    #[case("acme-20261121T101112345Z.tenantry", None)]
    #[case("acme.all-20261121T101112345Z.tenantry.partial", None)]
    #[case("acme.all-yesterday.tenantry", None)]
    #[case("acme.all-20261121T101112345Z", None)]
    #[case(".all-.tenantry", None)]
    #[case("notes.txt", None)]
    fn only_archives_of_this_kind_have_a_time(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(time_of(name), expected);
    }
}
