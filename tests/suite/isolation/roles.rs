//! Traps 8, 10 and 13: the second wall. What a tenant's role may do is decided by Postgres, whatever the statement says.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, RuntimeErr, Statement, TransactionTrait};
use sqlx::{Connection as _, PgConnection};
use tenancy::{Tenant, Tenants};
use tests::{Server, assert_reads_own, database_url, marked_tenant, one_connection, schema_and_role, value};

/// The SQLSTATE of what a role may not do.
const NO_PERMISSION: &str = "42501";

fn state(error: &DbErr) -> Option<String> {
    let (DbErr::Query(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error))) = error else {
        return None;
    };
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

async fn is_refused(tenants: &Tenants, tenant: &std::sync::Arc<Tenant>, sql: &str, expected: &str) {
    let error = tenants.read_write(tenant).execute_unprepared(sql).await.expect_err(sql);
    assert_eq!(state(&error).as_deref(), Some(expected), "{sql}: {error}");
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    if !sql.contains(';') {
        let error = tenants.read_write(tenant).query_all_raw(statement).await.expect_err(sql);
        assert_eq!(state(&error).as_deref(), Some(expected), "{sql}: {error}");
    }
}

#[tokio::test]
async fn no_role_that_serves_requests_is_a_superuser_or_an_owner() {
    let server = Server::start().await;
    let tenant = server.tenant().await;
    let schema = &tenant.schema;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let powers = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user";
    assert!(!value::<bool>(&mut connection, powers).await, "the program's role is beyond all permissions");
    let powers = format!(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin OR rolreplication \
         FROM pg_roles WHERE rolname = '{schema}'"
    );
    assert!(!value::<bool>(&mut connection, &powers).await, "a tenant's role has powers");
    for owned in [
        format!("SELECT count(*) FROM pg_class WHERE relowner = '{schema}'::regrole"),
        format!("SELECT count(*) FROM pg_namespace WHERE nspowner = '{schema}'::regrole"),
        format!("SELECT count(*) FROM pg_proc WHERE proowner = '{schema}'::regrole"),
        format!("SELECT count(*) FROM pg_auth_members WHERE member = '{schema}'::regrole"),
    ] {
        assert_eq!(value::<i64>(&mut connection, &owned).await, 0, "{owned}");
    }
    let (_, role) = schema_and_role(&server.tenants().read_only(&tenant)).await;
    assert_eq!(role, schema.as_str());
}

/// Every schema but the tenant's own is closed to its role, as far as schemas have rights at all.
#[tokio::test]
async fn a_tenants_role_may_use_its_own_schema_alone() {
    let server = Server::start().await;
    let (acme, globex) = (server.tenant().await, server.tenant().await);
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let usable = format!(
        "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE ANY (ARRAY['tenant\\_%', 'platform']) \
         AND has_schema_privilege('{}', nspname, 'USAGE')",
        acme.schema
    );
    let usable: Option<String> = value(&mut connection, &usable).await;
    assert_eq!(usable.as_deref(), Some(acme.schema.as_str()));
    let creatable = format!("SELECT has_schema_privilege('{0}', '{0}', 'CREATE')", acme.schema);
    assert!(!value::<bool>(&mut connection, &creatable).await);
    let switchable = format!("SELECT pg_has_role('{}', '{}', 'MEMBER')", acme.schema, globex.schema);
    assert!(!value::<bool>(&mut connection, &switchable).await);
}

#[tokio::test]
async fn another_tenants_tables_are_refused_by_their_full_names() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 1).await;
    let globex = marked_tenant(server.tenants(), 2).await;
    let other = &globex.schema;
    for sql in [
        format!("SELECT * FROM {other}.departments"),
        format!("SELECT count(*) FROM {other}.employees"),
        format!("INSERT INTO {other}.departments SELECT * FROM departments"),
        format!("UPDATE {other}.departments SET name = 'x'"),
        format!("DELETE FROM {other}.departments"),
        format!("TRUNCATE {other}.departments CASCADE"),
        format!("DROP TABLE {other}.departments"),
        format!("CREATE TABLE {other}.mine (id int)"),
        format!("SELECT own.id FROM departments own JOIN {other}.departments d ON true"),
        format!("SELECT set_config('search_path', '{other}', true); SELECT * FROM {other}.departments"),
        format!("SELECT query_to_xml('SELECT * FROM {other}.departments', true, false, '')"),
    ] {
        is_refused(server.tenants(), &acme, &sql, NO_PERMISSION).await;
    }
    assert_reads_own(&server.tenants().read_only(&globex), &globex, 2).await;
    // With the path alone, nothing of the other is found.
    let path = format!("SELECT set_config('search_path', '{other}', true); DELETE FROM departments");
    let error = server.tenants().read_write(&acme).execute_unprepared(&path).await.unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

/// Trap 10.
#[tokio::test]
async fn the_control_plane_is_refused_from_within_a_tenant() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 1).await;
    for table in ["tenants", "domains", "tenant_migrations", "accounts", "memberships", "sessions", "signing_keys"] {
        for sql in [
            format!("SELECT * FROM platform.{table}"),
            format!("SELECT count(*) FROM platform.{table}"),
            format!("DELETE FROM platform.{table}"),
        ] {
            is_refused(server.tenants(), &acme, &sql, NO_PERMISSION).await;
        }
        let found = server.tenants().read_write(&acme).execute_unprepared(&format!("SELECT * FROM {table}")).await;
        assert!(found.is_err(), "{table} is found without its schema's name");
    }
}

/// Nothing but rows: a tenant's scope cannot change the shape of its own schema.
#[tokio::test]
async fn a_tenants_role_changes_rows_and_never_the_schema() {
    let server = Server::start().await;
    let acme = marked_tenant(server.tenants(), 1).await;
    let schema = &acme.schema;
    for sql in [
        "CREATE TABLE mine (id int)".to_owned(),
        "CREATE VIEW mine AS SELECT 1 AS one".to_owned(),
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "CREATE ROLE mine".to_owned(),
        "TRUNCATE departments CASCADE".to_owned(),
        "SELECT * FROM seaql_migrations".to_owned(),
    ] {
        is_refused(server.tenants(), &acme, &sql, NO_PERMISSION).await;
    }
    for sql in [
        "ALTER TABLE departments ADD COLUMN mine text".to_owned(),
        "ALTER TABLE departments DISABLE TRIGGER ALL".to_owned(),
        "DROP TABLE departments CASCADE".to_owned(),
        "CREATE INDEX mine ON departments (name)".to_owned(),
        format!("DROP SCHEMA {schema} CASCADE"),
        format!("ALTER SCHEMA {schema} RENAME TO mine"),
        format!("ALTER ROLE {schema} SUPERUSER"),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "COPY departments TO PROGRAM 'cat'".to_owned(),
    ] {
        is_refused(server.tenants(), &acme, &sql, NO_PERMISSION).await;
    }
    // To grant what one may not pass on is a warning, not an error; it must have no effect.
    server.tenants().read_write(&acme).execute_unprepared("GRANT ALL ON departments TO public").await.unwrap();
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let granted = format!(
        "SELECT count(*) FROM pg_class, aclexplode(relacl) WHERE relnamespace = '{schema}'::regnamespace AND grantee = 0"
    );
    assert_eq!(value::<i64>(&mut connection, &granted).await, 0);
    assert_reads_own(&server.tenants().read_only(&acme), &acme, 1).await;
}

/// Temporary tables live as long as the connection, and come first on every path: one must not stand in for the tables of
/// the next tenant.
#[tokio::test]
async fn a_temporary_table_of_one_tenant_is_not_read_by_the_next() {
    let server = Server::start().await;
    let (acme, globex) = (marked_tenant(server.tenants(), 1).await, marked_tenant(server.tenants(), 2).await);
    let shared = Tenants::connect::<migration::tenant::TenantMigrator>(&one_connection(&database_url())).unwrap();
    let left_behind = "CREATE TEMPORARY TABLE departments AS SELECT * FROM departments; GRANT ALL ON pg_temp.departments TO public; \
                       CREATE TEMPORARY TABLE tenants (id int); GRANT ALL ON pg_temp.tenants TO public";
    // Refused is as good.
    let made = shared.read_write(&acme).execute_unprepared(left_behind).await;
    assert_reads_own(&shared.read_write(&globex), &globex, 2).await;
    assert_reads_own(&shared.read_only(&globex), &globex, 2).await;
    assert_reads_own(&shared.read_only(&acme), &acme, 1).await;
    let listed = shared.list(None, 1).await;
    assert!(listed.is_ok(), "{listed:?} after {made:?}");
    let transaction = shared.platform().begin().await.unwrap();
    transaction.execute_unprepared("SELECT slug FROM tenants").await.unwrap();
    drop(transaction);
    shared.close().await;
}

/// What a new database gives to everyone is taken back when the control plane is made, and stays so.
#[tokio::test]
async fn a_tenants_role_has_nothing_of_what_everyone_is_given() {
    let database = tests::TestDatabase::create().await;
    let mut connection = database.connect().await;
    let server = database.server().await;
    let tenant = server.tenant().await;
    server.tenants().install::<migration::platform::PlatformMigrator>().await.unwrap();
    for right in [
        format!("has_schema_privilege('{}', 'public', 'USAGE')", tenant.schema),
        format!("has_schema_privilege('{}', 'public', 'CREATE')", tenant.schema),
        format!("has_database_privilege('{}', current_database(), 'TEMPORARY')", tenant.schema),
        format!("has_database_privilege('{}', current_database(), 'CREATE')", tenant.schema),
    ] {
        assert!(!value::<bool>(&mut connection, &format!("SELECT {right}")).await, "{right}");
    }
    is_refused(server.tenants(), &tenant, "CREATE TEMPORARY TABLE kept (id int)", NO_PERMISSION).await;
    server.tenants().close().await;
}
