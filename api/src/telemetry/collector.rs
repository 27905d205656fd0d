//! The way to the collector, configured by OpenTelemetry's own environment variables.

use std::{
    env,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL_HTTP_PROTOBUF,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    resource::{EnvResourceDetector, TelemetryResourceDetector},
    trace::{SdkTracerProvider, SpanData, SpanExporter, SpanProcessor},
};

/// How often the log says that traces cannot be sent.
const SAID_AGAIN: Duration = Duration::from_mins(1);

/// Makes what sends spans to the collector; none when no collector is named. `first` sees each span before it does.
///
/// Sending has a thread and a queue of its own. What does not fit into the queue is dropped, so nobody ever waits.
pub(super) fn provider(first: impl SpanProcessor + 'static) -> anyhow::Result<Option<SdkTracerProvider>> {
    if !is_wanted()? {
        return Ok(None);
    }
    for name in [OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, OTEL_EXPORTER_OTLP_PROTOCOL] {
        let protocol = variable(name).unwrap_or_else(|| OTEL_EXPORTER_OTLP_PROTOCOL_HTTP_PROTOBUF.to_owned());
        ensure!(
            protocol == OTEL_EXPORTER_OTLP_PROTOCOL_HTTP_PROTOBUF,
            "Traces are sent by {OTEL_EXPORTER_OTLP_PROTOCOL_HTTP_PROTOBUF} alone; {name} asks for {protocol:?}"
        );
    }
    check_sampler()?;
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build();
    let exporter = exporter.context("Traces cannot be sent where the environment says")?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource())
        .with_span_processor(first)
        .with_batch_exporter(Reported { exporter, silence: Mutex::default() })
        .build();
    Ok(Some(provider))
}

/// A variable that is set and not empty, which counts as not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The standard would have every program send to its own machine. Here somebody has to have named a collector.
fn is_wanted() -> anyhow::Result<bool> {
    if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(false);
    }
    match variable("OTEL_TRACES_EXPORTER").as_deref() {
        Some("none") => Ok(false),
        Some("otlp") => Ok(true),
        None => {
            Ok([OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].into_iter().any(|name| variable(name).is_some()))
        }
        Some(other) => bail!("OTEL_TRACES_EXPORTER is otlp or none, not {other:?}"),
    }
}

/// The SDK would take another sampler for one that it does not know.
fn check_sampler() -> anyhow::Result<()> {
    const KNOWN: [&str; 6] = [
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ];
    let Ok(sampler) = env::var("OTEL_TRACES_SAMPLER") else {
        return Ok(());
    };
    ensure!(KNOWN.contains(&sampler.as_str()), "OTEL_TRACES_SAMPLER is one of {}, not {sampler:?}", KNOWN.join(", "));
    if sampler.ends_with("traceidratio") {
        let ratio = variable("OTEL_TRACES_SAMPLER_ARG");
        let is_ratio = |text: &String| text.parse().is_ok_and(|ratio: f64| (0.0..=1.0).contains(&ratio));
        ensure!(ratio.as_ref().is_none_or(is_ratio), "OTEL_TRACES_SAMPLER_ARG is a number from 0 to 1, not {ratio:?}");
    }
    Ok(())
}

/// Who sends.
fn resource() -> Resource {
    let builder = Resource::builder_empty()
        .with_service_name("tenantry")
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", uuid::Uuid::now_v7().to_string()),
        ])
        .with_detectors(&[Box::new(TelemetryResourceDetector), Box::new(EnvResourceDetector::new())]);
    match variable("OTEL_SERVICE_NAME") {
        Some(name) => builder.with_service_name(name).build(),
        None => builder.build(),
    }
}

/// Says in the log, and in the metrics, how sending goes.
#[derive(Debug)]
struct Reported {
    exporter: opentelemetry_otlp::SpanExporter,
    /// Since when nothing could be sent, as far as the log has said so.
    silence: Mutex<Option<Instant>>,
}

impl SpanExporter for Reported {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len() as u64;
        let result = self.exporter.export(batch).await;
        let outcome = if result.is_ok() { "sent" } else { "lost" };
        metrics::counter!("trace_spans_total", "outcome" => outcome).increment(count);
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Err(cause) if silence.is_none_or(|said| said.elapsed() >= SAID_AGAIN) => {
                *silence = Some(Instant::now());
                tracing::warn!(%cause, "traces cannot be sent to the collector and are lost");
            }
            Ok(()) if silence.take().is_some() => tracing::info!("traces are sent to the collector again"),
            _ => {}
        }
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
