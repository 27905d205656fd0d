//! Where the fleet stands.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

use crate::{Error, Result, Slug, TenantId, Tenants};

/// How long counts are remembered: who asks for metrics costs the database no more than this.
pub(super) const COUNTS_LIFETIME: Duration = Duration::from_secs(5);

/// How many tenants stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCounts {
    /// At this program's version, or ahead of it.
    pub current: i64,
    /// Behind it, and not tried or under way.
    pub behind: i64,
    /// Behind it, and the last try failed.
    pub failed: i64,
}

/// A tenant that is not where it should be.
#[derive(Debug, Clone)]
pub struct TenantProblem {
    /// The tenant.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// The last migration that it has.
    pub schema_version: Option<String>,
    /// `failed` or `under way`.
    pub state: String,
    /// How often it was tried.
    pub tries: Option<i32>,
    /// When the last try ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What Postgres calls the failure.
    pub error_code: Option<String>,
    /// What Postgres said.
    pub error: Option<String>,
}

/// Where the fleet stands.
#[derive(Debug, Clone)]
pub struct FleetStatus {
    /// The last migration that this program knows.
    pub head: String,
    /// How many tenants stand where.
    pub counts: FleetCounts,
    /// How many are worked on now.
    pub under_way: i64,
    /// How many have which version, the newest first.
    pub versions: Vec<(Option<String>, i64)>,
    /// The first of those that failed or are under way.
    pub problems: Vec<TenantProblem>,
    /// Milliseconds that half of the tenants at the head took at most to get there, and that all did.
    pub durations: Option<(i64, i64)>,
}

impl Tenants {
    /// How many tenants stand where; at most a few seconds old.
    pub async fn fleet_counts(&self) -> Result<FleetCounts> {
        let counts = self.inner.fleet.counts.try_get_with((), self.read_counts()).await;
        counts.map_err(|error: std::sync::Arc<DbErr>| Error::Database(DbErr::clone(&error)))
    }

    async fn read_counts(&self) -> Result<FleetCounts, DbErr> {
        let sql = "WITH failed AS (SELECT tenant_id FROM platform.tenant_migrations WHERE version = $1 AND state = 'failed') \
                   SELECT count(*) FILTER (WHERE schema_version >= $1) AS current, \
                   count(*) FILTER (WHERE (schema_version >= $1) IS NOT TRUE AND id NOT IN (SELECT tenant_id FROM failed)) AS behind, \
                   count(*) FILTER (WHERE (schema_version >= $1) IS NOT TRUE AND id IN (SELECT tenant_id FROM failed)) AS failed \
                   FROM platform.tenants WHERE status <> 'deleting'";
        let row = self.platform().query_one_raw(self.with_head(sql)).await?;
        row.map_or(Ok(FleetCounts::default()), |row| {
            let (current, behind, failed) = (row.try_get("", "current")?, row.try_get("", "behind")?, row.try_get("", "failed")?);
            Ok(FleetCounts { current, behind, failed })
        })
    }

    /// Where the fleet stands, and the first `problems` tenants that failed or are under way.
    pub async fn fleet_status(&self, problems: u64) -> Result<FleetStatus> {
        let counts = self.read_counts().await?;
        let platform = self.platform();
        let versions = "SELECT schema_version, count(*) AS tenants FROM platform.tenants WHERE status <> 'deleting' GROUP BY 1 ORDER BY 1 DESC NULLS LAST";
        let versions = platform.query_all_raw(Statement::from_string(DbBackend::Postgres, versions)).await?;
        let versions = versions
            .iter()
            .map(|row| Ok((row.try_get("", "schema_version")?, row.try_get("", "tenants")?)))
            .collect::<Result<_, DbErr>>()?;
        let under_way = "SELECT count(*) AS tenants FROM platform.fleet WHERE state = 'under way'";
        let under_way = platform.query_one_raw(Statement::from_string(DbBackend::Postgres, under_way)).await?;
        let durations = "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY duration_ms) AS half, max(duration_ms) AS most \
                         FROM platform.tenant_migrations WHERE version = $1 AND duration_ms IS NOT NULL";
        let durations = platform.query_one_raw(self.with_head(durations)).await?;
        let durations = durations.map(|row| Ok::<_, DbErr>((row.try_get("", "half")?, row.try_get("", "most")?))).transpose()?;
        Ok(FleetStatus {
            head: self.head().to_owned(),
            counts,
            under_way: under_way.map_or(Ok(0), |row| row.try_get("", "tenants"))?,
            versions,
            problems: self.problems(problems).await?,
            durations: durations.and_then(|(half, most): (Option<i64>, Option<i64>)| half.zip(most)),
        })
    }

    async fn problems(&self, limit: u64) -> Result<Vec<TenantProblem>> {
        let sql = "SELECT tenant_id, slug, schema_version, state, tries, finished_at, error_code, error FROM platform.fleet \
                   WHERE state IN ('failed', 'under way') ORDER BY state, slug LIMIT $1";
        let limit = [i64::try_from(limit).unwrap_or(i64::MAX).into()];
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, limit)).await?;
        rows.iter().map(problem_from).collect()
    }

    fn with_head(&self, sql: &str) -> Statement {
        let values: [Value; 1] = [self.head().into()];
        Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
    }
}

fn problem_from(row: &QueryResult) -> Result<TenantProblem> {
    let slug: String = row.try_get("", "slug")?;
    Ok(TenantProblem {
        id: TenantId(row.try_get("", "tenant_id")?),
        slug: Slug::parse(&slug).map_err(|error| Error::Corrupt(format!("in platform.tenants: {error}")))?,
        schema_version: row.try_get("", "schema_version")?,
        state: row.try_get("", "state")?,
        tries: row.try_get("", "tries")?,
        finished_at: row.try_get("", "finished_at")?,
        error_code: row.try_get("", "error_code")?,
        error: row.try_get("", "error")?,
    })
}
