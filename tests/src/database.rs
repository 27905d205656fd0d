//! Databases of a test's own, for what would disturb the other tests: migrators, damage, counting.

use std::thread;

use migration::tenant::TenantMigrator;
use sea_orm_migration::MigratorTrait;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgRow},
};
use tenancy::Tenants;
use uuid::Uuid;

use crate::{Server, database_url, pool_options, system_clock};

/// An empty database with the rights of the run's database. Dropped with everything in it at the end of the test.
pub struct TestDatabase {
    name: String,
    options: PgConnectOptions,
    administrator: PgConnectOptions,
}

impl TestDatabase {
    /// Makes it: by the program's role where that may make databases, else by the superuser of the run.
    pub async fn create() -> Self {
        let program: PgConnectOptions = database_url().parse().expect("DATABASE_URL cannot be read");
        let mut connection = program.connect().await.expect("the database of the run cannot be reached");
        let may_create = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user";
        let may_create: bool = sqlx::query_scalar(may_create).fetch_one(&mut connection).await.unwrap();
        let administrator = if may_create { program.clone() } else { superuser() };
        let name = format!("tenantry_test_{}", Uuid::now_v7().simple());
        let mut connection = administrator.connect().await.expect("the superuser of the run cannot connect");
        run(&mut connection, &format!("CREATE DATABASE {name} OWNER \"{}\"", program.get_username())).await;
        Self { options: program.database(&name), administrator, name }
    }

    /// How the program reaches it.
    pub fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    /// A connection as the program's role, past the program.
    pub async fn connect(&self) -> PgConnection {
        self.options.connect().await.expect("the test's database cannot be reached")
    }

    /// Opens the tenants of a program that makes their schemas by `M`.
    pub fn tenants<M: MigratorTrait>(&self) -> Tenants {
        Tenants::connect::<M>(&pool_options(&self.url())).expect("the test's database cannot be reached")
    }

    /// The program on this database.
    pub async fn server(&self) -> Server {
        Server::start_on(self.tenants::<TenantMigrator>(), &[], system_clock()).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, options, administrator) = (self.name.clone(), self.options.clone(), self.administrator.clone());
        // A thread, because a runtime cannot wait within a runtime. What fails leaves a database behind and no more.
        let cleaning = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(remove(&name, &options, &administrator))
        });
        if let Ok(Err(error)) = cleaning.join() {
            eprintln!("a test's database was left behind: {error}");
        }
    }
}

async fn remove(name: &str, options: &PgConnectOptions, administrator: &PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = options.connect().await?;
    // Roles belong to the whole cluster and would outlive the database.
    let names = "SELECT schema_name FROM platform.tenants UNION SELECT schema_name FROM platform.standby_schemas";
    let roles = sqlx::query_scalar(names).fetch_all(&mut connection).await;
    connection.close().await?;
    let mut connection = administrator.connect().await?;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
    let roles: Vec<String> = roles.unwrap_or_default();
    for role in roles {
        let drop = format!("DROP ROLE IF EXISTS \"{role}\"");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut connection).await?;
    }
    Ok(())
}

/// How the superuser of the run connects.
fn superuser() -> PgConnectOptions {
    let url = std::env::var("TENANTRY_TEST_SUPERUSER_URL")
        .expect("the role of DATABASE_URL may not create databases, and TENANTRY_TEST_SUPERUSER_URL names no role that may");
    url.parse().expect("TENANTRY_TEST_SUPERUSER_URL cannot be read")
}

/// Runs statements that must succeed.
pub async fn run(connection: &mut PgConnection, sql: &str) {
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await {
        panic!("{sql}: {error}");
    }
}

/// How many connections to this database wait for a lock.
pub async fn waiters(connection: &mut PgConnection) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    value(connection, sql).await
}

/// How many connections wait for a lock on a table, which is named with its schema.
pub async fn waiters_for(connection: &mut PgConnection, table: &str) -> i64 {
    value(connection, &format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass")).await
}

/// The one value that a statement returns.
pub async fn value<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    (T,): for<'r> sqlx::FromRow<'r, PgRow>,
{
    match sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await {
        Ok(value) => value,
        Err(error) => panic!("{sql}: {error}"),
    }
}
