//! What the directory knows of a tenant.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AskedBy, Hostname, SchemaName, Slug};

/// A tenant's id. It never changes, is never used again, and is the audience of the tenant's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub Uuid);

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for TenantId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// What the platform has decided about a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    /// Served.
    Active,
    /// Kept, but not served, until an operator resumes it.
    Suspended,
    /// Its deletion has begun, and cannot be taken back.
    Deleting,
}

impl TenantStatus {
    /// The text that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
        }
    }
}

impl FromStr for TenantStatus {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, crate::Error> {
        match text {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            "deleting" => Ok(Self::Deleting),
            _ => Err(crate::Error::Corrupt(format!("unknown tenant status {text:?}"))),
        }
    }
}

/// An operator works on a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What its people are told; empty for no more than that.
    pub message: Arc<str>,
}

/// A tenant, as read from the control plane. Shared by all requests for it and replaced when something changes.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The tenant's id.
    pub id: TenantId,
    /// Its label under the base domain.
    pub slug: Slug,
    /// The organisation's name, for people.
    pub name: String,
    /// Its schema, which is also the name of its role.
    pub schema: SchemaName,
    /// What the platform has decided about it.
    pub status: TenantStatus,
    /// Since when that holds.
    pub status_since: DateTime<Utc>,
    /// The last tenant migration that its schema has.
    pub schema_version: Option<String>,
    /// Its primary host, when that is not the slug under the base domain.
    pub primary_host: Option<Hostname>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its trial ends; none where it has none.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// Until when it has paid; none where nothing is to be paid.
    pub paid_until: Option<DateTime<Utc>>,
    /// From when it is deleted, unless that is taken back.
    pub delete_at: Option<DateTime<Utc>>,
    /// Who has asked for that.
    pub deletion_asked_by: Option<AskedBy>,
    /// That an operator works on it.
    pub maintenance: Option<Maintenance>,
    /// What the application keeps with it, such as its own limits: a JSON object. This crate reads `statementTimeoutMs` and `terms`.
    pub settings: Arc<serde_json::Value>,
    pub(crate) statements: Statements,
}

/// The texts that open a transaction in the tenant's schema, made once for each tenant rather than once for each request.
#[derive(Debug, Clone)]
pub(crate) struct Statements {
    pub(crate) begin_read_only: Arc<str>,
    pub(crate) begin_read_write: Arc<str>,
    pub(crate) begin_write_protected: Arc<str>,
    /// Appended to every statement, so that each tenant has prepared statements and plans of its own: Postgres throws a
    /// plan away when the search path differs from the one that it was made under.
    pub(crate) tag: Box<str>,
}

impl Statements {
    pub(crate) fn of(schema: &SchemaName, statement_timeout: Duration) -> Self {
        // One text, so one round trip. `true` makes each setting end with the transaction. Temporary tables, which live as
        // long as the connection, come last on the path: unnamed they would come first, and stand in for the next tenant's.
        let timeout = statement_timeout.as_millis();
        let begin = |mode: &str| {
            Arc::from(format!(
                "BEGIN {mode}; SELECT set_config('search_path', '{schema}, pg_temp', true), set_config('role', '{schema}', true), \
                 set_config('statement_timeout', '{timeout}', true)"
            ))
        };
        Self {
            begin_read_only: begin("ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            begin_read_write: begin("ISOLATION LEVEL READ COMMITTED READ WRITE"),
            begin_write_protected: begin("ISOLATION LEVEL READ COMMITTED READ ONLY"),
            tag: format!(" /* {schema} */").into(),
        }
    }
}

impl Tenant {
    /// Whether its owners can take back that it is deleted: not what an operator has decided, nor what has begun.
    pub fn can_be_kept(&self) -> bool {
        self.deletion_asked_by == Some(AskedBy::Owner) && self.status != TenantStatus::Deleting
    }

    /// Whether the schema has what a program needs whose last tenant migration is `head`. One that is ahead has it: a newer program has
    /// migrated it, and migrations expand before they contract.
    pub fn is_current(&self, head: &str) -> bool {
        self.schema_version.as_deref().is_some_and(|version| version >= head)
    }

    /// Whether what was read of `earlier` and what is read now are the same data: not after a restore in place, which announces
    /// nothing of what it has changed.
    pub fn has_the_data_of(&self, earlier: &Self) -> bool {
        self.id == earlier.id && self.schema == earlier.schema
    }
}
