//! What goes with a host. Whoever has it next shall find nothing of the tenant before.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use tenancy::{PlatformTransaction, TenantId};

const END_SESSIONS: &str = "UPDATE platform.sessions SET ended_at = $3 WHERE host = $2 AND tenant_id = $1 AND ended_at IS NULL";

const DELETE_PASSKEYS: &str = "DELETE FROM platform.passkeys WHERE relying_party = $1";

const FORBID_ORIGINS: &str = "UPDATE platform.tenants SET updated_at = $3, settings = jsonb_set(settings, '{allowedOrigins}', (\
     SELECT coalesce(jsonb_agg(origin), '[]') FROM jsonb_array_elements_text(settings->'allowedOrigins') origin \
     WHERE split_part(split_part(origin, '://', 2), ':', 1) <> $2)) \
     WHERE id = $1 AND jsonb_typeof(settings->'allowedOrigins') = 'array'";

/// The same for all hosts of a tenant that is being deleted.
pub(crate) async fn forget_hosts(transaction: &PlatformTransaction, tenant: TenantId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let hosts = "SELECT hostname FROM platform.domains WHERE tenant_id = $1";
    let hosts = Statement::from_sql_and_values(DbBackend::Postgres, hosts, [tenant.0.into()]);
    for row in transaction.query_all_raw(hosts).await? {
        forget(transaction, tenant, &row.try_get::<String>("", "hostname")?, now).await?;
    }
    Ok(())
}

/// Has whoever lets a host go wait until the transaction of a session that begins there has ended, and ends that session, too. Says
/// whether the tenant has the host: one that is just being let go is waited for.
pub(crate) async fn hold(transaction: &PlatformTransaction, tenant: TenantId, hostname: &str) -> Result<bool, DbErr> {
    let sql = "SELECT 1 FROM platform.domains WHERE tenant_id = $1 AND hostname = $2 FOR KEY SHARE";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), hostname.into()]);
    Ok(transaction.query_one_raw(statement).await?.is_some())
}

/// Ends the sessions that were begun at a host, whose cookies browsers would send to whoever has it next; deletes the passkeys that
/// are good there alone; and takes back the leave of its pages to call the tenant's API. In the transaction that releases the host.
pub(super) async fn forget(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    hostname: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let of_tenant = || -> [Value; 3] { [tenant.0.into(), hostname.into(), now.into()] };
    let host: [Value; 1] = [hostname.into()];
    for statement in [
        Statement::from_sql_and_values(DbBackend::Postgres, END_SESSIONS, of_tenant()),
        Statement::from_sql_and_values(DbBackend::Postgres, DELETE_PASSKEYS, host),
        Statement::from_sql_and_values(DbBackend::Postgres, FORBID_ORIGINS, of_tenant()),
    ] {
        transaction.execute_raw(statement).await?;
    }
    Ok(())
}
