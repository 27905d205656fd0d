//! Looking at tenants, for operators only: nothing of it may be shown to a tenant. What is read about the tenants of a page is read for
//! those alone, in one statement each, however many others there are.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::{
    Result, SchemaName, State, Tenant, TenantId, Tenants,
    directory::{SELECT_TENANT, tenant_from},
};

/// In which order tenants are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SurveyOrder {
    /// By slug.
    #[default]
    Slug,
    /// By name, whatever the case of its letters.
    Name,
    /// The newest first.
    Newest,
}

impl SurveyOrder {
    /// The place of a tenant in the list, besides its id.
    pub fn key(self, tenant: &Tenant) -> String {
        match self {
            Self::Slug => tenant.slug.to_string(),
            Self::Name => tenant.name.clone(),
            Self::Newest => tenant.created_at.to_rfc3339(),
        }
    }

    /// As rows: an index finds their place at once, and not that of conditions joined by OR.
    const fn after(self) -> &'static str {
        match self {
            Self::Slug => "((t.slug, t.id) > ($3, $4))",
            Self::Name => "((lower(t.name), t.id) > (lower($3), $4))",
            Self::Newest => "((t.created_at, t.id) < ($3::timestamptz, $4))",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Slug => "t.slug, t.id",
            Self::Name => "lower(t.name), t.id",
            Self::Newest => "t.created_at DESC, t.id DESC",
        }
    }
}

/// Of which state the tenants may be. What a tenant's own terms make of its dates is for [`standing`](crate::standing()) to say; this
/// leaves out those that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurveyState(pub State);

impl SurveyState {
    const fn condition(self) -> &'static str {
        match self.0 {
            State::Deleting => "(t.status = 'deleting' OR t.delete_at IS NOT NULL)",
            State::Suspended => "(t.status = 'suspended' AND t.delete_at IS NULL)",
            State::Maintenance => "(t.status = 'active' AND t.delete_at IS NULL AND t.maintenance_since IS NOT NULL)",
            State::Migrating => "(t.status = 'active' AND t.delete_at IS NULL AND (t.schema_version >= $5) IS NOT TRUE)",
            State::PastDue | State::ReadOnly | State::Warned | State::Trial => {
                "(t.status = 'active' AND t.delete_at IS NULL AND (t.trial_ends_at IS NOT NULL OR t.paid_until IS NOT NULL))"
            }
            State::Active => "(t.status = 'active' AND t.delete_at IS NULL AND t.maintenance_since IS NULL)",
        }
    }
}

/// Which tenants are listed.
#[derive(Debug, Clone, Default)]
pub struct TenantSurvey {
    /// Whose slug, name or host has this text in it, whatever the case of its letters.
    pub search: Option<String>,
    /// Those that may be in this state.
    pub state: Option<SurveyState>,
    /// In which order.
    pub order: SurveyOrder,
    /// Only those that come after this place: [`SurveyOrder::key`] and the id of the tenant before.
    pub after: Option<(String, TenantId)>,
}

/// A migration of a tenant that failed.
#[derive(Debug, Clone)]
pub struct MigrationFailure {
    /// To which version it should have been brought.
    pub version: String,
    /// When that failed last.
    pub finished_at: DateTime<Utc>,
    /// How often it was tried.
    pub tries: i32,
    /// What Postgres calls the failure.
    pub error_code: Option<String>,
    /// What Postgres said.
    pub error: Option<String>,
}

impl Tenants {
    /// The first tenants of a survey.
    pub async fn survey(&self, survey: &TenantSurvey, limit: u64) -> Result<Vec<Tenant>> {
        let search = survey.search.as_deref().map(|text| {
            let escaped: String =
                text.chars().flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c])).collect();
            format!("%{escaped}%")
        });
        // Every parameter is named, whether it counts or not, so that each statement has the same ones.
        let mut conditions = vec!["($5::text IS NOT NULL)"];
        conditions.push(if search.is_some() {
            "(t.slug ILIKE $1 OR t.name ILIKE $1 OR EXISTS (SELECT FROM platform.domains s WHERE s.tenant_id = t.id AND s.hostname ILIKE $1))"
        } else {
            "($1::text IS NULL)"
        });
        conditions.extend(survey.state.map(SurveyState::condition));
        conditions.push(if survey.after.is_some() { survey.order.after() } else { "($3::text IS NULL AND $4::uuid IS NULL)" });
        let sql = format!("{SELECT_TENANT} WHERE {} ORDER BY {} LIMIT $2", conditions.join(" AND "), survey.order.order());
        let (key, id) = survey.after.as_ref().map(|(key, id)| (key.as_str(), id.0)).unzip();
        let values: [Value; 5] =
            [search.into(), i64::try_from(limit).unwrap_or(i64::MAX).into(), key.into(), id.into(), self.head().into()];
        let rows = self.platform().query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        rows.iter().map(|row| tenant_from(row, self.inner.statement_timeout)).collect()
    }

    /// How many bytes the tables of these schemas take with their indexes. A schema without tables is left out.
    pub async fn schema_sizes(&self, schemas: &[SchemaName]) -> Result<HashMap<String, i64>> {
        let sql = "SELECT n.nspname::text AS key, coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint AS value \
                   FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'm') \
                   WHERE n.nspname = ANY ($1) GROUP BY n.nspname";
        self.pairs(sql, names(schemas), |row| row.try_get("", "value")).await
    }

    /// The hosts that were registered for these tenants, the primary one of each first.
    pub async fn hostnames_of(&self, tenants: &[TenantId]) -> Result<HashMap<TenantId, Vec<String>>> {
        let sql = "SELECT tenant_id AS key, array_agg(hostname ORDER BY is_primary DESC, hostname) AS value \
                   FROM platform.domains WHERE tenant_id = ANY ($1) GROUP BY tenant_id";
        let found: HashMap<Uuid, Vec<String>> = self.pairs(sql, ids(tenants), |row| row.try_get("", "value")).await?;
        Ok(found.into_iter().map(|(id, hosts)| (TenantId(id), hosts)).collect())
    }

    /// The last failure of each of these tenants whose last migration failed.
    pub async fn migration_failures(&self, tenants: &[TenantId]) -> Result<HashMap<TenantId, MigrationFailure>> {
        let sql = "SELECT DISTINCT ON (m.tenant_id) m.tenant_id AS key, m.version, m.finished_at, m.tries, m.error_code, m.error \
                   FROM platform.tenant_migrations m JOIN platform.tenants t ON t.id = m.tenant_id \
                   WHERE m.tenant_id = ANY ($1) AND m.state = 'failed' AND (t.schema_version >= m.version) IS NOT TRUE \
                   ORDER BY m.tenant_id, m.version DESC";
        let failure = |row: &QueryResult| {
            Ok(MigrationFailure {
                version: row.try_get("", "version")?,
                finished_at: row.try_get("", "finished_at")?,
                tries: row.try_get("", "tries")?,
                error_code: row.try_get("", "error_code")?,
                error: row.try_get("", "error")?,
            })
        };
        let found: HashMap<Uuid, MigrationFailure> = self.pairs(sql, ids(tenants), failure).await?;
        Ok(found.into_iter().map(|(id, failure)| (TenantId(id), failure)).collect())
    }

    /// The slugs that a tenant had until lately, each with the moment until which it leads to the tenant.
    pub async fn former_slugs(&self, tenant: TenantId) -> Result<Vec<(String, DateTime<Utc>)>> {
        let sql = "SELECT slug AS key, reserved_until FROM platform.former_slugs WHERE tenant_id = $1";
        let found: HashMap<String, DateTime<Utc>> =
            self.pairs(sql, tenant.0.into(), |row| row.try_get("", "reserved_until")).await?;
        let mut slugs: Vec<_> = found.into_iter().collect();
        slugs.sort();
        Ok(slugs)
    }

    async fn pairs<K, V>(&self, sql: &str, of: Value, value: impl Fn(&QueryResult) -> Result<V, DbErr>) -> Result<HashMap<K, V>>
    where
        K: sea_orm::TryGetable + std::hash::Hash + Eq,
    {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [of]);
        let rows = self.platform().query_all_raw(statement).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get("", "key")?, value(row)?))).collect::<Result<_, DbErr>>()?)
    }
}

fn names(schemas: &[SchemaName]) -> Value {
    schemas.iter().map(|schema| schema.as_str().to_owned()).collect::<Vec<String>>().into()
}

fn ids(tenants: &[TenantId]) -> Value {
    tenants.iter().map(|tenant| tenant.0).collect::<Vec<Uuid>>().into()
}
