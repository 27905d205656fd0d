//! How far an adoption is: a moving line in a terminal, a line now and then in a log.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tenancy::AdoptionStep;

/// The longest that a log says nothing.
const SILENCE: Duration = Duration::from_secs(10);

/// Shows how far an adoption is, on standard error.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Progress {
    pub(super) fn new() -> anyhow::Result<Self> {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} reading rows for {msg}: {pos}")?;
            Some(ProgressBar::new_spinner().with_style(style))
        } else {
            None
        };
        Ok(Self { bar, told: Instant::now() })
    }

    pub(super) fn tell(&mut self, step: AdoptionStep<'_>) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(step.table.to_owned());
                bar.set_position(step.rows);
            }
            None if self.told.elapsed() >= SILENCE => {
                self.told = Instant::now();
                tracing::info!(table = step.table, rows = step.rows, "reading rows");
            }
            None => {}
        }
    }

    pub(super) fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
