//! Savepoints: they keep the tenant, and each level ends when it should and no other does.

use migration::tenant::TenantMigrator;
use sea_orm::{ActiveModelTrait, ConnectionTrait, TransactionSession, TransactionTrait};
use tenancy::Tenants;
use tests::{
    Proxy, Server, assert_is_tenant, assert_reads_own, cancelled_after, database_url, department_of, marked_tenant,
    one_connection, schema_and_role,
};

/// Trap 6.
#[tokio::test]
async fn a_savepoint_that_is_rolled_back_keeps_the_path_and_the_role() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let transaction = server.tenants().read_write(&tenant).begin().await.unwrap();
    let savepoint = transaction.begin().await.unwrap();
    department_of(&tenant, "undone").insert(&savepoint).await.unwrap();
    savepoint.rollback().await.unwrap();
    assert_is_tenant(&tenant, &schema_and_role(&transaction).await);
    assert_reads_own(&transaction, &tenant, 1).await;

    let savepoint = transaction.begin().await.unwrap();
    assert!(savepoint.execute_unprepared("SELECT 1 / 0").await.is_err());
    drop(savepoint);
    assert_is_tenant(&tenant, &schema_and_role(&transaction).await);

    let savepoint = transaction.begin().await.unwrap();
    let inner = savepoint.begin().await.unwrap();
    department_of(&tenant, "kept").insert(&inner).await.unwrap();
    inner.commit().await.unwrap();
    savepoint.commit().await.unwrap();
    transaction.commit().await.unwrap();
    assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 2).await;
}

/// A commit that reports success has stored everything.
#[tokio::test]
async fn a_transaction_does_not_commit_while_a_savepoint_is_open() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let transaction = server.tenants().read_write(&tenant).begin().await.unwrap();
    department_of(&tenant, "outer").insert(&transaction).await.unwrap();
    let savepoint = transaction.begin().await.unwrap();
    department_of(&tenant, "inner").insert(&savepoint).await.unwrap();
    assert!(transaction.commit().await.is_err());
    assert!(savepoint.execute_unprepared("SELECT 1").await.is_err());
    assert!(savepoint.commit().await.is_err());
    assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 1).await;
}

#[tokio::test]
async fn a_savepoint_that_outlives_its_transaction_commits_nothing() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let transaction = server.tenants().read_write(&tenant).begin().await.unwrap();
    department_of(&tenant, "outer").insert(&transaction).await.unwrap();
    let savepoint = transaction.begin().await.unwrap();
    department_of(&tenant, "inner").insert(&savepoint).await.unwrap();
    drop(transaction);
    assert!(department_of(&tenant, "late").insert(&savepoint).await.is_err());
    assert!(savepoint.commit().await.is_err());
    assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 1).await;
}

/// Trap 17: the driver undoes the level above an interrupted SAVEPOINT, here the whole transaction. What follows must not
/// run outside of any transaction, without the tenant's path and role, nor be reported as stored.
#[tokio::test]
async fn a_transaction_does_not_go_on_after_its_savepoint_was_cancelled() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    // On this way no answer is there at once, so that a savepoint is really cancelled on its way.
    let proxy = Proxy::start(&database_url());
    let slow = Tenants::connect::<TenantMigrator>(&one_connection(&proxy.url(&database_url()))).unwrap();
    for depth in 0..2 {
        let transaction = slow.read_write(&tenant).begin().await.unwrap();
        let outer = if depth == 0 { None } else { Some(transaction.begin().await.unwrap()) };
        let level = outer.as_ref().unwrap_or(&transaction);
        department_of(&tenant, "before").insert(level).await.unwrap();
        assert!(cancelled_after(1, level.begin()).await.is_none(), "the savepoint was made at once");

        assert!(level.execute_unprepared("SELECT 1").await.is_err());
        assert!(department_of(&tenant, "after").insert(level).await.is_err());
        match outer {
            None => assert!(transaction.commit().await.is_err()),
            Some(outer) => {
                assert!(outer.commit().await.is_err());
                assert_is_tenant(&tenant, &schema_and_role(&transaction).await);
                transaction.commit().await.unwrap();
            }
        }
        assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 1).await;
    }
}

/// Trap 17: a savepoint that is dropped while another statement of the transaction is under way.
#[tokio::test]
async fn a_savepoint_dropped_during_another_statement_is_never_stored() {
    let server = Server::start().await;
    let tenant = marked_tenant(server.tenants(), 1).await;
    let transaction = server.tenants().read_write(&tenant).begin().await.unwrap();
    let savepoint = transaction.begin().await.unwrap();
    department_of(&tenant, "undone").insert(&savepoint).await.unwrap();
    let slow = transaction.execute_unprepared("SELECT pg_sleep(0.05)");
    let (_, ()) = tokio::join!(slow, async move { drop(savepoint) });
    let committed = transaction.commit().await;
    assert!(committed.is_err(), "the savepoint is still open, and the commit says otherwise");
    assert_reads_own(&server.tenants().read_only(&tenant), &tenant, 1).await;
}
