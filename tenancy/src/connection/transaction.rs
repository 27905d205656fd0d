//! Transactions and savepoints within a scope.

use std::sync::Arc;

use sea_orm::{DbErr, TransactionSession};
use sqlx::PgPool;

use super::{Access, Scope, session::Session};

/// A transaction, or a savepoint within one. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Transaction<S: Scope> {
    pub(super) session: Arc<Session<S>>,
    open: bool,
}

impl<S: Scope> Transaction<S> {
    pub(super) async fn open(pool: &PgPool, scope: &S, access: Access) -> Result<Self, DbErr> {
        let session = Session::begin(pool, scope, access).await?;
        Ok(Self { session: Arc::new(session), open: true })
    }

    pub(super) async fn savepoint(&self) -> Result<Self, DbErr> {
        self.session.savepoint().await?;
        Ok(Self { session: Arc::clone(&self.session), open: true })
    }

    pub(super) fn scope(&self) -> &S {
        &self.session.scope
    }

    pub(super) fn statements(&self) -> u32 {
        self.session.statements()
    }

    /// Commits a transaction that others may still hold; their statements fail from then on.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.session.commit().await
    }
}

#[async_trait::async_trait]
impl<S: Scope> TransactionSession for Transaction<S> {
    async fn commit(mut self) -> Result<(), DbErr> {
        self.session.commit().await?;
        self.open = false;
        Ok(())
    }

    async fn rollback(mut self) -> Result<(), DbErr> {
        self.session.rollback().await?;
        self.open = false;
        Ok(())
    }
}

impl<S: Scope> Drop for Transaction<S> {
    fn drop(&mut self) {
        if self.open {
            self.session.start_rollback();
        }
    }
}
