//! The property that everything else is for: requests of many tenants over few connections, in any order, with failures and
//! cancellations at any point, never return a row of another tenant.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::Utc;
use domain::Role;
use entities::tenant::department;
use futures::TryStreamExt;
use rand::{RngExt as _, SeedableRng, rngs::StdRng};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, TransactionSession, TransactionTrait,
};
use tenancy::{Tenant, TenantScope, Tenants};
use tests::{Caller, Server, assert_reads_own, cancelled_after, department_of, is_own, make_tenant, mark, schema_and_role};
use tokio::task::JoinSet;
use uuid::Uuid;

const TENANTS: usize = 20;
const WORKERS: usize = 12;
const DEPARTMENTS: usize = 4;
/// What is to be reached.
const READS: u64 = 100_000;
/// A machine that is too slow for it fails the test rather than hang it.
const LONGEST: Duration = Duration::from_secs(600);

/// Connects tests of this file to one stream of random numbers for each run, which a failure prints.
fn seed() -> u64 {
    let given = std::env::var("TENANTRY_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(rand::random)
}

/// A tenant whose every row says whose it is, and someone who is signed in there.
struct Marked {
    tenant: Arc<Tenant>,
    owner: Caller,
}

#[derive(Default)]
struct Counts {
    reads: AtomicU64,
    rows: AtomicU64,
    requests: AtomicU64,
    rolled_back: AtomicU64,
    committed: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
}

struct Scene {
    tenants: Tenants,
    marked: Vec<Marked>,
    counts: Counts,
    foreign: Mutex<Vec<String>>,
}

/// Interleaves work of many tenants on the connections of this server, until enough was read.
pub(crate) async fn interleave(server: &Server, what: &str) {
    let seed = seed();
    println!("{what}: TENANTRY_TEST_SEED={seed}");
    let mut marked = Vec::new();
    for _ in 0..TENANTS {
        let tenant = make_tenant(server.tenants()).await;
        mark(server.tenants(), &tenant, DEPARTMENTS).await;
        let token = server.signer.token(tenant.id, Role::Owner, None);
        let owner = Caller::new(server.router.clone(), server.app.hosts.of_slug(&tenant.slug), Some(token));
        marked.push(Marked { tenant, owner });
    }
    let scene =
        Arc::new(Scene { tenants: server.tenants().clone(), marked, counts: Counts::default(), foreign: Mutex::default() });
    let begin = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let scene = Arc::clone(&scene);
        let random = StdRng::seed_from_u64(seed.wrapping_add(worker as u64));
        workers.spawn(async move { scene.work(random, begin).await });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap_or_else(|panic| panic!("with TENANTRY_TEST_SEED={seed}: {panic}"));
    }
    let seconds = begin.elapsed().as_secs_f64();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let counts = &scene.counts;
    println!(
        "{what}: {} reads of {} rows in {seconds:.1} s, {} requests over HTTP, {} transactions rolled back, {} committed, \
         {} statements failed, {} pieces of work cancelled",
        count(&counts.reads),
        count(&counts.rows),
        count(&counts.requests),
        count(&counts.rolled_back),
        count(&counts.committed),
        count(&counts.failed),
        count(&counts.cancelled)
    );
    let foreign = scene.foreign.lock().unwrap();
    assert!(foreign.is_empty(), "with TENANTRY_TEST_SEED={seed}: {foreign:#?}");
    assert!(count(&counts.reads) >= READS, "{} reads in {seconds} s", count(&counts.reads));
    for counter in [&counts.requests, &counts.rolled_back, &counts.committed, &counts.failed, &counts.cancelled] {
        assert!(count(counter) > 100, "a kind of work was hardly done");
    }
    drop(foreign);
    for Marked { tenant, .. } in &scene.marked {
        assert_reads_own(&scene.tenants.read_only(tenant), tenant, DEPARTMENTS).await;
    }
}

impl Scene {
    async fn work(self: Arc<Self>, mut random: StdRng, begin: Instant) {
        while self.counts.reads.load(Ordering::Relaxed) < READS && begin.elapsed() < LONGEST {
            let index = random.random_range(0..self.marked.len());
            let kind = random.random_range(0..100_u32);
            let variation = random.random::<u64>();
            match random.random_range(0..10) {
                // Dropped at a point where it waits for Postgres.
                0 => {
                    let polls = random.random_range(1..30);
                    let done = cancelled_after(polls, self.piece(index, kind, variation)).await;
                    self.note_cancelled(done.is_none());
                }
                // Dropped at a moment of the clock.
                1 => {
                    let limit = Duration::from_micros(random.random_range(50..5_000));
                    let done = tokio::time::timeout(limit, self.piece(index, kind, variation)).await;
                    self.note_cancelled(done.is_err());
                }
                // A task that is aborted.
                2 => {
                    let scene = Arc::clone(&self);
                    let task = tokio::spawn(async move { scene.piece(index, kind, variation).await });
                    for _ in 0..random.random_range(0..40) {
                        tokio::task::yield_now().await;
                    }
                    task.abort();
                    match task.await {
                        Ok(()) => {}
                        Err(error) if error.is_cancelled() => self.note_cancelled(true),
                        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                    }
                }
                _ => self.piece(index, kind, variation).await,
            }
        }
    }

    fn note_cancelled(&self, cancelled: bool) {
        if cancelled {
            self.counts.cancelled.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One piece of work of one tenant.
    async fn piece(&self, index: usize, kind: u32, variation: u64) {
        let Marked { tenant, owner } = &self.marked[index];
        let result = match kind {
            0..35 => self.reads(&self.tenants.read_only(tenant), tenant, variation).await,
            35..50 => self.streams(tenant, variation).await,
            50..60 => self.reads(&self.tenants.read_write(tenant), tenant, variation % 3).await,
            60..75 => self.writes_and_rolls_back(tenant, variation).await,
            75..82 => self.writes_and_commits(tenant).await,
            82..90 => self.fails(tenant, variation).await,
            90..94 => self.visits_the_control_plane(tenant).await,
            _ => {
                self.asks(tenant, owner).await;
                Ok(())
            }
        };
        if let Err(error) = result {
            panic!("{}: {error}", tenant.slug);
        }
    }

    /// Counts a read, and looks for rows of others in it.
    fn note(&self, tenant: &Tenant, rows: &[department::Model], expected: Option<usize>) {
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        for row in rows {
            if !is_own(tenant, row) {
                self.report(format!("{} reads {:?}", tenant.slug, row.name));
            }
        }
        if expected.is_some_and(|expected| rows.len() != expected) {
            self.report(format!("{} reads {} rows, not {expected:?}", tenant.slug, rows.len()));
        }
    }

    fn report(&self, what: String) {
        self.foreign.lock().unwrap().push(what);
    }

    async fn reads(&self, scope: &impl TenantScope, tenant: &Tenant, variation: u64) -> Result<(), DbErr> {
        for round in 0..4 + variation % 8 {
            let select = department::Entity::find().order_by_asc(department::Column::Id);
            match (variation >> 8).wrapping_add(round) % 5 {
                0 | 1 => self.note(tenant, &select.all(scope).await?, Some(DEPARTMENTS)),
                2 => {
                    let pages = select.paginate(scope, 3);
                    self.note(tenant, &pages.fetch_page(0).await?, Some(3));
                    self.note(tenant, &pages.fetch_page(1).await?, Some(1));
                }
                3 => {
                    let mine = department::Column::Name.starts_with(tenant.slug.as_str());
                    self.note(tenant, &select.clone().filter(mine.clone()).all(scope).await?, Some(DEPARTMENTS));
                    self.note(tenant, &select.filter(mine.not()).all(scope).await?, Some(0));
                }
                _ => {
                    let mut cursor = department::Entity::find().cursor_by(department::Column::Id);
                    self.note(tenant, &cursor.first(2).all(scope).await?, Some(2));
                }
            }
        }
        if variation.is_multiple_of(16) {
            self.is_in_place(scope, tenant).await;
        }
        Ok(())
    }

    async fn is_in_place<C: ConnectionTrait>(&self, scope: &C, tenant: &Tenant) {
        let (schema, role) = schema_and_role(scope).await;
        if schema.as_deref() != Some(tenant.schema.as_str()) || role != tenant.schema.as_str() {
            self.report(format!("{} is at {schema:?} as {role}", tenant.slug));
        }
    }

    async fn streams(&self, tenant: &Tenant, variation: u64) -> Result<(), DbErr> {
        let snapshot = self.snapshot(tenant);
        for _ in 0..2 + variation % 6 {
            let mut stream = department::Entity::find().stream(&snapshot).await?;
            let mut rows = Vec::new();
            // Some are left before their end.
            let wanted = if variation.is_multiple_of(3) { 1 } else { usize::MAX };
            while rows.len() < wanted {
                let Some(row) = stream.try_next().await? else { break };
                rows.push(row);
            }
            self.note(tenant, &rows, Some(wanted.min(DEPARTMENTS)));
        }
        if variation.is_multiple_of(2) {
            snapshot.finish().await?;
        }
        Ok(())
    }

    fn snapshot(&self, tenant: &Tenant) -> tenancy::TenantConnection {
        let marked = self.marked.iter().find(|marked| marked.tenant.id == tenant.id).unwrap();
        self.tenants.read_only(&marked.tenant)
    }

    fn writer(&self, tenant: &Tenant) -> tenancy::TenantConnection {
        let marked = self.marked.iter().find(|marked| marked.tenant.id == tenant.id).unwrap();
        self.tenants.read_write(&marked.tenant)
    }

    async fn writes_and_rolls_back(&self, tenant: &Tenant, variation: u64) -> Result<(), DbErr> {
        let transaction = self.writer(tenant).begin().await?;
        let new = || department_of(tenant, &Uuid::now_v7().to_string());
        new().insert(&transaction).await?;
        let savepoint = transaction.begin().await?;
        new().insert(&savepoint).await?;
        self.note(tenant, &department::Entity::find().all(&savepoint).await?, Some(DEPARTMENTS + 2));
        if variation.is_multiple_of(2) {
            savepoint.rollback().await?;
        } else {
            // A failure that the savepoint ends.
            let failed = savepoint.execute_unprepared("SELECT 1 / 0").await;
            assert!(failed.is_err());
            self.counts.failed.fetch_add(1, Ordering::Relaxed);
            drop(savepoint);
        }
        self.note(tenant, &department::Entity::find().all(&transaction).await?, Some(DEPARTMENTS + 1));
        department::Entity::delete_many().exec(&transaction).await?;
        self.note(tenant, &department::Entity::find().all(&transaction).await?, Some(0));
        self.is_in_place(&transaction, tenant).await;
        if variation.is_multiple_of(3) {
            transaction.rollback().await?;
        }
        self.counts.rolled_back.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn writes_and_commits(&self, tenant: &Tenant) -> Result<(), DbErr> {
        let transaction = self.writer(tenant).begin().await?;
        // In one order, so that two of them never wait for one another.
        let lock = department::Entity::find().order_by_asc(department::Column::Id);
        let rows = sea_orm::QuerySelect::lock_exclusive(lock).all(&transaction).await?;
        self.note(tenant, &rows, Some(DEPARTMENTS));
        let touched = department::ActiveModel { updated_at: Set(Utc::now()), ..Default::default() };
        let changed = department::Entity::update_many().set(touched).exec(&transaction).await?;
        if changed.rows_affected != DEPARTMENTS as u64 {
            self.report(format!("{} changes {} rows", tenant.slug, changed.rows_affected));
        }
        transaction.commit().await?;
        self.counts.committed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn fails(&self, tenant: &Tenant, variation: u64) -> Result<(), DbErr> {
        let sql = match variation % 4 {
            0 => "SELECT 1 / 0",
            1 => "SELECT no_such_column FROM departments",
            2 => "INSERT INTO departments (id) VALUES (gen_random_uuid())",
            _ => "SELECT * FROM platform.tenants",
        };
        let writer = self.writer(tenant);
        let snapshot = self.snapshot(tenant);
        let failed = if variation.is_multiple_of(3) {
            snapshot.execute_unprepared(sql).await
        } else if variation % 3 == 1 {
            writer.execute_unprepared(sql).await
        } else {
            let transaction = writer.begin().await?;
            transaction.execute_unprepared(sql).await
        };
        assert!(failed.is_err(), "{sql}");
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        self.note(tenant, &department::Entity::find().all(&writer).await?, Some(DEPARTMENTS));
        Ok(())
    }

    async fn visits_the_control_plane(&self, tenant: &Tenant) -> Result<(), DbErr> {
        let platform = self.tenants.platform();
        let (schema, role) = schema_and_role(&platform).await;
        if schema.as_deref() != Some("platform") || role.starts_with("tenant_") {
            self.report(format!("the control plane is at {schema:?} as {role}"));
        }
        self.note(tenant, &department::Entity::find().all(&self.snapshot(tenant)).await?, Some(DEPARTMENTS));
        Ok(())
    }

    /// A request over HTTP.
    async fn asks(&self, tenant: &Tenant, owner: &Caller) {
        let answer = owner.ask("{ tenant { slug } departments { nodes { name } } }").await;
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        if answer.text("/tenant/slug") != tenant.slug.as_str() {
            self.report(format!("{} is answered {}", tenant.slug, answer.body));
        }
        let nodes = answer.data("/departments/nodes");
        let names: Vec<_> = nodes.as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
        let own = names.iter().filter(|name| name.starts_with(&format!("{} ", tenant.slug))).count();
        if (own, names.len()) != (DEPARTMENTS, DEPARTMENTS) {
            self.report(format!("{} is answered {names:?}", tenant.slug));
        }
    }
}

/// Traps 1, 7, 16, 17 and 18, all at once, on four connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_of_another_tenant_in_100_000_interleaved_reads() {
    let server = Server::start().await;
    interleave(&server, "directly").await;
}
