//! Migrating all tenants.
//!
//! One query over the ledger finds the tenants that are behind, however many there are. Each is migrated in a transaction
//! of its own, several at a time; one that fails is recorded and left as it was, and the others go on. Stopping at any
//! moment loses nothing: a tenant is either done or untouched, and the next run goes on with the rest.

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait, Value};

use crate::{
    Error, Result, SchemaName, Tenant, TenantId, Tenants,
    directory::{SELECT_TENANT, tenant_from},
    provision::{grant_tables, set_search_path, take_lock},
};

/// A tenant whose migration failed.
#[derive(Debug)]
pub struct TenantFailure {
    /// The tenant.
    pub tenant: Tenant,
    /// Why.
    pub error: Error,
}

/// What a run over the tenants did.
#[derive(Debug, Default)]
pub struct FleetReport {
    /// How many tenants were behind.
    pub behind: usize,
    /// How many of them are at the head now.
    pub migrated: usize,
    /// Those that are not.
    pub failed: Vec<TenantFailure>,
}

/// A step of a run, for whoever watches it.
#[derive(Debug, Clone, Copy)]
pub struct FleetStep<'a> {
    /// How many tenants have been worked on, this one included.
    pub finished: usize,
    /// How many there are to work on.
    pub of: usize,
    /// The tenant that was just worked on.
    pub tenant: &'a Tenant,
    /// Whether it is at the head now.
    pub succeeded: bool,
}

impl Tenants {
    /// Migrates every tenant that is behind, `parallel` at a time, and tells `watch` of each.
    ///
    /// # Errors
    /// Only when the ledger cannot be read. A tenant's own failure is in the report.
    pub async fn migrate_all(
        &self,
        parallel: usize,
        now: DateTime<Utc>,
        mut watch: impl FnMut(FleetStep<'_>),
    ) -> Result<FleetReport> {
        let behind = self.tenants_behind().await?;
        let mut report = FleetReport { behind: behind.len(), ..FleetReport::default() };
        let mut results = stream::iter(behind)
            .map(|tenant| async move {
                let result = self.migrate_one(&tenant, now).await;
                (tenant, result)
            })
            .buffer_unordered(parallel.max(1));
        let mut finished = 0;
        while let Some((tenant, result)) = results.next().await {
            finished += 1;
            watch(FleetStep { finished, of: report.behind, tenant: &tenant, succeeded: result.is_ok() });
            match result {
                Ok(()) => report.migrated += 1,
                Err(error) => report.failed.push(TenantFailure { tenant, error }),
            }
        }
        Ok(report)
    }

    /// The tenants whose schema is behind this program: one query.
    pub async fn tenants_behind(&self) -> Result<Vec<Tenant>> {
        let sql = format!("{SELECT_TENANT} WHERE t.schema_version IS NULL OR t.schema_version < $1 ORDER BY t.slug");
        let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.head().into()]);
        let rows = self.platform().query_all_raw(read).await?;
        rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect()
    }

    async fn migrate_one(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<()> {
        let result = self.migrate_schema(&tenant.schema).await;
        // The ledger is written after the schema's transaction: should the process die in between, the next run finds
        // nothing to do in the schema and writes the ledger again.
        let recorded = self.record(tenant.id, result.as_ref().err(), now).await;
        self.inner.directory.forget(tenant.id);
        // The first thing that went wrong is what the report names.
        result.map_err(|source| Error::Migration { tenant: tenant.id, source })?;
        Ok(recorded?)
    }

    async fn migrate_schema(&self, schema: &SchemaName) -> Result<(), DbErr> {
        let transaction = self.inner.direct.begin().await?;
        take_lock(&transaction, schema.as_str()).await?;
        set_search_path(&transaction, schema.as_str()).await?;
        // A migration that waits for a lock makes every later statement wait behind it: rather fail and be run again.
        transaction.execute_unprepared("SELECT set_config('lock_timeout', '5s', true)").await?;
        (self.inner.schema.migrate)(&transaction).await?;
        grant_tables(&transaction, schema).await?;
        transaction.commit().await
    }

    async fn record(&self, tenant: TenantId, failure: Option<&DbErr>, now: DateTime<Utc>) -> Result<(), DbErr> {
        let transaction = self.inner.direct.begin().await?;
        let state = if failure.is_some() { "failed" } else { "done" };
        let values: [Value; 5] =
            [tenant.0.into(), self.head().into(), state.into(), failure.map(ToString::to_string).into(), now.into()];
        let ledger = "INSERT INTO platform.tenant_migrations (tenant_id, version, state, error, finished_at) VALUES ($1, $2, $3, $4, $5) \
                      ON CONFLICT (tenant_id, version) DO UPDATE \
                      SET state = excluded.state, error = excluded.error, finished_at = excluded.finished_at";
        transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, ledger, values)).await?;
        if failure.is_none() {
            let values: [Value; 3] = [tenant.0.into(), self.head().into(), now.into()];
            let sql = "UPDATE platform.tenants SET schema_version = $2, updated_at = $3 \
                       WHERE id = $1 AND (schema_version IS NULL OR schema_version < $2)";
            transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        }
        transaction.commit().await
    }
}
