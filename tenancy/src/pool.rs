//! How the program reaches Postgres: the connections for requests, and those past a pooler.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::log::LevelFilter;

use crate::Result;

/// How the program reaches Postgres.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Where requests go.
    pub url: String,
    /// A connection without a pooler between, for migrations and notifications; `url` where none is given.
    pub direct_url: Option<String>,
    /// Whether `url` leads through a pooler that gives each transaction another connection, such as PgBouncer in
    /// transaction mode: statements are then not kept.
    pub transaction_pooler: bool,
    /// The most connections for requests.
    pub max_connections: u32,
    /// How many prepared statements a connection keeps. Each tenant has its own, see the README.
    pub statement_cache: usize,
    /// After what time Postgres cancels a statement.
    pub statement_timeout: Duration,
    /// How long a request waits for a connection.
    pub acquire_timeout: Duration,
}

impl PoolOptions {
    /// Defaults for `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            transaction_pooler: false,
            max_connections: 16,
            statement_cache: 500,
            statement_timeout: Duration::from_secs(15),
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// Lets Postgres look every so often, while a statement runs or waits for a lock, whether its client is still there.
///
/// A transaction that is dropped with a statement under way closes its connection, and so cancels the statement: this one and no
/// other, which a request to cancel by the number of the server process could not promise behind a pooler, and also when the
/// whole program has gone. Behind a transaction pooler the setting would reach one connection of all: there it is the role's.
const WATCH_CLIENT: &str = "SET client_connection_check_interval = '200ms'";

/// A search path without tables: a statement that was sent without a scope fails.
const NO_SCHEMA: &str = "";

/// The connections for requests; none is made yet. No pool warns that a connection was waited for: a busy server is no fault of whoever
/// runs a command, and a request that waited in vain is refused by its limit and counted.
pub(crate) fn request_pool(options: &PoolOptions) -> Result<PgPool> {
    let mut connect = connect_options(&options.url)?;
    connect = if options.transaction_pooler {
        // A pooler refuses start-up options, and another client would get the prepared statements.
        connect.statement_cache_capacity(0)
    } else {
        connect.statement_cache_capacity(options.statement_cache).options([("search_path", NO_SCHEMA)])
    };
    let watch_client = !options.transaction_pooler;
    Ok(PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .acquire_slow_level(LevelFilter::Off)
        // A ping at each checkout would cost a round trip a request: only connections that were idle are asked.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if !watch_client {
                    return Ok(());
                }
                // A failure leaves a statement running whose request is gone, until its timeout, and no more: not every system
                // that Postgres runs on can watch its clients.
                if let Err(error) = connection.execute(WATCH_CLIENT).await {
                    tracing::debug!(%error, "statements are not cancelled when their connection is closed");
                }
                Ok(())
            })
        })
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for >= Duration::from_secs(30) {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(connect))
}

/// The connections for migrations, deletions and notifications, past a pooler; none is made yet.
pub(crate) fn direct_pool(options: &PoolOptions) -> Result<PgPool> {
    let connect = connect_options(options.direct_url.as_deref().unwrap_or(&options.url))?.options([("search_path", NO_SCHEMA)]);
    // What is asked of these takes its time, which is nothing to warn of.
    let connect = connect.disable_statement_logging();
    Ok(PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(30))
        .acquire_slow_level(LevelFilter::Off)
        .connect_lazy_with(connect))
}

fn connect_options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse()?;
    // What was slow is known by its operation. A statement says it with all of its text, which may be hundreds of kilobytes.
    let options = options.log_statements(LevelFilter::Trace).log_slow_statements(LevelFilter::Off, Duration::MAX);
    Ok(options.application_name("tenantry"))
}

#[cfg(test)]
mod tests {
    use super::connect_options;

    #[test]
    fn no_statement_is_logged_for_being_slow() {
        let options = format!("{:?}", connect_options("postgres://nobody@localhost/nowhere").unwrap());
        assert!(options.contains("statements_level: Trace, slow_statements_level: Off"), "{options}");
    }
}
