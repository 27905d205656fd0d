//! Removing a tenant whose time has come, step by step, for as long as each finds something to do.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DbErr, TransactionSession, TransactionTrait as _};
use tokio::time::sleep;

use super::step::{delete_rows, drop_role, drop_schema, drop_tables, note, tables_of_tenants};
use crate::{
    Result, TenantId, TenantStatus, Tenants,
    archive::is_wait,
    provision::{execute, take_lock},
};

/// Rows of the control plane that are deleted at a time.
const ROWS_AT_ONCE: i64 = 1_000;
/// How often a step is tried that has to wait for requests which have begun, and how long it lets them go on in between.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// A step of a deletion; made again until it finds nothing to do.
#[derive(Clone, Copy)]
enum Step<'a> {
    /// Drops some tables.
    Tables,
    /// Drops a schema without tables.
    Schema,
    /// Drops a role. Last, and by itself: where it owns something in another database, the rest is gone all the same.
    Role,
    /// Deletes some rows of a table of the control plane.
    Rows(&'a str),
}

impl Tenants {
    /// Removes a tenant whose time has come, but for its row and what `last` names of the tables of the control plane: its
    /// schemas with all their tables, its roles, and its rows in the control plane. False: its time has not come.
    ///
    /// Requests that have begun are waited for. From the first step on nothing can be taken back.
    ///
    /// # Errors
    /// When requests do not end within a minute, or the database fails: then the next call goes on.
    pub async fn erase(&self, tenant: TenantId, last: &[&str], now: DateTime<Utc>) -> Result<bool> {
        if !self.begin_erasing(tenant, now).await? {
            return Ok(false);
        }
        self.inner.directory.forget(tenant);
        while self.repeat(tenant, Step::Tables).await? {}
        while self.repeat(tenant, Step::Schema).await? {}
        for table in tables_of_tenants(&self.platform()).await? {
            while !last.contains(&table.as_str()) && self.repeat(tenant, Step::Rows(&table)).await? {}
        }
        while self.repeat(tenant, Step::Role).await? {}
        Ok(true)
    }

    /// Marks that there is no way back.
    async fn begin_erasing(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<bool> {
        let transaction = self.platform().begin().await?;
        let sql = "UPDATE platform.tenants SET status = $3, status_since = $2, updated_at = $2 \
                   WHERE id = $1 AND delete_at <= $2 AND status <> $3";
        execute(&transaction, sql, [tenant.0.into(), now.into(), TenantStatus::Deleting.as_str().into()]).await?;
        let sql = "UPDATE platform.deletions d SET begun_at = coalesce(begun_at, $2) \
                   FROM platform.tenants t WHERE d.tenant_id = $1 AND t.id = $1 AND t.status = $3";
        let has_begun = execute(&transaction, sql, [tenant.0.into(), now.into(), TenantStatus::Deleting.as_str().into()]).await?;
        TransactionSession::commit(transaction).await?;
        Ok(has_begun == 1)
    }

    /// Makes one step, after those who are at the same tenant, and again where requests were in the way. Says whether there was
    /// something to do.
    async fn repeat(&self, tenant: TenantId, step: Step<'_>) -> Result<bool> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.step(tenant, step).await {
                Err(error) if is_wait(&error) && tries < TRIES => sleep(PAUSE).await,
                result => return Ok(result?),
            }
        }
    }

    async fn step(&self, tenant: TenantId, step: Step<'_>) -> Result<bool, DbErr> {
        let transaction = self.inner.direct.begin().await?;
        // Short, so that a request that waits behind this one does not wait long.
        transaction.execute_unprepared("SET LOCAL lock_timeout = '500ms'").await?;
        take_lock(&transaction, &tenant.to_string()).await?;
        let did_something = match step {
            Step::Tables => drop_tables(&transaction, tenant).await?,
            Step::Schema => drop_schema(&transaction, tenant).await?,
            Step::Role => drop_role(&transaction, tenant).await?,
            Step::Rows(table) => {
                let deleted = delete_rows(&transaction, tenant, table, ROWS_AT_ONCE).await?;
                note(&transaction, tenant, table, deleted).await?;
                deleted > 0
            }
        };
        transaction.commit().await?;
        Ok(did_something)
    }
}
