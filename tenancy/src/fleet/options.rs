//! What a run over the tenants is asked to do, and what it did.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::Linter;
use crate::{Error, Slug, Tenant};

/// Which tenants go first. The others are touched only if all of these succeed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Canaries {
    /// None.
    #[default]
    None,
    /// These, where they are behind.
    Named(Vec<Slug>),
    /// So many, spread evenly over those that are behind.
    Count(usize),
}

/// What a run over the tenants is asked to do.
#[derive(Clone)]
pub struct FleetOptions {
    /// How many tenants are migrated at a time.
    pub parallel: usize,
    /// How many connections the run may open for that; as many as `parallel` where none is given.
    pub connections: Option<usize>,
    /// Which tenants go first.
    pub canaries: Canaries,
    /// Only these tenants; all where it is empty.
    pub only: Vec<Slug>,
    /// Only tenants whose last try failed.
    pub retry_failed: bool,
    /// How long a statement waits for a lock: while it does, every later statement on the table waits behind it.
    pub lock_timeout: Duration,
    /// How often a tenant is tried in one run when a lock, a deadlock or a lost connection was in the way.
    pub tries: u32,
    /// How long to wait before the second try; doubled for each further one.
    pub backoff: Duration,
    /// How long to wait for tenants that another program is at: a migrator, a backup, a restore. Those that are left then are not begun.
    /// None: until it is done with them.
    pub patience: Option<Duration>,
    /// After how many failures no further tenant is begun.
    pub max_failures: Option<usize>,
    /// What judges the migrations that no tenant has yet before any tenant is touched; none lets them all pass.
    pub linter: Option<Linter>,
    /// Roll every tenant back instead of committing, and leave the ledger as it is.
    pub rehearse: bool,
    /// Becomes true when the run should end after the tenants under way.
    pub stop: Option<watch::Receiver<bool>>,
    /// Tells the time.
    pub clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl FleetOptions {
    /// The usual: four at a time, no canaries, five seconds for a lock, five tries.
    pub fn new(clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>) -> Self {
        Self {
            parallel: 4,
            connections: None,
            canaries: Canaries::None,
            only: Vec::new(),
            retry_failed: false,
            lock_timeout: Duration::from_secs(5),
            tries: 5,
            backoff: Duration::from_millis(250),
            patience: None,
            max_failures: None,
            linter: None,
            rehearse: false,
            stop: None,
            clock,
        }
    }

    /// The same, at a time that stands still.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self::new(Arc::new(move || now))
    }
}

impl fmt::Debug for FleetOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FleetOptions")
            .field("parallel", &self.parallel)
            .field("canaries", &self.canaries)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}

/// A tenant whose migration failed.
#[derive(Debug)]
pub struct TenantFailure {
    /// The tenant.
    pub tenant: Tenant,
    /// Why.
    pub error: Error,
    /// How often it was tried in this run.
    pub tries: u32,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ended {
    /// Every tenant of the plan was tried.
    #[default]
    Complete,
    /// It was asked to stop.
    Stopped,
    /// A canary failed.
    CanaryFailed,
    /// As many tenants failed as may.
    TooManyFailures,
    /// Another program is at the rest for longer than was to be waited.
    Elsewhere,
}

/// What a run over the tenants did.
#[derive(Debug, Default)]
pub struct FleetReport {
    /// How many tenants were not where the run takes them.
    pub behind: usize,
    /// How many of them this run brought there.
    pub migrated: usize,
    /// How many another program brought there at the same time.
    pub elsewhere: usize,
    /// Those that were tried and are not there.
    pub failed: Vec<TenantFailure>,
    /// How many were not begun.
    pub untouched: usize,
    /// How the run came to its end.
    pub ended: Ended,
}

/// A step of a run, for whoever watches it.
#[derive(Debug, Clone, Copy)]
pub struct FleetStep<'a> {
    /// How many tenants have been worked on, this one included.
    pub finished: usize,
    /// How many there are to work on.
    pub of: usize,
    /// How many have failed, this one included.
    pub failed: usize,
    /// The tenant that was just worked on.
    pub tenant: &'a Tenant,
    /// Whether it is now where the run takes it.
    pub succeeded: bool,
    /// Whether it is one of those that go first.
    pub canary: bool,
}
