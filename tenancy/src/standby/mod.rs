//! Schemas that are prepared before anybody asks for them, so that a tenant is made in milliseconds.
//!
//! A prepared schema is what a new tenant's is: at the head version, with its role and its rights, without a row. The id that it was
//! made for becomes that of the tenant that takes it. It is taken in the transaction that makes the tenant, so it goes back when
//! that fails. Making one is a transaction, too: nothing is ever half there.
//!
//! - [`take`]: one of them becomes a tenant's
//! - [`refill`]: new ones in the place of those taken
//! - [`tidy`]: those of another version, and what a damaged or partly restored database has left
//! - [`status`]: how many there are

mod refill;
mod status;
mod take;
mod tidy;

pub use status::StandbyStatus;
pub(crate) use take::{Prepared, take};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tokio::sync::Notify;

/// The table. The rows of one that was taken are those of its tenant.
pub(crate) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS platform.standby_schemas (
        id uuid PRIMARY KEY,
        schema_name text NOT NULL CONSTRAINT standby_schemas_schema_name_key UNIQUE,
        schema_version text NOT NULL,
        made_at timestamptz NOT NULL
    );
";

/// Says of a schema that no tenant has had it yet. A tenant that takes it takes that away: what has it is empty.
pub(crate) const MARK: &str = "Made by tenantry for a tenant to come";

/// What a process remembers of the prepared schemas.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Notified when one was taken.
    taken: Notify,
}

impl Memory {
    pub(crate) fn note_taken(&self) {
        self.taken.notify_one();
    }
}

/// Whether this transaction is the only one that makes and drops prepared schemas, until its end.
async fn try_lock(transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('tenantry standby', 0)) AS mine";
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "mine"))
}

/// Ends a transaction that has nothing to do. A dropped one ends a moment later, and whoever asks for the lock until then is told
/// that another process is at it.
async fn give_up(transaction: DatabaseTransaction) -> crate::Result<bool> {
    transaction.rollback().await?;
    Ok(false)
}
