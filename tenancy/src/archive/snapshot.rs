//! A tenant's data as of one moment, while the tenant goes on.

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{
    Manifest, TableShape, Totals,
    error::busy,
    piece::{PIECE, Piece, Sink, Sum},
    shape::tables_of,
};
use crate::{Error, Result, SchemaName, Tenant, Tenants, error::query_error};

/// A connection of its own in a transaction that sees one moment of one tenant, reads only, and is in the tenant's role.
///
/// The tenant's lock is shared with other snapshots and keeps migrations and restores out, before they hold a lock that a
/// request would wait for. It belongs to the connection, so it ends with it, however the program ends.
pub(super) struct Snapshot {
    connection: PgConnection,
    pub(super) manifest: Manifest,
}

impl Snapshot {
    pub(super) async fn open(tenants: &Tenants, tenant: &Tenant, now: DateTime<Utc>) -> Result<Self> {
        let mut connection = PgConnection::connect_with(&tenants.direct_options()).await?;
        connection.execute("SET lock_timeout = '10s'; SET statement_timeout = 0").await?;
        let lock = "SELECT pg_advisory_lock_shared(hashtextextended('tenantry ' || $1, 0))";
        let locked = |error| busy(tenant, query_error(error));
        sqlx::query(lock).bind(tenant.id.to_string()).execute(&mut connection).await.map_err(locked)?;
        // A restore in place may have changed the schema's name before the lock was free, so it is read behind it.
        let current = "SELECT schema_name FROM platform.tenants WHERE id = $1";
        let schema: Option<String> = sqlx::query_scalar(current).bind(tenant.id.0).fetch_optional(&mut connection).await?;
        let schema = schema.ok_or_else(|| Error::NotFound(tenant.slug.to_string()))?;
        let schema = SchemaName::parse(&schema)?;
        sqlx::query(lock).bind(schema.as_str()).execute(&mut connection).await.map_err(locked)?;
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        prepare(&mut connection, &schema).await?;
        let migrations = format!("SELECT version FROM {schema}.seaql_migrations ORDER BY version");
        let migrations = sqlx::query_scalar(AssertSqlSafe(migrations)).fetch_all(&mut connection).await?;
        let tables = tables_of(&mut connection, &schema).await?;
        // The second wall: from here on nothing but this tenant's tables can be read.
        let role = format!("SELECT set_config('role', '{schema}', true)");
        connection.execute(AssertSqlSafe(role)).await?;
        let manifest = Manifest {
            tenant: tenant.id,
            slug: tenant.slug.to_string(),
            name: tenant.name.clone(),
            made_at: now,
            migrations,
            tables,
        };
        Ok(Self { connection, manifest })
    }

    /// Sends all tables, for an archive or for another schema.
    pub(super) async fn send(mut self, sink: Sink) -> Result<()> {
        for table in &self.manifest.tables {
            let totals = copy_out(&mut self.connection, &of_table(table), |rows| sink.send(Piece::Rows(rows))).await?;
            sink.send(Piece::End(totals)).await?;
        }
        sink.send(Piece::Finish).await?;
        self.connection.close().await?;
        Ok(())
    }

    /// Copies what a statement gives.
    pub(super) async fn copy<F: Future<Output = Result<()>>>(
        &mut self,
        sql: &str,
        take: impl FnMut(Vec<u8>) -> F,
    ) -> Result<Totals> {
        copy_out(&mut self.connection, sql, take).await
    }

    pub(super) async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// Makes values come as the same text everywhere, and names mean this schema alone. Where a policy would hide rows, reading fails
/// rather than leaving them out.
pub(super) async fn prepare(connection: &mut PgConnection, schema: &SchemaName) -> Result<()> {
    let settings = format!(
        "SET LOCAL search_path = {schema}, pg_temp; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
         SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL xmloption = 'content';
         SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
         SET LOCAL row_security = off"
    );
    connection.execute(AssertSqlSafe(settings)).await?;
    Ok(())
}

/// The statement that copies a table out, in the order of its key: the same rows give the same bytes.
pub(super) fn of_table(table: &TableShape) -> String {
    let order = if table.key.is_empty() { String::new() } else { format!(" ORDER BY {}", table.quoted_key()) };
    format!("COPY (SELECT {} FROM {}{order}) TO STDOUT", table.quoted_columns(), table.quoted())
}

/// Copies what a statement gives, in handfuls of rows. `take` is no async closure: of such the compiler cannot tell that they may be
/// sent to another thread.
pub(super) async fn copy_out<F: Future<Output = Result<()>>>(
    connection: &mut PgConnection,
    sql: &str,
    mut take: impl FnMut(Vec<u8>) -> F,
) -> Result<Totals> {
    let mut sum = Sum::new();
    let mut rows = Vec::with_capacity(PIECE);
    {
        let mut lines = connection.copy_out_raw(sql).await?;
        // Postgres sends a row a message.
        while let Some(line) = lines.try_next().await.map_err(query_error)? {
            sum.add(&line, 1);
            rows.extend_from_slice(&line);
            if rows.len() >= PIECE {
                take(std::mem::replace(&mut rows, Vec::with_capacity(PIECE))).await?;
            }
        }
    }
    if !rows.is_empty() {
        take(rows).await?;
    }
    Ok(sum.totals())
}
