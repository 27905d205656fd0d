//! What a run has done is on disk when it ends.
//!
//! Its commits do not wait for the disk, so a server that crashes and comes back meanwhile has lost the last of them. The run looks for
//! these at its end, and does them again.

use sea_orm::{ConnectionTrait as _, DbErr};

use super::{Ended, FleetPlan, FleetStep, run::Worker, tally::Tally};
use crate::{Result, Tenant, Tenants};

impl Tenants {
    /// Waits until everything that was committed so far is on disk: this commit waits for its own record, which comes after theirs.
    async fn wait_for_disk(&self) -> Result<(), DbErr> {
        let sql = "SELECT pg_logical_emit_message(true, 'tenantry', 'the fleet is migrated')";
        self.inner.direct.execute_unprepared(sql).await.map(drop)
    }
}

impl Worker<'_> {
    /// Works through the plan, and again through what a server that crashed meanwhile has lost.
    pub(super) async fn work_until_kept<W: FnMut(FleetStep<'_>)>(&self, plan: FleetPlan, tally: &mut Tally<W>) -> Result<()> {
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

    /// What was done and is undone again, once the disk has all that there is. Where that cannot be found out, the run has done what it
    /// could, and its report is worth more than the answer.
    async fn lost<W: FnMut(FleetStep<'_>)>(&self, tally: &mut Tally<W>) -> Vec<Tenant> {
        if self.options.rehearse || tally.nothing_is_done() {
            return Vec::new();
        }
        if let Err(error) = self.tenants.wait_for_disk().await {
            tracing::warn!(%error, "it is not known whether the disk has all migrations; a crash now would lose the last ones");
        }
        match self.left(None).await {
            Ok(left) => left.into_iter().filter(|tenant| tally.forget(tenant.id)).collect(),
            Err(error) => {
                tracing::warn!(%error, "it is not known whether the database still has all migrations");
                Vec::new()
            }
        }
    }
}
