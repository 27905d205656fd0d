//! What the tables of a tenant ask of rows, as Postgres describes it.

use sqlx::{PgConnection, Row as _};

use crate::{Result, SchemaName};

/// A table of the tenant.
#[derive(Debug)]
pub(super) struct TargetTable {
    pub(super) name: String,
    pub(super) columns: Vec<TargetColumn>,
    pub(super) constraints: Vec<Constraint>,
}

/// A column of the tenant.
#[derive(Debug)]
pub(super) struct TargetColumn {
    pub(super) name: String,
    /// The type, as Postgres writes it.
    pub(super) kind: String,
    /// Whether it may not be empty.
    pub(super) required: bool,
    pub(super) has_default: bool,
    /// The table whose rows it names.
    pub(super) reference: Option<String>,
}

/// What all rows of a table have to keep.
#[derive(Debug)]
pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) demand: Demand,
}

/// What a constraint asks. Everything but names of tables is an expression of SQL.
#[derive(Debug)]
pub(super) enum Demand {
    /// No two rows of those that fulfil the predicate have the same.
    Unique { parts: Vec<String>, predicate: Option<String> },
    /// Each row fulfils it.
    Check(String),
    /// Each row names one that is there.
    Reference { column: String, table: String, of: String },
}

/// The tables of a schema in the order of their names, without the record of its migrations.
pub(super) async fn tables(connection: &mut PgConnection, schema: &SchemaName) -> Result<Vec<TargetTable>> {
    let mut tables: Vec<TargetTable> = Vec::new();
    for row in sqlx::query(COLUMNS).bind(schema.as_str()).fetch_all(&mut *connection).await? {
        let name: String = row.try_get("table_name")?;
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(TargetTable { name, columns: Vec::new(), constraints: Vec::new() });
        }
        let Some(table) = tables.last_mut() else { continue };
        table.columns.push(TargetColumn {
            name: row.try_get("column_name")?,
            kind: row.try_get("kind")?,
            required: row.try_get("required")?,
            has_default: row.try_get("has_default")?,
            reference: row.try_get("reference")?,
        });
    }
    for row in sqlx::query(CONSTRAINTS).bind(schema.as_str()).fetch_all(&mut *connection).await? {
        let name: String = row.try_get("table_name")?;
        let Some(table) = tables.iter_mut().find(|table| table.name == name) else { continue };
        let parts: Vec<String> = row.try_get("parts")?;
        let demand = match (row.try_get::<&str, _>("kind")?, &parts[..]) {
            ("check", [expression]) => Demand::Check(expression.clone()),
            ("reference", [column, table, of]) => {
                Demand::Reference { column: column.clone(), table: table.clone(), of: of.clone() }
            }
            _ => Demand::Unique { parts, predicate: row.try_get("predicate")? },
        };
        table.constraints.push(Constraint { name: row.try_get("name")?, demand });
    }
    Ok(tables)
}

const COLUMNS: &str = "
SELECT c.relname::text AS table_name, a.attname::text AS column_name, a.attnotnull AS required, a.atthasdef AS has_default,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS kind,
    (SELECT f.relname::text FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
     WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] ORDER BY k.conname LIMIT 1) AS reference
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relname <> 'seaql_migrations'
ORDER BY c.relname, a.attnum";

/// Foreign keys of several columns are left to Postgres alone, which checks all of them at the end.
const CONSTRAINTS: &str = "
SELECT c.relname::text AS table_name, i.relname::text AS name, 'unique' AS kind,
    (SELECT array_agg(pg_catalog.pg_get_indexdef(x.indexrelid, n, true) ORDER BY n)
     FROM generate_series(1, x.indnkeyatts::integer) n) AS parts,
    pg_catalog.pg_get_expr(x.indpred, x.indrelid, true) AS predicate
FROM pg_catalog.pg_index x
JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = $1::regnamespace AND x.indisunique
UNION ALL
SELECT c.relname::text, k.conname::text, 'check', ARRAY[pg_catalog.pg_get_expr(k.conbin, k.conrelid, true)], NULL
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = $1::regnamespace AND k.contype = 'c'
UNION ALL
SELECT c.relname::text, k.conname::text, 'reference', ARRAY[a.attname::text, f.relname::text, o.attname::text], NULL
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_class f ON f.oid = k.confrelid
JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
JOIN pg_catalog.pg_attribute o ON o.attrelid = k.confrelid AND o.attnum = k.confkey[1]
WHERE k.connamespace = $1::regnamespace AND k.contype = 'f' AND cardinality(k.conkey) = 1
ORDER BY 1, 2";
