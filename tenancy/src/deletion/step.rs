//! The steps of a deletion: each finds out what is still there, removes some of it, and notes how much.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};

use crate::{Error, Result, SchemaName, TenantId, name::quoted, provision::execute, schema};

/// Tables that are dropped at a time: each takes a few locks, for its indexes too, and a server has a bounded number of them.
const TABLES_AT_ONCE: i64 = 16;
/// The tables of the deletion itself, which stay until its end, or for good.
const RECORDS: [&str; 2] = ["deletions", "deletion_certificates"];

/// Adds to what was removed.
pub(super) async fn note<C: ConnectionTrait>(connection: &C, tenant: TenantId, what: &str, count: u64) -> Result<(), DbErr> {
    if count == 0 {
        return Ok(());
    }
    let sql = "UPDATE platform.deletions SET removed = removed || jsonb_build_object($2::text, \
               coalesce((removed ->> $2)::bigint, 0) + $3::bigint) WHERE tenant_id = $1";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    execute(connection, sql, [tenant.0.into(), what.into(), count.into()]).await.map(drop)
}

/// The schemas that the tenant has and had, and the roles that are called like them.
pub(super) async fn schemas_and_roles<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Vec<SchemaName>> {
    let sql = "SELECT name FROM (SELECT nspname::text AS name FROM pg_catalog.pg_namespace \
                   UNION SELECT rolname::text FROM pg_catalog.pg_roles \
                       WHERE pg_catalog.pg_has_role(current_user, oid, 'MEMBER')) names \
               WHERE name = (SELECT schema_name FROM platform.tenants WHERE id = $2) \
               OR name = $1 OR name ~ ('^' || $1 || '_[0-9]{1,9}$') ORDER BY name";
    let values: [Value; 2] = [SchemaName::of(tenant).as_str().into(), tenant.0.into()];
    let rows = connection.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    let parsed = rows.iter().map(|row| Ok(SchemaName::parse(&row.try_get::<String>("", "name")?)?));
    parsed.collect()
}

/// Drops some tables of the tenant, and counts their rows.
pub(super) async fn drop_tables(transaction: &DatabaseTransaction, tenant: TenantId) -> Result<bool, DbErr> {
    for schema in schemas_and_roles(transaction, tenant).await.map_err(as_database_error)? {
        let sql = "SELECT c.relname::text AS name FROM pg_catalog.pg_class c \
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname LIMIT $2";
        let values: [Value; 2] = [schema.as_str().into(), TABLES_AT_ONCE.into()];
        let rows = transaction.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        if rows.is_empty() {
            continue;
        }
        let mut tables = Vec::new();
        for row in &rows {
            tables.push(format!("{schema}.{}", quoted(&row.try_get::<String>("", "name")?)));
        }
        let tables_text = tables.join(", ");
        transaction.execute_unprepared(&format!("LOCK TABLE {tables_text} IN ACCESS EXCLUSIVE MODE")).await?;
        let mut removed = 0_u64;
        for table in &tables {
            let count = Statement::from_string(DbBackend::Postgres, format!("SELECT count(*) AS rows FROM {table}"));
            let row = transaction.query_one_raw(count).await?;
            let rows: i64 = row.map_or(Ok(0), |row| row.try_get("", "rows"))?;
            removed += u64::try_from(rows).unwrap_or(0);
        }
        transaction.execute_unprepared(&format!("DROP TABLE {tables_text} CASCADE")).await?;
        let dropped = u64::try_from(tables.len()).unwrap_or(u64::MAX);
        note(transaction, tenant, "tables", dropped).await?;
        note(transaction, tenant, "rows", removed).await?;
        return Ok(true);
    }
    Ok(false)
}

/// Drops one schema without tables.
pub(super) async fn drop_schema(transaction: &DatabaseTransaction, tenant: TenantId) -> Result<bool, DbErr> {
    drop_one(transaction, tenant, "SELECT to_regnamespace($1) IS NOT NULL AS exists", "SCHEMA", "schemas").await
}

/// Drops one role, with what it owns.
pub(super) async fn drop_role(transaction: &DatabaseTransaction, tenant: TenantId) -> Result<bool, DbErr> {
    drop_one(transaction, tenant, "SELECT to_regrole($1) IS NOT NULL AS exists", "ROLE", "roles").await
}

async fn drop_one(
    transaction: &DatabaseTransaction,
    tenant: TenantId,
    exists: &str,
    kind: &str,
    counted_as: &str,
) -> Result<bool, DbErr> {
    for name in schemas_and_roles(transaction, tenant).await.map_err(as_database_error)? {
        let values: [Value; 1] = [name.as_str().into()];
        let row = transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, exists, values)).await?;
        if row.map_or(Ok(false), |row| row.try_get("", "exists"))? {
            if kind == "SCHEMA" {
                transaction.execute_unprepared(&format!("DROP SCHEMA {name} CASCADE")).await?;
            } else {
                schema::drop_role(transaction, &name).await?;
            }
            note(transaction, tenant, counted_as, 1).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn as_database_error(error: Error) -> DbErr {
    match error {
        Error::Database(error) => error,
        other => DbErr::Custom(other.to_string()),
    }
}

/// The tables of the control plane whose rows are tenants'.
pub(super) async fn tables_of_tenants<C: ConnectionTrait>(connection: &C) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT c.relname::text AS name FROM pg_catalog.pg_attribute a \
               JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'platform' \
               WHERE a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY c.relname";
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let names = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<Vec<String>, DbErr>>()?;
    Ok(names.into_iter().filter(|name| !RECORDS.contains(&name.as_str())).collect())
}

pub(super) async fn delete_rows<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    table: &str,
    most: i64,
) -> Result<u64, DbErr> {
    let table = quoted(table);
    let sql =
        format!("DELETE FROM platform.{table} WHERE ctid IN (SELECT ctid FROM platform.{table} WHERE tenant_id = $1 LIMIT $2)");
    execute(connection, &sql, [tenant.0.into(), most.into()]).await
}
