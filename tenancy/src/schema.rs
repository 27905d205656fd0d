//! A tenant's schema: the migrations that make it, the role that may use it, and that role's rights.

use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, DynIden, Statement, Value};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::{Result, SchemaName, TenantId, Tenants, name::quoted, standby::MARK};

/// Runs the migrations that the schema on the search path does not have yet: all, or so many.
type Migrate = for<'a> fn(&'a DatabaseTransaction, Option<u32>) -> BoxFuture<'a, Result<(), DbErr>>;

/// What a tenant's schema is made by.
#[derive(Clone)]
pub(crate) struct TenantSchema {
    /// The name of the last migration.
    pub(crate) head: String,
    /// The migrations, in their order.
    pub(crate) migrations: fn() -> Vec<Box<dyn MigrationTrait>>,
    pub(crate) migrate: Migrate,
    /// The same for a schema that has the table of its migrations already: three statements fewer.
    pub(crate) upgrade: Migrate,
}

/// A migrator that does not look, three times, whether the table of migrations has to be made.
struct Installed<M>(std::marker::PhantomData<M>);

#[async_trait::async_trait]
impl<M: MigratorTrait> MigratorTrait for Installed<M> {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        M::migrations()
    }

    fn migration_table_name() -> DynIden {
        M::migration_table_name()
    }

    async fn install<C: ConnectionTrait>(_: &C) -> Result<(), DbErr> {
        Ok(())
    }
}

impl TenantSchema {
    pub(crate) fn of<M: MigratorTrait>() -> Self {
        Self {
            head: M::migrations().last().map(|migration| migration.name().to_owned()).unwrap_or_default(),
            migrations: M::migrations,
            migrate: |transaction, steps| Box::pin(async move { M::up(transaction, steps).await }),
            upgrade: |transaction, steps| Box::pin(async move { Installed::<M>::up(transaction, steps).await }),
        }
    }

    /// The names of the migrations, in their order.
    pub(crate) fn versions(&self) -> Vec<String> {
        (self.migrations)().iter().map(|migration| migration.name().to_owned()).collect()
    }
}

/// The version of Postgres, as a number.
const SERVER_VERSION: &str = "current_setting('server_version_num')::int";
/// From this version on, switching to a role and inheriting its rights are granted apart.
const GRANTS_APART: i32 = 160_000;

/// Makes a schema and its role, and sets the search path to it for the rest of the transaction.
pub(crate) async fn make_schema(transaction: &DatabaseTransaction, schema: &SchemaName) -> Result<(), DbErr> {
    make_role(transaction, schema).await?;
    transaction.execute_unprepared(&format!("CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO {schema}")).await?;
    set_search_path(transaction, schema.as_str()).await
}

/// Makes a schema that is no tenant's, in a transaction that is never committed, and sets the search path to it.
pub(crate) async fn make_scratch(transaction: &DatabaseTransaction) -> Result<SchemaName, DbErr> {
    let schema = SchemaName::scratch();
    // A distributed engine would place the schema as if it were a tenant.
    let make = format!("SELECT set_config('citus.enable_schema_based_sharding', 'off', true); CREATE SCHEMA {schema}");
    transaction.execute_unprepared(&make).await?;
    set_search_path(transaction, schema.as_str()).await?;
    Ok(schema)
}

/// Makes the tenant's role, which cannot sign in, and lets the program switch to it.
async fn make_role(transaction: &DatabaseTransaction, role: &SchemaName) -> Result<(), DbErr> {
    transaction.execute_unprepared(&format!("CREATE ROLE {role} NOLOGIN")).await?;
    // Only switching to it is needed.
    let version = Statement::from_string(DbBackend::Postgres, format!("SELECT {SERVER_VERSION} AS version"));
    let row = transaction.query_one_raw(version).await?;
    let version: i32 = row.map_or(Ok(0), |row| row.try_get("", "version"))?;
    let options = if version >= GRANTS_APART { " WITH INHERIT FALSE, SET TRUE" } else { "" };
    transaction.execute_unprepared(&format!("GRANT {role} TO CURRENT_USER{options}")).await?;
    Ok(())
}

/// Drops a tenant's role where it is there, with what somebody has made who worked in the tenant's name: a large object, a default
/// privilege. The schema does not hold these, and Postgres keeps a role that owns something.
pub(crate) async fn drop_role<C: ConnectionTrait>(connection: &C, role: &SchemaName) -> Result<(), DbErr> {
    let sql = format!("SELECT {SERVER_VERSION} AS version WHERE to_regrole($1) IS NOT NULL");
    let there = Statement::from_sql_and_values(DbBackend::Postgres, sql, [role.as_str().into()]);
    let Some(row) = connection.query_one_raw(there).await? else { return Ok(()) };
    let version: i32 = row.try_get("", "version")?;
    // Only who inherits from a role may drop what it owns.
    let options = if version >= GRANTS_APART { " WITH INHERIT TRUE" } else { "" };
    let sql = format!("GRANT {role} TO CURRENT_USER{options}; DROP OWNED BY {role}; DROP ROLE {role}");
    connection.execute_unprepared(&sql).await.map(drop)
}

/// Lets the tenant's role read and write its tables. It owns none of them: it can change rows, never the schema.
pub(crate) async fn grant_tables(transaction: &DatabaseTransaction, schema: &SchemaName) -> Result<(), DbErr> {
    let grant = format!(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema}; \
         REVOKE ALL ON {schema}.seaql_migrations FROM {schema}"
    );
    transaction.execute_unprepared(&grant).await.map(drop)
}

/// The same for the tables that are new. Those that the role may use already are left alone: a grant rewrites the table's row in
/// the catalogue, also where it changes nothing.
pub(crate) async fn grant_new_tables(transaction: &DatabaseTransaction, schema: &SchemaName) -> Result<(), DbErr> {
    let sql = format!(
        "SELECT c.relname FROM pg_catalog.pg_class c \
         WHERE c.oid = ANY (SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass \
             AND d.refobjid = '{schema}'::regnamespace AND d.classid = 'pg_catalog.pg_class'::regclass) \
         AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relname <> 'seaql_migrations' \
         AND NOT (has_table_privilege('{schema}', c.oid, 'SELECT') AND has_table_privilege('{schema}', c.oid, 'INSERT') \
             AND has_table_privilege('{schema}', c.oid, 'UPDATE') AND has_table_privilege('{schema}', c.oid, 'DELETE'))"
    );
    for row in transaction.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await? {
        let table = quoted(&row.try_get::<String>("", "relname")?);
        let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table} TO {schema}");
        transaction.execute_unprepared(&grant).await?;
    }
    Ok(())
}

/// Sets the search path for the rest of the transaction.
pub(crate) async fn set_search_path(transaction: &DatabaseTransaction, schema: &str) -> Result<(), DbErr> {
    transaction.execute_unprepared(&format!("SELECT set_config('search_path', '{schema}', true)")).await.map(drop)
}

/// The schemas that are named after a tenant and are not the one that it has: those that restores in place have replaced.
pub(crate) async fn former_schemas(connection: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<SchemaName>> {
    let sql = "SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n \
               WHERE (n.nspname = $1 OR n.nspname ~ ('^' || $1 || '_[0-9]+$')) \
               AND EXISTS (SELECT FROM platform.tenants t WHERE t.id = $2) \
               AND NOT EXISTS (SELECT FROM platform.tenants t WHERE t.schema_name = n.nspname)";
    let values: [Value; 2] = [SchemaName::of(tenant).as_str().into(), tenant.0.into()];
    named(connection, Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await
}

impl Tenants {
    /// The schemas that are named as those of tenants are, and that no tenant has: those that restores in place have replaced and not
    /// dropped, before all. Prepared ones are not among them.
    pub async fn unused_schemas(&self) -> Result<Vec<SchemaName>> {
        let sql = "SELECT n.nspname::text AS name FROM pg_catalog.pg_namespace n \
                   WHERE n.nspname ~ '^tenant_[0-9a-f]{32}(_[0-9]{1,9})?$' \
                   AND pg_catalog.obj_description(n.oid, 'pg_namespace') IS DISTINCT FROM $1 \
                   AND NOT EXISTS (SELECT FROM platform.tenants t WHERE t.schema_name = n.nspname) \
                   AND NOT EXISTS (SELECT FROM platform.standby_schemas s WHERE s.schema_name = n.nspname) ORDER BY n.nspname";
        named(&self.platform(), Statement::from_sql_and_values(DbBackend::Postgres, sql, [MARK.into()])).await
    }
}

async fn named(connection: &impl ConnectionTrait, statement: Statement) -> Result<Vec<SchemaName>> {
    let rows = connection.query_all_raw(statement).await?;
    let parsed = rows.iter().map(|row| {
        let name: String = row.try_get("", "name")?;
        Ok(SchemaName::parse(&name)?)
    });
    parsed.collect()
}
