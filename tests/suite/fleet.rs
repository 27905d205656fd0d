//! Migrating all tenants: each on its own, none in the way of another, and nothing lost by a crash.

mod broken_off;
mod drift;
mod frozen;
mod idle;
mod lint;
mod order;
mod restored;
mod serving;
mod status;
mod trouble;
mod undo;

use std::sync::Arc;

use api::app::system_clock;
use chrono::Utc;
use domain::Role;
use entities::tenant::department;
use migration::tenant::TenantMigrator;
use sea_orm::EntityTrait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::PgConnection;
use tenancy::{FleetOptions, FleetReport, Slug, Tenant, Tenants};
use tests::{Company, Server, Step, TestDatabase, assert_reads_own, make_tenant, mark, one_connection, run, value};

const SECOND: &str = "m20990101_000002_nickname";

/// The program's next version: each employee gets a nickname.
struct Next;

impl MigratorTrait for Next {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (id uuid PRIMARY KEY)"));
        migrations.push(Step::boxed(SECOND, "ALTER TABLE employees ADD COLUMN nickname text"));
        migrations
    }
}

struct Fleet {
    database: TestDatabase,
    server: Server,
    /// In the order of their slugs.
    tenants: Vec<Arc<Tenant>>,
    operator: PgConnection,
}

impl Fleet {
    /// Tenants of the present version, each with so many marked departments.
    async fn of(count: usize) -> Self {
        let database = TestDatabase::create().await;
        let server = database.server().await;
        let mut tenants = Vec::new();
        for _ in 0..count {
            let tenant = make_tenant(server.tenants()).await;
            mark(server.tenants(), &tenant, 1).await;
            tenants.push(tenant);
        }
        tenants.sort_by(|left, right| left.slug.cmp(&right.slug));
        let operator = database.connect().await;
        Self { database, server, tenants, operator }
    }

    /// Whether a tenant is of the next version, by its schema and its own record. They must agree.
    async fn has_next_schema(&mut self, tenant: &Tenant) -> bool {
        let schema = &tenant.schema;
        let facts = format!(
            "SELECT ARRAY[
                EXISTS (SELECT FROM information_schema.columns
                    WHERE table_schema = '{schema}' AND table_name = 'employees' AND column_name = 'nickname'),
                to_regclass('{schema}.added') IS NOT NULL,
                EXISTS (SELECT FROM {schema}.seaql_migrations WHERE version = '{SECOND}')]"
        );
        self.agreement(tenant, &facts).await
    }

    /// Whether a tenant is of the next version, by its schema and by the control plane. They must agree.
    async fn is_migrated(&mut self, tenant: &Tenant) -> bool {
        let facts = format!(
            "SELECT ARRAY[{}, (SELECT schema_version = '{SECOND}' FROM platform.tenants WHERE id = '{1}'),
                EXISTS (SELECT FROM platform.tenant_migrations
                    WHERE tenant_id = '{1}' AND version = '{SECOND}' AND state = 'done')]",
            self.has_next_schema(tenant).await,
            tenant.id
        );
        self.agreement(tenant, &facts).await
    }

    async fn agreement(&mut self, tenant: &Tenant, facts: &str) -> bool {
        let facts: Vec<bool> = value(&mut self.operator, facts).await;
        assert!(facts.iter().all(|fact| *fact == facts[0]), "{}: {facts:?}", tenant.slug);
        facts[0]
    }

    async fn all_are_migrated(&mut self) {
        for tenant in self.tenants.clone() {
            assert!(self.is_migrated(&tenant).await, "{}", tenant.slug);
        }
    }

    /// The tenants whose migration failed, by the ledger.
    async fn failures(&mut self) -> Vec<String> {
        let sql = "SELECT coalesce(array_agg(t.slug ORDER BY t.slug), '{}') FROM platform.tenant_migrations m \
                   JOIN platform.tenants t ON t.id = m.tenant_id WHERE m.state = 'failed' AND m.error <> ''";
        value(&mut self.operator, sql).await
    }

    /// A program of the next version on the same database.
    fn next<M: MigratorTrait>(&self) -> Tenants {
        self.database.tenants::<M>()
    }

    async fn stop(self) {
        self.server.tenants().close().await;
    }
}

/// The usual options, four at a time, and no long waits.
fn options() -> FleetOptions {
    FleetOptions { backoff: std::time::Duration::from_millis(20), ..FleetOptions::at(Utc::now()) }
}

async fn migrate_with(tenants: &Tenants, options: &FleetOptions) -> FleetReport {
    tenants.migrate_fleet(options, |_| {}).await.unwrap()
}

fn slugs(tenants: &[Arc<Tenant>]) -> Vec<Slug> {
    tenants.iter().map(|tenant| tenant.slug.clone()).collect()
}

async fn migrate(tenants: &Tenants, parallel: usize) -> FleetReport {
    tenants.migrate_all(parallel, Utc::now(), |_| {}).await.unwrap()
}

/// Trap 11.
#[tokio::test]
async fn a_tenant_whose_migration_fails_does_not_stop_the_others() {
    for parallel in [1, 4] {
        let mut fleet = Fleet::of(5).await;
        let failing = Arc::clone(&fleet.tenants[2]);
        let obstacle = format!("ALTER TABLE {}.employees ADD COLUMN nickname text", failing.schema);
        run(&mut fleet.operator, &obstacle).await;
        let next = fleet.next::<Next>();

        let mut steps = Vec::new();
        let watch = |step: tenancy::FleetStep<'_>| steps.push((step.finished, step.of, step.succeeded));
        let report = next.migrate_all(parallel, Utc::now(), watch).await.unwrap();
        assert_eq!((report.behind, report.migrated, report.failed.len()), (5, 4, 1));
        assert_eq!(report.failed[0].tenant.id, failing.id);
        assert!(report.failed[0].error.to_string().contains("nickname"), "{}", report.failed[0].error);
        assert_eq!(steps.len(), 5);
        assert!(steps.iter().enumerate().all(|(index, step)| (step.0, step.1) == (index + 1, 5)), "{steps:?}");
        assert_eq!(steps.iter().filter(|step| step.2).count(), 4);
        assert_eq!(fleet.failures().await, [failing.slug.as_str()]);
        for tenant in fleet.tenants.clone() {
            if tenant.id != failing.id {
                assert!(fleet.is_migrated(&tenant).await);
            }
        }
        let half: bool = value(&mut fleet.operator, &format!("SELECT to_regclass('{}.added') IS NULL", failing.schema)).await;
        assert!(half, "the first of two migrations stayed");

        // A second run tries this one alone, and is no worse for having failed before.
        let again = migrate(&next, parallel).await;
        assert_eq!((again.behind, again.migrated, again.failed.len()), (1, 0, 1));
        run(&mut fleet.operator, &format!("ALTER TABLE {}.employees DROP COLUMN nickname", failing.schema)).await;
        let mended = migrate(&next, parallel).await;
        assert_eq!((mended.behind, mended.migrated, mended.failed.len()), (1, 1, 0));
        fleet.all_are_migrated().await;
        assert!(fleet.failures().await.is_empty());
        next.close().await;
        fleet.stop().await;
    }
}

/// Trap 11, as the people of the tenants see it: over HTTP, by the next program and by the present one.
#[tokio::test]
async fn tenants_before_and_after_a_failing_one_are_served() {
    let mut fleet = Fleet::of(0).await;
    let server = fleet.database.server().await;
    let companies = [server.company().await, server.company().await, server.company().await];
    let failing = &companies[1];
    run(&mut fleet.operator, &format!("ALTER TABLE {}.employees ADD COLUMN nickname text", failing.tenant.schema)).await;
    let next = Server::start_on(fleet.next::<Next>(), &[], system_clock()).await;
    let ask = async |server: &Server, company: &Company<'_>| {
        let caller = tests::Caller::new(server.router.clone(), company.host(), Some(company.token(Role::Owner)));
        caller.ask("{ employees { totalCount nodes { name } } }").await
    };
    // Before its migration no tenant is served by the next program, and all by the present one.
    for company in &companies {
        assert_eq!(ask(&next, company).await.code(), "TENANT_MIGRATING");
        assert_eq!(ask(&server, company).await.data("/employees/totalCount"), 4);
    }
    let report = migrate(next.tenants(), 2).await;
    assert_eq!((report.migrated, report.failed.len()), (2, 1));
    for company in &companies {
        let answer = ask(&next, company).await;
        if company.tenant.id == failing.tenant.id {
            assert_eq!(answer.code(), "TENANT_MIGRATING");
            assert_eq!(answer.status, 503);
        } else {
            assert_eq!(answer.data("/employees/totalCount"), 4);
        }
        // A schema that is ahead of the program is served.
        assert_eq!(ask(&server, company).await.data("/employees/totalCount"), 4);
    }
    run(&mut fleet.operator, &format!("ALTER TABLE {}.employees DROP COLUMN nickname", failing.tenant.schema)).await;
    assert_eq!(migrate(next.tenants(), 2).await.migrated, 1);
    assert_eq!(ask(&next, failing).await.data("/employees/totalCount"), 4);
    next.tenants().close().await;
    server.tenants().close().await;
    fleet.stop().await;
}

/// A program of the present version leaves tenants of the next one as they are.
#[tokio::test]
async fn an_older_program_does_not_touch_tenants_that_are_ahead() {
    let mut fleet = Fleet::of(3).await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 4).await.migrated, 3);
    let report = migrate(fleet.server.tenants(), 4).await;
    assert_eq!((report.behind, report.failed.len()), (0, 0));
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

/// Trap 15: a connection whose statements were prepared before the migration goes on with them.
#[tokio::test]
async fn statements_prepared_before_a_migration_go_on_after_it() {
    let fleet = Fleet::of(2).await;
    let before = Tenants::connect::<TenantMigrator>(&one_connection(&fleet.database.url())).unwrap();
    let read = async || {
        for tenant in &fleet.tenants {
            assert_reads_own(&before.read_only(tenant), tenant, 1).await;
            let people = entities::tenant::employee::Entity::find().all(&before.read_only(tenant)).await.unwrap();
            assert!(people.is_empty());
            let scope = before.read_write(tenant);
            let missing = department::Entity::delete_by_id(entities::id::DepartmentId::generate()).exec(&scope).await.unwrap();
            assert_eq!(missing.rows_affected, 0);
        }
    };
    read().await;
    read().await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 1).await.migrated, 2);
    read().await;
    next.close().await;
    before.close().await;
    fleet.stop().await;
}

/// Provisioning and migrating at the same time, by programs of two versions.
#[tokio::test]
async fn a_tenant_made_by_the_present_program_during_a_migration_is_migrated_by_the_next_run() {
    let mut fleet = Fleet::of(3).await;
    let next = fleet.next::<Next>();
    let (report, late) = tokio::join!(migrate(&next, 2), make_tenant(fleet.server.tenants()));
    assert!(report.failed.is_empty());
    let early = make_tenant(&next).await;
    migrate(&next, 2).await;
    fleet.tenants.extend([late, early]);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}
