//! A run over the tenants: several at a time, canaries first, with further tries and an orderly end.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, SqlxPostgresConnector};
use sqlx::postgres::PgPoolOptions;
use tokio::{sync::Semaphore, time::sleep};

use super::{
    Ended, FleetOptions, FleetPlan, FleetReport, FleetStep, TenantFailure,
    attempt::{Attempt, passes},
    ledger,
};
use crate::{Error, Result, Tenant, TenantId, Tenants};

/// How many tenants may wait for a further try beside those that are worked on.
const MOST_WAITING: usize = 64;
/// The longest wait before a further try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
/// How long to wait for tenants that another program works on before looking again.
const ELSEWHERE: Duration = Duration::from_millis(200);
/// For how long it may not be known which of them are behind still, such as while a server gives way to another.
const BLIND: Duration = Duration::from_mins(1);

/// Where a run takes tenants.
#[derive(Clone, Copy)]
pub(super) enum Goal<'a> {
    /// To the program's last migration.
    Head,
    /// Back to this one.
    Back(&'a str),
}

/// What became of a tenant.
enum Outcome {
    Done { news: bool },
    Elsewhere,
    Failed { error: DbErr, tries: u32 },
    Untouched,
}

/// What works on tenants.
struct Worker<'a> {
    tenants: &'a Tenants,
    goal: Goal<'a>,
    options: &'a FleetOptions,
    database: DatabaseConnection,
    width: usize,
    permits: Semaphore,
    failures: AtomicUsize,
}

/// What came of it so far.
struct Tally<W> {
    report: FleetReport,
    finished: usize,
    /// What was done, and whether by this run.
    done: HashMap<TenantId, bool>,
    watch: W,
}

impl Tenants {
    /// Brings the tenants of the plan to the head, and tells `watch` of each. Two programs may do so at once: each tenant is
    /// migrated by one of them.
    ///
    /// # Errors
    /// When the ledger cannot be read, when a tenant is named that does not exist, or when a migration was changed after it had
    /// been applied or is refused by the linter of the options. A tenant's own failure is in the report.
    pub async fn migrate_fleet(&self, options: &FleetOptions, watch: impl FnMut(FleetStep<'_>)) -> Result<FleetReport> {
        let plan = self.plan_fleet(options).await?;
        if !plan.is_empty() {
            self.refuse_changed().await?;
            if let Some(linter) = &options.linter {
                self.refuse_findings(linter).await?;
            }
        }
        self.run_through(plan, Goal::Head, options, watch).await
    }

    /// Takes the tenants of the plan where the run goes.
    pub(super) async fn run_through(
        &self,
        plan: FleetPlan,
        goal: Goal<'_>,
        options: &FleetOptions,
        watch: impl FnMut(FleetStep<'_>),
    ) -> Result<FleetReport> {
        if plan.is_empty() {
            return Ok(FleetReport::default());
        }
        let worker = Worker::new(self, goal, options);
        let report = FleetReport { behind: plan.len(), ..FleetReport::default() };
        let mut tally = Tally { report, finished: 0, done: HashMap::new(), watch };
        let result = worker.work_until_kept(plan, &mut tally).await;
        // Cannot fail: closing waits for the connections and returns.
        let _closed = worker.database.close_by_ref().await;
        result.map(|()| tally.report)
    }

    /// Waits until everything that was committed so far is on disk: this commit waits for its own record, which comes after theirs.
    async fn wait_for_disk(&self) -> Result<(), DbErr> {
        let sql = "SELECT pg_logical_emit_message(true, 'tenantry', 'the fleet is migrated')";
        self.inner.direct.execute_unprepared(sql).await.map(drop)
    }
}

impl<'a> Worker<'a> {
    fn new(tenants: &'a Tenants, goal: Goal<'a>, options: &'a FleetOptions) -> Self {
        let width = options.parallel.min(options.connections.unwrap_or(usize::MAX)).max(1);
        // A pool of its own: it is the budget, and a large fleet does not take the connections that provisioning needs. Its commits do
        // not wait for the disk; the run does, once, at its end.
        let pool = PgPoolOptions::new()
            .max_connections(u32::try_from(width).unwrap_or(u32::MAX))
            .acquire_timeout(Duration::from_secs(30))
            .connect_lazy_with(tenants.direct_options().options([("synchronous_commit", "off")]));
        Self {
            tenants,
            goal,
            options,
            database: SqlxPostgresConnector::from_sqlx_postgres_pool(pool),
            width,
            permits: Semaphore::new(width),
            failures: AtomicUsize::new(0),
        }
    }

    /// Works through the plan, and again through what a server that crashed meanwhile has lost.
    async fn work_until_kept<W: FnMut(FleetStep<'_>)>(&self, plan: FleetPlan, tally: &mut Tally<W>) -> Result<()> {
        self.work_through(plan, tally).await?;
        loop {
            let lost = self.lost(tally).await;
            if lost.is_empty() {
                break;
            }
            tracing::warn!(tenants = lost.len(), "the database has lost migrations that were done; they are done again");
            self.phase(lost, false, tally).await?;
        }
        if self.is_stopped() && tally.report.untouched > 0 {
            tally.report.ended = Ended::Stopped;
        } else if tally.report.untouched > 0 && tally.report.ended == Ended::Complete {
            tally.report.ended = Ended::TooManyFailures;
        }
        Ok(())
    }

    /// The tenants that are not where the run takes them.
    async fn left(&self) -> Result<Vec<Tenant>> {
        match self.goal {
            Goal::Head => self.tenants.tenants_behind().await,
            Goal::Back(version) => self.tenants.tenants_past(version).await,
        }
    }

    /// What was done and is undone again, once the disk has all that there is. Where that cannot be found out, the run has done what it
    /// could, and its report is worth more than the answer.
    async fn lost<W: FnMut(FleetStep<'_>)>(&self, tally: &mut Tally<W>) -> Vec<Tenant> {
        if self.options.rehearse || tally.done.is_empty() {
            return Vec::new();
        }
        if let Err(error) = self.tenants.wait_for_disk().await {
            tracing::warn!(%error, "it is not known whether the disk has all migrations; a crash now would lose the last ones");
        }
        match self.left().await {
            Ok(left) => left.into_iter().filter(|tenant| tally.take_back(tenant.id)).collect(),
            Err(error) => {
                tracing::warn!(%error, "it is not known whether the database still has all migrations");
                Vec::new()
            }
        }
    }

    async fn work_through<W: FnMut(FleetStep<'_>)>(&self, plan: FleetPlan, tally: &mut Tally<W>) -> Result<()> {
        self.phase(plan.canaries, true, tally).await?;
        if !tally.report.failed.is_empty() {
            tally.report.untouched += plan.others.len();
            tally.report.ended = Ended::CanaryFailed;
        } else if tally.report.ended == Ended::Elsewhere {
            tally.report.untouched += plan.others.len();
        } else {
            self.phase(plan.others, false, tally).await?;
        }
        Ok(())
    }

    async fn phase<W: FnMut(FleetStep<'_>)>(&self, tenants: Vec<Tenant>, canary: bool, tally: &mut Tally<W>) -> Result<()> {
        let mut left = self.pass(tenants, canary, tally).await;
        let began = Instant::now();
        let mut seen = began;
        while !left.is_empty() {
            if self.is_stopped() {
                tally.report.untouched += left.len();
                return Ok(());
            }
            if self.options.patience.is_some_and(|patience| began.elapsed() >= patience) {
                tally.report.untouched += left.len();
                tally.report.ended = Ended::Elsewhere;
                return Ok(());
            }
            // Another program works on these. It may fail, or be killed: then they are this one's again, as they are by now.
            sleep(ELSEWHERE).await;
            let behind = match self.left().await {
                Ok(behind) => behind,
                Err(Error::Database(error)) if passes(&error) && seen.elapsed() < BLIND => {
                    tracing::debug!(%error, "it is not known which tenants are behind; it is looked again");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut behind: HashMap<TenantId, Tenant> = behind.into_iter().map(|tenant| (tenant.id, tenant)).collect();
            let mut again = Vec::new();
            for tenant in left {
                match behind.remove(&tenant.id) {
                    Some(tenant) => again.push(tenant),
                    None => tally.note(tenant, Outcome::Done { news: false }, canary),
                }
            }
            left = self.pass(again, canary, tally).await;
            seen = Instant::now();
        }
        Ok(())
    }

    /// Works through the tenants once; gives back those that another program is at.
    async fn pass<W: FnMut(FleetStep<'_>)>(&self, tenants: Vec<Tenant>, canary: bool, tally: &mut Tally<W>) -> Vec<Tenant> {
        let mut elsewhere = Vec::new();
        // More than are worked on: those that wait for a further try hold no permit.
        let mut results = stream::iter(tenants)
            .map(|tenant| async move {
                let outcome = self.work(&tenant).await;
                (tenant, outcome)
            })
            .buffer_unordered(self.width + MOST_WAITING);
        while let Some((tenant, outcome)) = results.next().await {
            match outcome {
                Outcome::Elsewhere => elsewhere.push(tenant),
                outcome => tally.note(tenant, outcome, canary),
            }
        }
        elsewhere
    }

    /// Takes one tenant where the run goes, in as many tries as it may have.
    async fn work(&self, tenant: &Tenant) -> Outcome {
        let mut tries = 0;
        let mut failure = None;
        while tries < self.options.tries.max(1) {
            let Ok(permit) = self.permits.acquire().await else { break };
            if self.is_stopped() || self.has_too_many_failures() {
                break;
            }
            tries += 1;
            let tried = match self.goal {
                Goal::Head => self.tenants.attempt(&self.database, tenant, self.options, tries).await,
                Goal::Back(version) => self.tenants.attempt_back(&self.database, tenant, version, self.options, tries).await,
            };
            let error = match tried {
                Ok(attempt) => {
                    self.tenants.inner.directory.forget(tenant.id);
                    return match attempt {
                        Attempt::Done { news } => self.done(news).await,
                        Attempt::Elsewhere => Outcome::Elsewhere,
                    };
                }
                Err(error) => error,
            };
            drop(permit);
            let again = passes(&error) && tries < self.options.tries;
            tracing::debug!(tenant = %tenant.slug, %error, tries, again, "a try failed");
            failure = Some(error);
            if !again {
                break;
            }
            self.wait(tries).await;
        }
        let Some(error) = failure else { return Outcome::Untouched };
        self.failures.fetch_add(1, Ordering::Relaxed);
        // Who cannot be taken back is where it was, and the ledger says so already.
        if !self.options.rehearse && matches!(self.goal, Goal::Head) {
            // The first thing that went wrong is what the report names.
            let now = (self.options.clock)();
            let written = ledger::write_failed(&self.database, tenant, self.tenants.head(), &error, now, tries).await;
            if let Err(error) = written {
                tracing::warn!(tenant = %tenant.slug, %error, "the ledger of migrations could not be written");
            }
        }
        Outcome::Failed { error, tries }
    }

    /// What one tenant has, stays as it is.
    async fn done(&self, news: bool) -> Outcome {
        if !self.options.rehearse && matches!(self.goal, Goal::Head) {
            self.tenants.freeze((self.options.clock)()).await;
        }
        Outcome::Done { news }
    }

    fn is_stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| *stop.borrow())
    }

    fn has_too_many_failures(&self) -> bool {
        self.options.max_failures.is_some_and(|most| self.failures.load(Ordering::Relaxed) >= most)
    }

    /// Waits before a further try: twice as long each time, and never in step with the others; not at all once the run stops.
    async fn wait(&self, tries: u32) {
        let longest = self.options.backoff.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST_BACKOFF);
        let waiting = sleep(longest.mul_f64(0.5 + fraction() / 2.0));
        match self.options.stop.clone() {
            Some(mut stop) => {
                let stopped = async {
                    // Without a sender nobody can stop the run any more.
                    if stop.wait_for(|stop| *stop).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    () = waiting => {}
                    () = stopped => {}
                }
            }
            None => waiting.await,
        }
    }
}

/// A number from 0 to 1. Nothing but the spread of waiting times depends on it.
fn fraction() -> f64 {
    let bits = uuid::Uuid::new_v4().as_u128() & 0xFFFF;
    f64::from(u16::try_from(bits).unwrap_or(0)) / f64::from(u16::MAX)
}

impl<W: FnMut(FleetStep<'_>)> Tally<W> {
    fn note(&mut self, tenant: Tenant, outcome: Outcome, canary: bool) {
        let succeeded = match outcome {
            Outcome::Untouched | Outcome::Elsewhere => {
                self.report.untouched += 1;
                return;
            }
            Outcome::Done { .. } => true,
            Outcome::Failed { .. } => false,
        };
        self.finished += 1;
        let failed = self.report.failed.len() + usize::from(!succeeded);
        let (finished, of) = (self.finished, self.report.behind);
        (self.watch)(FleetStep { finished, of, failed, tenant: &tenant, succeeded, canary });
        match outcome {
            Outcome::Failed { error, tries } => {
                let error = Error::Migration { tenant: tenant.id, source: error };
                self.report.failed.push(TenantFailure { tenant, error, tries });
            }
            outcome => {
                let is_own = matches!(outcome, Outcome::Done { news: true });
                *if is_own { &mut self.report.migrated } else { &mut self.report.elsewhere } += 1;
                self.done.insert(tenant.id, is_own);
            }
        }
    }

    /// Takes back that a tenant is done, if it was.
    fn take_back(&mut self, tenant: TenantId) -> bool {
        let Some(is_own) = self.done.remove(&tenant) else { return false };
        *if is_own { &mut self.report.migrated } else { &mut self.report.elsewhere } -= 1;
        self.finished -= 1;
        true
    }
}
