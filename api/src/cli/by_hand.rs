//! Work in the tenants' schemas by hand.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use tenancy::Slug;

/// Work in the tenants' schemas by hand.
#[derive(Debug, Subcommand)]
pub enum ByHandCommand {
    /// Execute SQL or a program for tenants, each on its own: what fails for one does not stop the others
    #[command(group(ArgGroup::new("whom").args(["tenant", "all", "matching"]).required(true)))]
    #[command(group(ArgGroup::new("what").args(["sql", "command", "program"]).required(true)))]
    Run(Box<RunArguments>),
    /// Open psql as a tenant, in its schema and with its rights
    ///
    /// As any client it may sign in anew, by \connect: the private Postgres trusts whoever reaches its socket, as whichever role.
    Psql {
        /// Its slug
        slug: Slug,
        /// Arguments for psql
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

/// What to execute, and for whom.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// A tenant, by its slug; several may be given
    #[arg(long, value_name = "SLUG")]
    pub tenant: Vec<Slug>,
    /// All tenants
    #[arg(long)]
    pub all: bool,
    /// The tenants whose slug is like this; * stands for any text, ? for one character
    #[arg(long, value_name = "PATTERN")]
    pub matching: Option<String>,
    /// How many at a time
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub parallel: u8,
    /// Whether data may be changed
    #[arg(long, value_name = "ACCESS", default_value = "read-only")]
    pub transaction: TransactionAccess,
    /// Seconds after which a statement is cancelled; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u32,
    /// Tell in JSON, an object for all of it; columns are named where there is a row
    #[arg(long)]
    pub json: bool,
    /// Do not ask before something may be changed for more than those that were named
    #[arg(long)]
    pub yes: bool,
    /// A file of SQL, executed in one transaction for each tenant
    #[arg(long, value_name = "FILE")]
    pub sql: Option<PathBuf>,
    /// SQL, executed in one transaction for each tenant
    #[arg(long, value_name = "SQL")]
    pub command: Option<String>,
    /// A program and its arguments, after `--`. It finds the tenant in TENANTRY_TENANT_ID, _SLUG and _SCHEMA, and the database in
    /// DATABASE_URL and the PG variables, as a role that has the tenant's rights alone and is gone afterwards
    #[arg(last = true, value_name = "PROGRAM")]
    pub program: Vec<OsString>,
}

/// Whether data may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TransactionAccess {
    /// It may not.
    ReadOnly,
    /// It may.
    ReadWrite,
}
