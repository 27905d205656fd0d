//! Tenants come and go whole.

use std::time::Duration;

use chrono::Utc;
use migration::{platform::PlatformMigrator, tenant::TenantMigrator};
use sea_orm_migration::MigratorTrait;
use sqlx::{Connection as _, PgConnection};
use tenancy::{Error, Hostname, NewTenant, SchemaName, Slug, TenantId, Tenants};
use tests::{Server, Step, TestDatabase, database_url, mark, new_tenant, pool_options, run, value, within};
use uuid::Uuid;

/// What there is of a tenant: schemas, roles, rows of the control plane.
async fn traces(id: TenantId) -> [i64; 3] {
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let schema = SchemaName::of(id);
    let rows = format!(
        "SELECT (SELECT count(*) FROM platform.tenants WHERE id = '{id}') + \
         (SELECT count(*) FROM platform.domains WHERE tenant_id = '{id}') + \
         (SELECT count(*) FROM platform.tenant_migrations WHERE tenant_id = '{id}')"
    );
    [
        value(&mut connection, &format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{schema}'")).await,
        value(&mut connection, &format!("SELECT count(*) FROM pg_roles WHERE rolname = '{schema}'")).await,
        value(&mut connection, &rows).await,
    ]
}

struct SecondFails;

impl MigratorTrait for SecondFails {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_fails", "CREATE TABLE half (id int PRIMARY KEY); SELECT 1 / 0"));
        migrations
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_the_tenant() {
    let server = Server::start().await;
    let tenants = Tenants::connect::<SecondFails>(&pool_options(&database_url())).unwrap();
    let mut new = new_tenant();
    new.hostnames = vec![Hostname::parse(&format!("{}.example.test", new.id.0.simple())).unwrap()];
    let failure = tenants.provision(&new).await.unwrap_err();
    assert!(matches!(failure, Error::Migration { tenant, .. } if tenant == new.id), "{failure}");
    assert_eq!(traces(new.id).await, [0, 0, 0]);
    assert!(tenants.directory().by_id(new.id).await.unwrap().is_none());
    // Nothing is in the way of a second try by a program that can.
    server.tenants().provision(&new).await.unwrap();
    assert_eq!(traces(new.id).await, [1, 1, 3]);
    tenants.close().await;
}

#[tokio::test]
async fn a_taken_slug_or_host_is_refused_and_leaves_nothing() {
    let server = Server::start().await;
    let mut first = new_tenant();
    first.hostnames = vec![Hostname::parse(&format!("{}.example.test", first.id.0.simple())).unwrap()];
    server.tenants().provision(&first).await.unwrap();

    let same_slug = NewTenant { slug: first.slug.clone(), ..new_tenant() };
    let refused = server.tenants().provision(&same_slug).await.unwrap_err();
    assert!(matches!(&refused, Error::SlugTaken(slug) if *slug == first.slug), "{refused}");
    assert_eq!(traces(same_slug.id).await, [0, 0, 0]);

    let same_host = NewTenant { hostnames: first.hostnames.clone(), ..new_tenant() };
    let refused = server.tenants().provision(&same_host).await.unwrap_err();
    assert!(matches!(refused, Error::HostTaken(_)), "{refused}");
    assert_eq!(traces(same_host.id).await, [0, 0, 0]);

    let same_id = NewTenant { id: first.id, ..new_tenant() };
    assert!(server.tenants().provision(&same_id).await.is_err());
    assert_eq!(traces(first.id).await, [1, 1, 3]);
}

#[tokio::test]
async fn of_two_at_once_for_one_slug_exactly_one_wins() {
    let server = Server::start().await;
    let other = Server::start().await;
    for _ in 0..5 {
        let first = new_tenant();
        let second = NewTenant { slug: first.slug.clone(), ..new_tenant() };
        let results = tokio::join!(server.tenants().provision(&first), other.tenants().provision(&second));
        let (winner, loser, refusal) = match results {
            (Ok(_), Err(refusal)) => (&first, &second, refusal),
            (Err(refusal), Ok(_)) => (&second, &first, refusal),
            (first, second) => panic!("{first:?} {second:?}"),
        };
        assert!(matches!(refusal, Error::SlugTaken(_)), "{refusal}");
        assert_eq!(traces(winner.id).await, [1, 1, 2]);
        assert_eq!(traces(loser.id).await, [0, 0, 0]);
    }
}

#[tokio::test]
async fn deleting_leaves_no_schema_no_role_and_no_rows() {
    let server = Server::start().await;
    let tenant = server.tenants().provision(&new_tenant()).await.unwrap();
    mark(server.tenants(), &tenant, 3).await;
    let hostname = Hostname::parse(&format!("{}.example.test", tenant.id.0.simple())).unwrap();
    server.tenants().add_host(tenant.id, &hostname, true, Utc::now()).await.unwrap();
    let certificate = server.tenants().delete(&tenant, Utc::now()).await.unwrap();
    assert_eq!((certificate.tenant, certificate.removed["schemas"], certificate.removed["roles"]), (tenant.id, 1, 1));
    assert!(certificate.removed["rows"] >= 3 && certificate.removed["domains"] == 1, "{certificate:?}");
    assert_eq!(traces(tenant.id).await, [0, 0, 0]);
    assert!(server.tenants().directory().by_slug(&tenant.slug).await.unwrap().is_none());
    assert!(matches!(server.tenants().delete(&tenant, Utc::now()).await, Err(Error::NotFound(_))));
}

/// A provisioning that is broken off, as by a program that is killed.
#[tokio::test]
async fn a_cancelled_provisioning_leaves_the_tenant_whole_or_not_at_all() {
    let server = Server::start().await;
    for polls in [1, 2, 3, 5, 8, 13, 21] {
        let new = new_tenant();
        let done = tests::cancelled_after(polls, server.tenants().provision(&new)).await.is_some();
        let mut connection = PgConnection::connect(&database_url()).await.unwrap();
        tests::until("the transaction has ended", async || {
            let schema = SchemaName::of(new.id);
            let open = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '%{schema}%'"
            );
            value::<i64>(&mut connection, &open).await == 0
        })
        .await;
        let traces = traces(new.id).await;
        // It may be whole, and still be given up before it has said so.
        assert!(traces == [1, 1, 2] || (traces == [0, 0, 0] && !done), "after {polls} polls: {traces:?}");
    }
}

/// Trap 5: the longest slug, and slugs that differ in little, are tenants of their own.
#[tokio::test]
async fn slugs_that_resemble_one_another_are_different_tenants() {
    let server = Server::start().await;
    let unique = Uuid::now_v7().simple().to_string();
    let texts = [
        format!("a-{unique}"),
        format!("a{unique}"),
        format!("{unique}{}", "x".repeat(31)),
        format!("{unique}{}", "x".repeat(30)),
    ];
    let mut made = Vec::new();
    for text in &texts {
        let new = NewTenant { slug: Slug::parse(text).unwrap(), ..new_tenant() };
        let tenant = server.tenants().provision(&new).await.unwrap();
        mark(server.tenants(), &tenant, 1).await;
        made.push(tenant);
    }
    for tenant in &made {
        tests::assert_reads_own(&server.tenants().read_only(tenant), tenant, 1).await;
    }
    assert!(Slug::parse(&format!("{unique}{}", "x".repeat(32))).is_err());
    for refused in ["ACME", "a_b", "pg_x", "public", "www", "api", "admin", "a\"b", "a'b", "é", ""] {
        assert!(Slug::parse(refused).is_err(), "{refused}");
    }
}

#[tokio::test]
async fn two_programs_that_start_at_once_make_one_control_plane() {
    let database = TestDatabase::create().await;
    let (one, other) = (database.tenants::<TenantMigrator>(), database.tenants::<TenantMigrator>());
    let results = tokio::join!(one.install::<PlatformMigrator>(), other.install::<PlatformMigrator>());
    assert!(results.0.is_ok() && results.1.is_ok(), "{results:?}");
    one.install::<PlatformMigrator>().await.unwrap();
    let tenant = other.provision(&new_tenant()).await.unwrap();
    assert!(one.directory().by_id(tenant.id).await.unwrap().is_some());
    one.close().await;
    other.close().await;
}

/// What the other one migrates may take minutes, and nobody waits behind this: it is waited for in one go, longer than for a table.
#[tokio::test]
async fn a_program_that_starts_waits_for_another_that_installs() {
    let database = TestDatabase::create().await;
    let tenants = database.tenants::<TenantMigrator>();
    let (mut other, mut observer) = (database.connect().await, database.connect().await);
    run(&mut other, "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tenantry control plane', 0))").await;
    let end = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event = 'advisory' AND clock_timestamp() - query_start > interval '5 s'";
        let has_waited = async || value::<i64>(&mut observer, waiting).await > 0;
        within(Duration::from_mins(1), "it waits for more than five seconds", has_waited).await;
        run(&mut other, "ROLLBACK").await;
    };
    let (installed, ()) = tokio::join!(tenants.install::<PlatformMigrator>(), end);
    installed.unwrap();
    tenants.provision(&new_tenant()).await.unwrap();
    tenants.close().await;
}

/// Every command begins with it. A restore or an adoption holds these tables for as long as it loads, and whoever wanted more of
/// them than to read and write would keep every look-up of every process waiting.
#[tokio::test]
async fn a_control_plane_that_is_there_is_looked_at_without_waiting_for_whoever_uses_it() {
    let database = TestDatabase::create().await;
    let tenants = database.tenants::<TenantMigrator>();
    tenants.install::<PlatformMigrator>().await.unwrap();
    let mut user = database.connect().await;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT format('platform.%I', tablename) FROM pg_tables WHERE schemaname = 'platform'")
            .fetch_all(&mut user)
            .await
            .unwrap();
    run(&mut user, &format!("BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE", tables.join(", "))).await;
    tenants.install::<PlatformMigrator>().await.unwrap();
    run(&mut user, "ROLLBACK").await;
    tenants.close().await;
}
