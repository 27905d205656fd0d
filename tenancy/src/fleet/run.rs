//! A run over the tenants: several at a time, canaries first, with an orderly end.

use std::{
    collections::HashMap,
    sync::atomic::AtomicUsize,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::PgPoolOptions;
use tokio::{sync::Semaphore, time::sleep};
use tracing::log::LevelFilter;

use super::{
    Ended, FleetOptions, FleetPlan, FleetReport, FleetStep,
    attempt::passes,
    tally::{Outcome, Tally},
};
use crate::{Error, Result, Tenant, TenantId, Tenants};

/// How many tenants may wait for a further try beside those that are worked on.
const MOST_WAITING: usize = 64;
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

/// What works on tenants.
pub(super) struct Worker<'a> {
    pub(super) tenants: &'a Tenants,
    pub(super) goal: Goal<'a>,
    pub(super) options: &'a FleetOptions,
    pub(super) database: DatabaseConnection,
    width: usize,
    pub(super) permits: Semaphore,
    pub(super) failures: AtomicUsize,
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
        let back_to = match goal {
            Goal::Head => None,
            Goal::Back(version) => Some(version),
        };
        let mut tally = Tally::new(back_to, report, watch);
        let result = worker.work_until_kept(plan, &mut tally).await;
        // Cannot fail: closing waits for the connections and returns.
        let _closed = worker.database.close_by_ref().await;
        result.map(|()| tally.report)
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
            .acquire_slow_level(LevelFilter::Off)
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

    /// The tenants that are not where the run takes them. Who asks about some says so, for all schemas are not read in a moment.
    pub(super) async fn left(&self, among: Option<&[Tenant]>) -> Result<Vec<Tenant>> {
        match self.goal {
            Goal::Head => self.tenants.tenants_behind().await,
            Goal::Back(version) => self.tenants.tenants_past(version, among).await,
        }
    }

    /// Works through the plan: the others only if all canaries succeed.
    pub(super) async fn work_through<W: FnMut(FleetStep<'_>)>(&self, plan: FleetPlan, tally: &mut Tally<W>) -> Result<()> {
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

    /// Works through the tenants until none is left, or until it has waited long enough for those that another program is at.
    pub(super) async fn phase<W: FnMut(FleetStep<'_>)>(
        &self,
        tenants: Vec<Tenant>,
        canary: bool,
        tally: &mut Tally<W>,
    ) -> Result<()> {
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
            let behind = match self.left(Some(&left)).await {
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

    pub(super) fn is_stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| *stop.borrow())
    }
}
