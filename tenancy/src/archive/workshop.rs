//! One transaction in which SeaORM migrates and COPY loads.
//!
//! SeaORM's transaction keeps its connection to itself, and COPY needs the connection. So the transaction is opened on a pool of
//! one connection and stays open while it goes from hand to hand: what SeaORM begins in between is a savepoint.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{DatabaseTransaction, DbErr, SqlxPostgresConnector, TransactionTrait as _};
use sqlx::{Executor as _, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgPoolOptions};
use sqlx_core::transaction::TransactionManager;
use tracing::log::LevelFilter;

use crate::{Result, Tenants};

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A transaction. Dropped without a commit, its connection is closed and nothing of it remains.
pub(super) struct Workshop {
    pool: PgPool,
}

impl Workshop {
    pub(super) async fn open(tenants: &Tenants) -> Result<Self> {
        let connected = Arc::new(AtomicBool::new(false));
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .acquire_slow_level(LevelFilter::Off)
            .after_connect(move |_, _| {
                // A second connection would go on outside the transaction.
                let lost = connected.swap(true, Ordering::SeqCst);
                Box::pin(async move { if lost { Err(sqlx::Error::PoolClosed) } else { Ok(()) } })
            })
            .connect_lazy_with(tenants.direct_options());
        let mut connection = pool.acquire().await?;
        connection
            .execute("SET lock_timeout = '10s'; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
            .await?;
        // A program that is killed takes the statement under way with it, and its locks. Servers that cannot look go on to its end.
        let _too_old = connection.execute("SET client_connection_check_interval = '2s'").await;
        Manager::begin(&mut connection, None).await?;
        drop(connection);
        Ok(Self { pool })
    }

    /// The connection, inside the transaction.
    pub(super) async fn connection(&self) -> Result<Tool> {
        let connection = self.pool.acquire().await?;
        if Manager::get_transaction_depth(&connection) == 0 {
            return Err(DbErr::Conn(sea_orm::RuntimeErr::Internal("the transaction was lost".to_owned())).into());
        }
        Ok(Tool { connection, whole: false })
    }

    /// A savepoint, as SeaORM's transaction.
    pub(super) async fn savepoint(&self) -> Result<DatabaseTransaction> {
        self.connection().await?.give_back();
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(self.pool.clone()).begin().await?)
    }

    pub(super) async fn commit(self) -> Result<()> {
        let mut connection = self.connection().await?;
        Manager::commit(&mut connection).await?;
        connection.give_back();
        self.pool.close().await;
        Ok(())
    }

    pub(super) async fn roll_back(self) -> Result<()> {
        let mut connection = self.connection().await?;
        Manager::rollback(&mut connection).await?;
        connection.give_back();
        self.pool.close().await;
        Ok(())
    }
}

/// The connection in somebody's hands. Unless it is given back it is closed: work that is broken off in the midst of COPY leaves a
/// server that waits for rows, with all its locks, for as long as the connection lives.
pub(super) struct Tool {
    connection: PoolConnection<Postgres>,
    whole: bool,
}

impl Tool {
    /// After work that came to its end.
    pub(super) fn give_back(mut self) {
        self.whole = true;
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if !self.whole {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Tool {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Tool {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
