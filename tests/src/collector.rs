//! A collector of traces, which keeps what it is sent.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span, status::StatusCode as SpanStatus},
};
use prost::Message as _;
use tokio::{net::TcpListener, task::AbortHandle};

use crate::until;

/// A collector of OpenTelemetry traces, by OTLP over HTTP.
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    serving: AbortHandle,
}

/// One batch, as it came.
#[derive(Debug, Clone)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

/// A span that was collected.
#[derive(Debug, Clone)]
pub struct CollectedSpan {
    /// The id of its trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of the span above; empty for the first of a trace.
    pub parent: String,
    /// Its name.
    pub name: String,
    /// Its attributes, as texts, and those of who sent it.
    pub attributes: BTreeMap<String, String>,
    /// Whether it is marked as failed.
    pub failed: bool,
    /// How many other spans it is linked to.
    pub links: usize,
    /// How many events it has.
    pub events: usize,
    /// When it began and ended, in nanoseconds.
    pub time: (u64, u64),
}

impl CollectedSpan {
    /// An attribute; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// Whether it is the span of a statement.
    pub fn is_statement(&self) -> bool {
        self.attribute("db.system.name") == "postgresql"
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Collector {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let routes = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() }).abort_handle();
        Self { address, received, serving }
    }

    /// Its address, without a path.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A header of everything that came.
    pub fn header(&self, name: &str) -> Vec<String> {
        let received = self.received.lock().unwrap();
        received.iter().map(|batch| batch.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()).collect()
    }

    /// Everything that came, as it came.
    pub fn bytes(&self) -> Vec<u8> {
        self.received.lock().unwrap().iter().flat_map(|batch| batch.body.clone()).collect()
    }

    /// The spans that came.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.received.lock().unwrap().iter().flat_map(|batch| read(&batch.body)).collect()
    }

    /// The spans of the trace in which one is that the condition describes, as soon as that has come. The first of a trace ends last, so
    /// the others are there when it is.
    pub async fn trace_with(&self, what: &str, condition: impl Fn(&CollectedSpan) -> bool) -> Vec<CollectedSpan> {
        until(what, async || self.spans().iter().any(&condition)).await;
        let spans = self.spans();
        let trace = spans.iter().find(|span| condition(span)).unwrap().trace.clone();
        spans.into_iter().filter(|span| span.trace == trace).collect()
    }
}

async fn take(State(received): State<Arc<Mutex<Vec<Received>>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let is_protobuf = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-protobuf");
    if !is_protobuf || ExportTraceServiceRequest::decode(body.clone()).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    received.lock().unwrap().push(Received { headers, body });
    StatusCode::OK
}

fn read(body: &Bytes) -> Vec<CollectedSpan> {
    let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
    let mut spans = Vec::new();
    for group in request.resource_spans {
        let sender = group.resource.map(|resource| resource.attributes).unwrap_or_default();
        spans.extend(group.scope_spans.into_iter().flat_map(|scope| scope.spans).map(|span| collected(span, &sender)));
    }
    spans
}

fn collected(span: Span, sender: &[KeyValue]) -> CollectedSpan {
    let attributes = sender.iter().chain(&span.attributes).map(|pair| (pair.key.clone(), text(pair.value.as_ref())));
    CollectedSpan {
        attributes: attributes.collect(),
        trace: hexadecimal(&span.trace_id),
        id: hexadecimal(&span.span_id),
        parent: hexadecimal(&span.parent_span_id),
        failed: span.status.is_some_and(|status| status.code() == SpanStatus::Error),
        links: span.links.len(),
        events: span.events.len(),
        time: (span.start_time_unix_nano, span.end_time_unix_nano),
        name: span.name,
    }
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// Bytes in hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
