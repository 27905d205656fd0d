//! How a database of another program is adopted.

use std::path::PathBuf;

use clap::Args;
use tenancy::Slug;

/// The variable in which the address of the source may be given.
pub const SOURCE_VARIABLE: &str = "TENANTRY_ADOPT_FROM";

/// How a database of another program is adopted.
#[derive(Debug, Args)]
pub struct AdoptArguments {
    /// The slug of the new tenant
    pub slug: Slug,
    /// The database, as postgres://user@host/database. A password belongs into the variable, into PGPASSWORD or into ~/.pgpass:
    /// the command line can be read by others
    #[arg(long, value_name = "URL", env = SOURCE_VARIABLE, hide_env_values = true)]
    pub from: String,
    /// The schema whose tables the map names
    #[arg(long, value_name = "SCHEMA", default_value = "public")]
    pub from_schema: String,
    /// The map: which rows become which, in TOML
    #[arg(long, value_name = "FILE")]
    pub map: PathBuf,
    /// The organisation's name; the slug where none is given
    #[arg(long)]
    pub name: Option<String>,
    /// Invite somebody by mail to be its owner
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// The id of its plan, or none; that of new tenants where none is given
    #[arg(long)]
    pub plan: Option<String>,
    /// Do everything and keep nothing: says what would be refused
    #[arg(long)]
    pub dry_run: bool,
}
