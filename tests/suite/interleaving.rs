//! The property that everything else is for: requests of many tenants over few connections, in any order, with failures and
//! cancellations at any point, never return a row of another tenant.

mod work;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::Role;
use rand::{RngExt as _, SeedableRng, rngs::StdRng};
use tenancy::{Tenant, Tenants};
use tests::{Caller, Server, assert_reads_own, cancelled_after, marked_tenant};
use tokio::task::JoinSet;

const TENANTS: usize = 20;
const WORKERS: usize = 12;
const DEPARTMENTS: usize = 4;
/// What is to be reached.
const READS: u64 = 100_000;
/// A machine that is too slow for it fails the test rather than hang it.
const LONGEST: Duration = Duration::from_mins(10);

/// What the workers do follows from this number, though not when each of them gets to do it. A failure prints it.
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
        let tenant = marked_tenant(server.tenants(), DEPARTMENTS).await;
        let token = server.signer.token(tenant.id, Role::Owner, None).await;
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
    let foreign = std::mem::take(&mut *scene.foreign.lock().unwrap());
    assert!(foreign.is_empty(), "with TENANTRY_TEST_SEED={seed}: {foreign:#?}");
    assert!(count(&counts.reads) >= READS, "{} reads in {seconds} s", count(&counts.reads));
    for counter in [&counts.requests, &counts.rolled_back, &counts.committed, &counts.failed, &counts.cancelled] {
        assert!(count(counter) > 100, "a kind of work was hardly done");
    }
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
}

/// Traps 1, 7, 16, 17 and 18, all at once, on four connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_of_another_tenant_in_100_000_interleaved_reads() {
    let server = Server::start().await;
    interleave(&server, "directly").await;
}
