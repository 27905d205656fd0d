//! Filling a tenant's schema.

use sea_orm::DbErr;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{
    ArchiveError, Manifest, TableShape, Totals,
    piece::{Piece, Source},
    shape::tables_of,
    snapshot::prepare,
    workshop::Workshop,
};
use crate::{Result, SchemaName, error::query_error};

/// What stands in the way of loading, taken down first and put up again after it: foreign keys, since tables may refer to one
/// another in a circle, and indexes, since one made at once costs less than one that grows row by row.
pub(super) struct Scaffolding {
    restore: Vec<String>,
    tables: Vec<String>,
}

impl Scaffolding {
    /// Empties the tables of a schema that its migrations have just made, and makes them ready for rows.
    pub(super) async fn put_up(connection: &mut PgConnection, schema: &SchemaName, manifest: &Manifest) -> Result<Self> {
        prepare(connection, schema).await?;
        let made = tables_of(connection, schema).await?;
        manifest.check_shape(&made)?;
        let tables: Vec<String> = made.iter().map(TableShape::quoted).collect();
        let scaffolding = Self::around(connection, schema, tables).await?;
        // Migrations may have put rows of their own.
        if !scaffolding.tables.is_empty() {
            let empty = format!("TRUNCATE {}", scaffolding.tables.join(", "));
            connection.execute(AssertSqlSafe(empty)).await?;
        }
        Ok(scaffolding)
    }

    /// Takes down what stands in the way of loading these tables. The search path leads to the schema.
    pub(super) async fn around(connection: &mut PgConnection, schema: &SchemaName, tables: Vec<String>) -> Result<Self> {
        let foreign_keys: Vec<(String, String)> = sqlx::query_as(
            "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, k.conname),
                    format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
             FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
             WHERE k.connamespace = $1::regnamespace AND k.contype = 'f' AND k.conparentid = 0 ORDER BY c.relname, k.conname",
        )
        .bind(schema.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "SELECT format('DROP INDEX %I', c.relname), pg_get_indexdef(i.indexrelid)
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
             WHERE c.relnamespace = $1::regnamespace AND NOT c.relispartition
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY c.relname",
        )
        .bind(schema.as_str())
        .fetch_all(&mut *connection)
        .await?;
        let mut take_down = Vec::new();
        let mut restore = Vec::new();
        for (drop, _) in foreign_keys.iter().chain(&indexes) {
            take_down.push(drop.clone());
        }
        for (_, make) in indexes.into_iter().chain(foreign_keys) {
            restore.push(make);
        }
        for sql in take_down {
            connection.execute(AssertSqlSafe(sql)).await?;
        }
        Ok(Self { restore, tables })
    }

    /// Makes indexes and foreign keys again. The keys look at every row: data that refers to nothing is refused.
    pub(super) async fn take_down(self, connection: &mut PgConnection) -> Result<()> {
        for sql in self.restore {
            connection.execute(AssertSqlSafe(sql)).await.map_err(|error| refused("", error))?;
        }
        // What counts by itself goes on after the highest number that was loaded.
        let counting: Vec<String> = sqlx::query_scalar(COUNTING).fetch_all(&mut *connection).await?;
        for sql in counting {
            connection.execute(AssertSqlSafe(sql)).await?;
        }
        // The planner knows nothing of the new rows otherwise, until Postgres gets round to them.
        for table in self.tables {
            connection.execute(AssertSqlSafe(format!("ANALYZE {table}"))).await?;
        }
        Ok(())
    }
}

/// The statements that set the sequences which columns of this schema own, each after the highest number that it could have given. Where
/// there is none, the sequence begins as its migration says: it may not take any other number, and 1 may be out of its bounds.
const COUNTING: &str = "
    SELECT format('SELECT setval(%L, max(%I)::bigint) FROM %I WHERE %I BETWEEN %s AND %s HAVING max(%I) IS NOT NULL',
                  pg_get_serial_sequence(format('%I', c.relname), a.attname), a.attname, c.relname, a.attname, s.seqmin, s.seqmax, a.attname)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_sequence s ON s.seqrelid = pg_get_serial_sequence(format('%I', c.relname), a.attname)::regclass
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
        AND (a.attidentity <> '' OR a.atthasdef)";

/// Loads what arrives into the schema, which is at the manifest's version.
pub(super) async fn load(
    workshop: &Workshop,
    schema: &SchemaName,
    manifest: &Manifest,
    mut source: Source,
) -> Result<Vec<Totals>> {
    let mut connection = workshop.connection().await?;
    let scaffolding = Scaffolding::put_up(&mut connection, schema, manifest).await?;
    let mut all = Vec::with_capacity(manifest.tables.len());
    for table in &manifest.tables {
        all.push(copy_in(&mut connection, table, &mut source).await?);
    }
    let Piece::Finish = source.next().await? else { return Err(ArchiveError::Stopped.into()) };
    scaffolding.take_down(&mut connection).await?;
    connection.give_back();
    Ok(all)
}

async fn copy_in(connection: &mut PgConnection, table: &TableShape, source: &mut Source) -> Result<Totals> {
    let sql = format!("COPY {} ({}) FROM STDIN", table.quoted(), table.quoted_columns());
    let mut copy = connection.copy_in_raw(&sql).await?;
    loop {
        match source.next().await {
            Ok(Piece::Rows(rows)) => {
                copy.send(rows).await?;
            }
            Ok(Piece::End(totals)) => {
                let rows = copy.finish().await.map_err(|error| refused(&table.name, error))?;
                if rows != totals.rows {
                    let differs = format!("table {} has {rows} rows instead of {}", table.name, totals.rows);
                    return Err(ArchiveError::Differs(differs).into());
                }
                return Ok(totals);
            }
            Ok(Piece::Finish) => return Err(ArchiveError::Stopped.into()),
            Err(error) => {
                copy.abort("the data was broken off").await?;
                return Err(error);
            }
        }
    }
}

/// The data is to blame where Postgres refuses it, as where it refers to rows that are not there.
pub(super) fn refused(table: &str, error: sqlx::Error) -> crate::Error {
    let named = error.as_database_error().and_then(|error| error.table()).unwrap_or(table).to_owned();
    let source: DbErr = query_error(error);
    ArchiveError::Refused { table: named, source }.into()
}
