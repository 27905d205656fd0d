//! What came of a run so far.

use std::collections::HashMap;

use sea_orm::DbErr;

use super::{FleetReport, FleetStep, TenantFailure};
use crate::{Error, Tenant, TenantId};

/// What became of a tenant.
pub(super) enum Outcome {
    Done { news: bool },
    Elsewhere,
    Failed { error: DbErr, tries: u32 },
    Untouched,
}

/// What came of it so far.
pub(super) struct Tally<W> {
    /// The version that tenants are taken back to, if it is not the head that they are brought to.
    back_to: Option<String>,
    pub(super) report: FleetReport,
    finished: usize,
    /// What was done, and whether by this run.
    done: HashMap<TenantId, bool>,
    watch: W,
}

impl<W: FnMut(FleetStep<'_>)> Tally<W> {
    pub(super) fn new(back_to: Option<&str>, report: FleetReport, watch: W) -> Self {
        Self { back_to: back_to.map(str::to_owned), report, finished: 0, done: HashMap::new(), watch }
    }

    /// Notes what became of a tenant, and tells it to whoever watches.
    pub(super) fn note(&mut self, tenant: Tenant, outcome: Outcome, canary: bool) {
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
                let error = match self.back_to.clone() {
                    Some(version) => Error::TakingBack { tenant: tenant.id, version, source: error },
                    None => Error::Migration { tenant: tenant.id, source: error },
                };
                self.report.failed.push(TenantFailure { tenant, error, tries });
            }
            outcome => {
                let is_own = matches!(outcome, Outcome::Done { news: true });
                *if is_own { &mut self.report.migrated } else { &mut self.report.elsewhere } += 1;
                self.done.insert(tenant.id, is_own);
            }
        }
    }

    /// Whether nothing was done, by this run or by another program meanwhile.
    pub(super) fn nothing_is_done(&self) -> bool {
        self.done.is_empty()
    }

    /// Forgets that a tenant is done, if it was; whether it was.
    pub(super) fn forget(&mut self, tenant: TenantId) -> bool {
        let Some(is_own) = self.done.remove(&tenant) else { return false };
        *if is_own { &mut self.report.migrated } else { &mut self.report.elsewhere } -= 1;
        self.finished -= 1;
        true
    }
}
