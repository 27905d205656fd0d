//! SeaORM's `ConnectionTrait` and `StreamTrait` for the scoped connection and its transactions.

use std::{future::Future, pin::Pin};

use futures::{StreamExt, stream::BoxStream};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait, TransactionSession};

use super::{Connection, Scope, Transaction};

#[async_trait::async_trait]
impl<S: Scope> ConnectionTrait for Transaction<S> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session.execute(self.level, statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session.execute_unprepared(self.level, sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session.query_one(self.level, statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session.query_all(self.level, statement).await
    }
}

/// On a read-write connection each statement is a transaction of its own.
#[async_trait::async_trait]
impl<S: Scope> ConnectionTrait for Connection<S> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if let Some(snapshot) = self.snapshot().await? {
            return snapshot.execute_raw(statement).await;
        }
        let transaction = self.open().await?;
        let result = transaction.execute_raw(statement).await?;
        transaction.commit().await?;
        Ok(result)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        if let Some(snapshot) = self.snapshot().await? {
            return snapshot.execute_unprepared(sql).await;
        }
        let transaction = self.open().await?;
        let result = transaction.execute_unprepared(sql).await?;
        transaction.commit().await?;
        Ok(result)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if let Some(snapshot) = self.snapshot().await? {
            return snapshot.query_one_raw(statement).await;
        }
        let transaction = self.open().await?;
        let row = transaction.query_one_raw(statement).await?;
        transaction.commit().await?;
        Ok(row)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(snapshot) = self.snapshot().await? {
            return snapshot.query_all_raw(statement).await;
        }
        let transaction = self.open().await?;
        let rows = transaction.query_all_raw(statement).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

type StreamFuture<'a> = Pin<Box<dyn Future<Output = Result<BoxStream<'a, Result<QueryResult, DbErr>>, DbErr>> + Send + 'a>>;

impl<S: Scope> StreamTrait for Transaction<S> {
    type Stream<'a> = BoxStream<'a, Result<QueryResult, DbErr>>;

    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn stream_raw(&self, statement: Statement) -> StreamFuture<'_> {
        Box::pin(std::future::ready(Ok(self.session.stream(self.level, statement))))
    }
}

impl<S: Scope> StreamTrait for Connection<S> {
    type Stream<'a> = BoxStream<'a, Result<QueryResult, DbErr>>;

    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    fn stream_raw<'a>(&'a self, statement: Statement) -> StreamFuture<'a> {
        Box::pin(async move {
            if let Some(snapshot) = self.snapshot().await? {
                return Ok(snapshot.session.stream(snapshot.level, statement));
            }
            let transaction = self.open().await?;
            let rows: BoxStream<'a, _> = Box::pin(async_stream::try_stream! {
                {
                    let mut rows = transaction.session.stream(transaction.level, statement);
                    while let Some(row) = rows.next().await {
                        yield row?;
                    }
                }
                transaction.commit().await?;
            });
            Ok(rows)
        })
    }
}
