//! The handle that a program keeps: the pool, the directory and the shape of a tenant's schema.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, SqlxPostgresConnector, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::task::JoinHandle;

use crate::{
    Directory, PlatformConnection, Result, Tenant, TenantConnection,
    connection::{Access, Platform, TenantData},
    control_plane::{self, DIRECTORY_CHANNEL},
};

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

/// What a tenant's schema is made by.
#[derive(Clone)]
pub(crate) struct TenantSchema {
    /// The name of the last migration.
    pub(crate) head: String,
    pub(crate) migrate: for<'a> fn(&'a DatabaseTransaction) -> BoxFuture<'a, Result<(), DbErr>>,
}

/// The tenants of a program. Cloning is cheap.
#[derive(Clone)]
pub struct Tenants {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pool: PgPool,
    /// Migrations need SeaORM's own connection type, and a session of their own.
    pub(crate) direct: DatabaseConnection,
    pub(crate) directory: Arc<Directory>,
    platform: Platform,
    keeps_statements: bool,
    pub(crate) statement_timeout: Duration,
    pub(crate) schema: TenantSchema,
    listener: JoinHandle<()>,
}

impl std::fmt::Debug for Tenants {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tenants").field("head", &self.inner.schema.head).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Tenants {
    /// Opens the pools and begins to listen for changes. `M` makes and migrates a tenant's schema.
    ///
    /// # Errors
    /// When the URL cannot be parsed. The database is not reached yet.
    pub fn connect<M: MigratorTrait>(options: &PoolOptions) -> Result<Self> {
        let pool = request_pool(options)?;
        let direct = direct_pool(options)?;
        let keeps_statements = !options.transaction_pooler;
        let platform = Platform::new(keeps_statements, options.statement_timeout);
        let platform_connection = PlatformConnection::new(pool.clone(), platform.clone(), Access::ReadWrite);
        let directory = Arc::new(Directory::new(platform_connection, options.statement_timeout));
        let listener = tokio::spawn(listen(direct.clone(), Arc::clone(&directory)));
        let head = M::migrations().last().map(|migration| migration.name().to_owned()).unwrap_or_default();
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                direct: SqlxPostgresConnector::from_sqlx_postgres_pool(direct),
                directory,
                platform,
                keeps_statements,
                statement_timeout: options.statement_timeout,
                schema: TenantSchema { head, migrate: |transaction| Box::pin(async move { M::up(transaction, None).await }) },
                listener,
            }),
        })
    }

    /// Makes or updates the control plane: this crate's tables, then those of `P`, in one transaction. `P` runs with the
    /// control plane as its search path.
    pub async fn install<P: MigratorTrait>(&self) -> Result<()> {
        let transaction = self.inner.direct.begin().await?;
        crate::provision::take_lock(&transaction, "control plane").await?;
        control_plane::install(&transaction).await?;
        crate::provision::set_search_path(&transaction, crate::PLATFORM_SCHEMA).await?;
        P::up(&transaction, None).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The remembered control plane.
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// The name of the last tenant migration that this program knows.
    pub fn head(&self) -> &str {
        &self.inner.schema.head
    }

    /// A connection to the control plane.
    pub fn platform(&self) -> PlatformConnection {
        PlatformConnection::new(self.inner.pool.clone(), self.inner.platform.clone(), Access::ReadWrite)
    }

    /// One snapshot of a tenant's data, shared by all statements of the connection and opened by the first.
    pub fn read_only(&self, tenant: &Arc<Tenant>) -> TenantConnection {
        self.connection(tenant, Access::Snapshot)
    }

    /// A connection that writes: each statement, or each `begin`, is a transaction.
    pub fn read_write(&self, tenant: &Arc<Tenant>) -> TenantConnection {
        self.connection(tenant, Access::ReadWrite)
    }

    fn connection(&self, tenant: &Arc<Tenant>, access: Access) -> TenantConnection {
        let scope = TenantData::new(Arc::clone(tenant), self.inner.keeps_statements);
        TenantConnection::new(self.inner.pool.clone(), scope, access)
    }

    /// Open connections for requests, and how many of them are idle.
    pub fn pool_size(&self) -> (u32, usize) {
        (self.inner.pool.size(), self.inner.pool.num_idle())
    }

    /// Closes all connections, after the transactions under way.
    pub async fn close(&self) {
        self.inner.listener.abort();
        self.inner.pool.close().await;
        // Cannot fail: closing waits for the connections and returns.
        let _closed = self.inner.direct.close_by_ref().await;
    }
}

/// A search path without tables: a statement that was sent without a scope fails.
const NO_SCHEMA: &str = "";

fn request_pool(options: &PoolOptions) -> Result<PgPool> {
    let mut connect = connect_options(&options.url)?;
    connect = if options.transaction_pooler {
        // A pooler refuses start-up options, and another client would get the prepared statements.
        connect.statement_cache_capacity(0)
    } else {
        connect.statement_cache_capacity(options.statement_cache).options([("search_path", NO_SCHEMA)])
    };
    Ok(PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        // A ping at each checkout would cost a round trip a request: only connections that were idle are asked.
        .test_before_acquire(false)
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

fn direct_pool(options: &PoolOptions) -> Result<PgPool> {
    let connect = connect_options(options.direct_url.as_deref().unwrap_or(&options.url))?.options([("search_path", NO_SCHEMA)]);
    Ok(PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(30)).connect_lazy_with(connect))
}

fn connect_options(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse()?;
    Ok(options.application_name("tenantry").log_statements(tracing::log::LevelFilter::Trace))
}

/// Tells the directory of every change, and when changes may have gone unheard.
async fn listen(pool: PgPool, directory: Arc<Directory>) {
    loop {
        match hear(&pool, &directory).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "listening for changes of the control plane failed; trying again"),
        }
        directory.set_heard(false);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hear(pool: &PgPool, directory: &Directory) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(DIRECTORY_CHANNEL).await?;
    loop {
        directory.forget_all();
        directory.set_heard(true);
        // Nothing is returned when the connection was lost and made again: changes in between went unheard.
        while let Some(notification) = listener.try_recv().await? {
            match notification.payload().parse() {
                Ok(tenant) => directory.forget(tenant),
                Err(_) => directory.forget_all(),
            }
        }
    }
}
