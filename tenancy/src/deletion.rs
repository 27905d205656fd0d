//! How a tenant goes: asked for, taken back or not, and then removed in steps that each are small.
//!
//! The steps are found out from what is still there, and each is a transaction that also notes what it has removed. So a process may
//! end at any moment, and another goes on: [`Tenants::erase`] begins where the last one was. What is left at the end goes in one
//! transaction ([`Tenants::finish_deletion`]), with the certificate of all of it.
//!
//! Every table of the control plane with a column `tenant_id` belongs to the tenant, and its rows go with it, whoever has made it.

mod certificate;
mod erase;
mod step;

use std::time::Instant;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionSession, TransactionTrait as _};
use serde::{Deserialize, Serialize};

pub use certificate::Certificate;

use crate::{Error, PlatformTransaction, Result, Tenant, TenantId, Tenants, name::quoted, provision::execute};
use step::tables_of_tenants;

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

    /// Deletes a tenant at once, for programs that have nothing of their own to do in the last step.
    pub async fn delete(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<Certificate> {
        let missing = || Error::NotFound(tenant.slug.to_string());
        let began = Instant::now();
        let clock = || now + began.elapsed();
        let transaction = self.platform().begin().await?;
        self.schedule_deletion(&transaction, tenant.id, AskedBy::Operator, now, now).await?;
        TransactionSession::commit(transaction).await?;
        self.erase(tenant.id, &[], now).await?;
        let transaction = self.platform().begin().await?;
        let certificate = self.finish_deletion(&transaction, tenant.id, now, None, clock).await?.ok_or_else(missing)?;
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
