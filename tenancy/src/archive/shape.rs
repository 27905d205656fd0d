//! Which tables and columns a schema has.

use sqlx::{PgConnection, Row as _};

use super::{ColumnShape, TableShape};
use crate::{Result, SchemaName};

/// The tables of a schema in the order of their names, without the record of its migrations. What Postgres computes is no data.
pub(super) async fn tables_of(connection: &mut PgConnection, schema: &SchemaName) -> Result<Vec<TableShape>> {
    let sql = "SELECT c.relname::text AS table_name, a.attname::text AS column_name,
            pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
            pg_catalog.array_position(i.indkey::int2[], a.attnum) AS place
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = $1)
            AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'seaql_migrations'
        ORDER BY c.relname, a.attnum";
    let rows = sqlx::query(sql).bind(schema.as_str()).fetch_all(&mut *connection).await?;
    let mut tables: Vec<(TableShape, Vec<(i32, String)>)> = Vec::new();
    for row in rows {
        let name: String = row.try_get("table_name")?;
        if tables.last().is_none_or(|(table, _)| table.name != name) {
            tables.push((TableShape { name, columns: Vec::new(), key: Vec::new() }, Vec::new()));
        }
        let Some((table, key)) = tables.last_mut() else { continue };
        let column = ColumnShape { name: row.try_get("column_name")?, kind: row.try_get("type")? };
        if let Some(place) = row.try_get("place")? {
            key.push((place, column.name.clone()));
        }
        table.columns.push(column);
    }
    let finished = tables.into_iter().map(|(mut table, mut key)| {
        key.sort_unstable();
        table.key = key.into_iter().map(|(_, name)| name).collect();
        table
    });
    Ok(finished.collect())
}
