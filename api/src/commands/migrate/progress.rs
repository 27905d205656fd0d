//! How far a run is: a bar in a terminal, a line now and then in a log.

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tenancy::FleetStep;

/// The longest that a log says nothing.
const SILENCE: Duration = Duration::from_secs(10);

/// Shows how far a run is, on standard error.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    doing: &'static str,
    began: Instant,
    told: Instant,
}

impl Progress {
    /// Of what is done to the tenants, such as `migrating tenants`.
    pub(super) fn new(doing: &'static str) -> anyhow::Result<Self> {
        let bar = if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(&format!("{doing} {{bar:30}} {{pos}}/{{len}} {{eta}} {{msg}}"))?;
            Some(ProgressBar::new(0).with_style(style))
        } else {
            None
        };
        Ok(Self { bar, doing, began: Instant::now(), told: Instant::now() })
    }

    pub(super) fn tell(&mut self, step: FleetStep<'_>) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(u64::try_from(step.of).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(step.finished).unwrap_or(u64::MAX));
                let canary = if step.canary { "canary " } else { "" };
                let failed = if step.failed == 0 { String::new() } else { format!(", {} failed", step.failed) };
                bar.set_message(format!("{canary}{}{failed}", step.tenant.slug));
            }
            None if self.told.elapsed() >= SILENCE || step.finished == step.of => {
                self.told = Instant::now();
                let seconds = self.began.elapsed().as_secs();
                tracing::info!(finished = step.finished, of = step.of, failed = step.failed, seconds, "{}", self.doing);
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
