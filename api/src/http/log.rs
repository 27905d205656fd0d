//! One span and one line in the log for each request.

use std::time::Instant;

use axum::{
    body::Body,
    extract::MatchedPath,
    http::{Request, Response},
    middleware::Next,
};
use tenancy::Slug;
use tower_http::request_id::RequestId;
use tracing::{
    Instrument as _, Span,
    field::{Empty, display},
};
use uuid::Uuid;

use super::refusal;
use crate::telemetry::traces;

/// Opens the request's span. The handler fills in tenant, actor and operation, so that every line logged for the request
/// carries them.
pub(crate) async fn log(request: Request<Body>, next: Next) -> Response<Body> {
    let started = Instant::now();
    let id =
        request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default().to_owned();
    // The query string stays out: a client may put a token or a search for a person there.
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = %request.method(),
        path = request.uri().path(),
        tenant = Empty,
        actor = Empty,
        operation = Empty,
    );
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "client".to_owned(), |path| path.as_str().to_owned());
    let response = refusal::name_request(next.run(request).instrument(span.clone()).await, &id);

    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::counter!("http_requests_total", "route" => route.clone(), "status" => status.to_string()).increment(1);
    metrics::histogram!("http_request_duration_seconds", "route" => route.clone()).record(elapsed.as_secs_f64());
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    span.in_scope(|| match route.as_str() {
        // Asked every few seconds by machines.
        "/healthz" | "/readyz" | "/metrics" | "client" => tracing::debug!(status, milliseconds, "answered"),
        _ => tracing::info!(status, milliseconds, "answered"),
    });
    response
}

/// Names the tenant of the present request, in its lines and in its trace.
pub(crate) fn name_tenant(slug: &Slug) {
    Span::current().record("tenant", display(slug));
    traces::tenant(slug);
}

/// Names who sends the present request, by id.
pub(crate) fn name_actor(id: Uuid) {
    Span::current().record("actor", display(id));
    traces::actor(id);
}

/// The beginning of an operation's name, for logs and traces: a name may be as long as a document.
pub(crate) fn shortened(name: &str) -> &str {
    name.get(..name.floor_char_boundary(100)).unwrap_or_default()
}
