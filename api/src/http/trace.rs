//! One trace for each request, or a part of its sender's.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{MatchedPath, State},
    http::{Method, Request, Response, Version, request::Parts},
    middleware::Next,
};
use opentelemetry::{
    KeyValue,
    context::FutureExt as _,
    trace::{Status, TraceContextExt as _},
};

use super::{REQUEST_ID, host, peer};
use crate::{app::App, telemetry::traces};

/// Asked every few seconds by machines.
const NOT_TRACED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Opens the span of a request. The handler adds tenant and actor to it. Files are not traced, nor is what machines ask all the time.
pub(super) async fn trace(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response<Body> {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let Some(route) = route.filter(|route| !NOT_TRACED.contains(&route.as_str())) else {
        return next.run(request).await;
    };
    let method = method(request.method());
    let name = format!("{} {route}", method.unwrap_or("HTTP"));
    let (parts, body) = request.into_parts();
    let begun = traces::request(name, attributes(&app, &parts, method, route), &traces::parent_of(&parts.headers));
    let request = Request::from_parts(parts, body);
    let Some(context) = begun else {
        return next.run(request).await;
    };
    let response = next.run(request).with_context(context.clone()).await;
    let (span, status) = (context.span(), response.status());
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if let Some(id) = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()) {
        span.set_attribute(KeyValue::new("tenantry.request_id", id.to_owned()));
    }
    // What is wrong with a request is no failure of the one who answers it.
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(""));
    }
    response
}

/// A method that is known; others are whatever a client makes up.
fn method(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

fn attributes(app: &App, parts: &Parts, method: Option<&'static str>, route: String) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", method.unwrap_or("_OTHER")),
        KeyValue::new("url.scheme", if app.options.https { "https" } else { "http" }),
        // A route has no parameters, so it is the path. The query string stays out, as it does in the log.
        KeyValue::new("url.path", route.clone()),
        KeyValue::new("http.route", route),
    ];
    let version = match parts.version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    };
    attributes.extend(version.map(|version| KeyValue::new("network.protocol.version", version)));
    if let Ok(host) = host::hostname(&parts.uri, &parts.headers, peer(parts), &app.options.trusted_proxies) {
        attributes.push(KeyValue::new("server.address", host.to_string()));
    }
    attributes
}
