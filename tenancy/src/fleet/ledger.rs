//! What became of each tenant: a table, and a view that anyone may ask in SQL.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, Value};

use crate::{Tenant, TenantId, error::code_of};

/// Follows the tables of the control plane. Where all of it is there, as the comment of the view says, nothing is locked: a
/// program may start while others read the view and write the ledger.
///
/// `platform.fleet` says of each tenant where it stands. Its head is the newest version that any tenant was tried with. That a
/// tenant is under way is read from the locks that Postgres holds, so it is true also after a migrator was killed. Backups share
/// the lock, and count for nothing here.
pub(crate) const TABLES: &str = "
DO $$ BEGIN
    IF coalesce(substring(obj_description(to_regclass('platform.fleet'), 'pg_class') FROM '[(]([0-9]+)[)]$')::integer, 0) >= 2 THEN
        RETURN;
    END IF;

    ALTER TABLE platform.tenant_migrations
        ADD COLUMN IF NOT EXISTS started_at timestamptz,
        ADD COLUMN IF NOT EXISTS duration_ms bigint,
        ADD COLUMN IF NOT EXISTS tries integer NOT NULL DEFAULT 1,
        ADD COLUMN IF NOT EXISTS error_code text;
    CREATE INDEX IF NOT EXISTS tenant_migrations_failed_index ON platform.tenant_migrations (version) WHERE state = 'failed';

    CREATE TABLE IF NOT EXISTS platform.frozen_migrations (
        version text PRIMARY KEY,
        checksum text NOT NULL,
        frozen_at timestamptz NOT NULL
    );

    CREATE OR REPLACE VIEW platform.fleet AS
    WITH head AS MATERIALIZED (SELECT max(version) AS version FROM platform.tenant_migrations),
    held AS MATERIALIZED (
        SELECT (l.classid::bigint << 32) | l.objid::bigint AS key
        FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = current_database()
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.mode = 'ExclusiveLock' AND l.granted
    )
    SELECT t.id AS tenant_id, t.slug, t.status, t.schema_version, head.version AS head,
        CASE
            WHEN t.status = 'deleting' THEN 'deleting'
            WHEN hashtextextended('tenantry ' || t.schema_name, 0) IN (SELECT key FROM held) THEN 'under way'
            WHEN t.schema_version >= head.version THEN 'current'
            WHEN m.state = 'failed' THEN 'failed'
            ELSE 'behind'
        END AS state,
        m.tries, m.started_at, m.finished_at, m.duration_ms, m.error_code, m.error
    FROM platform.tenants t CROSS JOIN head
    LEFT JOIN platform.tenant_migrations m ON m.tenant_id = t.id AND m.version = head.version;
    COMMENT ON VIEW platform.fleet IS 'Where each tenant stands (2)';
END $$;
";

/// Begins the ledger of a schema that was made at this version. What was written before is about another schema.
pub(crate) async fn begin_ledger<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    version: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let forget = "DELETE FROM platform.tenant_migrations WHERE tenant_id = $1";
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, forget, [tenant.0.into()])).await?;
    let values: [Value; 3] = [tenant.0.into(), version.into(), now.into()];
    let begin = "INSERT INTO platform.tenant_migrations (tenant_id, version, state, finished_at) VALUES ($1, $2, 'done', $3)";
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, begin, values)).await.map(drop)
}

/// Records that a tenant is at this version, in one statement; whether that was news. It is none where another schema has taken
/// the place of the one that was migrated.
pub(super) async fn write_done(
    database: &DatabaseConnection,
    tenant: &Tenant,
    version: &str,
    started_at: DateTime<Utc>,
    took: Duration,
    tries: u32,
) -> Result<bool, DbErr> {
    let sql = format!(
        "WITH changed AS (
            UPDATE platform.tenants SET schema_version = $2, updated_at = $4
            WHERE id = $1 AND schema_name = $7 AND (schema_version IS NULL OR schema_version < $2) RETURNING id
        ), written AS (
            {DONE} ledger.tries + excluded.tries
        )
        SELECT count(*) AS changed FROM changed"
    );
    is_changed(database, sql, done(tenant, version, (started_at, took), tries)).await
}

/// Records in the transaction that took it there that a tenant is back at this version; whether that was news. The tries of later ones
/// are forgotten: should the tenant get these again, they are new to it.
///
/// Where the schema `was_past` the version, it is at the version now, whatever was known of it: a run that was killed may have left the
/// record of an even older one.
pub(super) async fn write_back(
    transaction: &DatabaseTransaction,
    tenant: &Tenant,
    version: &str,
    was_past: bool,
    times: (DateTime<Utc>, Duration),
    tries: u32,
) -> Result<bool, DbErr> {
    let sql = format!(
        "WITH changed AS (
            UPDATE platform.tenants SET schema_version = $2, updated_at = $4
            WHERE id = $1 AND schema_name = $7 AND (schema_version > $2 OR ($8 AND schema_version IS DISTINCT FROM $2)) RETURNING id
        ), forgotten AS (
            DELETE FROM platform.tenant_migrations WHERE tenant_id IN (SELECT id FROM changed) AND version > $2
        ), written AS (
            {DONE} excluded.tries
        )
        SELECT count(*) AS changed FROM changed"
    );
    let values = done(tenant, version, times, tries).into_iter().chain([was_past.into()]);
    is_changed(transaction, sql, values).await
}

/// What a tenant is at, with the times and the tries that it took: of the rows `changed`, with the values of [`done`].
const DONE: &str = "INSERT INTO platform.tenant_migrations AS ledger
                (tenant_id, version, state, started_at, finished_at, duration_ms, tries)
            SELECT id, $2, 'done', $3, $4, $5, $6::integer FROM changed
            ON CONFLICT (tenant_id, version) DO UPDATE
            SET state = excluded.state, started_at = excluded.started_at, finished_at = excluded.finished_at,
                duration_ms = excluded.duration_ms, error = NULL, error_code = NULL, tries =";

fn done(tenant: &Tenant, version: &str, (started_at, took): (DateTime<Utc>, Duration), tries: u32) -> [Value; 7] {
    [
        tenant.id.0.into(),
        version.into(),
        started_at.into(),
        (started_at + took).into(),
        i64::try_from(took.as_millis()).unwrap_or(i64::MAX).into(),
        i64::from(tries).into(),
        tenant.schema.as_str().into(),
    ]
}

async fn is_changed(
    connection: &impl ConnectionTrait,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<bool, DbErr> {
    let row = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    Ok(row.map_or(Ok(0_i64), |row| row.try_get("", "changed"))? > 0)
}

/// Forgets the tries of versions that no tenant has any more, so that the view measures nobody by them.
pub(super) async fn forget_after<C: ConnectionTrait>(connection: &C, version: &str) -> Result<(), DbErr> {
    let sql = "DELETE FROM platform.tenant_migrations WHERE version > $1 \
               AND NOT EXISTS (SELECT FROM platform.tenants WHERE schema_version > $1 AND status <> 'deleting')";
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into()])).await.map(drop)
}

/// Records that a tenant could not be brought to this version.
pub(super) async fn write_failed(
    database: &DatabaseConnection,
    tenant: &Tenant,
    version: &str,
    failure: &DbErr,
    now: DateTime<Utc>,
    tries: u32,
) -> Result<(), DbErr> {
    let values: [Value; 7] = [
        tenant.id.0.into(),
        version.into(),
        failure.to_string().into(),
        code_of(failure).map(String::from).into(),
        now.into(),
        i64::from(tries).into(),
        tenant.schema.as_str().into(),
    ];
    let sql =
        "INSERT INTO platform.tenant_migrations AS ledger (tenant_id, version, state, error, error_code, finished_at, tries)
        SELECT t.id, $2, 'failed', $3, $4, $5, $6::integer FROM platform.tenants t
        WHERE t.id = $1 AND t.schema_name = $7 AND (t.schema_version IS NULL OR t.schema_version < $2)
        ON CONFLICT (tenant_id, version) DO UPDATE
        SET state = excluded.state, error = excluded.error, error_code = excluded.error_code,
            finished_at = excluded.finished_at, tries = ledger.tries + excluded.tries";
    database.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.map(drop)
}
