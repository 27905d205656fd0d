//! One tenant, in as many tries as it may have.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::sleep;

use super::{
    attempt::{Attempt, passes},
    ledger,
    run::{Goal, Worker},
    tally::Outcome,
};
use crate::Tenant;

/// The longest wait before a further try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

impl Worker<'_> {
    /// Takes one tenant where the run goes, in as many tries as it may have.
    pub(super) async fn work(&self, tenant: &Tenant) -> Outcome {
        let mut tries = 0;
        let mut failure = None;
        while tries < self.options.tries.max(1) {
            let Ok(permit) = self.permits.acquire().await else { break };
            if self.is_stopped() || self.has_too_many_failures() {
                break;
            }
            tries += 1;
            let outcome = match self.goal {
                Goal::Head => self.tenants.attempt(&self.database, tenant, self.options, tries).await,
                Goal::Back(version) => self.tenants.attempt_back(&self.database, tenant, version, self.options, tries).await,
            };
            let error = match outcome {
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
