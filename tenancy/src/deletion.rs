//! How a tenant goes: asked for, taken back or not, and then removed in steps that each are small.
//!
//! The steps are found out from what is still there, and each is a transaction that also notes what it has removed. So a process may
//! end at any moment, and another goes on: [`Tenants::erase`] begins where the last one was. What is left at the end goes in one
//! transaction ([`Tenants::finish_deletion`]), with the certificate of all of it.
//!
//! Every table of the control plane with a column `tenant_id` belongs to the tenant, and its rows go with it, whoever has made it.

mod step;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionSession, TransactionTrait as _};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{
    Error, PlatformTransaction, Result, Tenant, TenantId, TenantStatus, Tenants,
    archive::is_wait,
    name::quoted,
    provision::{execute, take_lock},
};
use step::{delete_rows, drop_role, drop_schema, drop_tables, note, schemas_and_roles, tables_of_tenants};

/// Rows of the control plane that are deleted at a time.
const ROWS_AT_ONCE: i64 = 1_000;
/// How often a step is tried that has to wait for requests which have begun, and how long it lets them go on in between.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(500);

/// Who has asked for a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    /// An owner of the organisation.
    Owner,
    /// An operator.
    Operator,
}

impl AskedBy {
    /// As it is stored: what is no owner's is an operator's.
    pub(crate) fn of(text: &str) -> Self {
        if text == "owner" { Self::Owner } else { Self::Operator }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
        }
    }
}

/// What went with a tenant. It names no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    /// The tenant's id, which is never used again.
    pub tenant: TenantId,
    /// Its last slug.
    pub slug: String,
    /// Who asked for the deletion.
    pub asked_by: AskedBy,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When its first step was made.
    pub begun_at: DateTime<Utc>,
    /// When all was gone.
    pub finished_at: DateTime<Utc>,
    /// How many there were of what was removed: schemas, roles, tables and the rows in them, and the rows of each table of the
    /// control plane.
    pub removed: BTreeMap<String, u64>,
    /// When its archives are removed, which the program keeps in case the deletion was a mistake; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archives_removed_at: Option<DateTime<Utc>>,
}

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
    /// Has a tenant deleted at a moment. It is not served from the commit on, in every process; in this one as soon as the directory
    /// [forgets](crate::Directory::forget) it. Where its deletion was asked for before, the earlier moment holds,
    /// which is returned; an operator's asking comes before an owner's.
    pub async fn schedule_deletion(
        &self,
        transaction: &PlatformTransaction,
        tenant: TenantId,
        asked_by: AskedBy,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>> {
        let sql = "SELECT delete_at FROM platform.tenants WHERE id = $1 FOR UPDATE";
        let row = transaction.query_one_raw(statement(sql, tenant)).await?.ok_or_else(|| Error::NotFound(tenant.to_string()))?;
        let before: Option<DateTime<Utc>> = row.try_get("", "delete_at")?;
        let at = before.map_or(at, |before| before.min(at));
        if before == Some(at) && asked_by == AskedBy::Owner {
            return Ok(at);
        }
        let sql = "UPDATE platform.tenants SET delete_at = $2, updated_at = $3 WHERE id = $1";
        execute(transaction, sql, [tenant.0.into(), at.into(), now.into()]).await?;
        note_request(transaction, tenant, asked_by, now).await?;
        Ok(at)
    }

    /// Takes a deletion back: an operator any, an owner those that owners have asked for. False: none such was asked for, or it has
    /// begun.
    pub async fn keep(
        &self,
        transaction: &PlatformTransaction,
        tenant: TenantId,
        by: AskedBy,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let sql = "UPDATE platform.tenants t SET delete_at = NULL, updated_at = $2 \
                   WHERE id = $1 AND delete_at IS NOT NULL AND status <> 'deleting' AND ($3 = 'operator' OR EXISTS \
                   (SELECT FROM platform.deletions d WHERE d.tenant_id = t.id AND d.asked_by = $3))";
        let kept = execute(transaction, sql, [tenant.0.into(), now.into(), by.as_str().into()]).await? == 1;
        if kept {
            execute(transaction, "DELETE FROM platform.deletions WHERE tenant_id = $1", [tenant.0.into()]).await?;
        }
        Ok(kept)
    }

    /// The tenants whose time has come, and those whose deletion was broken off: all of them, so that those that
    /// cannot be deleted do not keep the others waiting.
    pub async fn deletions_due(&self, now: DateTime<Utc>) -> Result<Vec<TenantId>> {
        let sql = "SELECT id FROM platform.tenants WHERE delete_at <= $1 ORDER BY delete_at, id";
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [now.into()])).await?;
        rows.iter().map(|row| Ok(TenantId(row.try_get("", "id")?))).collect()
    }

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

    /// Removes what [`erase`](Self::erase) has left, with the tenant's row, and writes the certificate, in the caller's transaction.
    /// Nobody takes the slug by themselves before `reserved_until`. None: another process has done so. Where archives are kept for a
    /// while, `archives_removed_at` says how long.
    ///
    /// # Errors
    /// When the tenant has not been erased.
    pub async fn finish_deletion(
        &self,
        transaction: &PlatformTransaction,
        tenant: TenantId,
        reserved_until: DateTime<Utc>,
        archives_removed_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Option<Certificate>> {
        let sql = "SELECT t.slug, d.asked_by, d.asked_at, d.begun_at FROM platform.tenants t \
                   JOIN platform.deletions d ON d.tenant_id = t.id \
                   WHERE t.id = $1 AND t.status = 'deleting' AND d.begun_at IS NOT NULL FOR UPDATE";
        let Some(row) = transaction.query_one_raw(statement(sql, tenant)).await? else {
            return Ok(None);
        };
        if !schemas_and_roles(transaction, tenant).await?.is_empty() {
            return Err(Error::Corrupt(format!("{tenant} has something left")));
        }
        for table in tables_of_tenants(transaction).await? {
            let deleted = delete_rows(transaction, tenant, &table, i64::MAX).await?;
            note(transaction, tenant, &table, deleted).await?;
        }
        let removed = "SELECT removed FROM platform.deletions WHERE tenant_id = $1";
        let removed = transaction.query_one_raw(statement(removed, tenant)).await?;
        let removed: serde_json::Value = removed.map_or(Ok(serde_json::Value::Null), |row| row.try_get("", "removed"))?;
        let corrupt = |error: serde_json::Error| Error::Corrupt(format!("in platform.deletions: {error}"));
        let asked_by = AskedBy::of(&row.try_get::<String>("", "asked_by")?);
        let certificate = Certificate {
            tenant,
            slug: row.try_get("", "slug")?,
            asked_by,
            asked_at: row.try_get("", "asked_at")?,
            begun_at: row.try_get("", "begun_at")?,
            finished_at: now,
            removed: serde_json::from_value(removed).map_err(corrupt)?,
            archives_removed_at,
        };
        execute(transaction, "DELETE FROM platform.tenants WHERE id = $1", [tenant.0.into()]).await?;
        let insert = "INSERT INTO platform.deletion_certificates (tenant_id, certificate, slug, reserved_until, created_at) \
                      VALUES ($1, $2, $3, $4, $5)";
        let text = serde_json::to_value(&certificate).map_err(corrupt)?;
        let slug = certificate.slug.as_str().into();
        execute(transaction, insert, [tenant.0.into(), text.into(), slug, reserved_until.into(), now.into()]).await?;
        Ok(Some(certificate))
    }

    /// Deletes a tenant at once, for programs that have nothing of their own to do in the last step.
    pub async fn delete(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<Certificate> {
        let missing = || Error::NotFound(tenant.slug.to_string());
        let transaction = self.platform().begin().await?;
        self.schedule_deletion(&transaction, tenant.id, AskedBy::Operator, now, now).await?;
        TransactionSession::commit(transaction).await?;
        self.erase(tenant.id, &[], now).await?;
        let transaction = self.platform().begin().await?;
        let certificate = self.finish_deletion(&transaction, tenant.id, now, None, now).await?.ok_or_else(missing)?;
        TransactionSession::commit(transaction).await?;
        self.inner.directory.forget(tenant.id);
        Ok(certificate)
    }

    /// Deletes what requests that had begun before the end of a tenant have written in the control plane after it. Says how many rows.
    pub async fn sweep_deleted(&self, now: DateTime<Utc>) -> Result<u64> {
        let recent = "SELECT tenant_id FROM platform.deletion_certificates WHERE created_at > $1";
        let since = now - chrono::TimeDelta::days(1);
        let platform = self.platform();
        if execute(&platform, recent, [since.into()]).await? == 0 {
            return Ok(0);
        }
        let mut swept = 0;
        for table in tables_of_tenants(&platform).await? {
            let sql = format!("DELETE FROM platform.{} WHERE tenant_id IN ({recent})", quoted(&table));
            swept += execute(&platform, &sql, [since.into()]).await?;
        }
        Ok(swept)
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

fn statement(sql: &str, tenant: TenantId) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])
}

async fn note_request<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    by: AskedBy,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO platform.deletions (tenant_id, asked_by, asked_at) VALUES ($1, $2, $3) \
               ON CONFLICT (tenant_id) DO UPDATE SET asked_by = excluded.asked_by, asked_at = excluded.asked_at \
               WHERE deletions.begun_at IS NULL";
    execute(connection, sql, [tenant.0.into(), by.as_str().into(), now.into()]).await.map(drop)
}
