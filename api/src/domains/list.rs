//! The hosts of one tenant, as they are shown.

use chrono::{DateTime, Utc};
use domain::Error;
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use tenancy::Tenant;

use super::{Domains, problem::Problem, record::Record};

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainState {
    /// The tenant's label under the base domain. It is there as long as the tenant.
    BuiltIn,
    /// Registered by an operator, and served without a proof.
    Trusted,
    /// Claimed, and not served: the proof is not found yet.
    Pending,
    /// Proved and served.
    Proved,
    /// Served, but the proof is gone: it is released unless the proof comes back.
    Failing,
}

impl DomainState {
    /// The state in one word, for a terminal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Trusted => "trusted",
            Self::Pending => "pending",
            Self::Proved => "proved",
            Self::Failing => "failing",
        }
    }

    /// Whether requests to the host reach the tenant.
    pub const fn is_served(self) -> bool {
        !matches!(self, Self::Pending)
    }
}

/// A host of a tenant, or one that it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The host, in ASCII.
    pub hostname: String,
    /// Where it stands.
    pub state: DomainState,
    /// Whether it is the one that pages at the others lead to.
    pub is_primary: bool,
    /// The record that proves it; none where no proof is asked for.
    pub record: Option<Record>,
    /// When DNS was last asked.
    pub checked_at: Option<DateTime<Utc>>,
    /// What was wrong then.
    pub problem: Option<Problem>,
}

#[derive(FromQueryResult)]
struct Row {
    hostname: String,
    is_primary: Option<bool>,
    token: Option<String>,
    checked_at: Option<DateTime<Utc>>,
    problem: Option<String>,
    failures: Option<i32>,
}

const HOSTS: &str = "SELECT coalesce(d.hostname, c.hostname) AS hostname, d.is_primary, c.token, c.checked_at, c.problem, c.failures \
     FROM (SELECT * FROM platform.domains WHERE tenant_id = $1) d \
     FULL JOIN (SELECT * FROM platform.domain_claims WHERE tenant_id = $1) c ON c.hostname = d.hostname ORDER BY 1";

impl From<Row> for Domain {
    fn from(row: Row) -> Self {
        let state = match (row.is_primary, &row.token) {
            (None, _) => DomainState::Pending,
            (Some(_), None) => DomainState::Trusted,
            (Some(_), Some(_)) if row.failures.unwrap_or(0) > 0 => DomainState::Failing,
            (Some(_), Some(_)) => DomainState::Proved,
        };
        Self {
            record: row.token.map(|token| Record::of(&row.hostname, &token)),
            hostname: row.hostname,
            state,
            is_primary: row.is_primary.unwrap_or(false),
            checked_at: row.checked_at,
            problem: row.problem.as_deref().and_then(Problem::read),
        }
    }
}

impl Domains {
    /// The hosts of a tenant, that of its slug first.
    pub async fn list(&self, tenant: &Tenant) -> Result<Vec<Domain>, DbErr> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, HOSTS, [tenant.id.0.into()]);
        let rows = Row::find_by_statement(statement).all(&self.platform).await?;
        let built_in = Domain {
            hostname: self.hosts.of_slug(&tenant.slug),
            state: DomainState::BuiltIn,
            is_primary: !rows.iter().any(|row| row.is_primary == Some(true)),
            record: None,
            checked_at: None,
            problem: None,
        };
        Ok(std::iter::once(built_in).chain(rows.into_iter().map(Domain::from)).collect())
    }

    /// One host of a tenant.
    pub(super) async fn one(&self, tenant: &Tenant, hostname: &str) -> Result<Domain, Error> {
        let all = self.list(tenant).await?;
        all.into_iter().find(|domain| domain.hostname == hostname).ok_or(NO_DOMAIN)
    }
}

/// A host that the tenant does not have.
pub(super) const NO_DOMAIN: Error = Error::NotFound("address");
