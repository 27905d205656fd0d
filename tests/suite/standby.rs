//! Schemas that are prepared for tenants to come.

mod broken_off;

use std::collections::BTreeSet;

use chrono::Utc;
use futures::future::join_all;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::PgConnection;
use tenancy::{StandbyStatus, Tenant, Tenants};
use tests::{Server, Step, TestDatabase, assert_reads_own, make_tenant, mark, new_tenant, until, value};

/// The program's next version.
struct Next;

impl MigratorTrait for Next {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (id uuid PRIMARY KEY)"));
        migrations
    }
}

/// A program with so many prepared schemas, in a database of its own.
struct Pool {
    database: TestDatabase,
    server: Server,
    operator: PgConnection,
}

impl Pool {
    async fn of(count: usize) -> Self {
        let database = TestDatabase::create().await;
        let server = database.server().await;
        assert_eq!(server.tenants().refill_standby(count, Utc::now()).await.unwrap(), count);
        let operator = database.connect().await;
        Self { database, server, operator }
    }

    fn tenants(&self) -> &Tenants {
        self.server.tenants()
    }

    async fn status(&self) -> StandbyStatus {
        self.tenants().standby_status().await.unwrap()
    }

    async fn ready(&self) -> u64 {
        self.status().await.ready
    }

    /// Schemas and roles that are named as those of tenants are, in this database.
    async fn schemas(&mut self) -> (i64, i64) {
        let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%'";
        let roles = "SELECT count(*) FROM pg_roles r WHERE rolname IN (SELECT schema_name FROM platform.tenants \
                     UNION SELECT schema_name FROM platform.standby_schemas)";
        (value(&mut self.operator, schemas).await, value(&mut self.operator, roles).await)
    }

    async fn first(&mut self) -> String {
        value(&mut self.operator, "SELECT schema_name FROM platform.standby_schemas ORDER BY made_at, id LIMIT 1").await
    }

    async fn role_exists(&mut self, role: &str) -> bool {
        value(&mut self.operator, &format!("SELECT to_regrole('{role}') IS NOT NULL")).await
    }

    async fn schema_exists(&mut self, schema: &str) -> bool {
        value(&mut self.operator, &format!("SELECT to_regnamespace('{schema}') IS NOT NULL")).await
    }

    async fn stop(self) {
        self.server.tenants().close().await;
    }
}

/// What the control plane and the catalogue say of a tenant, but for its names and times.
async fn description(operator: &mut PgConnection, tenant: &Tenant) -> String {
    let (id, schema) = (tenant.id, &tenant.schema);
    let sql = format!(
        "SELECT concat_ws(' | ', \
            (SELECT concat_ws(',', schema_name = '{schema}', status, schema_version) FROM platform.tenants WHERE id = '{id}'), \
            (SELECT string_agg(concat_ws(',', version, state, tries, error), ';') FROM platform.tenant_migrations WHERE tenant_id = '{id}'), \
            (SELECT string_agg(relname || replace(relacl::text, '{schema}', ''), ';' ORDER BY relname) FROM pg_class \
                WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r'), \
            (SELECT string_agg(version, ';' ORDER BY version) FROM {schema}.seaql_migrations), \
            (SELECT replace(nspacl::text, '{schema}', '') FROM pg_namespace WHERE nspname = '{schema}'))"
    );
    value(operator, &sql).await
}

#[tokio::test]
async fn a_prepared_schema_becomes_a_tenant_like_any_other() {
    let mut pool = Pool::of(2).await;
    let prepared = pool.first().await;
    let new = new_tenant();
    let tenant = pool.tenants().provision(&new).await.unwrap();
    assert_eq!(tenant.schema.as_str(), prepared, "the oldest is taken first");
    assert_eq!(prepared, format!("tenant_{}", tenant.id.0.simple()), "its id is the tenant's");
    assert_eq!((tenant.slug.clone(), tenant.name.clone()), (new.slug, new.name));
    assert_eq!(pool.ready().await, 1);
    make_tenant(pool.tenants()).await;
    let cold = make_tenant(pool.tenants()).await;
    assert_eq!(pool.ready().await, 0);
    assert_eq!(description(&mut pool.operator, &tenant).await, description(&mut pool.operator, &cold).await);

    for tenant in [&tenant, &cold] {
        mark(pool.tenants(), tenant, 2).await;
        assert_reads_own(&pool.tenants().read_only(tenant), tenant, 2).await;
    }
    let drift = pool.tenants().find_drift(&[], 1, |drift| panic!("{drift:?}")).await.unwrap();
    assert_eq!(drift.checked, 3);
    let frozen: Vec<String> = pool.tenants().frozen().await.unwrap().into_iter().map(|frozen| frozen.version).collect();
    let all: Vec<String> = TenantMigrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    assert_eq!(frozen, all);

    pool.tenants().delete(&tenant, Utc::now()).await.unwrap();
    assert!(!pool.schema_exists(&prepared).await && !pool.role_exists(&prepared).await);
    pool.stop().await;
}

#[tokio::test]
async fn of_many_at_once_each_gets_a_schema_of_its_own() {
    let pool = Pool::of(4).await;
    let second = pool.database.server().await;
    let made = join_all((0..8).map(|number| make_tenant(if number % 2 == 0 { pool.tenants() } else { second.tenants() }))).await;
    let schemas: BTreeSet<&str> = made.iter().map(|tenant| tenant.schema.as_str()).collect();
    assert_eq!(schemas.len(), 8);
    assert_eq!(pool.ready().await, 0);
    second.tenants().close().await;
    pool.stop().await;
}

#[tokio::test]
async fn programs_that_refill_at_once_make_no_more_than_is_wanted() {
    let pool = Pool::of(0).await;
    let second = pool.database.server().await;
    let now = Utc::now();
    let (one, other) = tokio::join!(pool.tenants().refill_standby(4, now), second.tenants().refill_standby(4, now));
    let made = one.unwrap() + other.unwrap();
    assert!(made <= 4 && made > 0, "{made}");
    pool.tenants().refill_standby(4, now).await.unwrap();
    assert_eq!(pool.ready().await, 4);
    second.tenants().close().await;
    pool.stop().await;
}

#[tokio::test]
async fn one_that_is_taken_is_replaced() {
    let pool = Pool::of(0).await;
    let tenants = pool.tenants().clone();
    let keeping = tokio::spawn(async move { tenants.keep_standby(2, Utc::now).await });
    for _ in 0..3 {
        until("two schemas are prepared", async || pool.ready().await == 2).await;
        make_tenant(pool.tenants()).await;
    }
    until("two schemas are prepared", async || pool.ready().await == 2).await;
    keeping.abort();
    assert!(keeping.await.unwrap_err().is_cancelled());
    pool.stop().await;
}

#[tokio::test]
async fn a_newer_program_drops_what_an_older_one_has_prepared() {
    let mut pool = Pool::of(2).await;
    let old = pool.first().await;
    let next = pool.database.tenants::<Next>();
    // None of them is a tenant of the newer program.
    let tenant = make_tenant(&next).await;
    assert_eq!(tenant.schema_version.as_deref(), Some("m20990101_000001_table"));
    assert_eq!(next.standby_status().await.unwrap().other_version, 2);
    assert_eq!(next.tidy_standby().await.unwrap(), 2);
    assert!(!pool.schema_exists(&old).await && !pool.role_exists(&old).await);
    assert_eq!(next.refill_standby(2, Utc::now()).await.unwrap(), 2);

    // The older one, which still runs, makes none that would be dropped, drops none, and takes these: it serves what is ahead of it.
    assert_eq!(pool.tenants().refill_standby(2, Utc::now()).await.unwrap(), 0);
    assert_eq!(pool.tenants().tidy_standby().await.unwrap(), 0);
    for made in [make_tenant(pool.tenants()).await, make_tenant(&next).await] {
        assert_eq!(made.schema_version, tenant.schema_version);
        mark(pool.tenants(), &made, 2).await;
        assert_reads_own(&pool.tenants().read_only(&made), &made, 2).await;
    }
    assert_eq!(next.standby_status().await.unwrap().ready, 0);
    assert_eq!(next.tenants_behind().await.unwrap().len(), 0);
    // After a return to the older one there are none left of the newer, and it makes its own.
    assert_eq!(pool.tenants().refill_standby(1, Utc::now()).await.unwrap(), 1);
    assert_ne!(make_tenant(pool.tenants()).await.schema_version, tenant.schema_version);
    next.close().await;
    pool.stop().await;
}

#[tokio::test]
async fn a_migration_that_is_accepted_as_changed_empties_the_pool() {
    let pool = Pool::of(2).await;
    let head = pool.tenants().head().to_owned();
    pool.tenants().accept_changed(&head, Utc::now()).await.unwrap();
    assert_eq!(pool.ready().await, 0);
    pool.stop().await;
}

#[tokio::test]
async fn nothing_is_left_when_the_pool_is_emptied() {
    let mut pool = Pool::of(3).await;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT schema_name FROM platform.standby_schemas").fetch_all(&mut pool.operator).await.unwrap();
    assert_eq!(pool.tenants().shrink_standby(1).await.unwrap(), 2);
    assert_eq!(pool.tenants().shrink_standby(0).await.unwrap(), 1);
    for name in names {
        assert!(!pool.schema_exists(&name).await && !pool.role_exists(&name).await, "{name}");
    }
    assert_eq!(pool.schemas().await, (0, 0));
    pool.stop().await;
}
