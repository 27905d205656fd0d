//! What tenants use: counted in memory with each request, written day by day, and shown to operators.
//!
//! A request takes one lock of a part of the [`book`] when it comes and one when it is answered, and asks nothing of the database. What
//! was counted is written every few seconds ([`flush`]): a process that is killed loses as much as it has counted since.

mod book;
mod counting;
mod flush;
mod measure;
mod options;
pub mod report;
mod reserve;
mod series;
pub mod slow;
mod warning;

use std::{ops::Range, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tenancy::{PlatformConnection, Tenants};
use tokio::sync::Mutex;

pub use book::{Day, Tally};
pub use counting::Counting;
pub(crate) use counting::until_tomorrow;
pub use options::UsageOptions;
pub(crate) use warning::QuotaUse;

use crate::{app::Clock, background::every, config::Config, mail::Mail};
use book::Book;

/// How long it is paused before what was counted is written.
const PAUSE: Range<Duration> = Duration::from_secs(7)..Duration::from_secs(10);

/// What this process has counted.
#[derive(Debug)]
pub struct Usage {
    tenants: Tenants,
    platform: PlatformConnection,
    mail: Arc<Mail>,
    options: UsageOptions,
    billing_contact: Option<String>,
    book: Book,
    outgoing: Mutex<flush::Outgoing>,
    slow: slow::Pending,
}

impl Usage {
    /// Nothing counted yet.
    pub fn new(config: &Config, tenants: &Tenants, mail: &Arc<Mail>) -> Self {
        Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            mail: Arc::clone(mail),
            options: config.usage.clone(),
            billing_contact: config.lifecycle.billing_contact.clone(),
            book: Book::default(),
            outgoing: Mutex::new(flush::Outgoing::new()),
            slow: slow::Pending::default(),
        }
    }

    /// Writes what was counted, and does what is done every so often, for as long as the program serves.
    pub(crate) async fn run(self: Arc<Self>, clock: Clock) {
        let count = every(PAUSE, || async {
            self.choose_top();
            self.write(clock()).await;
        });
        // Beside it: measuring many tenants takes longer than what was counted may wait.
        let measure = every(PAUSE, || async {
            if let Err(error) = self.do_periodic(clock()).await {
                tracing::warn!(error = format!("{error:#}"), "the storage of tenants was not measured");
            }
        });
        tokio::join!(count, measure);
    }

    /// Writes what was counted. What cannot be written is kept, and written later.
    pub async fn write(&self, now: DateTime<Utc>) {
        if let Err(error) = self.flush(now).await {
            tracing::warn!(error = format!("{error:#}"), "what tenants have used was not written; it will be later");
        }
        if let Err(error) = self.flush_slow().await {
            tracing::warn!(error = format!("{error:#}"), "slow operations were not written");
        }
    }

    /// Chooses anew which tenants have series of their own among the metrics: those with the most requests lately.
    pub fn choose_top(&self) {
        self.book.choose_top(self.options.metrics_tenants);
    }

    /// The series of tenants, in the form that Prometheus reads.
    pub fn series(&self) -> String {
        if self.options.metrics_tenants == 0 { String::new() } else { series::render(&self.book) }
    }
}
