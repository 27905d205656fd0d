//! What is in a schema, as Postgres describes it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::plan::texts;

/// What is in one schema: the definition of each thing, by kind and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Catalogue(BTreeMap<(String, String), String>);

/// Something that is not in a schema as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is: `table`, `column`, `constraint`, `index`, `trigger`, `view`, `function`, `type`, `policy` or `sequence`.
    pub kind: String,
    /// Its name, behind that of its table.
    pub name: String,
    /// How it should be; none where it should not be.
    pub expected: Option<String>,
    /// How it is; none where it is missing.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, .. } = self;
        match (&self.expected, &self.found) {
            (Some(expected), None) => write!(formatter, "{kind} {name} is missing: {expected}"),
            (None, Some(found)) => write!(formatter, "{kind} {name} is not expected: {found}"),
            (Some(expected), Some(found)) => write!(formatter, "{kind} {name} is {found} instead of {expected}"),
            (None, None) => write!(formatter, "{kind} {name}"),
        }
    }
}

impl Catalogue {
    /// What is different in `found`. Of a table that is missing, or too much, only the table is told.
    pub(super) fn differences(&self, found: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        let keys: std::collections::BTreeSet<_> = self.0.keys().chain(found.0.keys()).collect();
        for key in keys {
            let (expected, actual) = (self.0.get(key), found.0.get(key));
            let (kind, name) = key;
            let is_of_table = kind != "table" && !(self.has_table_of(name) && found.has_table_of(name));
            if expected == actual || is_of_table {
                continue;
            }
            differences.push(Difference {
                kind: kind.clone(),
                name: name.clone(),
                expected: expected.cloned(),
                found: actual.cloned(),
            });
        }
        differences
    }

    /// Whether the table that a name belongs to is there; a name without one belongs to the schema.
    fn has_table_of(&self, name: &str) -> bool {
        name.split_once('.').is_none_or(|(table, _)| self.0.contains_key(&("table".to_owned(), table.to_owned())))
    }
}

/// Reads several schemas at once, in one statement: the catalogue of Postgres has no index by schema, so each reading of it costs
/// the same for one as for many.
pub(super) async fn read<C: ConnectionTrait>(connection: &C, schemas: &[String]) -> Result<HashMap<String, Catalogue>, DbErr> {
    let read = Statement::from_sql_and_values(DbBackend::Postgres, READ, [texts(schemas)]);
    let rows = connection.query_all_raw(read).await?;
    let mut catalogues: HashMap<String, Catalogue> = HashMap::new();
    for row in rows {
        let schema: String = row.try_get("", "schema")?;
        let (kind, name): (String, String) = (row.try_get("", "kind")?, row.try_get("", "name")?);
        // Each schema has a row without a kind: it is there, however little is in it.
        let catalogue = catalogues.entry(schema).or_default();
        if !kind.is_empty() {
            catalogue.0.insert((kind, name), row.try_get("", "definition")?);
        }
    }
    Ok(catalogues)
}

/// Names of the schema are taken out of definitions, so that schemas can be compared. An index that belongs to a constraint is
/// told with the constraint. SeaORM's own table is not part of it.
const READ: &str = "
WITH schemas AS MATERIALIZED (
    SELECT n.oid, n.nspname, quote_ident(n.nspname) || '.' AS prefix FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)
), relations AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, s.nspname, s.prefix
    FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relname <> 'seaql_migrations'
)
SELECT nspname::text AS schema, '' AS kind, '' AS name, '' AS definition FROM schemas
UNION ALL
SELECT nspname, 'table', relname::text,
    CASE relpersistence WHEN 'p' THEN '' ELSE 'unlogged ' END
        || CASE relkind WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' ELSE 'table' END
        || CASE WHEN relrowsecurity THEN ' with row security' ELSE '' END
        || CASE WHEN relforcerowsecurity THEN ', forced' ELSE '' END
FROM relations WHERE relkind IN ('r', 'p', 'f')
UNION ALL
SELECT nspname, 'sequence', relname::text, 'sequence' FROM relations WHERE relkind = 'S'
UNION ALL
SELECT nspname, 'view', relname::text, replace(pg_get_viewdef(oid), prefix, '') FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT r.nspname, 'column', r.relname || '.' || a.attname,
    replace(format_type(a.atttypid, a.atttypmod), r.prefix, '')
        || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
        || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END
        || CASE WHEN a.attgenerated <> '' THEN ' generated' ELSE '' END
        || coalesce(' default ' || replace(pg_get_expr(d.adbin, d.adrelid), r.prefix, ''), '')
        || CASE WHEN a.attcollation <> t.typcollation THEN ' collate ' || a.attcollation::regcollation::text ELSE '' END
FROM relations r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT r.nspname, 'constraint', r.relname || '.' || k.conname, replace(pg_get_constraintdef(k.oid), r.prefix, '')
FROM relations r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype NOT IN ('n', 't')
UNION ALL
SELECT r.nspname, 'index', r.relname || '.' || i.relname,
    replace(pg_get_indexdef(x.indexrelid), r.prefix, '') || CASE WHEN x.indisvalid THEN '' ELSE ' (invalid)' END
FROM relations r JOIN pg_catalog.pg_index x ON x.indrelid = r.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.conrelid = x.indrelid)
UNION ALL
SELECT r.nspname, 'trigger', r.relname || '.' || g.tgname, replace(pg_get_triggerdef(g.oid), r.prefix, '')
FROM relations r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal
UNION ALL
SELECT r.nspname, 'policy', r.relname || '.' || p.polname,
    p.polcmd::text || coalesce(' using ' || replace(pg_get_expr(p.polqual, p.polrelid), r.prefix, ''), '')
        || coalesce(' with check ' || replace(pg_get_expr(p.polwithcheck, p.polrelid), r.prefix, ''), '')
FROM relations r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT s.nspname, 'function', f.proname || '(' || replace(pg_get_function_identity_arguments(f.oid), s.prefix, '') || ')',
    'function ' || md5(f.prosrc)
FROM pg_catalog.pg_proc f JOIN schemas s ON s.oid = f.pronamespace
UNION ALL
SELECT s.nspname, 'type', t.typname::text,
    CASE t.typtype WHEN 'e' THEN 'enum ' || (
        SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
    WHEN 'd' THEN 'domain of ' || format_type(t.typbasetype, t.typtypmod) ELSE 'range' END
FROM pg_catalog.pg_type t JOIN schemas s ON s.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r')
";

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(things: &[(&str, &str, &str)]) -> Catalogue {
        let entry =
            |(kind, name, definition): &(&str, &str, &str)| (((*kind).to_owned(), (*name).to_owned()), (*definition).to_owned());
        Catalogue(things.iter().map(entry).collect())
    }

    #[test]
    fn differences_are_told_in_words_and_only_once_for_a_missing_table() {
        let expected = catalogue(&[
            ("table", "people", "table"),
            ("column", "people.name", "text not null"),
            ("column", "people.born", "date"),
            ("table", "rooms", "table"),
            ("column", "rooms.id", "uuid not null"),
        ]);
        let found = catalogue(&[
            ("table", "people", "table"),
            ("column", "people.name", "text"),
            ("index", "people.by_name", "CREATE INDEX by_name ON people USING btree (name)"),
        ]);
        let told: Vec<_> = expected.differences(&found).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "column people.born is missing: date",
                "column people.name is text instead of text not null",
                "index people.by_name is not expected: CREATE INDEX by_name ON people USING btree (name)",
                "table rooms is missing: table",
            ]
        );
        assert!(expected.differences(&expected).is_empty());
    }
}
