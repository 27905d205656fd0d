//! One pooled connection inside one transaction, and the care that it is clean when it goes back.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use futures::{TryStreamExt, stream::BoxStream};
use sea_orm::{ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgPool, Postgres, pool::PoolConnection};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::Mutex;
use tracing::Span;

use super::{
    Access, Scope,
    span::{noted, of_command, of_statement},
};
use crate::error::query_error;

/// How long a statement may go on whose transaction was dropped.
const LAST_MOMENT: Duration = Duration::from_millis(50);

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// How deep a transaction is: 1 for the transaction itself, 2 for a savepoint in it, and so on.
pub(super) type Level = usize;

/// A pooled connection in a transaction. Statements take turns.
///
/// **Invariant.** A connection goes back to the pool only when its transaction has ended or its rollback is queued.
/// Whatever else happens, such as a request that is cancelled while `BEGIN` is on its way, the connection is closed.
///
/// **Invariant.** A level that is not open any more runs no statement: the driver undoes the level above a savepoint that
/// was cancelled on its way, and a statement after that would run outside the transaction, without path and role.
#[derive(Debug)]
pub(super) struct Session<S: Scope> {
    pub(super) scope: S,
    connection: Mutex<Option<Live>>,
    /// A level was dropped while a statement was under way, and could not be undone.
    abandoned: AtomicBool,
    statements: AtomicU32,
}

#[derive(Debug)]
struct Live {
    connection: PoolConnection<Postgres>,
    /// The level at which a statement failed, until that level is undone; 0 for none.
    failed_at: Level,
    /// A statement was sent, and not answered to its end.
    is_waiting: bool,
}

impl Live {
    fn level(&self) -> Level {
        Manager::get_transaction_depth(&self.connection)
    }

    /// Keeps in mind that Postgres refused a statement: it takes a later `COMMIT` for a `ROLLBACK`, without an error.
    fn note<T>(&mut self, span: &Span, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        self.is_waiting = false;
        if matches!(result, Err(sqlx::Error::Database(_))) {
            self.failed_at = self.level();
        }
        noted(span, result)
    }
}

impl<S: Scope> Session<S> {
    /// Takes a connection and begins a transaction in the scope: one round trip.
    pub(super) async fn begin(pool: &PgPool, scope: &S, access: Access) -> Result<Self, DbErr> {
        let connection = pool.acquire().await.map_err(acquire_error)?;
        // From here on `drop` guards the connection, also while BEGIN is under way.
        let session = Self {
            scope: scope.clone(),
            connection: Mutex::new(Some(Live { connection, failed_at: 0, is_waiting: false })),
            abandoned: AtomicBool::new(false),
            statements: AtomicU32::new(0),
        };
        let begin = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(scope.begin(access)));
        match session.connection.lock().await.as_mut() {
            Some(live) => {
                let span = session.span("BEGIN");
                noted(&span, Manager::begin(&mut live.connection, Some(begin)).await).map_err(query_error)?;
            }
            None => return Err(ended()),
        }
        Ok(session)
    }

    /// Opens a level within `level`, which has to be the innermost.
    pub(super) async fn savepoint(&self, level: Level) -> Result<Level, DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.innermost(&mut slot, level)?;
        if live.failed_at > level {
            live.failed_at = 0;
        }
        let span = self.span("SAVEPOINT");
        noted(&span, Manager::begin(&mut live.connection, None).await).map_err(query_error)?;
        Ok(live.level())
    }

    /// Commits the innermost level; the outermost one gives the connection back.
    pub(super) async fn commit(&self, level: Level) -> Result<(), DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.innermost(&mut slot, level)?;
        if (1..=level).contains(&live.failed_at) {
            return Err(refused("a statement of the transaction has failed: it can only be rolled back"));
        }
        let span = self.span(if level == 1 { "COMMIT" } else { "RELEASE" });
        noted(&span, Manager::commit(&mut live.connection).await).map_err(query_error)?;
        Self::give_back_when_ended(&mut slot);
        Ok(())
    }

    /// Rolls a level back, and those within; the outermost one gives the connection back.
    pub(super) async fn rollback(&self, level: Level) -> Result<(), DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.open(&mut slot, level)?;
        while live.level() >= level {
            let span = self.span("ROLLBACK");
            noted(&span, Manager::rollback(&mut live.connection).await).map_err(query_error)?;
        }
        Self::give_back_when_ended(&mut slot);
        Ok(())
    }

    /// Queues a rollback of a level, and of those within, to be sent before anything else on this connection.
    ///
    /// Behind a transaction pooler nothing may follow the end of a transaction before its answer has come: a pooler gives the
    /// server's connection to the next client with the first answer, and the second answer may reach that client
    /// (pgbouncer/pgbouncer#759).
    pub(super) fn start_rollback(&self, level: Level) {
        match self.connection.try_lock() {
            Ok(mut slot) => {
                if level == 1 && !self.scope.keeps_statements() {
                    end_soon(slot.take());
                } else if let Some(live) = slot.as_mut() {
                    while live.level() >= level {
                        Manager::start_rollback(&mut live.connection);
                    }
                    if live.level() == 0 && live.is_waiting {
                        end_soon(slot.take());
                    }
                    Self::give_back_when_ended(&mut slot);
                }
            }
            // Another holder of the transaction has a statement under way. Nothing may be stored then: the connection is
            // closed in the end.
            Err(_) => self.abandoned.store(true, Ordering::SeqCst),
        }
    }

    fn give_back_when_ended(slot: &mut Option<Live>) {
        if slot.as_ref().is_some_and(|live| live.level() == 0) {
            drop(slot.take());
        }
    }

    /// The connection, if `level` is open.
    fn open<'a>(&self, slot: &'a mut Option<Live>, level: Level) -> Result<&'a mut Live, DbErr> {
        let live = slot.as_mut().ok_or_else(ended)?;
        if live.level() < level || self.abandoned.load(Ordering::SeqCst) { Err(ended()) } else { Ok(live) }
    }

    /// The connection, if `level` is open and none within.
    fn innermost<'a>(&self, slot: &'a mut Option<Live>, level: Level) -> Result<&'a mut Live, DbErr> {
        let live = self.open(slot, level)?;
        if live.level() > level { Err(refused("a savepoint of the transaction is still open")) } else { Ok(live) }
    }

    pub(super) fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }

    fn span(&self, command: &'static str) -> Span {
        of_command(self.scope.schema(), command)
    }

    /// The query of a statement, and its span. Called when the connection is there, so that the span has no time spent waiting for it.
    fn query(&self, statement: Statement) -> (sqlx::query::Query<'static, Postgres, SqlxValues>, Span) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let span = of_statement(self.scope.schema(), &statement.sql);
        let mut sql = statement.sql;
        sql.push_str(self.scope.tag());
        let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
        (sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(self.scope.keeps_statements()), span)
    }

    pub(super) async fn execute(&self, level: Level, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.open(&mut slot, level)?;
        let (query, span) = self.query(statement);
        live.is_waiting = true;
        let result = query.execute(&mut *live.connection).await;
        live.note(&span, result).map(Into::into).map_err(execution_error)
    }

    pub(super) async fn execute_unprepared(&self, level: Level, sql: &str) -> Result<ExecResult, DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.open(&mut slot, level)?;
        self.statements.fetch_add(1, Ordering::Relaxed);
        // Values may be part of such a text.
        let span = self.span("EXECUTE");
        live.is_waiting = true;
        let result = live.connection.execute(AssertSqlSafe(sql)).await;
        live.note(&span, result).map(Into::into).map_err(execution_error)
    }

    pub(super) async fn query_one(&self, level: Level, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.open(&mut slot, level)?;
        let (query, span) = self.query(statement);
        live.is_waiting = true;
        let result = query.fetch_optional(&mut *live.connection).await;
        live.note(&span, result).map(|row| row.map(Into::into)).map_err(query_error)
    }

    pub(super) async fn query_all(&self, level: Level, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut slot = self.connection.lock().await;
        let live = self.open(&mut slot, level)?;
        let (query, span) = self.query(statement);
        live.is_waiting = true;
        let result = query.fetch_all(&mut *live.connection).await;
        let rows = live.note(&span, result).map_err(query_error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Rows as they arrive. Other statements of the transaction wait until the stream is read or dropped.
    pub(super) fn stream(&self, level: Level, statement: Statement) -> BoxStream<'_, Result<QueryResult, DbErr>> {
        Box::pin(async_stream::try_stream! {
            let mut slot = self.connection.lock().await;
            let live = self.open(&mut slot, level)?;
            let (query, span) = self.query(statement);
            live.is_waiting = true;
            let failure = {
                let mut rows = query.fetch(&mut *live.connection);
                loop {
                    match rows.try_next().await {
                        Ok(Some(row)) => yield QueryResult::from(row),
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                }
            };
            live.note(&span, failure).map_err(query_error)?;
        })
    }
}

/// Rolls back, after a moment for the statement that nobody waits for any more. One that takes longer is cancelled: its connection
/// is closed, which Postgres notices. To close at once would cost a new connection for each request that is given up.
fn end_soon(live: Option<Live>) {
    let (Some(mut live), Ok(runtime)) = (live, tokio::runtime::Handle::try_current()) else {
        return;
    };
    runtime.spawn(async move {
        let end = async {
            while live.level() > 0 {
                Manager::rollback(&mut live.connection).await?;
            }
            live.connection.ping().await
        };
        let ended = tokio::time::timeout(LAST_MOMENT, end).await;
        if !matches!(ended, Ok(Ok(()))) {
            live.connection.close_on_drop();
        }
    });
}

impl<S: Scope> Drop for Session<S> {
    fn drop(&mut self) {
        if let Some(mut live) = self.connection.get_mut().take() {
            live.connection.close_on_drop();
        }
    }
}

fn ended() -> DbErr {
    refused("the transaction has ended")
}

fn refused(why: &str) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.to_owned()))
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
