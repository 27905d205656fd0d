//! How many bytes and members tenants have, measured now and then by one process for all.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::plan::Quota;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use serde_json::{Value, json};
use tenancy::TenantId;
use uuid::Uuid;

use super::Usage;
use crate::plan::{Entitlements, STORAGE_USED};

/// How often storage is measured.
const MEASURED_EVERY: TimeDelta = TimeDelta::minutes(5);
/// How often what is old is deleted.
const DELETED_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long days of usage are kept.
const KEPT: TimeDelta = TimeDelta::days(400);
/// How long it is known what a process has written last. Nobody who could not write for that long has a batch to write again.
const BATCHES_KEPT: TimeDelta = TimeDelta::days(30);
/// Tenants that are measured by one statement. The catalogue is read as a whole each time, for it has no index by schema.
const AT_A_TIME: i64 = 200;

/// One process gets the work, and is not waited for should it be killed: then it is done the next time.
const CLAIM: &str = "INSERT INTO platform.periodic_work AS w (name, next_at) VALUES ($1, $2) \
                     ON CONFLICT ON CONSTRAINT periodic_work_pkey DO UPDATE SET next_at = excluded.next_at WHERE w.next_at <= $3 \
                     RETURNING name";

/// Reads the tenants of a page, and the catalogue once for all of them.
fn sizes(page: &str) -> String {
    format!(
        "WITH page AS MATERIALIZED (SELECT t.* FROM platform.tenants t WHERE t.status <> 'deleting' AND {page}),
        sizes AS MATERIALIZED (
            SELECT n.nspname, sum(pg_total_relation_size(c.oid)) AS bytes
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN (SELECT p.schema_name FROM page p) AND c.relkind IN ('r', 'm') GROUP BY n.nspname
        )
        SELECT p.id, p.settings, p.delete_at IS NOT NULL AS is_leaving,
            (SELECT count(*) FROM platform.memberships m WHERE m.tenant_id = p.id) AS members,
            (SELECT count(*) FROM platform.invitations i WHERE i.tenant_id = p.id AND i.expires_at > $2) AS invitations,
            coalesce(s.bytes, 0)::bigint AS bytes
        FROM page p LEFT JOIN sizes s ON s.nspname = p.schema_name ORDER BY p.id"
    )
}

const NOTE: &str = "
    INSERT INTO platform.usage_days (tenant_id, day, storage_bytes, members)
    SELECT n.tenant_id, $2, n.storage_bytes, n.members
    FROM jsonb_to_recordset($1) AS n(tenant_id uuid, storage_bytes bigint, members bigint)
    JOIN platform.tenants t ON t.id = n.tenant_id
    ORDER BY n.tenant_id
    ON CONFLICT ON CONSTRAINT usage_days_pkey DO UPDATE SET storage_bytes = excluded.storage_bytes, members = excluded.members
    WHERE (usage_days.storage_bytes, usage_days.members) IS DISTINCT FROM (excluded.storage_bytes, excluded.members)";

/// What was measured of a tenant.
pub(super) struct Size {
    pub(super) tenant: TenantId,
    pub(super) bytes: u64,
    members: i64,
    /// Members, and invitations that can be accepted.
    pub(super) seats: u64,
    /// Whether it is to be deleted.
    pub(super) is_leaving: bool,
    pub(super) settings: Value,
}

impl Usage {
    /// Does what is due and no other process has taken on.
    pub(super) async fn do_periodic(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.claim("measure storage", now, MEASURED_EVERY).await? {
            let mut after = Uuid::nil();
            while let Some(last) = self.measure_after(after, now).await? {
                after = last;
            }
        }
        if self.claim("delete old usage", now, DELETED_EVERY).await? {
            self.delete_old(now).await?;
        }
        Ok(())
    }

    /// Deletes days that are older than they are kept, and those of tenants that were deleted while their last counts were written.
    pub async fn delete_old(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let today = now.date_naive();
        let old = "DELETE FROM platform.usage_days WHERE day < $1";
        self.platform.execute_raw(statement(old, [(today - KEPT).into()])).await?;
        let batches = "DELETE FROM platform.usage_batches WHERE written_at < $1";
        self.platform.execute_raw(statement(batches, [(now - BATCHES_KEPT).into()])).await?;
        let orphans = "DELETE FROM platform.usage_days u WHERE day >= $1 \
                       AND NOT EXISTS (SELECT FROM platform.tenants t WHERE t.id = u.tenant_id)";
        self.platform.execute_raw(statement(orphans, [(today - TimeDelta::days(2)).into()])).await?;
        let orphans = "DELETE FROM platform.slow_operations s \
                       WHERE NOT EXISTS (SELECT FROM platform.tenants t WHERE t.id = s.tenant_id)";
        self.platform.execute_raw(statement(orphans, [])).await?;
        Ok(())
    }

    /// Measures one tenant now.
    pub async fn measure(&self, tenant: TenantId, now: DateTime<Utc>) -> anyhow::Result<()> {
        let sql = sizes("t.id = $1");
        let rows = self.platform.query_all_raw(statement(&sql, [tenant.0.into(), now.into()])).await?;
        self.note_sizes(&rows, now).await
    }

    /// Measures the next tenants, and says which was the last; none after all.
    async fn measure_after(&self, after: Uuid, now: DateTime<Utc>) -> anyhow::Result<Option<Uuid>> {
        let sql = sizes(&format!("t.id > $1 ORDER BY t.id LIMIT {AT_A_TIME}"));
        let rows = self.platform.query_all_raw(statement(&sql, [after.into(), now.into()])).await?;
        self.note_sizes(&rows, now).await?;
        rows.last().map(|row| row.try_get("", "id")).transpose().map_err(Into::into)
    }

    async fn note_sizes(&self, rows: &[QueryResult], now: DateTime<Utc>) -> anyhow::Result<()> {
        let sizes = rows.iter().map(size_of).collect::<anyhow::Result<Vec<Size>>>()?;
        let noted: Vec<Value> = sizes
            .iter()
            .map(|size| json!({ "tenant_id": size.tenant, "storage_bytes": size.bytes, "members": size.members }))
            .collect();
        let today: NaiveDate = now.date_naive();
        self.platform.execute_raw(statement(NOTE, [Value::Array(noted).into(), today.into()])).await?;
        for size in &sizes {
            // Only where a tenant goes over its quota or comes back: a change of settings is heard by every process.
            if is_to_note(&size.settings, size.bytes) {
                let change = |settings: &mut serde_json::Map<String, Value>| {
                    let whole = Value::Object(settings.clone());
                    settings.remove(STORAGE_USED);
                    if let Some(bytes) = use_to_note(&whole, size.bytes) {
                        settings.insert(STORAGE_USED.to_owned(), bytes.into());
                    }
                };
                if let Err(error) = self.tenants.change_settings(size.tenant, now, change).await {
                    tracing::warn!(tenant = %size.tenant, %error, "that a tenant is over its quota, or no more, was not noted; it is later");
                }
            }
        }
        self.warn(&sizes, now).await
    }

    async fn claim(&self, work: &str, now: DateTime<Utc>, every: TimeDelta) -> anyhow::Result<bool> {
        let claimed = self.platform.query_one_raw(statement(CLAIM, [work.into(), (now + every).into(), now.into()])).await?;
        Ok(claimed.is_some())
    }
}

/// The use that a tenant's settings tell of.
fn noted_use(settings: &Value) -> Option<u64> {
    settings.get(STORAGE_USED).and_then(Value::as_u64)
}

/// The use that they should tell of: none within the quota, or without one.
fn use_to_note(settings: &Value, bytes: u64) -> Option<u64> {
    let limit = Entitlements::in_settings(settings).limit(Quota::StorageBytes)?;
    (bytes > limit).then_some(bytes)
}

/// Whether that has changed. Of a tenant that was over its quota before and still is, it does not matter by how much.
fn is_to_note(settings: &Value, bytes: u64) -> bool {
    let (noted, now) = (noted_use(settings), use_to_note(settings, bytes));
    match (noted, now) {
        // As long as what is noted says so.
        (Some(noted), Some(_)) => use_to_note(settings, noted).is_none(),
        (noted, now) => noted != now,
    }
}

fn size_of(row: &QueryResult) -> anyhow::Result<Size> {
    let (members, invitations): (i64, i64) = (row.try_get("", "members")?, row.try_get("", "invitations")?);
    Ok(Size {
        tenant: TenantId(row.try_get("", "id")?),
        bytes: row.try_get::<i64>("", "bytes")?.try_into()?,
        members,
        seats: (members + invitations).try_into()?,
        is_leaving: row.try_get("", "is_leaving")?,
        settings: row.try_get("", "settings")?,
    })
}

fn statement<const N: usize>(sql: &str, values: [sea_orm::Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
