//! The command line.

mod adopt;
mod archive;
mod backup;
mod by_hand;
mod domains;
mod keys;
mod life;
mod limits;
mod migrate;
mod operator;
mod plan;
mod tenant;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use self::{
    adopt::{AdoptArguments, SOURCE_VARIABLE},
    archive::ArchiveCommand,
    backup::BackupCommand,
    by_hand::{ByHandCommand, RunArguments, TransactionAccess},
    domains::DomainsCommand,
    keys::KeysCommand,
    life::{LifeCommand, Until},
    limits::{Limit, OwnLimits},
    migrate::{MigrateArguments, MigrateCommand},
    operator::OperatorCommand,
    plan::{Amount, OwnAmount, OwnPlan, OwnSwitch, PlanArguments, PlanCommand, Switch, UsageCommand},
    tenant::TenantCommand,
};
use crate::config::Config;

/// One program, many organisations: each with its own Postgres schema, found by hostname and token.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version, propagate_version = true, max_term_width = 110)]
#[cfg_attr(feature = "opentelemetry", command(after_help = TRACES))]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub config: Config,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The variables of traces are OpenTelemetry's own, so there are no flags for them.
#[cfg(feature = "opentelemetry")]
const TRACES: &str = "\
Traces:
  `serve` sends OpenTelemetry traces, by OTLP over HTTP, where one of these names a collector:
      OTEL_EXPORTER_OTLP_ENDPOINT, such as http://localhost:4318
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, the same with its path
  These are read too:
      OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT and _COMPRESSION; OTEL_SERVICE_NAME; OTEL_RESOURCE_ATTRIBUTES;
      OTEL_TRACES_SAMPLER and _ARG; OTEL_BSP_SCHEDULE_DELAY, _MAX_QUEUE_SIZE and _MAX_EXPORT_BATCH_SIZE;
      OTEL_SDK_DISABLED; OTEL_TRACES_EXPORTER";

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the API and the web client
    Serve {
        /// Make the two demo tenants if they are not there
        #[arg(long, env = "TENANTRY_DEMO")]
        demo: bool,
        /// Leave migrating to `tenantry migrate`: tenants that are behind answer TENANT_MIGRATING until then
        #[arg(long, env = "TENANTRY_SKIP_MIGRATIONS")]
        skip_migrations: bool,
        /// Schemas that are kept prepared for tenants to come; 0 for none
        #[arg(long, env = "TENANTRY_STANDBY_TENANTS", default_value_t = 5, value_name = "COUNT",
            value_parser = clap::value_parser!(u32).range(0..=1_000))]
        standby_tenants: u32,
    },
    /// Bring the control plane and every tenant to this program's version
    #[command(args_conflicts_with_subcommands = true)]
    Migrate {
        /// How.
        #[command(flatten)]
        arguments: Box<MigrateArguments>,
        /// What else.
        #[command(subcommand)]
        command: Option<MigrateCommand>,
    },
    /// Make, list, suspend and delete tenants
    Tenant {
        /// What to do.
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// List, make and remove plans: how much those who have one may use, and which features they have
    Plan {
        /// What to do.
        #[command(subcommand)]
        command: PlanCommand,
    },
    /// List, make, remove and try the archives that are made by schedule
    Backup {
        /// What to do.
        #[command(subcommand)]
        command: BackupCommand,
    },
    /// Make, list, disable and reset those who operate the platform
    Operator {
        /// What to do.
        #[command(subcommand)]
        command: OperatorCommand,
    },
    /// List, replace and retire the keys that sign tokens; encrypt and forget secrets
    Keys {
        /// What to do.
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Make the two demo tenants, or many tenants for load
    Demo {
        /// How many tenants to make instead of the two, named load-0001 and so on
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        tenants: Option<u32>,
        /// Employees of each
        #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        employees: u32,
    },
    /// Check binaries, database, rights, clock, keys and pooler, and say what to do
    Doctor,
    /// Print the GraphQL schema
    Schema {
        /// That of the apex instead of that of the tenants
        #[arg(long, conflicts_with = "operator")]
        platform: bool,
        /// That of operators instead
        #[arg(long)]
        operator: bool,
    },
    /// Run a command with a private Postgres of its own, which is removed afterwards
    Postgres {
        /// The command and its arguments, after `--`; it finds the database in DATABASE_URL
        #[arg(required = true, last = true)]
        command: Vec<OsString>,
    },
}
