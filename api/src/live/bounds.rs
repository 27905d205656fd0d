//! How much there may be of everything.

use std::time::Duration;

use clap::Args;

/// What an operator says about those who watch.
#[derive(Debug, Clone, Args)]
pub struct Watching {
    /// Operations that one WebSocket may have under way
    #[arg(
        long,
        env = "TENANTRY_SUBSCRIPTIONS_PER_CONNECTION",
        global = true,
        default_value_t = 50,
        value_name = "COUNT",
        help_heading = "Web"
    )]
    pub subscriptions_per_connection: usize,

    /// Subscriptions of one person or program to one tenant that this process serves, and as many connections for them
    #[arg(
        long,
        env = "TENANTRY_SUBSCRIPTIONS_PER_ACTOR",
        global = true,
        default_value_t = 200,
        value_name = "COUNT",
        help_heading = "Web"
    )]
    pub subscriptions_per_actor: usize,

    /// Subscriptions to one tenant that this process serves, and as many connections for them
    #[arg(
        long,
        env = "TENANTRY_SUBSCRIPTIONS_PER_TENANT",
        global = true,
        default_value_t = 2_000,
        value_name = "COUNT",
        help_heading = "Web"
    )]
    pub subscriptions_per_tenant: usize,

    /// Seconds within which a WebSocket has to say who it is
    #[arg(long, env = "TENANTRY_CONNECTION_INIT_TIMEOUT", global = true, default_value_t = 10, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=60), help_heading = "Web")]
    pub connection_init_timeout: u64,
}

/// How much there may be of everything.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Subscriptions of one WebSocket.
    pub per_connection: usize,
    /// Subscriptions of one actor to one tenant in this process, and as many connections.
    pub per_actor: usize,
    /// Subscriptions to one tenant in this process, and as many connections.
    pub per_tenant: usize,
    /// Operations that are executed at once for subscriptions, of all tenants.
    pub turns: usize,
    /// How long a WebSocket may take to say who it is.
    pub init_timeout: Duration,
}

impl Bounds {
    /// What the operator says, where requests have so many connections to the database.
    pub fn of(flags: &Watching, database_connections: u32) -> Self {
        Self {
            per_connection: flags.subscriptions_per_connection,
            per_actor: flags.subscriptions_per_actor,
            per_tenant: flags.subscriptions_per_tenant,
            // The other half is for requests.
            turns: (database_connections / 2).max(1) as usize,
            init_timeout: Duration::from_secs(flags.connection_init_timeout),
        }
    }
}
