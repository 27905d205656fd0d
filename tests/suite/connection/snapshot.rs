//! A connection that reads: one snapshot, opened late, closed once.

use entities::tenant::department;
use migration::tenant::TenantMigrator;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, TransactionTrait};
use tenancy::Tenants;
use tests::{
    Server, TestDatabase, assert_is_tenant, assert_reads_own, cancelled_after, database_url, department_of, mark, marked_tenant,
    one_connection, schema_and_role, until,
};

#[tokio::test]
async fn all_statements_of_a_snapshot_see_one_state() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 2).await;
    let snapshot = server.tenants().read_only(&tenant);
    assert_reads_own(&snapshot, &tenant, 2).await;
    mark(server.tenants(), &marked_tenant(server.tenants(), 0).await, 1).await;
    department_of(&tenant, "later").insert(&server.tenants().read_write(&tenant)).await.unwrap();
    assert_reads_own(&snapshot, &tenant, 2).await;
    assert_reads_own(&snapshot.clone(), &tenant, 2).await;
    assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 3).await;
    assert_eq!(snapshot.statements(), 3);
}

#[tokio::test]
async fn a_write_through_a_snapshot_is_refused() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;

    let snapshot = server.tenants().read_only(&tenant);
    let refused = department_of(&tenant, "direct").insert(&snapshot).await.unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");

    let snapshot = server.tenants().read_only(&tenant);
    let savepoint = snapshot.begin().await.unwrap();
    let refused = department_of(&tenant, "in a savepoint").insert(&savepoint).await.unwrap_err();
    assert!(refused.to_string().contains("read-only transaction"), "{refused}");
    drop(savepoint);
    assert_reads_own(&snapshot, &tenant, 1).await;
    for text in ["UPDATE departments SET name = 'x'", "DELETE FROM departments"] {
        assert!(server.tenants().read_only(&tenant).execute_unprepared(text).await.is_err(), "{text}");
    }
    assert_reads_own(&server.tenants().read_write(&tenant), &tenant, 1).await;
}

#[tokio::test]
async fn nothing_is_taken_from_the_pool_before_the_first_statement() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let tenants = Tenants::connect::<TenantMigrator>(&one_connection(&database.url())).unwrap();

    let snapshot = tenants.read_only(&tenant);
    let writer = tenants.read_write(&tenant);
    snapshot.finish().await.unwrap();
    assert_eq!(tenants.pool_size(), (0, 0));
    assert_eq!(snapshot.statements(), 0);

    let snapshot = tenants.read_only(&tenant);
    assert_reads_own(&snapshot, &tenant, 1).await;
    assert_eq!(tenants.pool_size(), (1, 0));
    snapshot.finish().await.unwrap();
    until("the connection is back in the pool", async || tenants.pool_size() == (1, 1)).await;
    assert_reads_own(&writer, &tenant, 1).await;
    tenants.close().await;
}

#[tokio::test]
async fn a_statement_on_a_finished_connection_fails() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let snapshot = server.tenants().read_only(&tenant);
    let clone = snapshot.clone();
    assert_reads_own(&snapshot, &tenant, 1).await;
    snapshot.finish().await.unwrap();
    for finished in [&snapshot, &clone] {
        assert!(department::Entity::find().all(finished).await.is_err());
        assert!(finished.execute_unprepared("SELECT 1").await.is_err());
        assert!(finished.begin().await.is_err());
    }
}

/// Resolvers of one query run at the same time.
#[tokio::test]
async fn statements_at_once_share_one_snapshot() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 2).await;
    // With one connection, a second snapshot would wait for the first until it fails.
    let shared = Tenants::connect::<TenantMigrator>(&one_connection(&database_url())).unwrap();
    let snapshot = shared.read_only(&tenant);
    let reads = (0..10).map(|_| assert_reads_own(&snapshot, &tenant, 2));
    futures::future::join_all(reads).await;
    assert_eq!(snapshot.statements(), 10);
    snapshot.finish().await.unwrap();
    shared.close().await;
}

/// Trap 17: a resolver that is given up while the others go on.
#[tokio::test]
async fn a_snapshot_goes_on_after_one_of_its_statements_was_cancelled() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 2).await;
    for polls in 1..8 {
        let snapshot = server.tenants().read_only(&tenant);
        let _ = cancelled_after(polls, department::Entity::find().all(&snapshot)).await;
        assert_reads_own(&snapshot, &tenant, 2).await;
        let slow = snapshot.execute_unprepared("SELECT pg_sleep(0.05)");
        assert!(cancelled_after(1, slow).await.is_none());
        assert_reads_own(&snapshot, &tenant, 2).await;
        assert_is_tenant(&tenant, &schema_and_role(&snapshot).await);
    }
}

/// Trap 7: the connection that a snapshot had serves the next one as another tenant.
#[tokio::test]
async fn a_snapshot_that_is_finished_or_dropped_leaves_nothing_to_the_next() {
    let server = Server::start().await;
    let tenants = [marked_tenant(server.tenants(), 1).await, marked_tenant(server.tenants(), 2).await];
    let shared = Tenants::connect::<TenantMigrator>(&one_connection(&database_url())).unwrap();
    for round in 0..20 {
        for (tenant, count) in tenants.iter().zip([1, 2]) {
            let snapshot = shared.read_only(tenant);
            assert_reads_own(&snapshot, tenant, count).await;
            assert_is_tenant(tenant, &schema_and_role(&snapshot).await);
            if round % 2 == 0 {
                snapshot.finish().await.unwrap();
            }
        }
        let (schema, role) = schema_and_role(&shared.platform()).await;
        assert_eq!(schema.as_deref(), Some("platform"));
        assert!(!role.starts_with("tenant_"), "{role}");
    }
    shared.close().await;
}
