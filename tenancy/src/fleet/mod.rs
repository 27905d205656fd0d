//! Migrating all tenants.
//!
//! One query over the ledger finds the tenants that are behind, however many there are. Canaries go first; then each tenant is
//! migrated in a transaction of its own, several at a time; one that fails is recorded and left as it was, and the others go
//! on. Stopping at any moment loses nothing: a tenant is either done or untouched, and the next run goes on with the rest.
//!
//! - [`options`]: what a run is asked to do, and what it did
//! - [`plan`]: which tenants, and in which order
//! - [`run`]: several at a time, with canaries and an orderly end; [`tally`] is what came of it
//! - [`tries`]: one tenant, in as many tries as it may have
//! - [`attempt`]: one tenant, one transaction
//! - [`durable`]: what a crash of the server has taken away is done again
//! - [`undo`]: back to an older version, where that loses nothing
//! - [`ledger`]: what became of each tenant, in tables and a view of the control plane
//! - [`record`]: the SQL that migrations really issue
//! - [`freeze`]: a migration that was applied does not change any more
//! - [`lint`]: migrations expand first and contract in a later release
//! - [`catalogue`], [`drift`]: whether schemas are what the migrations make

mod attempt;
mod catalogue;
mod drift;
mod durable;
mod freeze;
mod ledger;
mod lint;
mod options;
mod plan;
mod record;
mod run;
mod status;
mod tally;
mod tries;
mod undo;

use chrono::{DateTime, Utc};

use crate::{Result, Tenant, Tenants};

pub use catalogue::Difference;
pub use drift::{Drift, DriftKind, DriftReport};
pub use freeze::Frozen;
pub(crate) use ledger::{TABLES, begin_ledger};
pub use lint::{Finding, Linter, Rule};
pub(crate) use lint::{Sql, Token};
pub use options::{Canaries, Ended, FleetOptions, FleetReport, FleetStep, TenantFailure};
pub use plan::FleetPlan;
pub(crate) use plan::texts;
pub use record::RecordedMigration;
pub use status::{FleetCounts, FleetStatus, TenantProblem};

/// What a process remembers of the fleet.
#[derive(Debug)]
pub(crate) struct Memory {
    recorded: tokio::sync::OnceCell<Vec<RecordedMigration>>,
    /// Whether this process has seen to it that the migrations it applies are frozen.
    frozen: std::sync::atomic::AtomicBool,
    counts: moka::future::Cache<(), FleetCounts>,
}

impl Default for Memory {
    fn default() -> Self {
        let counts = moka::future::Cache::builder().max_capacity(1).time_to_live(status::COUNTS_LIFETIME).build();
        Self { recorded: tokio::sync::OnceCell::new(), frozen: false.into(), counts }
    }
}

impl Tenants {
    /// Migrates every tenant that is behind, `parallel` at a time, and tells `watch` of each: [`Tenants::migrate_fleet`] with the
    /// usual options and one time for all.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a migration was changed after it had been applied. A tenant's own failure is in the
    /// report.
    pub async fn migrate_all(
        &self,
        parallel: usize,
        now: DateTime<Utc>,
        watch: impl FnMut(FleetStep<'_>),
    ) -> Result<FleetReport> {
        let options = FleetOptions { parallel, ..FleetOptions::at(now) };
        self.migrate_fleet(&options, watch).await
    }

    /// The tenants whose schema is behind this program: one query.
    pub async fn tenants_behind(&self) -> Result<Vec<Tenant>> {
        let plan = self.plan_fleet(&FleetOptions::at(DateTime::UNIX_EPOCH)).await?;
        Ok(plan.others)
    }
}
