//! A Postgres schema for each tenant, for programs on SeaORM.
//!
//! The crate answers three questions and knows nothing of the application on top:
//!
//! 1. **Which tenant is this request for?** [`Hostname`] parses the `Host` header, [`Hosts`] sorts it,
//!    [`Directory`] looks it up, and the pure function [`resolve`] holds it against the claims of the token.
//! 2. **How does a statement reach that tenant's schema, and no other?** [`TenantConnection`] and
//!    [`TenantTransaction`] implement SeaORM's connection traits. Each transaction begins by setting the search path
//!    and the role for itself alone. Code that takes `&impl` [`TenantScope`] cannot be called without a tenant.
//! 3. **How do tenants come, change and go?** [`Tenants`] provisions a schema in one transaction, migrates all of them
//!    by a ledger, suspends and deletes.
//!
//! The README of the crate shows how another program adopts it.

mod archive;
mod by_hand;
pub mod change;
mod checksum;
mod connection;
mod control_plane;
mod deletion;
mod directory;
mod error;
mod fleet;
mod freshness;
mod guest;
mod host;
mod hostname;
mod listen;
mod name;
mod pool;
mod provision;
mod rename;
mod resolve;
mod schema;
mod slug;
mod standby;
mod standing;
mod survey;
mod tenant;
mod tenants;

pub use archive::{
    AdoptedRow, AdoptedTable, Adoption, AdoptionError, AdoptionMap, AdoptionReport, AdoptionRules, AdoptionSource, AdoptionStep,
    MapFault, RefusalReason, RuleForAll, TableRules,
};
pub use archive::{
    ArchiveError, ArchiveKey, ArchivePlace, BackupAllFailure, BackupAllReport, ColumnShape, Contents, ExportFormat, Manifest,
    ObjectPlace, TableShape, Totals, Written, archives_at_rest,
};
pub use by_hand::{OwnSql, SqlOutcome};
pub use connection::{
    Access, Connection, Platform, PlatformConnection, PlatformTransaction, STATEMENT_SPANS, Scope, TenantConnection, TenantData,
    TenantScope, TenantTransaction, Transaction,
};
pub use control_plane::{DIRECTORY_CHANNEL, PLATFORM_SCHEMA};
pub use deletion::{AskedBy, Certificate};
pub use directory::Directory;
pub use error::{Error, Result, in_words_of_postgres};
pub use fleet::{
    Canaries, Difference, Drift, DriftKind, DriftReport, Ended, Finding, FleetCounts, FleetOptions, FleetPlan, FleetReport,
    FleetStatus, FleetStep, Frozen, Linter, RecordedMigration, Rule, TenantFailure, TenantProblem,
};
pub use freshness::{Freshness, Reading};
pub use guest::{Guest, GuestOptions};
pub use host::{register_host, release_host, set_primary_host, unset_primary_host};
pub use hostname::{Host, Hostname, HostnameError, Hosts};
pub use listen::Heard;
pub use name::{SchemaName, SchemaNameError};
pub use pool::PoolOptions;
pub use provision::{NewTenant, Provisioning};
pub use rename::{Renamed, Renaming};
pub use resolve::{Audience, HostTarget, Refusal, Resolution, resolve};
pub use slug::{RESERVED_SLUGS, Slug, SlugError};
pub use standby::StandbyStatus;
pub use standing::{Deadlines, Standing, State, Terms, standing};
pub use survey::{MigrationFailure, SurveyOrder, SurveyState, TenantSurvey};
pub use tenant::{Maintenance, Tenant, TenantId, TenantStatus};
pub use tenants::Tenants;
