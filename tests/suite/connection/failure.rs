//! Trap 18: statements that fail, and the next tenant on the same connection.

use std::{sync::Arc, time::Duration};

use migration::tenant::TenantMigrator;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, Statement, TransactionSession, TransactionTrait};
use sqlx::{Connection as _, PgConnection};
use tenancy::{PoolOptions, Tenant, TenantConnection, Tenants};
use tests::{
    Server, assert_is_tenant, assert_reads_own, database_url, department_of, marked_tenant, one_connection, schema_and_role,
    value,
};

const FAILING: [&str; 6] = [
    "SELECT 1 / 0",
    "SELECT no_such_column FROM departments",
    "SELECT * FROM no_such_table",
    "SELEC",
    "SELECT 'x'::int FROM departments",
    "INSERT INTO departments (id) VALUES ('00000000-0000-0000-0000-000000000000')",
];

async fn fails(scope: &impl ConnectionTrait, sql: &str) {
    let statement = || Statement::from_string(DbBackend::Postgres, sql);
    assert!(scope.query_all_raw(statement()).await.is_err(), "{sql}");
    assert!(scope.query_one_raw(statement()).await.is_err(), "{sql}");
    assert!(scope.execute_raw(statement()).await.is_err(), "{sql}");
    assert!(scope.execute_unprepared(sql).await.is_err(), "{sql}");
}

struct Shared {
    tenants: Tenants,
    acme: Arc<Tenant>,
    globex: Arc<Tenant>,
}

impl Shared {
    /// Two tenants and the control plane, which share one connection.
    async fn start() -> Self {
        let server = Server::start().await;
        let acme = marked_tenant(server.tenants(), 1).await;
        let globex = marked_tenant(server.tenants(), 2).await;
        let tenants = Tenants::connect::<TenantMigrator>(&one_connection(&database_url())).unwrap();
        Self { tenants, acme, globex }
    }

    /// What is asked for on the one connection next.
    async fn serves_everyone(&self) {
        assert_reads_own(&self.tenants.read_only(&self.globex), &self.globex, 2).await;
        assert_is_tenant(&self.globex, &schema_and_role(&self.tenants.read_write(&self.globex)).await);
        assert_eq!(schema_and_role(&self.tenants.platform()).await.0.as_deref(), Some("platform"));
        assert_reads_own(&self.tenants.read_write(&self.acme), &self.acme, 1).await;
    }
}

#[tokio::test]
async fn a_failing_statement_does_not_poison_the_connection_for_the_next_tenant() {
    let shared = Shared::start().await;
    for sql in FAILING {
        fails(&shared.tenants.read_write(&shared.acme), sql).await;
        shared.serves_everyone().await;
        fails(&shared.tenants.read_only(&shared.acme), sql).await;
        shared.serves_everyone().await;
        fails(&shared.tenants.platform(), sql).await;
        shared.serves_everyone().await;
    }
    shared.tenants.close().await;
}

#[tokio::test]
async fn a_failing_transaction_does_not_poison_the_connection_for_the_next_tenant() {
    let shared = Shared::start().await;
    for sql in FAILING {
        for end in [true, false] {
            let transaction = shared.tenants.read_write(&shared.acme).begin().await.unwrap();
            department_of(&shared.acme, "undone").insert(&transaction).await.unwrap();
            let savepoint = transaction.begin().await.unwrap();
            fails(&savepoint, sql).await;
            if end {
                transaction_is_undone(savepoint.rollback().await);
                fails(&transaction, sql).await;
                transaction_is_undone(transaction.rollback().await);
            } else {
                drop((savepoint, transaction));
            }
            shared.serves_everyone().await;
        }
    }
    shared.tenants.close().await;
}

fn transaction_is_undone(result: Result<(), DbErr>) {
    result.expect("a failed transaction cannot be rolled back");
}

/// A transaction in which a statement failed cannot be stored: a commit must not claim that it was.
#[tokio::test]
async fn a_commit_after_a_failed_statement_is_an_error() {
    let shared = Shared::start().await;
    let transaction = shared.tenants.read_write(&shared.acme).begin().await.unwrap();
    department_of(&shared.acme, "undone").insert(&transaction).await.unwrap();
    fails(&transaction, FAILING[0]).await;
    assert!(transaction.commit().await.is_err(), "Postgres rolled back, and the commit says otherwise");
    shared.serves_everyone().await;
    shared.tenants.close().await;
}

/// A tenant whose role or schema is gone cannot begin; the connection goes to the next one all the same.
#[tokio::test]
async fn a_transaction_that_cannot_begin_does_not_poison_the_connection() {
    let shared = Shared::start().await;
    let gone = marked_tenant(&shared.tenants, 1).await;
    shared.tenants.delete(&gone, chrono::Utc::now()).await.unwrap();
    for _ in 0..3 {
        let scope: TenantConnection = shared.tenants.read_write(&gone);
        assert!(scope.begin().await.is_err());
        assert!(shared.tenants.read_only(&gone).execute_unprepared("SELECT 1").await.is_err());
        shared.serves_everyone().await;
    }
    shared.tenants.close().await;
}

/// The server ends the backend under a transaction, as an operator or a restart does.
#[tokio::test]
async fn a_connection_that_is_lost_in_a_transaction_is_replaced() {
    let shared = Shared::start().await;
    let transaction = shared.tenants.read_write(&shared.acme).begin().await.unwrap();
    department_of(&shared.acme, "undone").insert(&transaction).await.unwrap();
    let asked = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid()");
    let process: i32 = transaction.query_one_raw(asked).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let ended: bool = value(&mut operator, &format!("SELECT pg_terminate_backend({process})")).await;
    assert!(ended);
    assert!(transaction.commit().await.is_err());
    shared.serves_everyone().await;
    shared.tenants.close().await;
}

/// A statement that takes too long is ended by Postgres, also for a tenant alone on its connection.
#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let shared = Shared::start().await;
    let options = PoolOptions { statement_timeout: Duration::from_millis(100), ..one_connection(&database_url()) };
    let hasty = Tenants::connect::<TenantMigrator>(&options).unwrap();
    let acme = hasty.directory().by_id(shared.acme.id).await.unwrap().unwrap();
    for scope in [hasty.read_only(&acme), hasty.read_write(&acme)] {
        let ended = scope.execute_unprepared("SELECT pg_sleep(30)").await.unwrap_err();
        assert!(ended.to_string().contains("statement timeout"), "{ended}");
    }
    let ended = hasty.platform().execute_unprepared("SELECT pg_sleep(30)").await.unwrap_err();
    assert!(ended.to_string().contains("statement timeout"), "{ended}");
    assert_reads_own(&hasty.read_only(&acme), &acme, 1).await;
    hasty.close().await;
    shared.tenants.close().await;
}

/// When all connections are in use, a request fails after a while rather than wait for ever.
#[tokio::test]
async fn a_pool_that_is_exhausted_is_an_error_and_recovers() {
    let shared = Shared::start().await;
    let options = PoolOptions { acquire_timeout: Duration::from_millis(200), ..one_connection(&database_url()) };
    let small = Tenants::connect::<TenantMigrator>(&options).unwrap();
    let holder = small.read_write(&shared.acme).begin().await.unwrap();
    let refused = small.read_only(&shared.globex).execute_unprepared("SELECT 1").await.unwrap_err();
    assert!(matches!(refused, DbErr::ConnectionAcquire(_)), "{refused:?}");
    drop(holder);
    assert_reads_own(&small.read_only(&shared.globex), &shared.globex, 2).await;
    small.close().await;
    shared.tenants.close().await;
}
