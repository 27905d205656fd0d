//! Backups by schedule: each tenant's archive in its turn, which of them are kept, and proof now and then that they can be restored.
//!
//! Any number of processes share the work. A turn is claimed for a while (`turn.rs`), and the claim is renewed while its process
//! lives: where that is killed, another one takes over and removes what was half done. An archive is known by its row
//! (`platform.backups`) before its first byte is written, and nothing is removed that has no row.

mod drill;
mod make;
mod options;
mod removal;
mod retention;
mod rotate;
mod status;
mod turn;

use std::{ops::Range, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use tenancy::{ArchiveKey, ArchivePlace, PlatformConnection, TenantId, Tenants};

use crate::{app::Clock, background::every, config::Config};

pub use drill::{DrillResult, Flaw};
pub use make::Attempt;
pub use options::{BackupOptions, Every};
pub(crate) use removal::hand_over;
pub use retention::Retention;
pub use rotate::Rotation;
pub use status::BackupStatus;

/// How long it is paused before it is looked what is due.
const PAUSE: Range<Duration> = Duration::from_secs(15)..Duration::from_secs(30);

/// What looks after the archives.
#[derive(Debug)]
pub struct Backups {
    tenants: Tenants,
    platform: PlatformConnection,
    options: BackupOptions,
    key: Option<ArchiveKey>,
    /// Where archives go, if anywhere.
    place: Option<ArchivePlace>,
}

impl Backups {
    /// As configured.
    ///
    /// # Errors
    /// When the file of the key cannot be read.
    pub fn new(config: &Config, tenants: &Tenants) -> anyhow::Result<Self> {
        let options = config.backup.clone();
        let key = options.key().context("The key of --backup-key-file cannot be used")?;
        let place = options.backup_to.as_ref().map(ArchivePlace::absolute).transpose()?;
        Ok(Self { tenants: tenants.clone(), platform: tenants.platform(), options, key, place })
    }

    /// Where archives go, if anywhere.
    pub fn place(&self) -> Option<&ArchivePlace> {
        self.place.as_ref()
    }

    /// Does what becomes due, for as long as the program runs.
    pub(crate) async fn run(self: Arc<Self>, clock: Clock) {
        let make = every(PAUSE, || self.do_due(&clock));
        // Beside it: restoring takes longer than archiving, which does not wait for it.
        let drill = every(PAUSE, || async {
            if let Err(error) = self.drill_due(&clock).await {
                tracing::warn!(error = format!("{error:#}"), "no archive could be tried; it is tried again later");
            }
        });
        tokio::join!(make, drill);
    }

    /// Makes the archives that are due, and removes those of tenants that are gone. What fails is logged, and tried again later.
    pub async fn do_due(&self, clock: &Clock) {
        if let Err(error) = self.remove_due(clock()).await {
            tracing::warn!(%error, "archives of deleted tenants could not be removed");
        }
        let Some(place) = &self.place else { return };
        if let Err(error) = self.make_planned(place, clock).await {
            tracing::warn!(%error, "it is not known which tenants are to be backed up");
        }
    }

    async fn make_planned(&self, place: &ArchivePlace, clock: &Clock) -> Result<usize, DbErr> {
        self.plan(clock()).await?;
        self.make_due(place, None, clock, &|_| {}).await
    }

    /// Backs up these tenants now, or all, but for those that another process is at. `watch` is told of each.
    pub async fn make_now(
        &self,
        only: Option<&[TenantId]>,
        clock: &Clock,
        watch: &(dyn Fn(&Attempt) + Sync),
    ) -> anyhow::Result<usize> {
        let place = self.place.as_ref().context("It is not said where to: give --backup-to")?;
        self.plan(clock()).await?;
        let wanted = self.bring_forward(only, clock()).await?;
        Ok(self.make_due(place, Some(&wanted), clock, watch).await?)
    }

    fn every(&self) -> TimeDelta {
        self.options.backup_every.0
    }

    /// What was begun before this is no recent archive.
    fn late_before(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.every() * 3 / 2
    }
}
