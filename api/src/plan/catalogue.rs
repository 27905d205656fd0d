//! The plans that an operator offers, and the copies of them that tenants have. What changes them is a deed of operators.

use chrono::{DateTime, Utc};
use domain::{Error, plan::Quota};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use tenancy::{PlatformTransaction, TenantId};

use super::Plan;

const COLUMNS: &str = "id, name, seats, storage_bytes, requests_per_day, features, for_new_tenants";
/// The longest id of a plan, in bytes.
const LONGEST_ID: usize = 50;
/// The longest name of a plan, in characters.
const LONGEST_NAME: usize = 100;
/// As many plans as there may be: they are listed as a whole.
const MOST_PLANS: i64 = 200;

/// A plan as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The plan.
    pub plan: Plan,
    /// Whether it is that of tenants that are made without one being named.
    pub for_new_tenants: bool,
}

/// A plan, and how many tenants have it.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The plan.
    pub offer: Offer,
    /// How many tenants have it.
    pub tenants: u64,
}

/// Which plan a tenant gets that is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FirstPlan {
    /// That of new tenants, if there is one.
    #[default]
    ForNewTenants,
    /// None: it may use everything.
    None,
    /// The one with this id.
    Named(String),
}

/// All plans, by id.
pub async fn list<C: ConnectionTrait>(connection: &C) -> Result<Vec<Offered>, DbErr> {
    let sql = format!(
        "SELECT {COLUMNS}, coalesce(given.tenants, 0) AS tenants FROM platform.plans p LEFT JOIN (\
             SELECT settings -> 'plan' ->> 'id' AS plan, count(*) AS tenants FROM platform.tenants GROUP BY 1) given \
         ON given.plan = p.id ORDER BY id"
    );
    let rows = connection.query_all_raw(statement(&sql, [])).await?;
    let offered = rows.iter().map(|row| Ok(Offered { offer: offer_of(row)?, tenants: count_of(row)? }));
    offered.collect()
}

/// The plan with this id, if there is one.
pub async fn find<C: ConnectionTrait>(connection: &C, id: &str) -> Result<Option<Offer>, DbErr> {
    let sql = format!("SELECT {COLUMNS} FROM platform.plans WHERE id = $1");
    let row = connection.query_one_raw(statement(&sql, [id.into()])).await?;
    row.map(|row| offer_of(&row)).transpose()
}

/// Lets one transaction at a time change plans. Whoever gives one to a tenant meanwhile waits, or is waited for.
pub(crate) async fn lock(transaction: &PlatformTransaction) -> Result<(), DbErr> {
    transaction.execute_raw(statement("LOCK TABLE platform.plans IN EXCLUSIVE MODE", [])).await.map(drop)
}

/// Has plans stay as they are until the transaction ends.
pub(crate) async fn keep(transaction: &PlatformTransaction) -> Result<(), DbErr> {
    transaction.execute_raw(statement("LOCK TABLE platform.plans IN ROW SHARE MODE", [])).await.map(drop)
}

/// How many tenants have a plan.
pub(crate) async fn holders<C: ConnectionTrait>(connection: &C, id: &str) -> Result<u64, DbErr> {
    let sql = "SELECT count(*) AS tenants FROM platform.tenants WHERE settings -> 'plan' ->> 'id' = $1";
    connection.query_one_raw(statement(sql, [id.into()])).await?.map_or(Ok(0), |row| count_of(&row))
}

/// Writes a plan, for all who have it, in every process at once. Plans are [locked](lock).
pub(crate) async fn write(transaction: &PlatformTransaction, offer: &Offer, now: DateTime<Utc>) -> Result<(), Error> {
    let Offer { plan, for_new_tenants } = offer;
    check(plan)?;
    if *for_new_tenants {
        let others = "UPDATE platform.plans SET for_new_tenants = false, updated_at = $2 WHERE for_new_tenants AND id <> $1";
        transaction.execute_raw(statement(others, [plan.id.as_str().into(), now.into()])).await?;
    }
    let number = |quota: Quota| {
        let limit = plan.limit(quota).map(i64::try_from).transpose();
        limit.map_err(|_| Error::bad_input(quota.as_str(), "This is more than can be counted."))
    };
    let values: [Value; 8] = [
        plan.id.as_str().into(),
        plan.name.as_str().into(),
        number(Quota::Seats)?.into(),
        number(Quota::StorageBytes)?.into(),
        number(Quota::RequestsPerDay)?.into(),
        serde_json::json!(plan.features).into(),
        (*for_new_tenants).into(),
        now.into(),
    ];
    let sql = "INSERT INTO platform.plans (id, name, seats, storage_bytes, requests_per_day, features, for_new_tenants, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO UPDATE \
               SET name = excluded.name, seats = excluded.seats, storage_bytes = excluded.storage_bytes, \
               requests_per_day = excluded.requests_per_day, features = excluded.features, \
               for_new_tenants = excluded.for_new_tenants, updated_at = excluded.updated_at";
    transaction.execute_raw(statement(sql, values)).await?;
    let copy = "UPDATE platform.tenants SET settings = jsonb_set(settings, '{plan}', $2), updated_at = $3 \
                WHERE settings -> 'plan' ->> 'id' = $1 AND settings -> 'plan' <> $2";
    let values = [plan.id.as_str().into(), serde_json::json!(plan).into(), now.into()];
    transaction.execute_raw(statement(copy, values)).await?;
    Ok(())
}

/// Refuses what can be no id of a plan.
pub(crate) fn check_id(id: &str) -> Result<(), Error> {
    if is_id(id) {
        return Ok(());
    }
    Err(Error::bad_input("id", format!("A plan's id has 1 to {LONGEST_ID} small letters, digits and hyphens.")))
}

/// Refuses one plan more than there may be.
pub(crate) async fn check_count(transaction: &PlatformTransaction) -> Result<(), Error> {
    let row = transaction.query_one_raw(statement("SELECT count(*) AS plans FROM platform.plans", [])).await?;
    let plans: i64 = row.map_or(Ok(0), |row| row.try_get("", "plans"))?;
    if plans >= MOST_PLANS {
        return Err(Error::Conflict {
            field: None,
            message: format!("There are {MOST_PLANS} plans, which is as many as can be."),
        });
    }
    Ok(())
}

/// Removes a plan that no tenant has. Plans are [locked](lock).
pub(crate) async fn remove(transaction: &PlatformTransaction, id: &str) -> Result<(), Error> {
    if !is_id(id) {
        return Err(Error::NotFound("plan"));
    }
    let tenants = holders(transaction, id).await?;
    if tenants > 0 {
        let whose = if tenants == 1 { "1 organisation".to_owned() } else { format!("{tenants} organisations") };
        let message = format!("The plan {id} is that of {whose}: give them another one first.");
        return Err(Error::Conflict { field: None, message });
    }
    let removed = transaction.execute_raw(statement("DELETE FROM platform.plans WHERE id = $1", [id.into()])).await?;
    if removed.rows_affected() == 0 { Err(Error::NotFound("plan")) } else { Ok(()) }
}

/// Gives a tenant a plan, or none. Its own exceptions stay.
pub(crate) async fn assign<C: ConnectionTrait>(
    transaction: &C,
    tenant: TenantId,
    plan: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let changed = match plan {
        Some(id) if !is_id(id) => return Err(unknown()),
        Some(id) => {
            // It stays as it is until the transaction ends.
            let sql = format!("SELECT {COLUMNS} FROM platform.plans WHERE id = $1 FOR SHARE");
            let row = transaction.query_one_raw(statement(&sql, [id.into()])).await?;
            give(transaction, tenant, &offer_of(&row.ok_or_else(unknown)?)?.plan, now).await?
        }
        None => {
            let sql = "UPDATE platform.tenants SET settings = settings - 'plan', updated_at = $2 WHERE id = $1";
            transaction.execute_raw(statement(sql, [tenant.0.into(), now.into()])).await?.rows_affected()
        }
    };
    if changed == 0 { Err(Error::NotFound("organisation")) } else { Ok(()) }
}

/// Gives a tenant its plan in the transaction that makes it. Says which, if any.
pub(crate) async fn assign_first<C: ConnectionTrait>(
    transaction: &C,
    tenant: TenantId,
    first: &FirstPlan,
    now: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    match first {
        FirstPlan::None => Ok(None),
        FirstPlan::Named(id) => {
            assign(transaction, tenant, Some(id), now).await?;
            Ok(Some(id.clone()))
        }
        FirstPlan::ForNewTenants => {
            let sql = format!("SELECT {COLUMNS} FROM platform.plans WHERE for_new_tenants FOR SHARE");
            let Some(row) = transaction.query_one_raw(statement(&sql, [])).await? else { return Ok(None) };
            let plan = offer_of(&row)?.plan;
            give(transaction, tenant, &plan, now).await?;
            Ok(Some(plan.id))
        }
    }
}

async fn give<C: ConnectionTrait>(transaction: &C, tenant: TenantId, plan: &Plan, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let sql = "UPDATE platform.tenants SET settings = jsonb_set(settings, '{plan}', $2), updated_at = $3 WHERE id = $1";
    let values = [tenant.0.into(), serde_json::json!(plan).into(), now.into()];
    Ok(transaction.execute_raw(statement(sql, values)).await?.rows_affected())
}

fn unknown() -> Error {
    Error::bad_input("planId", "There is no such plan.")
}

/// Whether a plan can have this id.
fn is_id(id: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(is_good)
}

fn check(plan: &Plan) -> Result<(), Error> {
    if plan.id == "none" {
        return Err(Error::bad_input("id", "No plan can be called none: that stands for no plan."));
    }
    let characters = plan.name.chars().count();
    if plan.name.trim().is_empty() || characters > LONGEST_NAME || plan.name.chars().any(char::is_control) {
        return Err(Error::bad_input("name", format!("A plan's name has 1 to {LONGEST_NAME} characters, on one line.")));
    }
    Ok(())
}

fn count_of(row: &QueryResult) -> Result<u64, DbErr> {
    row.try_get::<i64>("", "tenants").map(|count| u64::try_from(count).unwrap_or(0))
}

fn offer_of(row: &QueryResult) -> Result<Offer, DbErr> {
    // The table has no negative ones.
    let limit =
        |column: &str| Ok::<_, DbErr>(row.try_get::<Option<i64>>("", column)?.and_then(|limit| u64::try_from(limit).ok()));
    let features = serde_json::from_value(row.try_get("", "features")?).map_err(|error| DbErr::Json(error.to_string()))?;
    let plan = Plan {
        id: row.try_get("", "id")?,
        name: row.try_get("", "name")?,
        seats: limit("seats")?,
        storage_bytes: limit("storage_bytes")?,
        requests_per_day: limit("requests_per_day")?,
        features,
    };
    Ok(Offer { plan, for_new_tenants: row.try_get("", "for_new_tenants")? })
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
