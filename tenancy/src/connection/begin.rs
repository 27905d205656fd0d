//! SeaORM's `TransactionTrait` for the scoped connection and its transactions.

use std::{
    fmt::{Debug, Display},
    future::Future,
    pin::Pin,
};

use sea_orm::{
    AccessMode, DbErr, IsolationLevel, RuntimeErr, TransactionError, TransactionOptions, TransactionSession, TransactionTrait,
};

use super::{Connection, Scope, Transaction};

type Callback<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

/// `begin` opens a transaction, or a savepoint of the snapshot on a snapshot connection, where every write is refused.
#[async_trait::async_trait]
impl<S: Scope> TransactionTrait for Connection<S> {
    type Transaction = Transaction<S>;

    async fn begin(&self) -> Result<Transaction<S>, DbErr> {
        match self.snapshot().await? {
            Some(snapshot) => snapshot.savepoint().await,
            None => self.open().await,
        }
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Transaction<S>, DbErr> {
        refuse_options(isolation_level, access_mode)?;
        self.begin().await
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Transaction<S>, DbErr> {
        self.begin_with_config(options.isolation_level, options.access_mode).await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Transaction<S>) -> Callback<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(self.begin().await.map_err(TransactionError::Connection)?, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Transaction<S>) -> Callback<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        refuse_options(isolation_level, access_mode).map_err(TransactionError::Connection)?;
        self.transaction(callback).await
    }
}

/// `begin` on a transaction sets a savepoint.
#[async_trait::async_trait]
impl<S: Scope> TransactionTrait for Transaction<S> {
    type Transaction = Self;

    async fn begin(&self) -> Result<Self, DbErr> {
        self.savepoint().await
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Self, DbErr> {
        refuse_options(isolation_level, access_mode)?;
        self.begin().await
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        self.begin_with_config(options.isolation_level, options.access_mode).await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Callback<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(self.begin().await.map_err(TransactionError::Connection)?, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Callback<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        refuse_options(isolation_level, access_mode).map_err(TransactionError::Connection)?;
        self.transaction(callback).await
    }
}

async fn run<S, F, T, E>(transaction: Transaction<S>, callback: F) -> Result<T, TransactionError<E>>
where
    S: Scope,
    F: for<'c> FnOnce(&'c Transaction<S>) -> Callback<'c, T, E> + Send,
    T: Send,
    E: Display + Debug + Send,
{
    match callback(&transaction).await {
        Ok(value) => {
            transaction.commit().await.map_err(TransactionError::Connection)?;
            Ok(value)
        }
        Err(error) => {
            transaction.rollback().await.map_err(TransactionError::Connection)?;
            Err(TransactionError::Transaction(error))
        }
    }
}

/// The scope alone decides how a transaction begins; a wish that it would ignore is refused instead.
fn refuse_options(isolation_level: Option<IsolationLevel>, access_mode: Option<AccessMode>) -> Result<(), DbErr> {
    if isolation_level.is_none() && access_mode.is_none() {
        return Ok(());
    }
    let refusal = "a scoped connection chooses the isolation level and the access mode itself".to_owned();
    Err(DbErr::Query(RuntimeErr::Internal(refusal)))
}
