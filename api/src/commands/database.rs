//! The database that a command works on: an existing one, or the private one.

use std::time::Duration;

use anyhow::{Context as _, bail};
use migration::{platform::PlatformMigrator, tenant::TenantMigrator};
use tenancy::Tenants;

use crate::{
    config::{Config, Pooler},
    local_postgres::{Error as LocalError, LocalPostgres, OLDEST_MAJOR, Options, url_of_running},
};

/// How long a database may take to let somebody in.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// A database that is reached, and the private Postgres that this command started for it.
pub(super) struct Database {
    pub(super) tenants: Tenants,
    pub(super) url: String,
    pub(super) local: Option<LocalPostgres>,
}

impl Database {
    /// Uses the configured database. Without one, the private Postgres: its own if nothing runs, else that of the program
    /// that is running.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        match &config.database.database_url {
            Some(url) => Self::existing(config, url).await,
            None => match LocalPostgres::start(&local_options(config)).await {
                Ok(local) => {
                    let url = local.url();
                    Self::at(config, &url, Some(local))
                }
                Err(in_use @ LocalError::InUse { .. }) => match url_of_running(&config.data_directory).await {
                    Some(url) => Self::at(config, &url, None),
                    None => Err(in_use.into()),
                },
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Opens the database, makes or updates its control plane, works on it, and closes it whatever came of that. Where both fail, why
    /// the work did counts.
    pub(super) async fn with<T>(config: &Config, work: impl AsyncFnOnce(&Self) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let database = Self::open(config).await?;
        let result = async {
            database.install().await?;
            work(&database).await
        }
        .await;
        let closed = database.close().await;
        result.and_then(|value| closed.map(|()| value))
    }

    /// The same as [`open`](Self::open), for the one program that serves: a private Postgres that another program has is an error.
    pub(super) async fn open_alone(config: &Config) -> anyhow::Result<Self> {
        match &config.database.database_url {
            Some(url) => Self::existing(config, url).await,
            None => {
                let local = LocalPostgres::start(&local_options(config)).await?;
                let url = local.url();
                Self::at(config, &url, Some(local))
            }
        }
    }

    /// A database that somebody named. Asked at once: a pool would try for a long time, and fail with less to say.
    async fn existing(config: &Config, url: &str) -> anyhow::Result<Self> {
        if config.database.database_pooler == Pooler::Transaction && config.database.database_direct_url.is_none() {
            bail!(
                "Behind a transaction pooler, migrations and notifications need a connection past it: give --database-direct-url"
            );
        }
        let connect = <sqlx::PgConnection as sqlx::Connection>::connect(url);
        let connection =
            tokio::time::timeout(LONGEST_CONNECT, connect).await.context("The database at DATABASE_URL does not answer")?;
        let connection = connection.context("The database at DATABASE_URL cannot be reached")?;
        if let Some(version) = connection.server_version_num().filter(|version| version / 10_000 < OLDEST_MAJOR) {
            bail!("The database at DATABASE_URL is Postgres {}; {OLDEST_MAJOR} or later is needed", version / 10_000);
        }
        sqlx::Connection::close(connection).await?;
        Self::at(config, url, None)
    }

    fn at(config: &Config, url: &str, local: Option<LocalPostgres>) -> anyhow::Result<Self> {
        let tenants =
            Tenants::connect::<TenantMigrator>(&config.database.pool_options(url)).context("DATABASE_URL cannot be read")?;
        Ok(Self { tenants, url: url.to_owned(), local })
    }

    /// Makes or updates the control plane.
    pub(super) async fn install(&self) -> anyhow::Result<()> {
        self.tenants.install::<PlatformMigrator>().await.context("The control plane could not be migrated")
    }

    /// Closes the connections and stops what was started.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.tenants.close().await;
        if let Some(local) = self.local {
            local.stop().await?;
        }
        Ok(())
    }
}

fn local_options(config: &Config) -> Options {
    Options { data_directory: config.data_directory.clone(), durable: true, settings: Vec::new() }
}
