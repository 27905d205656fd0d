//! What is left of deleted tenants: their archives, for some days, in case the deletion was a mistake; and exports that nobody waits for, where
//! they could not be removed at once.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use tenancy::{ArchivePlace, TenantId};
use uuid::Uuid;

use super::Backups;

/// After what time a removal that failed is tried again.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// How many archives are removed before it is looked for others.
const AT_A_TIME: i64 = 100;

/// Has the archives of a tenant removed at a moment, in the transaction in which its rows go, and what failed backups may have left. Says
/// how many archives there are.
pub(crate) async fn hand_over<C: ConnectionTrait>(connection: &C, tenant: TenantId, at: DateTime<Utc>) -> Result<i64, DbErr> {
    let sql = "WITH handed_over AS (INSERT INTO platform.backup_removals (id, place, remove_at) \
                   SELECT id, place, $2 FROM platform.backups WHERE tenant_id = $1 ON CONFLICT DO NOTHING) \
               SELECT count(*) AS archives FROM platform.backups WHERE tenant_id = $1 AND state IN ('running', 'done')";
    let values: [Value; 2] = [tenant.0.into(), at.into()];
    let row = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "archives"))
}

impl Backups {
    /// Removes the archives whose time has come. Several processes may do so at once.
    pub(super) async fn remove_due(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        loop {
            let sql = "SELECT id, place FROM platform.backup_removals WHERE remove_at <= $1 ORDER BY remove_at LIMIT $2";
            let values: [Value; 2] = [now.into(), AT_A_TIME.into()];
            let rows = self.platform.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                let (id, place): (Uuid, String) = (row.try_get("", "id")?, row.try_get("", "place")?);
                let removed = match place.parse::<ArchivePlace>() {
                    Ok(place) => place.remove().await,
                    Err(error) => Err(error.into()),
                };
                match removed {
                    Ok(()) => self.change("DELETE FROM platform.backup_removals WHERE id = $1", [id.into()]).await?,
                    Err(error) => {
                        tracing::error!(%error, place, "an archive or export that nobody has any more could not be removed; it is tried again");
                        let sql = "UPDATE platform.backup_removals SET remove_at = $2, error = $3 WHERE id = $1";
                        self.change(sql, [id.into(), (now + AGAIN).into(), error.to_string().into()]).await?
                    }
                };
            }
        }
    }
}
