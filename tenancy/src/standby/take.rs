//! One of the prepared schemas becomes a tenant's.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use crate::{Result, SchemaName, TenantId};

/// A schema that was prepared.
pub(crate) struct Prepared {
    /// The id of the tenant that gets it.
    pub(crate) id: TenantId,
    /// Its name.
    pub(crate) schema: SchemaName,
    /// The migration that it was made by last.
    pub(crate) version: String,
}

/// Takes a schema at this version, or a newer one, which nobody else gets; none where there is none. Rolling the transaction back gives
/// it back. A program serves tenants that are ahead of it, so those that a newer program has left are of use after a return to this one.
///
/// One whose schema or role somebody has dropped is left for [`tidy`](super::tidy).
pub(crate) async fn take(transaction: &DatabaseTransaction, version: &str) -> Result<Option<Prepared>> {
    let sql = "WITH oldest AS MATERIALIZED (
            SELECT id FROM platform.standby_schemas
            WHERE schema_version >= $1 AND to_regnamespace(schema_name) IS NOT NULL AND to_regrole(schema_name) IS NOT NULL
            ORDER BY schema_version, made_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        DELETE FROM platform.standby_schemas s USING oldest WHERE s.id = oldest.id RETURNING s.id, s.schema_name, s.schema_version";
    let taken = Statement::from_sql_and_values(DbBackend::Postgres, sql, [version.into()]);
    let Some(row) = transaction.query_one_raw(taken).await? else { return Ok(None) };
    let name: String = row.try_get("", "schema_name")?;
    let schema = SchemaName::parse(&name)?;
    transaction.execute_unprepared(&format!("COMMENT ON SCHEMA {schema} IS NULL")).await?;
    Ok(Some(Prepared { id: TenantId(row.try_get("", "id")?), schema, version: row.try_get("", "schema_version")? }))
}
