//! The hosts that are a tenant's own. Whoever stands here is served: whether somebody may have a host is decided before.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait, Value};

use crate::{Error, Hostname, PlatformTransaction, Result, TenantId, Tenants, error::violated_constraint, provision::execute};

impl Tenants {
    /// The hosts that were registered for a tenant, the primary one first.
    pub async fn hostnames(&self, tenant: TenantId) -> Result<Vec<String>> {
        let sql = "SELECT hostname FROM platform.domains WHERE tenant_id = $1 ORDER BY is_primary DESC, hostname";
        let rows =
            self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])).await?;
        rows.iter().map(|row| Ok(row.try_get("", "hostname")?)).collect()
    }

    /// Registers a host for a tenant; a primary one takes the place of the former.
    pub async fn add_host(&self, tenant: TenantId, hostname: &Hostname, primary: bool, now: DateTime<Utc>) -> Result<()> {
        let transaction = self.platform().begin().await?;
        register_host(&transaction, tenant, hostname, primary, now).await?;
        sea_orm::TransactionSession::commit(transaction).await?;
        self.directory().forget(tenant);
        Ok(())
    }
}

/// Registers a host within a transaction of the caller, which is still good when the host is taken. Every process hears of it with
/// the commit.
pub async fn register_host(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    hostname: &Hostname,
    primary: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if primary {
        unset_primary(transaction, tenant).await?;
    }
    insert_host(transaction, tenant, hostname, primary, now).await
}

/// Takes a host from a tenant, within a transaction of the caller. Says whether the tenant had it.
pub async fn release_host(transaction: &PlatformTransaction, tenant: TenantId, hostname: &str) -> Result<bool> {
    let sql = "DELETE FROM platform.domains WHERE tenant_id = $1 AND hostname = $2";
    Ok(execute(transaction, sql, [tenant.0.into(), hostname.into()]).await? > 0)
}

/// Makes a host that is registered for the tenant its primary one, within a transaction of the caller; without a host, that of the
/// slug is. Says whether the tenant has it.
pub async fn set_primary_host(transaction: &PlatformTransaction, tenant: TenantId, hostname: Option<&str>) -> Result<bool> {
    unset_primary(transaction, tenant).await?;
    let Some(hostname) = hostname else {
        return Ok(true);
    };
    let sql = "UPDATE platform.domains SET is_primary = true WHERE tenant_id = $1 AND hostname = $2";
    Ok(execute(transaction, sql, [tenant.0.into(), hostname.into()]).await? > 0)
}

/// Makes a host the primary one no more, within a transaction of the caller. Says whether it was.
pub async fn unset_primary_host(transaction: &PlatformTransaction, tenant: TenantId, hostname: &str) -> Result<bool> {
    let sql = "UPDATE platform.domains SET is_primary = false WHERE tenant_id = $1 AND hostname = $2 AND is_primary";
    Ok(execute(transaction, sql, [tenant.0.into(), hostname.into()]).await? > 0)
}

async fn unset_primary(transaction: &PlatformTransaction, tenant: TenantId) -> Result<()> {
    let sql = "UPDATE platform.domains SET is_primary = false WHERE tenant_id = $1 AND is_primary";
    execute(transaction, sql, [tenant.0.into()]).await?;
    Ok(())
}

pub(crate) async fn insert_host<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    hostname: &Hostname,
    primary: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    let values: [Value; 4] = [hostname.as_str().into(), tenant.0.into(), primary.into(), now.into()];
    let sql = "INSERT INTO platform.domains (hostname, tenant_id, is_primary, created_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (hostname) DO NOTHING";
    let inserted = execute(connection, sql, values).await.map_err(|error| match violated_constraint(&error) {
        Some("domains_tenant_id_fkey") => Error::NotFound(tenant.to_string()),
        _ => Error::Database(error),
    })?;
    if inserted == 0 { Err(Error::HostTaken(hostname.to_string())) } else { Ok(()) }
}
