//! Prepared schemas that no tenant shall get, and what was left of some.
//!
//! A kill leaves nothing half done, since schema and row come and go in one transaction. What is found here was made otherwise: by a
//! program of another version, by somebody who dropped a schema by hand, or by restoring a part of a database.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value};
use tokio::time::sleep;

use super::{MARK, give_up, try_lock};
use crate::{Result, SchemaName, Tenants};

/// How long it is waited for somebody who looks into a schema that nobody needs. Longer than that, it is dropped the next time.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";

/// How long to wait for another process that makes or drops prepared schemas.
const PATIENCE: Duration = Duration::from_secs(10);
/// After what time it is looked again whether that process is done.
const AGAIN: Duration = Duration::from_millis(200);

/// No tenant has the schema `s`.
const NOBODYS: &str = "NOT EXISTS (SELECT FROM platform.tenants t WHERE t.id = s.id OR t.schema_name = s.schema_name)";

impl Tenants {
    /// Drops the prepared schemas that no tenant can get: those of an older version, and those of which the schema, the role or the row
    /// is missing. Says how many. A schema that a tenant has had is never dropped, whatever is missing.
    pub async fn tidy_standby(&self) -> Result<usize> {
        let mut dropped = 0;
        let useless = "(schema_version < $1 OR to_regnamespace(schema_name) IS NULL OR to_regrole(schema_name) IS NULL)";
        while self.drop_standby(useless, self.head().into()).await? {
            dropped += 1;
        }
        for schema in self.forgotten_standby().await? {
            if self.drop_forgotten(&schema).await? {
                dropped += 1;
            }
        }
        if dropped > 0 {
            tracing::info!(dropped, "prepared schemas of another version, or without a row, are dropped");
        }
        Ok(dropped)
    }

    /// Drops prepared schemas until there are no more than so many. Says how many it dropped.
    pub async fn shrink_standby(&self, most: usize) -> Result<usize> {
        let mut dropped = 0;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        while self.drop_standby("(SELECT count(*) FROM platform.standby_schemas) > $1", most.into()).await? {
            dropped += 1;
        }
        Ok(dropped)
    }

    /// Drops the prepared schemas that are past this version, and waits a while for another process that is at them. Says how many are
    /// left.
    pub(crate) async fn drop_standby_after(&self, version: &str) -> Result<u64> {
        let mut since = Instant::now();
        loop {
            if self.drop_standby("schema_version > $1", version.into()).await? {
                since = Instant::now();
                continue;
            }
            // None was dropped either because there is none, or because another process has the lock.
            let left = self.standby_after(version).await?;
            if left == 0 || since.elapsed() >= PATIENCE {
                return Ok(left);
            }
            sleep(AGAIN).await;
        }
    }

    async fn standby_after(&self, version: &str) -> Result<u64> {
        let sql = "SELECT count(*) AS later FROM platform.standby_schemas WHERE schema_version > $1";
        let count = Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into()]);
        let row = self.inner.direct.query_one_raw(count).await?;
        let left: i64 = row.map_or(Ok(0), |row| row.try_get("", "later"))?;
        Ok(u64::try_from(left).unwrap_or_default())
    }

    /// Drops one of those that the condition names, with its row. Says whether there was one, and nobody else at it.
    async fn drop_standby(&self, condition: &str, value: Value) -> Result<bool> {
        let transaction = self.inner.direct.begin().await?;
        if !try_lock(&transaction).await? {
            return give_up(transaction).await;
        }
        let sql = format!(
            "WITH one AS MATERIALIZED (SELECT id FROM platform.standby_schemas WHERE {condition} \
                 ORDER BY made_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) \
             DELETE FROM platform.standby_schemas s USING one WHERE s.id = one.id RETURNING s.schema_name, {NOBODYS} AS is_nobodys"
        );
        let deleted = Statement::from_sql_and_values(DbBackend::Postgres, sql, [value]);
        let Some(row) = transaction.query_one_raw(deleted).await? else { return give_up(transaction).await };
        // A row that names a tenant's schema is a mistake, and the row alone is removed.
        if row.try_get::<bool>("", "is_nobodys")? {
            drop_schema(&transaction, &SchemaName::parse(&row.try_get::<String>("", "schema_name")?)?).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The schemas that no tenant has had yet, and that no row of the prepared ones names.
    pub(super) async fn forgotten_standby(&self) -> Result<Vec<SchemaName>> {
        let sql = "SELECT n.nspname::text AS name FROM pg_catalog.pg_description d \
                   JOIN pg_catalog.pg_namespace n ON n.oid = d.objoid \
                   WHERE d.classoid = 'pg_catalog.pg_namespace'::regclass AND d.description = $1 \
                   AND NOT EXISTS (SELECT FROM platform.tenants t WHERE t.schema_name = n.nspname) \
                   AND NOT EXISTS (SELECT FROM platform.standby_schemas s WHERE s.schema_name = n.nspname) ORDER BY n.nspname";
        let marked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [MARK.into()]);
        let rows = self.inner.direct.query_all_raw(marked).await?;
        rows.iter().map(|row| Ok(SchemaName::parse(&row.try_get::<String>("", "name")?)?)).collect()
    }

    async fn drop_forgotten(&self, schema: &SchemaName) -> Result<bool> {
        let transaction = self.inner.direct.begin().await?;
        if !try_lock(&transaction).await? {
            return give_up(transaction).await;
        }
        drop_schema(&transaction, schema).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn drop_schema(transaction: &DatabaseTransaction, schema: &SchemaName) -> Result<()> {
    let drop = format!("{LOCK_TIMEOUT}; DROP SCHEMA IF EXISTS {schema} CASCADE; DROP ROLE IF EXISTS {schema}");
    transaction.execute_unprepared(&drop).await?;
    Ok(())
}
