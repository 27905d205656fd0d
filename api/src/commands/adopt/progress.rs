//! How far an adoption is: a moving line in a terminal, a line now and then in a log.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tenancy::AdoptionStep;

/// The longest that a log says nothing while rows are read.
const SILENCE: Duration = Duration::from_secs(10);
/// How often a terminal shows that the work goes on.
const TICK: Duration = Duration::from_millis(200);

/// Shows how far an adoption is, on standard error.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    pub(super) fn new() -> anyhow::Result<Self> {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {msg}")?;
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(TICK);
            Some(bar)
        } else {
            None
        };
        Ok(Self { bar, told: Instant::now() })
    }

    pub(super) fn tell(&mut self, step: AdoptionStep<'_>) {
        if let Some(bar) = &self.bar {
            return bar.set_message(match step {
                AdoptionStep::Reading { table, rows } => format!("reading rows for {table}: {rows}"),
                AdoptionStep::Judging { table } => format!("checking the rows for {table}"),
                AdoptionStep::Storing { table } => format!("storing the rows of {table}"),
                AdoptionStep::Finishing => "making indexes and checking references".to_owned(),
            });
        }
        match step {
            AdoptionStep::Reading { .. } if self.told.elapsed() < SILENCE => return,
            AdoptionStep::Reading { table, rows } => tracing::info!(table, rows, "reading rows"),
            AdoptionStep::Judging { table } => tracing::info!(table, "checking rows"),
            AdoptionStep::Storing { table } => tracing::info!(table, "storing rows"),
            AdoptionStep::Finishing => tracing::info!("making indexes and checking references"),
        }
        self.told = Instant::now();
    }

    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
