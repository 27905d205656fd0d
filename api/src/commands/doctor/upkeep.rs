//! What the program keeps in order by itself: the tenants' versions, prepared schemas, what restores leave, backups.

use chrono::Utc;
use tenancy::SchemaName;

use super::Finding::{self, Bad, Doubtful, Good};
use crate::{backup::Backups, commands::database::Database, config::Config};

/// How many schemas are named that no tenant uses.
const MOST_NAMED: usize = 10;

pub(super) async fn migrations(database: &Database) -> anyhow::Result<Finding> {
    let behind = database.tenants.tenants_behind().await?;
    Ok(if behind.is_empty() {
        Good(format!("all tenants are at {}", database.tenants.head()))
    } else {
        Doubtful(format!("{} tenants are behind and not served; run `tenantry migrate`", behind.len()))
    })
}

pub(super) async fn standby(database: &Database) -> anyhow::Result<Finding> {
    let found = database.tenants.standby_status().await?;
    let prepared = format!("{} schemas are prepared for tenants to come", found.ready);
    if found.broken > 0 || !found.forgotten.is_empty() {
        let forgotten: Vec<&str> = found.forgotten.iter().map(SchemaName::as_str).collect();
        let named = if forgotten.is_empty() { String::new() } else { format!(" ({})", forgotten.join(", ")) };
        let (broken, forgotten) = (found.broken, forgotten.len());
        return Ok(Doubtful(format!(
            "{prepared}; {broken} lack their schema or role, {forgotten} lack their row{named}: `serve` drops them when it starts, as does \
             `tenantry tenant standby`"
        )));
    }
    Ok(Good(match found.other_version {
        0 => prepared,
        other => format!("{prepared}, {other} more for another version of this program"),
    }))
}

/// A restore in place that was killed after the change leaves what it has replaced.
pub(super) async fn left_over(database: &Database) -> anyhow::Result<Finding> {
    let unused = database.tenants.unused_schemas().await?;
    let names: Vec<&str> = unused.iter().take(MOST_NAMED).map(SchemaName::as_str).collect();
    let (names, more) = (names.join(", "), if unused.len() > MOST_NAMED { ", …" } else { "" });
    let schemas = match unused.len() {
        0 => return Ok(Good("each schema is a tenant's, or prepared for one".to_owned())),
        1 => "1 schema".to_owned(),
        count => format!("{count} schemas"),
    };
    Ok(Doubtful(format!(
        "{schemas} that no tenant uses ({names}{more}): a restore in place that was killed leaves the data that it has replaced. The next \
         one of that tenant drops it, or you do: DROP SCHEMA … CASCADE; DROP ROLE …"
    )))
}

pub(super) async fn backups(database: &Database, config: &Config) -> anyhow::Result<Finding> {
    let installed: Option<String> = sea_orm::ConnectionTrait::query_one_raw(
        &database.tenants.platform(),
        sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "SELECT to_regclass('platform.backups')::text AS name"),
    )
    .await?
    .map_or(Ok(None), |row| row.try_get("", "name"))?;
    let backups = Backups::new(config, &database.tenants)?;
    if installed.is_none() {
        return Ok(Doubtful("the control plane has no table of them yet; run `tenantry migrate`".to_owned()));
    }
    let status = backups.status(Utc::now()).await?;
    // Of a tenant without an archive it is the tenant's own.
    let oldest = status.oldest.filter(|_| status.backed_up > 0);
    let age = oldest.map_or_else(String::new, |age| format!(", the oldest of the latest is {} hours old", age.num_hours()));
    let count = match status.backed_up {
        1 => "1 tenant has".to_owned(),
        count => format!("{count} tenants have"),
    };
    let finding = if status.bad > 0 {
        Bad(format!("{} archives cannot be restored; see `tenantry backup list`", status.bad))
    } else if status.unfit > 0 {
        Bad(format!(
            "a migration of this program refuses the archives of {} tenants, which only the program before can restore; \
             see `tenantry backup list`, and mend the rows or the migration",
            status.unfit
        ))
    } else if backups.place().is_none() {
        Doubtful(format!("no --backup-to is given here; {count} an archive that was made by schedule{age}"))
    } else if status.late > 0 {
        let (late, slugs) = (status.late, status.late_slugs.unwrap_or_default());
        Bad(format!(
            "{late} tenants have no archive that is recent enough ({slugs}); see `tenantry backup list` and the log of `serve`"
        ))
    } else if status.failing > 0 {
        Doubtful(format!("the last backup of {} tenants failed, and is tried again; see `tenantry backup list`", status.failing))
    } else {
        Good(format!("{count} an archive{age}"))
    };
    Ok(finding.with_file(config.backup.backup_key_file.as_deref()))
}
