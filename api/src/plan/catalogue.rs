//! The plans that an operator offers, and the copies of them that tenants have.

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TransactionSession, TransactionTrait, Value};
use tenancy::{PlatformConnection, PlatformTransaction, TenantId, Tenants};

use super::Plan;

const COLUMNS: &str = "id, name, seats, storage_bytes, requests_per_day, features";
/// The longest id of a plan, in bytes.
const LONGEST_ID: usize = 50;

/// A plan, and how many tenants have it.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The plan.
    pub plan: Plan,
    /// How many tenants have it.
    pub tenants: u64,
}

/// All plans, by id.
pub async fn list(platform: &PlatformConnection) -> anyhow::Result<Vec<Offered>> {
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT count(*) FROM platform.tenants t WHERE t.settings -> 'plan' ->> 'id' = p.id) AS tenants \
         FROM platform.plans p ORDER BY id"
    );
    let rows = platform.query_all_raw(statement(&sql, [])).await?;
    let offered =
        rows.iter().map(|row| Ok(Offered { plan: plan_of(row)?, tenants: row.try_get::<i64>("", "tenants")?.try_into()? }));
    offered.collect()
}

/// The plan with this id, if there is one.
pub async fn find(platform: &PlatformConnection, id: &str) -> anyhow::Result<Option<Plan>> {
    let sql = format!("SELECT {COLUMNS} FROM platform.plans WHERE id = $1");
    let row = platform.query_one_raw(statement(&sql, [id.into()])).await?;
    row.map(|row| plan_of(&row)).transpose()
}

/// Makes a plan, or changes it for all who have it, in every process at once. Says how many tenants have it.
pub async fn set(platform: &PlatformConnection, plan: &Plan, now: DateTime<Utc>) -> anyhow::Result<u64> {
    check_id(&plan.id)?;
    ensure!(!plan.name.trim().is_empty() && plan.name.chars().count() <= 100, "A plan's name has 1 to 100 characters");
    let number = |limit: Option<u64>| limit.map(i64::try_from).transpose().context("A quota is too large");
    let values: [Value; 7] = [
        plan.id.as_str().into(),
        plan.name.as_str().into(),
        number(plan.seats)?.into(),
        number(plan.storage_bytes)?.into(),
        number(plan.requests_per_day)?.into(),
        serde_json::to_value(&plan.features)?.into(),
        now.into(),
    ];
    let sql = "INSERT INTO platform.plans (id, name, seats, storage_bytes, requests_per_day, features, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
               seats = excluded.seats, storage_bytes = excluded.storage_bytes, requests_per_day = excluded.requests_per_day, \
               features = excluded.features, updated_at = excluded.updated_at";
    let transaction = platform.begin().await?;
    // Whoever gives the plan to a tenant at the same time waits for this row, or this for them.
    transaction.execute_raw(statement(sql, values)).await?;
    let copy = "UPDATE platform.tenants SET settings = jsonb_set(settings, '{plan}', $2), updated_at = $3 \
                WHERE settings -> 'plan' ->> 'id' = $1";
    let values = [plan.id.as_str().into(), serde_json::to_value(plan)?.into(), now.into()];
    let changed = transaction.execute_raw(statement(copy, values)).await?;
    TransactionSession::commit(transaction).await?;
    Ok(changed.rows_affected())
}

/// Removes a plan that no tenant has.
pub async fn remove(platform: &PlatformConnection, id: &str) -> anyhow::Result<()> {
    let transaction = platform.begin().await?;
    let lock = "SELECT id FROM platform.plans WHERE id = $1 FOR UPDATE";
    transaction.query_one_raw(statement(lock, [id.into()])).await?.with_context(|| unknown(id))?;
    let count = "SELECT count(*) AS tenants FROM platform.tenants WHERE settings -> 'plan' ->> 'id' = $1";
    let row = transaction.query_one_raw(statement(count, [id.into()])).await?;
    let tenants: i64 = row.map_or(Ok(0), |row| row.try_get("", "tenants"))?;
    if tenants > 0 {
        bail!("The plan {id} is that of {tenants} tenants: give them another one first");
    }
    transaction.execute_raw(statement("DELETE FROM platform.plans WHERE id = $1", [id.into()])).await?;
    Ok(TransactionSession::commit(transaction).await?)
}

/// Gives a tenant a plan, or none, in every process at once. Its own exceptions stay.
pub async fn assign(tenants: &Tenants, tenant: TenantId, plan: Option<&str>, now: DateTime<Utc>) -> anyhow::Result<()> {
    let transaction = tenants.platform().begin().await?;
    let changed = match plan {
        Some(id) => {
            let plan = serde_json::to_value(locked(&transaction, id).await?)?;
            let sql = "UPDATE platform.tenants SET settings = jsonb_set(settings, '{plan}', $2), updated_at = $3 WHERE id = $1";
            transaction.execute_raw(statement(sql, [tenant.0.into(), plan.into(), now.into()])).await?
        }
        None => {
            let sql = "UPDATE platform.tenants SET settings = settings - 'plan', updated_at = $2 WHERE id = $1";
            transaction.execute_raw(statement(sql, [tenant.0.into(), now.into()])).await?
        }
    };
    ensure!(changed.rows_affected() == 1, "There is no tenant {tenant}");
    TransactionSession::commit(transaction).await?;
    tenants.directory().forget(tenant);
    Ok(())
}

/// A plan that stays as it is until the transaction ends.
async fn locked(transaction: &PlatformTransaction, id: &str) -> anyhow::Result<Plan> {
    let sql = format!("SELECT {COLUMNS} FROM platform.plans WHERE id = $1 FOR SHARE");
    let row = transaction.query_one_raw(statement(&sql, [id.into()])).await?;
    plan_of(&row.with_context(|| unknown(id))?)
}

fn unknown(id: &str) -> String {
    format!("There is no plan {id}; `tenantry plan list` shows those that there are")
}

fn check_id(id: &str) -> anyhow::Result<()> {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(is_good),
        "A plan's id has 1 to {LONGEST_ID} small letters, digits and hyphens"
    );
    ensure!(id != "none", "No plan can be called none: that stands for no plan");
    Ok(())
}

fn plan_of(row: &QueryResult) -> anyhow::Result<Plan> {
    let limit = |column: &str| anyhow::Ok(row.try_get::<Option<i64>>("", column)?.map(u64::try_from).transpose()?);
    Ok(Plan {
        id: row.try_get("", "id")?,
        name: row.try_get("", "name")?,
        seats: limit("seats")?,
        storage_bytes: limit("storage_bytes")?,
        requests_per_day: limit("requests_per_day")?,
        features: serde_json::from_value(row.try_get("", "features")?)?,
    })
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
