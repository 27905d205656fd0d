//! A tenant as operators see it.

use std::collections::HashMap;

use async_graphql::{ID, Lookahead, Result, SimpleObject};
use chrono::{DateTime, Utc};
use tenancy::{MigrationFailure as Failure, Tenant as Found, TenantId};

use super::context::OperatorContext;
use crate::{
    graphql::{id, standing::TenantState},
    lifecycle::answer,
    plan::Entitlements,
};

/// The last failure of a migration that a tenant still lacks.
#[derive(Debug, SimpleObject)]
pub struct MigrationFailure {
    /// To which version it should have been brought.
    version: String,
    /// When that failed last.
    failed_at: DateTime<Utc>,
    /// How often it was tried.
    tries: i32,
    /// What Postgres calls the failure: a SQLSTATE.
    code: Option<String>,
    /// What Postgres said.
    message: Option<String>,
}

impl From<Failure> for MigrationFailure {
    fn from(failure: Failure) -> Self {
        Self {
            version: failure.version,
            failed_at: failure.finished_at,
            tries: failure.tries,
            code: failure.error_code,
            message: failure.error,
        }
    }
}

/// An organisation on the platform.
#[derive(Debug, SimpleObject)]
pub struct Tenant {
    /// The organisation's opaque id.
    id: ID,
    /// Its label under the base domain.
    slug: String,
    /// Its name.
    name: String,
    /// Its address under the base domain.
    url: String,
    /// What holds for it now.
    state: TenantState,
    /// The last migration that its schema has.
    schema_version: Option<String>,
    /// Whether it lacks migrations of this program.
    is_behind: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When its trial ends; null where it has none.
    trial_ends_at: Option<DateTime<Utc>>,
    /// Until when it has paid; null where nothing is to be paid.
    paid_until: Option<DateTime<Utc>>,
    /// When it is deleted, if that was asked for.
    delete_at: Option<DateTime<Utc>>,
    /// The bytes that its tables take with their indexes.
    size_bytes: f64,
    /// How many members it has.
    member_count: i64,
    /// When somebody last began or renewed a session or used a key there, or else the last day of use; null where nobody has.
    last_activity_at: Option<DateTime<Utc>>,
    /// The last failure of a migration that it still lacks.
    last_migration_failure: Option<MigrationFailure>,
    /// The hosts of its own, the primary one first.
    hosts: Vec<String>,
    /// The id of its plan; null for an organisation without one, which may use everything.
    plan_id: Option<ID>,
}

/// The fields of a tenant that are read beside its row.
const FACTS: [&str; 5] = [SIZE, MEMBERS, ACTIVITY, FAILURE, HOSTS];
const SIZE: &str = "sizeBytes";
const MEMBERS: &str = "memberCount";
const ACTIVITY: &str = "lastActivityAt";
const FAILURE: &str = "lastMigrationFailure";
const HOSTS: &str = "hosts";

/// What is asked for of tenants beside their rows.
#[derive(Debug)]
pub struct Wanted(Vec<&'static str>);

impl Wanted {
    /// What a selection of tenants asks for; of several selections, what any does.
    pub fn of(selections: &[Lookahead<'_>]) -> Self {
        let asks = |field: &&str| selections.iter().any(|selection| selection.field(field).exists());
        Self(FACTS.into_iter().filter(asks).collect())
    }

    fn has(&self, fact: &str) -> bool {
        self.0.contains(&fact)
    }
}

/// The tenants as objects, with what is asked for: one statement for each such thing, however many tenants there are.
pub async fn objects(request: &OperatorContext, tenants: &[Found], wanted: &Wanted) -> Result<Vec<Tenant>> {
    let ids: Vec<TenantId> = tenants.iter().map(|tenant| tenant.id).collect();
    let operators = &request.operators;
    let (mut sizes, mut members, mut activities) = (HashMap::new(), HashMap::new(), HashMap::new());
    let (mut failures, mut hosts) = (HashMap::new(), HashMap::new());
    if wanted.has(SIZE) {
        let schemas: Vec<_> = tenants.iter().map(|tenant| tenant.schema.clone()).collect();
        sizes = request.tenants.schema_sizes(&schemas).await.map_err(answer)?;
    }
    if wanted.has(MEMBERS) {
        members = operators.member_counts(&ids).await.map_err(domain::Error::from)?;
    }
    if wanted.has(ACTIVITY) {
        activities = operators.last_activities(&ids).await.map_err(domain::Error::from)?;
    }
    if wanted.has(FAILURE) {
        failures = request.tenants.migration_failures(&ids).await.map_err(answer)?;
    }
    if wanted.has(HOSTS) {
        hosts = request.tenants.hostnames_of(&ids).await.map_err(answer)?;
    }
    let mut object = |tenant: &Found| Tenant {
        id: id::encode_tenant(tenant.id),
        slug: tenant.slug.to_string(),
        name: tenant.name.clone(),
        url: request.lifecycle.address_of(tenant),
        state: request.lifecycle.standing(tenant, request.now).state.into(),
        schema_version: tenant.schema_version.clone(),
        is_behind: !tenant.is_current(request.tenants.head()),
        created_at: tenant.created_at,
        trial_ends_at: tenant.trial_ends_at,
        paid_until: tenant.paid_until,
        delete_at: tenant.delete_at,
        size_bytes: bytes(sizes.get(tenant.schema.as_str()).copied()),
        member_count: members.get(&tenant.id).copied().unwrap_or_default(),
        last_activity_at: activities.get(&tenant.id).copied(),
        last_migration_failure: failures.remove(&tenant.id).map(MigrationFailure::from),
        hosts: hosts.remove(&tenant.id).unwrap_or_default(),
        plan_id: Entitlements::of(tenant).plan_id().map(ID::from),
    };
    Ok(tenants.iter().map(&mut object).collect())
}

/// The integers of GraphQL end at two gigabytes.
#[expect(clippy::cast_precision_loss, reason = "exact up to eight petabytes")]
fn bytes(size: Option<i64>) -> f64 {
    size.unwrap_or_default() as f64
}
