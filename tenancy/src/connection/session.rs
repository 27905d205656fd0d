//! One pooled connection inside one transaction, and the care that it is clean when it goes back.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::{TryStreamExt, stream::BoxStream};
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor, PgPool, Postgres, pool::PoolConnection};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;

use super::{Access, Scope};
use crate::error::query_error;

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A pooled connection in a transaction. Statements take turns.
///
/// **Invariant.** A connection goes back to the pool only when its transaction has ended or its rollback is queued.
/// Whatever else happens, such as a request that is cancelled while `BEGIN` is on its way, the connection is closed.
#[derive(Debug)]
pub(super) struct Session<S: Scope> {
    pub(super) scope: S,
    connection: Mutex<Option<PoolConnection<Postgres>>>,
    statements: AtomicU32,
}

impl<S: Scope> Session<S> {
    /// Takes a connection and begins a transaction in the scope: one round trip.
    pub(super) async fn begin(pool: &PgPool, scope: &S, access: Access) -> Result<Self, DbErr> {
        let connection = pool.acquire().await.map_err(acquire_error)?;
        // From here on `drop` guards the connection, also while BEGIN is under way.
        let session = Self { scope: scope.clone(), connection: Mutex::new(Some(connection)), statements: AtomicU32::new(0) };
        let begin = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(scope.begin(access)));
        match session.connection.lock().await.as_mut() {
            Some(connection) => begin_with(connection, Some(begin)).await?,
            None => return Err(ended()),
        }
        Ok(session)
    }

    pub(super) async fn savepoint(&self) -> Result<(), DbErr> {
        begin_with(self.connection.lock().await.as_mut().ok_or_else(ended)?, None).await
    }

    /// Commits the innermost level; the outermost one gives the connection back.
    pub(super) async fn commit(&self) -> Result<(), DbErr> {
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        Manager::commit(connection).await.map_err(query_error)?;
        Self::give_back_when_ended(&mut slot);
        Ok(())
    }

    /// Rolls the innermost level back; the outermost one gives the connection back.
    pub(super) async fn rollback(&self) -> Result<(), DbErr> {
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        Manager::rollback(connection).await.map_err(query_error)?;
        Self::give_back_when_ended(&mut slot);
        Ok(())
    }

    /// Queues a rollback of the innermost level, to be sent before anything else on this connection.
    pub(super) fn start_rollback(&self) {
        // The lock is free: whoever held it borrowed the transaction that is being dropped. Were it not, the
        // connection would stay here and be closed.
        if let Ok(mut slot) = self.connection.try_lock()
            && let Some(connection) = slot.as_mut()
        {
            Manager::start_rollback(connection);
            Self::give_back_when_ended(&mut slot);
        }
    }

    fn give_back_when_ended(slot: &mut Option<PoolConnection<Postgres>>) {
        if slot.as_ref().is_some_and(|connection| Manager::get_transaction_depth(connection) == 0) {
            drop(slot.take());
        }
    }

    pub(super) fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    fn query(&self, statement: Statement) -> sqlx::query::Query<'static, Postgres, SqlxValues> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let mut sql = statement.sql;
        sql.push_str(self.scope.tag());
        let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
        sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(self.scope.keeps_statements())
    }

    pub(super) async fn execute(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let query = self.query(statement);
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        query.execute(&mut **connection).await.map(Into::into).map_err(execution_error)
    }

    pub(super) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        connection.execute(AssertSqlSafe(sql)).await.map(Into::into).map_err(execution_error)
    }

    pub(super) async fn query_one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let query = self.query(statement);
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        let row = query.fetch_optional(&mut **connection).await.map_err(query_error)?;
        Ok(row.map(Into::into))
    }

    pub(super) async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let query = self.query(statement);
        let mut slot = self.connection.lock().await;
        let connection = slot.as_mut().ok_or_else(ended)?;
        let rows = query.fetch_all(&mut **connection).await.map_err(query_error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Rows as they arrive. Other statements of the transaction wait until the stream is read or dropped.
    pub(super) fn stream(&self, statement: Statement) -> BoxStream<'_, Result<QueryResult, DbErr>> {
        let query = self.query(statement);
        Box::pin(async_stream::try_stream! {
            let mut slot = self.connection.lock().await;
            let connection = slot.as_mut().ok_or_else(ended)?;
            let mut rows = query.fetch(&mut **connection);
            while let Some(row) = rows.try_next().await.map_err(query_error)? {
                yield QueryResult::from(row);
            }
        })
    }
}

impl<S: Scope> Drop for Session<S> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.get_mut().take() {
            connection.close_on_drop();
        }
    }
}

async fn begin_with(connection: &mut PoolConnection<Postgres>, begin: Option<sqlx::SqlStr>) -> Result<(), DbErr> {
    Manager::begin(connection, begin).await.map_err(query_error)
}

fn ended() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the transaction has ended".to_owned()))
}

fn execution_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn acquire_error(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        sqlx::Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
    }
}
