//! One tenant, one transaction.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait, Value};

use super::FleetOptions;
use crate::{
    Tenant, Tenants,
    error::{code_of, driver_error},
    schema::grant_new_tables,
};

/// What became of a try.
pub(super) enum Attempt {
    /// The schema is where the run takes it.
    Done {
        /// Whether it was not there yet, as far as the control plane knew or by what was taken back.
        news: bool,
    },
    /// Another program is at it, or has given the tenant another schema.
    Elsewhere,
}

impl Tenants {
    /// Migrates one tenant's schema in a transaction, and then writes the ledger in a second one: should the process die in
    /// between, the next run finds nothing to do in the schema and writes the ledger again.
    ///
    /// Neither commit waits for the disk. What is lost by a crash of the server is lost from its end, so the ledger never claims a
    /// migration that the schema does not have; and whoever writes to the tenant afterwards waits for both.
    pub(super) async fn attempt(
        &self,
        database: &DatabaseConnection,
        tenant: &Tenant,
        options: &FleetOptions,
        tries: u32,
    ) -> Result<Attempt, DbErr> {
        let (started_at, started) = ((options.clock)(), Instant::now());
        let transaction = database.begin().await?;
        if !prepare(&transaction, tenant, options.lock_timeout).await? {
            transaction.rollback().await?;
            return Ok(Attempt::Elsewhere);
        }
        (self.inner.schema.upgrade)(&transaction, None).await?;
        grant_new_tables(&transaction, &tenant.schema).await?;
        if options.rehearse {
            transaction.rollback().await?;
            return Ok(Attempt::Done { news: true });
        }
        transaction.commit().await?;
        let news = super::ledger::write_done(database, tenant, self.head(), started_at, started.elapsed(), tries).await?;
        Ok(Attempt::Done { news })
    }
}

/// Takes the tenant's lock and sets path and times for the transaction, in one round trip. Whoever has the lock is the only one
/// that migrates the tenant. False: another program has it, or a restore in place has put another schema in the place of this one
/// since the tenant was read, or it is being deleted.
pub(super) async fn prepare(transaction: &DatabaseTransaction, tenant: &Tenant, lock_timeout: Duration) -> Result<bool, DbErr> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('tenantry ' || $1, 0)) \
                   AND EXISTS (SELECT FROM platform.tenants WHERE id = $2 AND schema_name = $1 AND status <> 'deleting') AS ready, \
               set_config('search_path', $1, true), set_config('lock_timeout', $3, true)";
    let values: [Value; 3] = [tenant.schema.as_str().into(), tenant.id.0.into(), lock_timeout.as_millis().to_string().into()];
    let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "ready"))
}

/// Whether the same may succeed in a moment: something was in the way, rather than wrong.
pub(super) fn passes(error: &DbErr) -> bool {
    if let Some(code) = code_of(error) {
        // A lock, a deadlock, a conflict, a server that ends or begins, too many connections, a lost connection.
        return matches!(code.as_ref(), "55P03" | "40P01" | "40001" | "57P01" | "57P02" | "57P03" | "53300")
            || code.starts_with("08");
    }
    match (error, driver_error(error)) {
        (DbErr::ConnectionAcquire(_) | DbErr::Conn(_), _) => true,
        (_, Some(error)) => {
            matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_)
            )
        }
        _ => false,
    }
}
