//! Where the tenants stand with their migrations.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::context::OperatorResolverContext as _;
use crate::{graphql::id, lifecycle::answer};

/// How many tenants that failed or are under way are shown.
const PROBLEMS: u64 = 100;

/// How many tenants have a version.
#[derive(SimpleObject)]
pub struct FleetVersion {
    /// The last migration that they have; null where they have none.
    version: Option<String>,
    /// How many.
    tenants: i64,
}

/// A tenant that is not where it should be.
#[derive(SimpleObject)]
pub struct FleetProblem {
    /// The tenant's opaque id.
    id: ID,
    /// The tenant's slug.
    slug: String,
    /// `failed` or `under way`.
    state: String,
    /// The last migration that it has.
    schema_version: Option<String>,
    /// How often it was tried.
    tries: Option<i32>,
    /// When the last try ended.
    finished_at: Option<DateTime<Utc>>,
    /// What Postgres calls the failure: a SQLSTATE.
    code: Option<String>,
    /// What Postgres said.
    message: Option<String>,
}

/// Where the tenants stand with their migrations.
#[derive(SimpleObject)]
pub struct Fleet {
    /// The last migration that this program knows.
    head: String,
    /// How many have it.
    current: i64,
    /// How many lack migrations, and have not failed.
    behind: i64,
    /// How many lack migrations because the last try failed.
    failed: i64,
    /// How many are worked on now.
    under_way: i64,
    /// How many have which version, the newest first.
    versions: Vec<FleetVersion>,
    /// The first 100 of those that failed or are under way.
    problems: Vec<FleetProblem>,
}

/// The query of the fleet.
#[derive(Default)]
pub struct FleetQuery;

#[Object]
impl FleetQuery {
    /// Where the tenants stand with their migrations: what `tenantry migrate status` shows.
    async fn fleet(&self, ctx: &Context<'_>) -> Result<Fleet> {
        let status = ctx.reader()?.tenants.fleet_status(PROBLEMS).await.map_err(answer)?;
        let versions = status.versions.into_iter().map(|(version, tenants)| FleetVersion { version, tenants });
        let problems = status.problems.into_iter().map(|problem| FleetProblem {
            id: id::encode_tenant(problem.id),
            slug: problem.slug.to_string(),
            state: problem.state,
            schema_version: problem.schema_version,
            tries: problem.tries,
            finished_at: problem.finished_at,
            code: problem.error_code,
            message: problem.error,
        });
        Ok(Fleet {
            head: status.head,
            current: status.counts.current,
            behind: status.counts.behind,
            failed: status.counts.failed,
            under_way: status.under_way,
            versions: versions.collect(),
            problems: problems.collect(),
        })
    }
}
