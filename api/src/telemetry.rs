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
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    filter::{DynFilterFn, FilterExt as _},
    fmt::{self, MakeWriter},
    layer::{Filter, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

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
    let log = log(&config.log, config.log_format, std::io::stderr().is_terminal(), std::io::stderr)?;
    let traces = if serves { Sending::begin()? } else { None };
    let layers: Vec<Layer> = std::iter::once(log).chain(traces.as_ref().map(Sending::of_statements)).collect();
    tracing_subscriber::registry().with(layers).try_init().context("The log could not be opened")?;
    Ok(Telemetry { traces })
}

/// Lines of the log, of what a filter lets through.
fn log<W>(filter: &str, format: LogFormat, ansi: bool, writer: W) -> anyhow::Result<Layer>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).with_context(|| format!("{filter:?} is no log filter"))?;
    // Spans of statements are for traces. In a line of the log they would stand where the request is.
    let filter = asked_each_time(filter.add_directive(format!("{}=off", tenancy::STATEMENT_SPANS).parse()?));
    Ok(match format {
        LogFormat::Pretty => {
            let layer = fmt::layer().with_target(false).with_ansi(ansi).with_writer(writer);
            layer.map_event_format(|lines| traces::in_log(lines.with_ansi(ansi))).with_filter(filter).boxed()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            layer.with_writer(writer).map_event_format(traces::in_log).with_filter(filter).boxed()
        }
    })
}

/// The filter, asked anew before each line. A layer's filter notes its "no" for the thread, and the next line takes the note away.
/// Where somebody has only asked whether a line would be written, as sqlx does for each notice of Postgres, that is another line:
/// one that is always written is written without asking, finds the note, and is lost (tokio-rs/tracing#2519).
fn asked_each_time(filter: EnvFilter) -> impl Filter<Registry> + Send + Sync + 'static {
    filter.and(DynFilterFn::new(|_, _| true).with_max_level_hint(LevelFilter::TRACE))
}

impl Telemetry {
    /// Sends what was not sent yet, and waits for it: not to be called by a task.
    pub(crate) fn end(self) {
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use rstest::rstest;
    use tracing::{dispatcher::get_default, subscriber::with_default};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Writes a line after somebody has asked for another that the filter does not let through.
    fn written(format: LogFormat, more: Option<Layer>) -> String {
        let written = Written::default();
        let writer = written.clone();
        let log = log("info,sqlx=warn", format, false, move || writer.clone()).unwrap();
        let layers: Vec<Layer> = std::iter::once(log).chain(more).collect();
        let notice = || tracing::info_span!(target: "sqlx::postgres::notice", "notice").metadata();
        let notice = with_default(tracing_subscriber::registry(), notice).unwrap();
        with_default(tracing_subscriber::registry().with(layers), || {
            get_default(|subscriber| subscriber.enabled(notice));
            tracing::error!("why it failed");
        });
        let written = written.0.lock().unwrap();
        String::from_utf8(written.clone()).unwrap()
    }

    #[rstest]
    fn no_line_is_lost_to_one_that_was_only_asked_for(#[values(LogFormat::Pretty, LogFormat::Json)] format: LogFormat) {
        let line = written(format, None);
        assert!(line.contains("why it failed"), "{line:?}");
    }

    #[cfg(feature = "opentelemetry")]
    #[rstest]
    fn nor_where_traces_are_sent(#[values(LogFormat::Pretty, LogFormat::Json)] format: LogFormat) {
        let line = written(format, Some(Sending::nowhere().of_statements()));
        assert!(line.contains("why it failed"), "{line:?}");
    }
}
