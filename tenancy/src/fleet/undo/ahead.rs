//! Tenants whose schema is past what the control plane says of them.
//!
//! A run that was killed between its two commits has left such, or a crash of the server that kept the first of them alone. So the schemas
//! themselves are asked, too, before it is said that a tenant is back.

use std::{collections::BTreeMap, slice};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::{Result, SchemaName, Tenants, error::code_of, fleet::drift::BATCH};

impl Tenants {
    /// The schemas past `version`, each with its last migration, of tenants that the control plane has at `version` or before it. The
    /// condition says which are looked at, and `value` is its `$2`.
    pub(super) async fn schemas_ahead(&self, version: &str, condition: &str, value: Value) -> Result<BTreeMap<String, String>> {
        let sql = format!(
            "SELECT t.schema_name FROM platform.tenants t \
             WHERE (t.schema_version IS NULL OR t.schema_version <= $1) AND t.status <> 'deleting' AND ({condition}) \
             AND to_regclass(t.schema_name || '.seaql_migrations') IS NOT NULL ORDER BY t.schema_name"
        );
        let listed = Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into(), value]);
        let mut schemas = Vec::new();
        for row in self.inner.direct.query_all_raw(listed).await? {
            schemas.push(SchemaName::parse(&row.try_get::<String>("", "schema_name")?)?);
        }
        let mut ahead = BTreeMap::new();
        for batch in schemas.chunks(BATCH) {
            let found = match self.read_ahead(batch, version).await {
                // One of them was dropped since they were listed: the others are read one by one.
                Err(error) if is_gone(&error) => self.read_those_left(batch, version).await,
                found => found,
            };
            ahead.extend(found?);
        }
        Ok(ahead)
    }

    async fn read_those_left(&self, schemas: &[SchemaName], version: &str) -> Result<Vec<(String, String)>, DbErr> {
        let mut ahead = Vec::new();
        for schema in schemas {
            match self.read_ahead(slice::from_ref(schema), version).await {
                Ok(found) => ahead.extend(found),
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ahead)
    }

    /// Those of these schemas that are past `version`, with their last migrations: one statement.
    async fn read_ahead(&self, schemas: &[SchemaName], version: &str) -> Result<Vec<(String, String)>, DbErr> {
        let each: Vec<_> = schemas
            .iter()
            .map(|schema| format!("SELECT '{schema}'::text AS name, max(version) AS version FROM {schema}.seaql_migrations"))
            .collect();
        let sql = format!("SELECT name, version FROM ({}) AS own WHERE version > $1", each.join(" UNION ALL "));
        let read = Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into()]);
        let rows = self.inner.direct.query_all_raw(read).await?;
        rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "version")?))).collect()
    }
}

/// Whether there is no such table, or no such schema, any more.
fn is_gone(error: &DbErr) -> bool {
    matches!(code_of(error).as_deref(), Some("42P01" | "3F000"))
}
