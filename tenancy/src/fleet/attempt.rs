//! One tenant, one transaction.

use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement, TransactionTrait,
};

use super::FleetOptions;
use crate::{SchemaName, Tenant, Tenants};

/// What became of a try.
pub(super) enum Attempt {
    /// The schema is at the head.
    Done {
        /// Whether the control plane did not know that yet.
        news: bool,
    },
    /// Another program is at it.
    Elsewhere,
}

impl Tenants {
    /// Migrates one tenant's schema in a transaction, and then writes the ledger in a second one: should the process die in
    /// between, the next run finds nothing to do in the schema and writes the ledger again.
    pub(super) async fn attempt(
        &self,
        database: &DatabaseConnection,
        tenant: &Tenant,
        options: &FleetOptions,
        tries: u32,
    ) -> Result<Attempt, DbErr> {
        let (started_at, started) = ((options.clock)(), Instant::now());
        let transaction = database.begin().await?;
        if !prepare(&transaction, &tenant.schema, options.lock_timeout).await? {
            transaction.rollback().await?;
            return Ok(Attempt::Elsewhere);
        }
        (self.inner.schema.migrate)(&transaction, None).await?;
        grant_new_tables(&transaction, &tenant.schema).await?;
        if options.rehearse {
            transaction.rollback().await?;
            return Ok(Attempt::Done { news: true });
        }
        transaction.commit().await?;
        let news = super::ledger::write_done(database, tenant.id, self.head(), started_at, started.elapsed(), tries).await?;
        Ok(Attempt::Done { news })
    }
}

/// Takes the tenant's lock and sets path and times for the transaction, in one round trip. Whoever has the lock is the only one
/// that migrates the tenant. False: another program has it.
///
/// The commit does not wait for the disk. What is lost by a crash of the server is lost from its end, so the ledger never
/// claims a migration that the schema does not have; and whoever writes to the tenant afterwards waits for both.
async fn prepare(transaction: &DatabaseTransaction, schema: &SchemaName, lock_timeout: Duration) -> Result<bool, DbErr> {
    let timeout = lock_timeout.as_millis();
    let sql = format!(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('tenantry {schema}', 0)) AS locked, \
         set_config('search_path', '{schema}', true), set_config('lock_timeout', '{timeout}', true), \
         set_config('synchronous_commit', 'off', true)"
    );
    let row = transaction.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "locked"))
}

/// Lets the tenant's role use the tables that are new. Those that it may use already are left alone: a grant rewrites the
/// table's row in the catalogue, also where it changes nothing.
async fn grant_new_tables(transaction: &DatabaseTransaction, schema: &SchemaName) -> Result<(), DbErr> {
    let sql = format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         WHERE c.oid = ANY (SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass \
             AND d.refobjid = '{schema}'::regnamespace AND d.classid = 'pg_catalog.pg_class'::regclass) \
         AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname <> 'seaql_migrations' \
         AND NOT (has_table_privilege('{schema}', c.oid, 'SELECT') AND has_table_privilege('{schema}', c.oid, 'INSERT') \
             AND has_table_privilege('{schema}', c.oid, 'UPDATE') AND has_table_privilege('{schema}', c.oid, 'DELETE'))"
    );
    for row in transaction.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await? {
        let table = row.try_get::<String>("", "relname")?.replace('"', "\"\"");
        let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.\"{table}\" TO {schema}");
        transaction.execute_unprepared(&grant).await?;
    }
    Ok(())
}

/// What Postgres calls the failure.
pub(super) fn code_of(error: &DbErr) -> Option<String> {
    let error = sqlx_error(error)?;
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Whether the same may succeed in a moment: something was in the way, rather than wrong.
pub(super) fn passes(error: &DbErr) -> bool {
    if let Some(code) = code_of(error) {
        // A lock, a deadlock, a conflict, a server that ends or begins, too many connections, a lost connection.
        return matches!(code.as_str(), "55P03" | "40P01" | "40001" | "57P01" | "57P02" | "57P03" | "53300")
            || code.starts_with("08");
    }
    match (error, sqlx_error(error)) {
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
