//! The client's development server: pages of the same host on another port may call the API.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header},
    middleware::Next,
    response::IntoResponse,
};

use crate::app::App;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Answers the browser's question beforehand, and lets the request itself pass the check for other sites' pages.
///
/// Only a page of the very same hostname is let through, so a page of one tenant cannot call another's host this way.
pub(crate) async fn allow(State(app): State<Arc<App>>, mut request: Request<Body>, next: Next) -> Response<Body> {
    let Some(origin) = app.options.development_port.and_then(|port| development_origin(request.headers(), port)) else {
        return next.run(request).await;
    };
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        request.headers_mut().remove(header::ORIGIN);
        request.headers_mut().remove(SEC_FETCH_SITE);
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

/// The `Origin`, when it is this request's own hostname on the development port.
fn development_origin(headers: &HeaderMap, port: u16) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let uri: Uri = origin.to_str().ok()?.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let hostname = host.rsplit_once(':').map_or(host, |(hostname, _)| hostname);
    (uri.port_u16() == Some(port) && uri.host().is_some_and(|origin| origin.eq_ignore_ascii_case(hostname)))
        .then(|| origin.clone())
}
