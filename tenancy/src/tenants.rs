//! The handle that a program keeps: the pools, the directory and the shape of a tenant's schema.

use std::{pin::pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use futures::{Stream, StreamExt as _};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, SqlxPostgresConnector, TransactionSession, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::task::JoinHandle;

use crate::{
    Directory, Error, PlatformConnection, PoolOptions, Result, Tenant, TenantConnection, TenantId,
    archive::is_wait,
    change,
    connection::{Access, Platform, TenantData},
    control_plane::{self, DIRECTORY_CHANNEL},
    fleet,
    listen::{Heard, listen},
    pool::{direct_pool, request_pool},
    schema::TenantSchema,
    standby,
};

/// How long a change of the control plane waits for a lock, how long it lets others pass then, and how often it is tried.
const INSTALL_WAIT: Duration = Duration::from_secs(4);
const INSTALL_PAUSE: Duration = Duration::from_secs(1);
const INSTALL_TRIES: u32 = 12;

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
    pub(crate) fleet: fleet::Memory,
    pub(crate) standby: standby::Memory,
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
        let listener = tokio::spawn(keep_fresh(direct.clone(), Arc::clone(&directory)));
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                direct: SqlxPostgresConnector::from_sqlx_postgres_pool(direct),
                directory,
                platform,
                keeps_statements,
                statement_timeout: options.statement_timeout,
                schema: TenantSchema::of::<M>(),
                fleet: fleet::Memory::default(),
                standby: standby::Memory::default(),
                listener,
            }),
        })
    }

    /// Makes or updates the control plane: this crate's tables, then those of `P`, in one transaction. `P` runs with the
    /// control plane as its search path.
    ///
    /// Where something is to be changed, and another program is at work on the control plane, that is waited for: for a few seconds
    /// each time, since whoever asks the same tables meanwhile waits behind this.
    ///
    /// # Errors
    /// When it cannot be changed, and when others were in the way for a minute.
    pub async fn install<P: MigratorTrait>(&self) -> Result<()> {
        for _ in 1..INSTALL_TRIES {
            match self.try_install::<P>().await {
                Err(Error::Database(error)) if is_wait(&error) => {
                    tracing::warn!(%error, "the control plane is in use and cannot be changed yet; it is tried again");
                    tokio::time::sleep(INSTALL_PAUSE).await;
                }
                result => return result,
            }
        }
        self.try_install::<P>().await
    }

    async fn try_install<P: MigratorTrait>(&self) -> Result<()> {
        let transaction = self.inner.direct.begin().await?;
        // Without a bound: nobody waits behind this lock but programs that want the same.
        crate::provision::take_lock(&transaction, "control plane").await?;
        transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = '{}ms'", INSTALL_WAIT.as_millis())).await?;
        control_plane::install(&transaction).await?;
        crate::schema::set_search_path(&transaction, crate::PLATFORM_SCHEMA).await?;
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

    /// The same for a tenant whose data cannot be changed now: Postgres refuses whatever would (`25006`).
    pub fn write_protected(&self, tenant: &Arc<Tenant>) -> TenantConnection {
        self.connection(tenant, Access::WriteProtected)
    }

    fn connection(&self, tenant: &Arc<Tenant>, access: Access) -> TenantConnection {
        let scope = TenantData::new(Arc::clone(tenant), self.inner.keeps_statements);
        TenantConnection::new(self.inner.pool.clone(), scope, access)
    }

    /// Hears the channels for as long as the stream is polled, on a connection of its own past the pooler. Notifications are sent
    /// by [`TenantTransaction::notify`](crate::TenantTransaction::notify), by triggers of the control plane, or by anyone in SQL.
    pub fn listen(&self, channels: &'static [&'static str]) -> impl Stream<Item = Heard> + Send + 'static {
        listen(self.inner.direct.get_postgres_connection_pool().clone(), channels)
    }

    /// Changes what the application keeps with a tenant, in every process at once: `update` gets the present settings.
    pub async fn change_settings(
        &self,
        tenant: TenantId,
        now: DateTime<Utc>,
        update: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
    ) -> Result<()> {
        let transaction = self.platform().begin().await?;
        change::change_settings(&transaction, tenant, now, update).await?;
        TransactionSession::commit(transaction).await?;
        self.inner.directory.forget(tenant);
        Ok(())
    }

    /// How to make further connections past the pooler.
    pub(crate) fn direct_options(&self) -> PgConnectOptions {
        self.inner.direct.get_postgres_connection_pool().connect_options().as_ref().clone()
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

/// Tells the directory of every change, and when changes may have gone unheard.
async fn keep_fresh(pool: PgPool, directory: Arc<Directory>) {
    let mut heard = pin!(listen(pool, &[DIRECTORY_CHANNEL]));
    while let Some(heard) = heard.next().await {
        directory.hear(&heard);
    }
}
