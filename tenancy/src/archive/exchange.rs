//! Restoring over a tenant that is used.
//!
//! The archive becomes a schema of its own beside the present one, and the tenant's row changes over to it at once with its commit.
//! A request is in the old schema or in the new one from its first statement to its last: nothing is emptied under it.
//!
//! What is written between the backup and the restore is lost; that is what a restore is for. But nobody may be told that a
//! write was stored and find it gone because it came a moment late. So the old schema's writers are let finish, later ones find
//! their rights taken away, and only then the row changes. Readers who have not heard of it read the old state for a moment.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait, Value};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use tokio::time::sleep;

use super::{
    ArchiveError, ArchiveKey, ArchivePlace, Contents,
    error::{busy, is_wait},
    shape::tables_of,
    workshop::Workshop,
};
use crate::{
    Error, Result, SchemaName, Tenant, TenantId, Tenants,
    error::query_error,
    fleet::begin_ledger,
    provision::take_lock,
    schema::{drop_role, former_schemas, make_schema},
};

/// How long the old schema stays for requests that have begun, and for processes that have yet to hear of the new one.
const GRACE: Duration = Duration::from_secs(3);
/// How long a try to lock all tables may keep writers waiting: less than Postgres takes to suspect a deadlock.
const SHORT_WAIT: &str = "500ms";
/// How long requests are left alone between two tries.
const PAUSE: Duration = Duration::from_millis(50);
/// How often it is tried.
const TRIES: u32 = 60;

impl Tenants {
    /// Puts the data of an archive in the place of what its tenant has now. The archive is read to its end first; a failure changes
    /// nothing. Name, slug, hosts, members and settings stay as they are.
    pub async fn restore_in_place(
        &self,
        archive: impl Into<ArchivePlace>,
        key: Option<&ArchiveKey>,
        now: DateTime<Utc>,
    ) -> Result<(Arc<Tenant>, Contents)> {
        let archive = archive.into();
        let contents = self.check_restorable(&archive, key).await?;
        let id = contents.manifest.tenant;
        let missing = || Error::NotFound(contents.manifest.slug.clone());
        let tenant = self.directory().by_id(id).await?.ok_or_else(missing)?;

        let workshop = Workshop::open(self).await?;
        let transaction = workshop.savepoint().await?;
        let locked = |error| busy(&tenant, error);
        take_lock(&transaction, &id.to_string()).await.map_err(locked)?;
        let old = current_schema(&transaction, id).await?.ok_or_else(missing)?;
        take_lock(&transaction, old.as_str()).await.map_err(locked)?;
        let new = free_name(&transaction, id).await?;
        make_schema(&transaction, &new).await?;
        transaction.commit().await?;
        self.migrate_to(&workshop, &new, &contents.manifest).await?;
        let totals = self.load_file(&workshop, &new, &contents, &archive, key).await?;
        self.migrate_to_head(&workshop, &new).await?;

        let mut connection = workshop.connection().await?;
        fence(&mut connection, &tenant, &old).await?;
        connection.give_back();
        let transaction = workshop.savepoint().await?;
        self.change_over(&transaction, &tenant, &old, &new, now).await?;
        transaction.commit().await?;
        workshop.commit().await?;
        self.freeze(now).await;
        self.inner.directory.forget(id);

        sleep(GRACE).await;
        // What is restored is there: what was replaced is dropped the next time, if not now.
        if let Err(error) = self.drop_former_schemas(id).await {
            tracing::warn!(%error, tenant = %id, "a former schema could not be dropped");
        }
        let tenant = self.directory().by_id(id).await?.ok_or_else(missing)?;
        Ok((tenant, Contents { manifest: contents.manifest, totals }))
    }

    async fn change_over(
        &self,
        transaction: &impl ConnectionTrait,
        tenant: &Tenant,
        old: &SchemaName,
        new: &SchemaName,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let values: [Value; 5] = [tenant.id.0.into(), old.as_str().into(), new.as_str().into(), self.head().into(), now.into()];
        let update = "UPDATE platform.tenants SET schema_name = $3, schema_version = $4, updated_at = $5 \
                      WHERE id = $1 AND schema_name = $2";
        let changed = transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, update, values)).await?;
        if changed.rows_affected() != 1 {
            return Err(Error::NotFound(tenant.slug.to_string()));
        }
        Ok(begin_ledger(transaction, tenant.id, self.head(), now).await?)
    }

    /// Drops the schemas that restores in place have replaced, those of a program that was killed before it came to it included.
    async fn drop_former_schemas(&self, tenant: TenantId) -> Result<()> {
        if former_schemas(&self.inner.direct, tenant).await?.is_empty() {
            return Ok(());
        }
        for _ in 0..TRIES {
            match self.try_drop_former_schemas(tenant).await {
                // A request is still reading.
                Err(Error::Database(error)) if is_wait(&error) => sleep(Duration::from_millis(500)).await,
                result => return result,
            }
        }
        tracing::warn!(%tenant, "a former schema is still read; the next restore in place drops it");
        Ok(())
    }

    async fn try_drop_former_schemas(&self, tenant: TenantId) -> Result<()> {
        let transaction = self.inner.direct.begin().await?;
        transaction.execute_unprepared("SET LOCAL lock_timeout = '200ms'").await?;
        take_lock(&transaction, &tenant.to_string()).await?;
        for schema in former_schemas(&transaction, tenant).await? {
            transaction.execute_unprepared(&format!("DROP SCHEMA {schema} CASCADE")).await?;
            drop_role(&transaction, &schema).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Waits until no transaction that has written to the schema is open, and lets none begin.
async fn fence(connection: &mut PgConnection, tenant: &Tenant, old: &SchemaName) -> Result<()> {
    let tables = tables_of(connection, old).await?;
    lock(connection, tenant, tables.iter().map(|table| format!("{old}.{}", table.quoted())).collect()).await?;
    let revoke = format!("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {old} FROM {old}");
    connection.execute(AssertSqlSafe(revoke)).await?;
    Ok(())
}

/// Locks all tables or none. Whoever waits for one while holding another could be waited for by a request that does the reverse;
/// so each try is short, and gives everything back. The next one begins with the table that could not be had: those who write to
/// it first are then waited for with empty hands, and do not stand in each other's way for ever.
async fn lock(connection: &mut PgConnection, tenant: &Tenant, mut tables: VecDeque<String>) -> Result<()> {
    for _ in 0..TRIES {
        let begin = format!("SAVEPOINT fence; SET LOCAL lock_timeout = '{SHORT_WAIT}'");
        connection.execute(AssertSqlSafe(begin)).await?;
        let mut missing = None;
        for (place, table) in tables.iter().enumerate() {
            let lock = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
            if let Err(error) = connection.execute(AssertSqlSafe(lock)).await {
                missing = Some((place, query_error(error)));
                break;
            }
        }
        let Some((place, error)) = missing else {
            connection.execute("RELEASE SAVEPOINT fence; SET LOCAL lock_timeout = '10s'").await?;
            return Ok(());
        };
        if !is_wait(&error) {
            return Err(error.into());
        }
        connection.execute("ROLLBACK TO SAVEPOINT fence; RELEASE SAVEPOINT fence").await?;
        if let Some(first) = tables.remove(place) {
            tables.push_front(first);
        }
        sleep(PAUSE).await;
    }
    Err(ArchiveError::InUse(tenant.slug.to_string()).into())
}

async fn current_schema(transaction: &impl ConnectionTrait, tenant: TenantId) -> Result<Option<SchemaName>> {
    let sql = "SELECT schema_name FROM platform.tenants WHERE id = $1";
    let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()])).await?;
    let Some(row) = row else { return Ok(None) };
    let name: String = row.try_get("", "schema_name")?;
    Ok(Some(SchemaName::parse(&name)?))
}

/// `tenant_…_2`, or the next number that neither a schema nor a role has.
async fn free_name(transaction: &impl ConnectionTrait, tenant: TenantId) -> Result<SchemaName> {
    let sql = "SELECT coalesce(max(substring(name FROM '_([0-9]{1,9})$')::int), 1) + 1 AS number \
               FROM (SELECT nspname AS name FROM pg_catalog.pg_namespace UNION SELECT rolname FROM pg_catalog.pg_roles) names \
               WHERE name ~ ('^' || $1 || '_[0-9]{1,9}$')";
    let first = SchemaName::of(tenant);
    let values: [Value; 1] = [first.as_str().into()];
    let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let number: i32 = row.map_or(Ok(2), |row| row.try_get("", "number"))?;
    Ok(SchemaName::parse(&format!("{first}_{number}"))?)
}
