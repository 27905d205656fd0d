//! What an operator decides about a tenant, within a transaction of the caller: it is there for all processes with the commit, and in
//! this one as soon as the directory [forgets](crate::Directory::forget) the tenant.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::{
    Error, PlatformTransaction, Result, Tenant, TenantId, TenantStatus, Tenants,
    directory::{SELECT_TENANT, tenant_from},
    provision::execute,
};

impl Tenants {
    /// Reads a tenant as it is now, not as this process remembers it, and lets nobody else change it until the transaction ends.
    pub async fn lock(&self, transaction: &PlatformTransaction, tenant: TenantId) -> Result<Tenant> {
        let sql = format!("{SELECT_TENANT} WHERE t.id = $1 FOR UPDATE OF t");
        let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
        let row = transaction.query_one_raw(read).await?.ok_or_else(|| Error::NotFound(tenant.to_string()))?;
        tenant_from(&row, self.inner.statement_timeout)
    }
}

/// Suspends or resumes a tenant. What is being deleted stays so.
pub async fn set_status<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    status: TenantStatus,
    now: DateTime<Utc>,
) -> Result<()> {
    let values: [Value; 3] = [tenant.0.into(), status.as_str().into(), now.into()];
    let sql = "UPDATE platform.tenants SET status = $2, updated_at = $3, \
               status_since = CASE WHEN status = $2 THEN coalesce(status_since, $3) ELSE $3 END \
               WHERE id = $1 AND status <> 'deleting'";
    change(connection, tenant, sql, values).await
}

/// Says until when a tenant tries and until when it has paid.
pub async fn set_dates<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    trial_ends_at: Option<DateTime<Utc>>,
    paid_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let values: [Value; 4] = [tenant.0.into(), trial_ends_at.into(), paid_until.into(), now.into()];
    let sql = "UPDATE platform.tenants SET trial_ends_at = $2, paid_until = $3, updated_at = $4 WHERE id = $1";
    change(connection, tenant, sql, values).await
}

/// Begins maintenance with what its people are told meanwhile, or ends it.
pub async fn set_maintenance<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    message: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let since = message.map(|_| now);
    let values: [Value; 4] = [tenant.0.into(), since.into(), message.into(), now.into()];
    let sql = "UPDATE platform.tenants SET maintenance_since = CASE WHEN $2 IS NULL THEN NULL ELSE coalesce(maintenance_since, $2) END, \
               maintenance_message = $3, updated_at = $4 WHERE id = $1";
    change(connection, tenant, sql, values).await
}

/// Changes what the application keeps with a tenant. Of two at once, the second changes what the first has left.
pub async fn change_settings(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    now: DateTime<Utc>,
    update: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Result<()> {
    let read = "SELECT settings FROM platform.tenants WHERE id = $1 FOR UPDATE";
    let read = Statement::from_sql_and_values(DbBackend::Postgres, read, [tenant.0.into()]);
    let row = transaction.query_one_raw(read).await?.ok_or_else(|| Error::NotFound(tenant.to_string()))?;
    let mut settings = match row.try_get("", "settings")? {
        serde_json::Value::Object(settings) => settings,
        _ => serde_json::Map::new(),
    };
    update(&mut settings);
    let write = "UPDATE platform.tenants SET settings = $2, updated_at = $3 WHERE id = $1";
    let values: [Value; 3] = [tenant.0.into(), serde_json::Value::Object(settings).into(), now.into()];
    change(transaction, tenant, write, values).await
}

async fn change<C: ConnectionTrait, const N: usize>(
    connection: &C,
    tenant: TenantId,
    sql: &str,
    values: [Value; N],
) -> Result<()> {
    let changed = execute(connection, sql, values).await?;
    if changed == 0 { Err(Error::NotFound(tenant.to_string())) } else { Ok(()) }
}
