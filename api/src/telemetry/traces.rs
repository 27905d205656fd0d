//! Traces: from a request through its operation and the fields that do some work to each statement.
//!
//! Spans of statements are made by `tenancy`, by means of the crate `tracing`; the others are made here. Nothing else becomes part of a
//! trace: no line of the log, no argument, variable, text of a document or message of an error.

use std::{
    borrow::Cow,
    future::Future,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_graphql::{
    ServerResult, Value,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo},
    parser::types::OperationType,
};
use futures::TryFutureExt as _;
use opentelemetry::{
    Context, KeyValue,
    context::{FutureExt as _, WithContext},
    trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _},
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracer, SdkTracerProvider, Span, SpanData, SpanProcessor},
};
use tenancy::Slug;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, filter::DynFilterFn};
use uuid::Uuid;

use super::{Layer, collector, line::WithTrace};
use crate::graphql::error::Code;

pub(crate) use super::trace_parent::parent_of;

/// How long sending what is left may take at the end.
const LAST_MOMENT: Duration = Duration::from_secs(5);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// What is sent to a collector for as long as the program serves.
pub(crate) struct Sending(SdkTracerProvider);

impl Sending {
    /// Begins to send, if the environment names a collector.
    pub(super) fn begin() -> anyhow::Result<Option<Self>> {
        let Some(provider) = collector::provider(Mark)? else {
            return Ok(None);
        };
        TRACER.get_or_init(|| provider.tracer("tenantry"));
        Ok(Some(Self(provider)))
    }

    /// Sends to nobody.
    #[cfg(test)]
    pub(super) fn nowhere() -> Self {
        Self(SdkTracerProvider::builder().build())
    }

    /// Makes spans of statements part of the trace in which they are executed. Those of no trace, or of one that is not recorded,
    /// are not even made.
    pub(super) fn of_statements(&self) -> Layer {
        let is_statement = |metadata: &tracing::Metadata<'_>| metadata.is_span() && metadata.target() == tenancy::STATEMENT_SPANS;
        let filter = DynFilterFn::new(move |metadata, _| is_statement(metadata) && is_recorded())
            .with_callsite_filter(move |metadata| {
                if is_statement(metadata) {
                    tracing::subscriber::Interest::sometimes()
                } else {
                    tracing::subscriber::Interest::never()
                }
            })
            .with_max_level_hint(LevelFilter::TRACE);
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("tenancy"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter)
            .boxed()
    }

    /// Sends what is left.
    pub(super) fn end(self) {
        if let Err(cause) = self.0.shutdown_with_timeout(LAST_MOMENT) {
            tracing::warn!(%cause, "the last traces could not be sent");
        }
    }
}

/// Names the trace in the lines of the log.
pub(super) fn in_log<F>(lines: F) -> WithTrace<F> {
    WithTrace(lines)
}

/// Whether anything is recorded at all.
pub(crate) fn are_sent() -> bool {
    TRACER.get().is_some()
}

/// Whether what is done now is part of a trace that is recorded.
fn is_recorded() -> bool {
    Context::map_current(|context| context.span().is_recording())
}

/// What all spans of a trace are marked with, as soon as it is known.
#[derive(Default)]
struct Facts {
    tenant: OnceLock<String>,
    actor: OnceLock<String>,
}

impl Facts {
    fn attributes(&self) -> impl Iterator<Item = KeyValue> {
        let facts = [("tenantry.tenant", &self.tenant), ("tenantry.actor", &self.actor)];
        facts.into_iter().filter_map(|(name, fact)| Some(KeyValue::new(name, fact.get()?.clone())))
    }
}

/// Marks each span of a trace with what is known of all.
#[derive(Debug)]
struct Mark;

impl SpanProcessor for Mark {
    fn on_start(&self, span: &mut Span, context: &Context) {
        if let Some(facts) = context.get::<Arc<Facts>>() {
            span.set_attributes(facts.attributes());
        }
    }

    fn on_end(&self, _: SpanData) {}

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

fn know(name: &'static str, fact: impl FnOnce(&Facts) -> &OnceLock<String>, value: &impl ToString) {
    Context::map_current(|context| {
        if let Some(facts) = context.get::<Arc<Facts>>() {
            let value = fact(facts).get_or_init(|| value.to_string());
            context.span().set_attribute(KeyValue::new(name, value.clone()));
        }
    });
}

/// Names the tenant that the present request is for.
pub(crate) fn tenant(slug: &Slug) {
    know("tenantry.tenant", |facts| &facts.tenant, slug);
}

/// Names who sends the present request, by id.
pub(crate) fn actor(id: Uuid) {
    know("tenantry.actor", |facts| &facts.actor, &id);
}

/// Marks the present span as one of something that has failed.
pub(crate) fn failed(code: Option<Code>) {
    Context::map_current(|context| {
        let span = context.span();
        span.set_status(Status::error(""));
        if let Some(code) = code {
            span.set_attribute(KeyValue::new("error.type", code.as_str()));
        }
    });
}

/// Begins a span, and with one that has no parent here a trace; none when nothing is sent.
fn begin(name: Cow<'static, str>, kind: SpanKind, attributes: Vec<KeyValue>, parent: &Context) -> Option<Context> {
    let tracer = TRACER.get()?;
    let builder = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
    Some(parent.with_span(builder.start_with_context(tracer, parent)))
}

/// Begins the trace of a request, or goes on with that of its sender.
pub(crate) fn request(name: String, attributes: Vec<KeyValue>, parent: &Context) -> Option<Context> {
    begin(name.into(), SpanKind::Server, attributes, &parent.with_value(Arc::new(Facts::default())))
}

fn of_operation(kind: OperationType, name: Option<&str>, request_id: &str) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("graphql.operation.type", kind.to_string()),
        KeyValue::new("tenantry.request_id", request_id.to_owned()),
    ];
    attributes.extend(name.map(|name| KeyValue::new("graphql.operation.name", name.to_owned())));
    attributes
}

/// Does the work of a span, or goes on with what is done already.
fn within<F>(span: Option<Context>, work: F) -> WithContext<F> {
    work.with_context(span.unwrap_or_else(Context::current))
}

/// An operation of the present request.
pub(crate) fn operation<F>(kind: OperationType, name: Option<&str>, request_id: &str, work: F) -> WithContext<F> {
    let context = Context::current();
    let recorded = context.span().is_recording().then(|| {
        let attributes = of_operation(kind, name, request_id);
        // For those who look for the request by its operation.
        context.span().set_attributes(attributes.clone());
        attributes
    });
    let inner = recorded.and_then(|attributes| begin(kind.to_string().into(), SpanKind::Internal, attributes, &context));
    within(inner, work)
}

/// An operation that is executed because something happened, long after the request that asked for it. It is a trace of its own.
pub(crate) fn event<F>(kind: OperationType, name: Option<&str>, request_id: &str, work: F) -> WithContext<F> {
    let context = are_sent().then(|| {
        let nothing = Context::new().with_value(Arc::new(Facts::default()));
        begin(kind.to_string().into(), SpanKind::Server, of_operation(kind, name, request_id), &nothing)
    });
    within(context.flatten(), work)
}

/// A field that does some work, or what several fields have done for them.
pub(crate) fn field<F, T, E>(parent: &'static str, name: &'static str, work: F) -> impl Future<Output = Result<T, E>>
where
    F: Future<Output = Result<T, E>>,
{
    resolve(move || format!("{parent}.{name}"), work)
}

fn resolve<F, T, E>(name: impl FnOnce() -> String, work: F) -> impl Future<Output = Result<T, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let context = Context::current();
    let inner = context.span().is_recording().then(|| begin(name().into(), SpanKind::Internal, Vec::new(), &context)).flatten();
    within(inner, work.inspect_err(|_| failed(None)))
}

/// Gives each field at the root of an operation a span. The others do no work, or see to their spans themselves by [`field`].
pub(crate) struct RootFields;

impl ExtensionFactory for RootFields {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for RootFields {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.path_node.parent.is_some() || info.is_for_introspection {
            return next.run(ctx, info).await;
        }
        let name = format!("{}.{}", info.parent_type, info.name);
        resolve(|| name, next.run(ctx, info)).await
    }
}
