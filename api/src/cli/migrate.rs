//! What `tenantry migrate` takes.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use clap::{Args, Subcommand};
use migration::tenant::BIG_TABLES;
use tenancy::{Canaries, FleetOptions, Linter, Slug};
use tokio::sync::watch;

/// How tenants are migrated.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct MigrateArguments {
    /// Tenants to migrate at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    parallel: u16,
    /// The most connections that migrating takes; as many as --parallel where it is not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: Option<u16>,
    /// Only list the tenants that are behind, and what they would get
    #[arg(long, visible_alias = "dry-run")]
    pub(crate) plan: bool,
    /// Migrate each tenant, look whether that succeeds, and roll it back
    #[arg(long, conflicts_with = "plan")]
    pub(crate) rehearse: bool,
    /// These tenants first; the others only if all of them succeed
    #[arg(long, value_name = "SLUG", num_args = 1.., conflicts_with = "canary_count")]
    canary: Vec<Slug>,
    /// So many tenants first, chosen by the program; the others only if all of them succeed
    #[arg(long, value_name = "NUMBER")]
    canary_count: Option<usize>,
    /// These tenants only
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    only: Vec<Slug>,
    /// Only tenants whose last try failed
    #[arg(long)]
    retry_failed: bool,
    /// Seconds that a statement waits for a lock
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    lock_timeout: u64,
    /// How often a tenant is tried when a lock, a deadlock or a lost connection is in the way
    #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100))]
    tries: u32,
    /// Seconds to wait for tenants that another program is at, such as a backup; as long as it takes where it is not given
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=604_800))]
    patience: Option<u64>,
    /// Begin no further tenant after so many have failed
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_failures: Option<u32>,
    /// Migrate also where `migrate lint` refuses something in a migration that no tenant has yet
    #[arg(long)]
    despite_lint: bool,
    /// Take tenants that have later migrations back to this one, where nothing is lost by that
    #[arg(long, value_name = "MIGRATION", conflicts_with = "retry_failed")]
    pub(crate) back_to: Option<String>,
    /// Do not ask before tenants are taken back
    #[arg(long, requires = "back_to")]
    pub(crate) yes: bool,
}

/// What else can be done with migrations.
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Show where the tenants stand
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the tenants' schemas with what the migrations make
    Drift {
        /// These tenants only
        #[arg(value_name = "SLUG")]
        slugs: Vec<Slug>,
    },
    /// Check that the migrations expand first, contract later, and keep no table for long
    Lint,
    /// Accept a migration that was changed after it had been applied, as it is now
    Accept {
        /// Its name
        #[arg(value_name = "MIGRATION")]
        migration: String,
    },
}

impl MigrateArguments {
    pub(crate) fn options(&self, stop: Option<watch::Receiver<bool>>) -> FleetOptions {
        let canaries = match self.canary_count {
            Some(count) => Canaries::Count(count),
            None if self.canary.is_empty() => Canaries::None,
            None => Canaries::Named(self.canary.clone()),
        };
        FleetOptions {
            parallel: usize::from(self.parallel),
            connections: self.connections.map(usize::from),
            canaries,
            only: self.only.clone(),
            retry_failed: self.retry_failed,
            lock_timeout: Duration::from_secs(self.lock_timeout),
            tries: self.tries,
            patience: self.patience.map(Duration::from_secs),
            max_failures: self.max_failures.and_then(|most| usize::try_from(most).ok()),
            linter: (!self.despite_lint).then(|| Linter::new(BIG_TABLES)),
            rehearse: self.rehearse,
            stop,
            ..FleetOptions::new(Arc::new(Utc::now))
        }
    }
}
