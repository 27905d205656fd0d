//! SeaORM connections that set the schema and the role of every transaction themselves.
//!
//! One implementation serves two scopes: a tenant's schema ([`TenantConnection`]) and the control plane
//! ([`PlatformConnection`]). It stands on sqlx rather than on SeaORM's own transaction, because `BEGIN` and the settings
//! then travel together, in one round trip, and because a connection whose `BEGIN` was interrupted must be thrown away.

mod begin;
mod scope;
mod session;
mod span;
mod statements;
mod transaction;

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use sqlx::PgPool;
use tokio::sync::OnceCell;

pub use scope::{Platform, Scope, TenantData, TenantScope};
pub use span::STATEMENT_SPANS;
pub use transaction::Transaction;

use crate::{Tenant, TenantId};

/// A connection to one tenant's schema.
pub type TenantConnection = Connection<TenantData>;
/// A transaction, or a savepoint, in one tenant's schema. Dropped without a commit, it is rolled back.
pub type TenantTransaction = Transaction<TenantData>;
/// A connection to the control plane. It is no [`TenantScope`].
pub type PlatformConnection = Connection<Platform>;
/// A transaction in the control plane.
pub type PlatformTransaction = Transaction<Platform>;

/// Which transaction a connection opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// One `READ ONLY` snapshot, shared by all statements of the connection.
    Snapshot,
    /// A transaction for each statement, or for each call of `begin`.
    ReadWrite,
    /// The same, in transactions that Postgres lets write nothing.
    WriteProtected,
}

/// A connection within a scope. Cloning is cheap, and the clones share the snapshot.
///
/// Nothing is taken from the pool before the first statement.
#[derive(Debug)]
pub struct Connection<S: Scope> {
    shared: Arc<Shared<S>>,
}

#[derive(Debug)]
struct Shared<S: Scope> {
    pool: PgPool,
    scope: S,
    access: Access,
    snapshot: OnceCell<Transaction<S>>,
}

impl<S: Scope> Clone for Connection<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: Scope> Connection<S> {
    pub(crate) fn new(pool: PgPool, scope: S, access: Access) -> Self {
        Self { shared: Arc::new(Shared { pool, scope, access, snapshot: OnceCell::new() }) }
    }

    /// The snapshot, opened by the first statement; none on a read-write connection.
    async fn snapshot(&self) -> Result<Option<&Transaction<S>>, DbErr> {
        match self.shared.access {
            Access::ReadWrite | Access::WriteProtected => Ok(None),
            Access::Snapshot => {
                let open = || Transaction::open(&self.shared.pool, &self.shared.scope, Access::Snapshot);
                self.shared.snapshot.get_or_try_init(open).await.map(Some)
            }
        }
    }

    async fn open(&self) -> Result<Transaction<S>, DbErr> {
        Transaction::open(&self.shared.pool, &self.shared.scope, self.shared.access).await
    }

    /// Ends the snapshot, if one was opened, and gives its connection back. Later statements fail.
    pub async fn finish(&self) -> Result<(), DbErr> {
        match self.shared.snapshot.get() {
            Some(snapshot) => snapshot.close().await,
            None => Ok(()),
        }
    }

    /// How many statements the snapshot has run; 0 where none was opened.
    pub fn statements(&self) -> u32 {
        self.shared.snapshot.get().map_or(0, Transaction::statements)
    }
}

impl TenantConnection {
    /// The tenant that every statement of this connection reaches.
    pub fn tenant(&self) -> &Arc<Tenant> {
        self.shared.scope.tenant()
    }
}

impl TenantTransaction {
    /// Notifies a channel when the transaction commits, and not when it is rolled back. The payload begins with the tenant's id and
    /// a space; the rest has at most some 7,900 bytes.
    pub async fn notify(&self, channel: &str, payload: &str) -> Result<(), DbErr> {
        let values = [channel.into(), format!("{} {payload}", self.tenant_id()).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
        self.execute_raw(statement).await.map(drop)
    }
}

impl TenantScope for TenantConnection {
    fn tenant_id(&self) -> TenantId {
        self.tenant().id
    }
}

impl TenantScope for TenantTransaction {
    fn tenant_id(&self) -> TenantId {
        self.scope().tenant().id
    }
}
