//! Trap 17: work that is broken off at every point where it waits for Postgres, and at random moments.
//!
//! The work has one connection at its disposal. After each time the same connection, or the one that took its place, has to
//! serve another tenant and the control plane, and what was begun is stored whole or not at all.

use std::{sync::Arc, time::Duration};

use api::app::system_clock;
use entities::tenant::department;
use futures::TryStreamExt;
use migration::tenant::TenantMigrator;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, TransactionSession, TransactionTrait};
use sqlx::PgConnection;
use tenancy::{PoolOptions, Tenant, Tenants};
use tests::{
    Proxy, Server, TestDatabase, assert_is_tenant, assert_reads_own, cancelled_after, department_of, marked_tenant,
    one_connection, schema_and_role, until, value, within,
};

struct Scene {
    /// One connection.
    tenants: Tenants,
    acme: Arc<Tenant>,
    globex: Arc<Tenant>,
    observer: PgConnection,
    /// Another way in, which is not disturbed.
    aside: Tenants,
    _proxy: Proxy,
    _database: TestDatabase,
}

impl Scene {
    async fn set() -> Self {
        let database = TestDatabase::create().await;
        let aside = database.server().await.tenants().clone();
        let (acme, globex) = (marked_tenant(&aside, 3).await, marked_tenant(&aside, 2).await);
        // A cancelled statement that goes on in the server keeps its connection until then.
        let proxy = Proxy::start(&database.url());
        let url = proxy.url(&database.url());
        let options = PoolOptions { statement_timeout: Duration::from_secs(2), ..one_connection(&url) };
        let tenants = Tenants::connect::<TenantMigrator>(&options).unwrap();
        Self { tenants, acme, globex, observer: database.connect().await, aside, _proxy: proxy, _database: database }
    }

    async fn serves_everyone(&self) {
        assert_reads_own(&self.tenants.read_only(&self.globex), &self.globex, 2).await;
        assert_is_tenant(&self.globex, &schema_and_role(&self.tenants.read_write(&self.globex)).await);
        let (schema, role) = schema_and_role(&self.tenants.platform()).await;
        assert_eq!(schema.as_deref(), Some("platform"));
        assert!(!role.starts_with("tenant_"), "{role}");
        assert_is_tenant(&self.acme, &schema_and_role(&self.tenants.read_only(&self.acme)).await);
    }

    /// The rows of the tenant that the work is done in.
    async fn count(&self) -> u64 {
        department::Entity::find().count(&self.aside.read_only(&self.acme)).await.unwrap()
    }

    /// Nothing is left open in the server, and the tenant next door has what it had.
    async fn ends_clean(mut self) {
        until("no transaction is left open", async || {
            let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                        AND (state LIKE 'idle in transaction%' OR backend_xid IS NOT NULL)";
            value::<i64>(&mut self.observer, open).await == 0
        })
        .await;
        assert_reads_own(&self.aside.read_only(&self.globex), &self.globex, 2).await;
        self.tenants.close().await;
        self.aside.close().await;
    }

    /// Breaks the work off at its first wait, at its second, and so on, until it comes to its end. The work adds `rows`
    /// rows, all or none.
    async fn cancel_everywhere<T>(&self, rows: u64, mut work: impl AsyncFnMut() -> Result<T, DbErr>) {
        let mut points = 0;
        loop {
            points += 1;
            let before = self.count().await;
            let outcome = cancelled_after(points, work()).await;
            self.serves_everyone().await;
            let added = self.count().await - before;
            match outcome {
                Some(result) => {
                    assert!(result.is_ok(), "after {points} polls: {:?}", result.err());
                    assert_eq!(added, rows);
                    break;
                }
                None => assert!(added == 0 || added == rows, "{added} of {rows} rows were stored after {points} polls"),
            }
            assert!(points < 1_000, "the work does not end");
        }
        assert!(points > 5, "the work was broken off at {points} points only");
    }
}

#[tokio::test]
async fn a_transaction_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let work = async || {
        let transaction = scene.tenants.read_write(&scene.acme).begin().await?;
        department_of(&scene.acme, &uuid::Uuid::now_v7().to_string()).insert(&transaction).await?;
        let savepoint = transaction.begin().await?;
        department_of(&scene.acme, &uuid::Uuid::now_v7().to_string()).insert(&savepoint).await?;
        savepoint.commit().await?;
        let undone = transaction.begin().await?;
        department_of(&scene.acme, &uuid::Uuid::now_v7().to_string()).insert(&undone).await?;
        undone.rollback().await?;
        transaction.commit().await
    };
    scene.cancel_everywhere(2, work).await;
    scene.ends_clean().await;
}

#[tokio::test]
async fn a_statement_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let work = async || {
        let row = department_of(&scene.acme, &uuid::Uuid::now_v7().to_string());
        row.insert(&scene.tenants.read_write(&scene.acme)).await
    };
    scene.cancel_everywhere(1, work).await;
    scene.ends_clean().await;
}

#[tokio::test]
async fn a_snapshot_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let work = async || {
        let snapshot = scene.tenants.read_only(&scene.acme);
        department::Entity::find().all(&snapshot).await?;
        let savepoint = snapshot.begin().await?;
        department::Entity::find().count(&savepoint).await?;
        drop(savepoint);
        let mut rows = department::Entity::find().stream(&snapshot).await?;
        rows.try_next().await?;
        drop(rows);
        snapshot.finish().await
    };
    scene.cancel_everywhere(0, work).await;
    scene.ends_clean().await;
}

#[tokio::test]
async fn a_stream_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let work = async || {
        let scope = scene.tenants.read_write(&scene.acme);
        let rows: Vec<_> = department::Entity::find().stream(&scope).await?.try_collect().await?;
        assert_eq!(rows.len(), 3);
        Ok(())
    };
    scene.cancel_everywhere(0, work).await;
    scene.ends_clean().await;
}

#[tokio::test]
async fn a_transaction_of_the_control_plane_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let work = async || {
        let transaction = scene.tenants.platform().begin().await?;
        transaction.execute_unprepared("UPDATE tenants SET name = name || '!'").await?;
        transaction.commit().await
    };
    scene.cancel_everywhere(0, work).await;
    scene.ends_clean().await;
}

/// At moments of the clock, on several threads, so that answers are on their way when the work is dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_cancelled_at_any_moment_leaves_nothing_behind() {
    let scene = Scene::set().await;
    for step in 0..150_u64 {
        let before = scene.count().await;
        let work = async {
            let transaction = scene.tenants.read_write(&scene.acme).begin().await?;
            department_of(&scene.acme, &uuid::Uuid::now_v7().to_string()).insert(&transaction).await?;
            if step % 3 == 0 {
                transaction.execute_unprepared("SELECT pg_sleep(0.002)").await?;
            }
            transaction.commit().await
        };
        let outcome = tokio::time::timeout(Duration::from_micros(step * 40), work).await;
        scene.serves_everyone().await;
        let added = scene.count().await - before;
        match outcome {
            Ok(result) => {
                result.unwrap();
                assert_eq!(added, 1);
            }
            Err(_) => assert!(added <= 1),
        }
    }
    scene.ends_clean().await;
}

/// A task that is aborted, as a server does when its client has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_aborted_during_a_slow_statement_leaves_nothing_behind() {
    let mut scene = Scene::set().await;
    for _ in 0..3 {
        let (tenants, acme) = (scene.tenants.clone(), Arc::clone(&scene.acme));
        let task = tokio::spawn(async move {
            let transaction = tenants.read_write(&acme).begin().await.unwrap();
            department_of(&acme, "undone").insert(&transaction).await.unwrap();
            transaction.execute_unprepared("SELECT pg_sleep(1)").await.unwrap();
            transaction.commit().await.unwrap();
        });
        until("the statement is under way", async || {
            let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
            value::<i64>(&mut scene.observer, sleeping).await == 1
        })
        .await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        scene.serves_everyone().await;
        assert_eq!(scene.count().await, 3);
    }
    scene.ends_clean().await;
}

/// What nobody waits for any more is not worked on either: a sleep, and a wait for a lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_is_dropped_ends_in_postgres_and_no_other_does() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenants = server.tenants();
    let (acme, globex) = (marked_tenant(tenants, 1).await, marked_tenant(tenants, 1).await);
    let mut observer = database.connect().await;
    let mut blocker = database.connect().await;
    let lock = format!("BEGIN; LOCK TABLE {}.departments IN ACCESS EXCLUSIVE MODE", acme.schema);
    tests::run(&mut blocker, &lock).await;

    let run = |tenant: &Arc<Tenant>, sql: &'static str| {
        let scope = tenants.read_write(tenant);
        tokio::spawn(async move { scope.execute_unprepared(sql).await })
    };
    let sleeping = run(&acme, "SELECT pg_sleep(10)");
    let waiting = run(&acme, "SELECT count(*) FROM departments");
    let other = run(&globex, "SELECT pg_sleep(2)");
    let under_way = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                     AND (query LIKE '%pg_sleep%' OR query LIKE '%FROM departments%') AND pid <> pg_backend_pid()";
    until("all are under way", async || value::<i64>(&mut observer, under_way).await == 3).await;
    sleeping.abort();
    waiting.abort();
    let limit = Duration::from_millis(1_500);
    within(limit, "both have ended", async || value::<i64>(&mut observer, under_way).await == 1).await;
    other.await.unwrap().unwrap();
    tests::run(&mut blocker, "ROLLBACK").await;
    assert_reads_own(&tenants.read_only(&globex), &globex, 1).await;
    tenants.close().await;
}

/// Trap 7 as well: requests over HTTP that are dropped, and whoever comes next.
#[tokio::test]
async fn a_request_cancelled_at_any_point_leaves_nothing_behind() {
    let scene = Scene::set().await;
    let server = Server::start_on(scene.tenants.clone(), &[], system_clock()).await;
    let caller = async |tenant: &Arc<Tenant>| {
        let token = server.signer.token(tenant.id, domain::Role::Owner, None).await;
        tests::Caller::new(server.router.clone(), server.app.hosts.of_slug(&tenant.slug), Some(token))
    };
    let (acme, globex) = (caller(&scene.acme).await, caller(&scene.globex).await);
    let read = "{ departments { nodes { name } } }";
    for polls in 1..60 {
        let write = format!(
            "mutation {{ createDepartment(input: {{ name: \"{} {}\" }}) {{ department {{ id }} }} }}",
            scene.acme.slug,
            uuid::Uuid::now_v7()
        );
        let operation = if polls % 2 == 0 { read } else { &write };
        let _ = cancelled_after(polls / 2 + 1, acme.ask(operation)).await;

        let answer = globex.ask(read).await;
        let rows = answer.data("/departments/nodes");
        let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, [0, 1].map(|number| format!("{} {number}", scene.globex.slug)));
        let anonymous = acme.with_token(None).ask(read).await;
        assert_eq!(anonymous.first_code(), Some("UNAUTHENTICATED"), "{}", anonymous.body);
    }
    scene.ends_clean().await;
}
