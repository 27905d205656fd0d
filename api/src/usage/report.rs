//! What was written of a tenant, for whoever asks.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use tenancy::{PlatformConnection, TenantId};

use crate::plan::seats;

/// What a tenant has used in a day.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct UsageDay {
    /// The day, of UTC.
    pub day: NaiveDate,
    /// Requests of people and programs that are signed in.
    pub requests: i64,
    /// Requests of nobody in particular.
    pub anonymous_requests: i64,
    /// Answers with an error, whosever fault it was.
    pub errors: i64,
    /// Operations that were executed.
    pub operations: i64,
    /// Milliseconds that answering took.
    pub milliseconds: i64,
    /// Bytes, as last measured that day; none where that was not done.
    pub storage_bytes: Option<i64>,
    /// Members, as last counted that day; none where that was not done.
    pub members: Option<i64>,
}

/// An operation that took long.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct SlowOperation {
    /// The SHA-256 of its document, in hexadecimal digits.
    pub document_hash: String,
    /// Its name; empty where it has none.
    pub operation: String,
    /// `query` or `mutation`.
    pub kind: String,
    /// The fields at its root, a list of names.
    pub root_fields: serde_json::Value,
    /// How often it took long.
    pub count: i64,
    /// The longest time that it took, in milliseconds.
    pub worst_milliseconds: i64,
    /// The time that it took altogether when it took long, in milliseconds.
    pub total_milliseconds: i64,
    /// The most statements that it sent.
    pub statements: i64,
    /// When it first took long.
    pub first_seen_at: DateTime<Utc>,
    /// When it last took long.
    pub last_seen_at: DateTime<Utc>,
}

/// Requests of a day that all processes have written.
pub async fn requests_on(platform: &PlatformConnection, tenant: TenantId, day: NaiveDate) -> Result<u64, DbErr> {
    let sql = "SELECT requests FROM platform.usage_days WHERE tenant_id = $1 AND day = $2";
    let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), day.into()]);
    let row = platform.query_one_raw(read).await?;
    let requests: i64 = row.map_or(Ok(0), |row| row.try_get("", "requests"))?;
    Ok(u64::try_from(requests).unwrap_or(0))
}

/// What a tenant uses of its quotas, as the control plane knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Members.
    pub members: u64,
    /// Invitations that can be accepted.
    pub invitations: u64,
    /// Bytes, as last measured; none where that was not done.
    pub storage: Option<u64>,
    /// Requests of today, as far as processes have written them.
    pub requests_today: u64,
}

impl Use {
    /// What a tenant uses at a moment.
    pub async fn of(platform: &PlatformConnection, tenant: TenantId, now: DateTime<Utc>) -> Result<Self, DbErr> {
        let (members, invitations) = seats::count(platform, tenant, now).await?;
        let today = days(platform, tenant, 1, now).await?;
        let requests_today = today.first().map_or(0, |day| u64::try_from(day.requests).unwrap_or(0));
        Ok(Self { members, invitations, storage: storage(platform, tenant).await?, requests_today })
    }
}

/// The last days on which a tenant has used anything, the latest first.
pub async fn days(
    platform: &PlatformConnection,
    tenant: TenantId,
    days: u16,
    now: DateTime<Utc>,
) -> Result<Vec<UsageDay>, DbErr> {
    let since = now.date_naive() - TimeDelta::days(i64::from(days) - 1);
    let sql = "SELECT day, requests, anonymous_requests, errors, operations, milliseconds, storage_bytes, members \
               FROM platform.usage_days WHERE tenant_id = $1 AND day >= $2 ORDER BY day DESC";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), since.into()]);
    UsageDay::find_by_statement(statement).all(platform).await
}

/// How many bytes a tenant took when that was measured last; none where it was not.
pub async fn storage<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Option<u64>, DbErr> {
    let sql = "SELECT storage_bytes FROM platform.usage_days WHERE tenant_id = $1 AND storage_bytes IS NOT NULL \
               ORDER BY day DESC LIMIT 1";
    let row = connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])).await?;
    let bytes = row.map(|row| row.try_get::<i64>("", "storage_bytes")).transpose()?;
    Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
}

/// The slow operations of a tenant, the worst first.
pub async fn slow(platform: &PlatformConnection, tenant: TenantId) -> Result<Vec<SlowOperation>, DbErr> {
    let sql = "SELECT document_hash, operation, kind, root_fields, count, worst_milliseconds, total_milliseconds, statements, \
               first_seen_at, last_seen_at FROM platform.slow_operations WHERE tenant_id = $1 \
               ORDER BY worst_milliseconds DESC, document_hash, operation";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
    SlowOperation::find_by_statement(statement).all(platform).await
}
