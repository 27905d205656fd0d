//! Exports that owners ask for: an organisation's data as one file, made beside the requests, kept for some days.
//!
//! A wish is a row (`platform.exports`) before anything is done. Any number of processes make what is due: a row is claimed for a
//! while (`claim.rs`), and the claim is renewed while its process lives, so that another one takes over where that is killed. A file
//! is named by its row before its first byte is written, and the row says so until the file is gone.
//!
//! - `ask` is what owners ask for and see, `download` how they get it.
//! - `make` makes what is due, `remove` removes what has expired, and what a deleted tenant has left.

mod ask;
mod claim;
mod download;
mod make;
mod options;
mod remove;

use std::{ops::Range, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use tenancy::{ArchivePlace, PlatformConnection, Tenants};
use tokio::sync::Notify;

use crate::{
    app::Clock,
    background::{every, every_or_due},
    config::Config,
    lifecycle::Lifecycle,
    mail::Mail,
};

pub use download::{Download, Leave};
pub use options::ExportOptions;
pub(crate) use remove::remove_all;

/// How long it is paused before it is looked again what is due, unless this process was asked itself.
const PAUSE: Range<Duration> = Duration::from_secs(10)..Duration::from_secs(20);

/// What makes and keeps exports.
#[derive(Debug)]
pub struct Exports {
    tenants: Tenants,
    platform: PlatformConnection,
    mail: Arc<Mail>,
    lifecycle: Arc<Lifecycle>,
    options: ExportOptions,
    /// Where files are put.
    place: ArchivePlace,
    /// Notified when this process was asked for one.
    due: Notify,
}

impl Exports {
    /// As configured. Nothing is made until [`run`](Self::run) or [`do_due`](Self::do_due).
    ///
    /// # Errors
    /// When the place of files makes no sense.
    pub fn new(config: &Config, tenants: &Tenants, mail: &Arc<Mail>, lifecycle: &Arc<Lifecycle>) -> anyhow::Result<Self> {
        let options = config.exports.clone();
        let place = options.export_to.clone().unwrap_or_else(|| ArchivePlace::File(config.data_directory.join("exports")));
        Ok(Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            mail: Arc::clone(mail),
            lifecycle: Arc::clone(lifecycle),
            options,
            place: place.absolute()?,
            due: Notify::new(),
        })
    }

    /// Does what becomes due, for as long as the program runs.
    pub(crate) async fn run(self: Arc<Self>, clock: Clock) {
        // Two are made at a time, each by itself, so that a large organisation does not keep the others waiting; and neither does a place
        // that is slow to remove what has expired.
        tokio::join!(
            every_or_due(PAUSE, &self.due, || self.try_make_due(&clock)),
            every_or_due(PAUSE, &self.due, || self.try_make_due(&clock)),
            every(PAUSE, || self.try_remove_due(&clock)),
        );
    }

    /// Makes the exports that are due, and removes those whose time is over. What fails is logged, and tried again later.
    pub async fn do_due(&self, clock: &Clock) {
        self.try_remove_due(clock).await;
        tokio::join!(self.try_make_due(clock), self.try_make_due(clock));
    }

    async fn try_make_due(&self, clock: &Clock) {
        if let Err(error) = self.make_due(clock).await {
            tracing::warn!(%error, "an export was not made; it is tried again");
        }
    }

    async fn try_remove_due(&self, clock: &Clock) {
        if let Err(error) = self.remove_due(clock()).await {
            tracing::warn!(%error, "it is not known which exports have expired");
        }
    }

    /// Changes the control plane, and says how many rows.
    async fn change<C: ConnectionTrait, const N: usize>(connection: &C, sql: &str, values: [Value; N]) -> Result<u64, DbErr> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        connection.execute_raw(statement).await.map(|result| result.rows_affected())
    }
}
