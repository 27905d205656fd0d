//! Transactions and savepoints within a scope.

use std::sync::Arc;

use sea_orm::{DbErr, TransactionSession};
use sqlx::PgPool;

use super::{
    Access, Scope,
    session::{Level, Session},
};

/// A transaction, or a savepoint within one. Dropped without a commit, it is rolled back, and so is what it contains.
///
/// Savepoints end before the transaction around them does: a commit with one open within is refused, and so is a commit
/// after a statement that failed and was not undone by a savepoint. A commit that succeeds has stored everything.
#[derive(Debug)]
pub struct Transaction<S: Scope> {
    pub(super) session: Arc<Session<S>>,
    pub(super) level: Level,
    open: bool,
}

impl<S: Scope> Transaction<S> {
    pub(super) async fn open(pool: &PgPool, scope: &S, access: Access) -> Result<Self, DbErr> {
        let session = Session::begin(pool, scope, access).await?;
        Ok(Self { session: Arc::new(session), level: 1, open: true })
    }

    pub(super) async fn savepoint(&self) -> Result<Self, DbErr> {
        let level = self.session.savepoint(self.level).await?;
        Ok(Self { session: Arc::clone(&self.session), level, open: true })
    }

    pub(super) fn scope(&self) -> &S {
        &self.session.scope
    }

    pub(super) fn statements(&self) -> u32 {
        self.session.statements()
    }

    /// Ends a snapshot that others may still hold; their statements fail from then on. There is nothing to store in it.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.session.rollback(self.level).await
    }
}

#[async_trait::async_trait]
impl<S: Scope> TransactionSession for Transaction<S> {
    async fn commit(mut self) -> Result<(), DbErr> {
        self.session.commit(self.level).await?;
        self.open = false;
        Ok(())
    }

    async fn rollback(mut self) -> Result<(), DbErr> {
        self.session.rollback(self.level).await?;
        self.open = false;
        Ok(())
    }
}

impl<S: Scope> Drop for Transaction<S> {
    fn drop(&mut self) {
        if self.open {
            self.session.start_rollback(self.level);
        }
    }
}
