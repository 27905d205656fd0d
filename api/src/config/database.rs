//! The database, and how it is reached.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tenancy::PoolOptions;

/// The database, and how it is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// An existing Postgres (14 or later). Without it, a private one is started in the data directory
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// A connection past the pooler, for migrations and notifications
    #[arg(long, env = "TENANTRY_DATABASE_DIRECT_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub database_direct_url: Option<String>,

    /// What stands between this program and Postgres
    #[arg(long, env = "TENANTRY_DATABASE_POOLER", global = true, default_value = "none", value_name = "POOLER")]
    pub database_pooler: Pooler,

    /// The most connections to the database that requests use
    #[arg(long, env = "TENANTRY_DATABASE_CONNECTIONS", global = true, default_value_t = 16, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub database_connections: u32,

    /// How many prepared statements each connection keeps; every tenant has its own
    #[arg(long, env = "TENANTRY_STATEMENT_CACHE", global = true, default_value_t = 500, value_name = "COUNT")]
    pub statement_cache: usize,

    /// Seconds after which Postgres cancels a statement
    #[arg(long, env = "TENANTRY_STATEMENT_TIMEOUT", global = true, default_value_t = 15, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub statement_timeout: u64,
}

/// What stands between this program and Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pooler {
    /// Nothing, or a pooler that keeps a connection for a session.
    None,
    /// A pooler that gives each transaction another connection, such as PgBouncer in transaction mode.
    Transaction,
}

impl DatabaseOptions {
    /// How the pool reaches the database at `url`.
    pub fn pool_options(&self, url: &str) -> PoolOptions {
        PoolOptions {
            direct_url: self.database_direct_url.clone(),
            transaction_pooler: self.database_pooler == Pooler::Transaction,
            max_connections: self.database_connections,
            statement_cache: self.statement_cache,
            statement_timeout: Duration::from_secs(self.statement_timeout),
            ..PoolOptions::new(url)
        }
    }
}
