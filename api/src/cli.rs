//! The command line.

mod adopt;
mod archive;
mod backup;
mod by_hand;
mod domains;
mod life;
mod migrate;
mod operator;
mod plan;

use std::{ffi::OsString, str::FromStr};

use clap::{Args, Parser, Subcommand, ValueEnum as _};
use domain::Role;
use tenancy::{Hostname, Slug};

pub use self::{
    adopt::{AdoptArguments, SOURCE_VARIABLE},
    archive::ArchiveCommand,
    backup::BackupCommand,
    by_hand::{ByHandCommand, RunArguments, TransactionAccess},
    domains::DomainsCommand,
    life::{LifeCommand, Until},
    migrate::{MigrateArguments, MigrateCommand},
    operator::OperatorCommand,
    plan::{Amount, OwnAmount, OwnPlan, OwnSwitch, PlanArguments, PlanCommand, Switch, UsageCommand},
};
use crate::{config::Config, graphql::limits::Introspection, http::Origin};

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
    /// List, replace and retire the keys that sign tokens; encrypt secrets
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

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys and what each does
    List,
    /// Make a key that takes over signing; the one before goes on verifying until it is retired
    Rotate {
        /// Seconds that the key is published before it signs; whoever keeps the published keys does so for 300
        #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=604_800))]
        key_lead: i64,
    },
    /// Encrypt all secrets in the database with the first key of --secret-key-file: those that are not encrypted, and those of an older
    /// key. Add a key on top of the file in every process first
    Encrypt,
    /// End a key that does not sign any more, and erase its private half
    Retire {
        /// Its id
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Also while tokens that it signed are good: they are refused at once, and people renew or sign in again
        #[arg(long = "now")]
        at_once: bool,
    },
}

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant and its owner
    Create {
        /// Its label under the base domain
        slug: Slug,
        /// The organisation's name; the slug where none is given
        #[arg(long)]
        name: Option<String>,
        /// The owner's e-mail address
        #[arg(long)]
        owner_email: Option<String>,
        /// The owner's name; the e-mail address where none is given
        #[arg(long, requires = "owner_email")]
        owner_name: Option<String>,
        /// The owner's password, if the account does not exist yet
        #[arg(long, env = "TENANTRY_OWNER_PASSWORD", hide_env_values = true)]
        owner_password: Option<String>,
        /// A further host of the tenant; the first one given is its primary host
        #[arg(long = "host")]
        hosts: Vec<Hostname>,
        /// The id of its plan, or none; that of new tenants where none is given
        #[arg(long)]
        plan: Option<String>,
    },
    /// Make an invitation by which one organisation signs itself up, where serve runs with --sign-up invited. Prints the link
    Invite {
        /// Days that it is good
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(i64).range(1..=365))]
        days: i64,
    },
    /// Prepare schemas for tenants to come, or drop prepared ones, until there are so many
    Standby {
        /// How many
        #[arg(value_parser = clap::value_parser!(u32).range(0..=1_000))]
        count: u32,
    },
    /// List the tenants
    List {
        /// Start after this slug
        #[arg(long)]
        after: Option<Slug>,
        /// How many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Show one tenant
    Show {
        /// Its slug
        slug: Slug,
    },
    /// Make someone a member of a tenant, or give a member another role
    Join {
        /// The tenant's slug
        slug: Slug,
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// The role
        #[arg(long, value_parser = role)]
        role: Role,
        /// The name; the e-mail address where none is given
        #[arg(long)]
        name: Option<String>,
        /// The password, if the account does not exist yet
        #[arg(long, env = "TENANTRY_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// End a membership. Access tokens that are out live until they expire
    Leave {
        /// The tenant's slug
        slug: Slug,
        /// The e-mail address
        #[arg(long)]
        email: String,
    },
    /// List, add, prove and remove the hosts of a tenant, and choose the primary one
    Domains {
        /// The tenant's slug
        slug: Slug,
        /// What to do.
        #[command(subcommand)]
        command: DomainsCommand,
    },
    /// Show what a tenant may ask for, and change it. Holds in every process at once
    Limits {
        /// Its slug
        slug: Slug,
        /// What to change.
        #[command(flatten)]
        own: OwnLimits,
    },
    /// Show whose pages may call a tenant's API from other addresses, and change it. Cookies are not taken from them
    Origins {
        /// Its slug
        slug: Slug,
        /// An origin whose pages may, such as https://intranet.acme.com
        #[arg(long)]
        allow: Vec<Origin>,
        /// An origin whose pages may not any more
        #[arg(long)]
        forbid: Vec<Origin>,
    },
    /// Plan, usage, slow.
    #[command(flatten)]
    Usage(UsageCommand),
    /// Rename, terms, maintenance, suspend, resume, delete, keep.
    #[command(flatten)]
    Life(LifeCommand),
    /// Backup, restore, clone, export, import, adopt.
    #[command(flatten)]
    Archive(ArchiveCommand),
    /// Run, psql.
    #[command(flatten)]
    ByHand(ByHandCommand),
}

/// The limits of one tenant; `default` stands for the program's own.
#[derive(Debug, Clone, Args)]
pub struct OwnLimits {
    /// Requests in a second, on the average; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second: Option<Limit>,
    /// Requests of one person, program or address in a second, on the average; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second_per_actor: Option<Limit>,
    /// Operations that are executed at a time; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub concurrent_operations: Option<Limit>,
    /// Milliseconds after which Postgres cancels a statement; never more than the program allows
    #[arg(long, value_name = "MILLISECONDS")]
    pub statement_timeout_ms: Option<Limit>,
    /// Bytes that a document may have
    #[arg(long, value_name = "COUNT")]
    pub characters: Option<Limit>,
    /// Lexical tokens that a document may have
    #[arg(long, value_name = "COUNT")]
    pub tokens: Option<Limit>,
    /// Fields within one another
    #[arg(long, value_name = "COUNT")]
    pub depth: Option<Limit>,
    /// Fields that are answered under another name
    #[arg(long, value_name = "COUNT")]
    pub aliases: Option<Limit>,
    /// Directives in the whole document
    #[arg(long, value_name = "COUNT")]
    pub directives: Option<Limit>,
    /// Fields at the root of an operation
    #[arg(long, value_name = "COUNT")]
    pub root_fields: Option<Limit>,
    /// Fields that an operation may resolve, those in lists counted once an item
    #[arg(long, value_name = "COUNT")]
    pub cost: Option<Limit>,
    /// Who may ask for the schema: on for anyone, members, or off
    #[arg(long, value_name = "WHO")]
    pub tenant_introspection: Option<Limit<Introspection>>,
}

/// A limit of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T = u64> {
    /// The program's own.
    Default,
    /// The tenant's own.
    Own(T),
}

impl FromStr for Limit<Introspection> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Introspection::from_str(text, false) {
            Ok(introspection) => Ok(Self::Own(introspection)),
            Err(_) if text == "default" => Ok(Self::Default),
            Err(_) => Err("give on, members, off, or default"),
        }
    }
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number) if number <= 1_000_000 => Ok(Self::Own(number)),
            _ if text == "default" => Ok(Self::Default),
            _ => Err("give a number up to 1000000, or default"),
        }
    }
}

fn role(text: &str) -> Result<Role, String> {
    let names = || Role::ALL.map(Role::as_str).join(", ");
    Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("the roles are {}", names()))
}
