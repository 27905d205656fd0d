//! The log, and with the feature `opentelemetry` traces.
//!
//! Without it `untraced` stands in for `traces`, so that those who call it need not know.

#[cfg(feature = "opentelemetry")]
mod collector;
#[cfg(feature = "opentelemetry")]
mod line;
#[cfg(feature = "opentelemetry")]
mod trace_parent;
#[cfg(feature = "opentelemetry")]
pub(crate) mod traces;
#[cfg(not(feature = "opentelemetry"))]
pub(crate) mod untraced;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use traces::Sending;
#[cfg(not(feature = "opentelemetry"))]
pub(crate) use untraced as traces;

use crate::config::{Config, LogFormat};

type Layer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// What has to be ended with the program.
#[must_use = "traces that were not sent are lost"]
pub(crate) struct Telemetry {
    traces: Option<Sending>,
}

/// Begins to log, to standard error: standard output is for what a command prints. A program that serves also begins to trace, if it
/// was told where to.
pub(crate) fn install(config: &Config, serves: bool) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&config.log).with_context(|| format!("{:?} is no log filter", config.log))?;
    // Spans of statements are for traces. In a line of the log they would stand where the request is.
    let filter = filter.add_directive(format!("{}=off", tenancy::STATEMENT_SPANS).parse()?);
    let log: Layer = match config.log_format {
        LogFormat::Pretty => {
            let ansi = std::io::stderr().is_terminal();
            let layer = fmt::layer().with_target(false).with_ansi(ansi).with_writer(std::io::stderr);
            layer.map_event_format(|lines| traces::in_log(lines.with_ansi(ansi))).with_filter(filter).boxed()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            layer.with_writer(std::io::stderr).map_event_format(traces::in_log).with_filter(filter).boxed()
        }
    };
    let traces = if serves { Sending::begin()? } else { None };
    let layers: Vec<Layer> = std::iter::once(log).chain(traces.as_ref().map(Sending::of_statements)).collect();
    tracing_subscriber::registry().with(layers).try_init().context("The log could not be opened")?;
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Sends what was not sent yet, and waits for it: not to be called by a task.
    pub(crate) fn end(self) {
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}
