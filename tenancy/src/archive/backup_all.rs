//! A backup of every tenant.
//!
//! Each tenant is a snapshot of its own, on a connection of its own: the locks that are held at a time are those of one tenant,
//! however many there are.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use super::{ArchiveError, ArchiveKey, piece::beside};
use crate::{Error, Result, Slug, Tenant, TenantId, TenantStatus, Tenants};

/// How many tenants are read from the control plane at a time.
const PAGE: u64 = 200;
/// How the names of archives end.
const EXTENSION: &str = "tenantry";
/// What stands between slug and time in the names of these archives; a slug has no dot. The schedule may put its own into the same
/// directory, and has its own rules which of them go.
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
    /// Backs up every tenant into `directory/<id>/<slug>.all-<time>.tenantry`, one after the other, and keeps the `keep` latest
    /// such archives of each. A directory is named by the id, so a renamed tenant keeps its archives and nobody inherits them. One that
    /// fails is reported, and the others go on. `watch` is told of each.
    ///
    /// # Errors
    /// Only when the tenants cannot be read.
    pub async fn backup_all(
        &self,
        directory: &Path,
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
                let result = self.back_up_one(&tenant, directory, keep, key, now).await;
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
        directory: &Path,
        keep: usize,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<(u64, usize)> {
        let home = home_of(directory, tenant.id);
        let made = home.clone();
        beside(move || fs::create_dir_all(&made).map_err(ArchiveError::of_file(&made))).await?;
        let name = format!("{}{OF_ALL}{}.{EXTENSION}", tenant.slug, now.format("%Y%m%dT%H%M%S%3fZ"));
        let contents = self.backup(tenant, &home.join(name), key, now).await?;
        let removed = beside(move || rotate(&home, keep)).await?;
        Ok((contents.rows(), removed))
    }
}

fn home_of(directory: &Path, tenant: TenantId) -> PathBuf {
    directory.join(tenant.to_string())
}

/// Removes all archives of this kind but the latest. Other files are not touched.
fn rotate(home: &Path, keep: usize) -> Result<usize, ArchiveError> {
    let failed = |error: io::Error| ArchiveError::of_file(home)(error);
    let mut archives = Vec::new();
    for entry in fs::read_dir(home).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some(time) = time_of(&path) {
            archives.push((time, path));
        }
    }
    archives.sort_unstable();
    let old = archives.len().saturating_sub(keep.max(1));
    for (_, path) in archives.iter().take(old) {
        fs::remove_file(path).map_err(failed)?;
    }
    Ok(old)
}

/// The time in the name of an archive: slugs may differ from one to the next.
fn time_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let (_, time) = name.split_once(OF_ALL)?;
    let digits = time.strip_suffix('Z')?;
    (digits.len() == 18 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'T')).then(|| time.to_owned())
}
