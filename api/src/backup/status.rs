//! How the archives stand, for operators.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement, Value};

use super::Backups;

/// How the archives stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupStatus {
    /// Tenants that have a good archive.
    pub backed_up: i64,
    /// Tenants whose latest good archive is too old, or that should have one and do not.
    pub late: i64,
    /// Some of those that are late.
    pub late_slugs: Option<String>,
    /// The age of the oldest of all tenants' latest good archives; that of the tenant where it has none.
    pub oldest: Option<TimeDelta>,
    /// Tenants whose last backup failed.
    pub failing: i64,
    /// Archives that could not be restored.
    pub bad: i64,
    /// Tenants whose archives are whole, but refused by a migration of this program: only the program before can restore them.
    pub unfit: i64,
}

impl Backups {
    /// How the archives stand.
    pub async fn status(&self, now: DateTime<Utc>) -> Result<BackupStatus, DbErr> {
        // What a migration refuses is so until a later archive was tried, or is of another version, to which the tenant was migrated.
        let sql = "WITH standing AS (SELECT t.slug, last.at IS NOT NULL AS has_one, coalesce(last.at, t.created_at) AS at \
                       FROM platform.tenants t LEFT JOIN LATERAL (SELECT max(b.started_at) AS at FROM platform.backups b \
                           WHERE b.tenant_id = t.id AND b.state = 'done' AND b.verify_error IS NULL) last ON true \
                       WHERE t.status <> 'deleting') \
                   SELECT count(*) FILTER (WHERE has_one) AS backed_up, count(*) FILTER (WHERE at < $1) AS late, min(at) AS oldest, \
                       (SELECT count(*) FROM platform.backup_turns WHERE failures > 0) AS failing, \
                       (SELECT count(*) FROM platform.backups WHERE verify_error IS NOT NULL) AS bad, \
                       (SELECT count(DISTINCT b.tenant_id) FROM platform.backups b WHERE b.state = 'done' AND b.unfit_error IS NOT NULL \
                           AND b.schema_version <> $2 AND NOT EXISTS (SELECT FROM platform.backups l WHERE l.tenant_id = b.tenant_id \
                               AND l.started_at > b.started_at AND l.state = 'done' AND l.verify_error IS NULL AND l.unfit_error IS NULL \
                               AND (l.verified_at IS NOT NULL OR l.schema_version <> b.schema_version))) AS unfit, \
                       (SELECT string_agg(slug, ', ') FROM (SELECT slug FROM standing WHERE at < $1 ORDER BY at LIMIT 5) AS first_few) AS late_slugs \
                       FROM standing";
        let values: [Value; 2] = [self.late_before(now).into(), self.tenants.head().into()];
        let row = self.platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("no counts".to_owned()))?;
        let oldest: Option<DateTime<Utc>> = row.try_get("", "oldest")?;
        Ok(BackupStatus {
            backed_up: row.try_get("", "backed_up")?,
            late: row.try_get("", "late")?,
            late_slugs: row.try_get("", "late_slugs")?,
            oldest: oldest.map(|oldest| now - oldest),
            failing: row.try_get("", "failing")?,
            bad: row.try_get("", "bad")?,
            unfit: row.try_get("", "unfit")?,
        })
    }
}
