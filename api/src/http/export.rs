//! The file of an export, for a browser that has leave to download it.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
    response::{IntoResponse, Redirect},
};

use super::{graphql::cookie, navigation::destination, refusal::Refusal};
use crate::{
    app::App,
    exports::Download,
    graphql::{export::LEAVE, id},
};

/// Where a person goes who gets no file, as where leave is over or was used: the page says so, and gives another one.
const PAGE: &str = "/settings/organisation?problem=download";
/// The same on the apex.
const PAGE_OF_APEX: &str = "/?problem=download";

/// Answers with the file, once.
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let now = (app.clock)();
    let (parts, _) = request.into_parts();
    let tenant = match destination(&app, &parts, now).await {
        Ok(destination) => destination.map(|(tenant, ..)| tenant),
        Err(response) => return response,
    };
    let page = if tenant.is_some() { PAGE } else { PAGE_OF_APEX };
    // What is no text is no id, as any other that cannot be read.
    let id = path.ok().and_then(|Path(id)| id::decode(&id.into()).ok());
    let Some((id, token)) = id.zip(cookie(&parts.headers, LEAVE)) else {
        return refuse(&parts.headers, page);
    };
    let open = app.exports.open(&app.auth, tenant.as_ref(), id, &token, now);
    match tokio::time::timeout(app.options.request_timeout, open).await {
        Ok(Ok(Some(download))) => send(download),
        Ok(Ok(None)) => refuse(&parts.headers, page),
        // The page has something to say; a bare answer would take its place.
        Ok(Err(cause)) if is_person(&parts.headers) => {
            tracing::error!(error = %format!("{cause:#}"), "an export cannot be sent");
            refuse(&parts.headers, page)
        }
        Ok(Err(cause)) => Refusal::of_failure(cause).into_response(),
        Err(_) if is_person(&parts.headers) => refuse(&parts.headers, page),
        Err(_) => Refusal::Overrun(app.options.request_timeout.as_secs()).into_response(),
    }
}

/// A person is led to the page; a program is told that there is nothing, whatever the reason is.
fn refuse(headers: &HeaderMap, page: &str) -> Response<Body> {
    let mut response = if is_person(headers) { Redirect::to(page).into_response() } else { Refusal::NothingHere.into_response() };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Whether whoever asks is shown pages.
fn is_person(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accepts| accepts.contains("text/html"))
}

fn send(download: Download) -> Response<Body> {
    let mut response = Body::from_stream(download.pieces).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, "application/zip");
    set(header::CONTENT_LENGTH, &download.bytes.to_string());
    // A slug and a date: nothing that would have to be quoted.
    set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}\"", download.name));
    set(header::CACHE_CONTROL, "no-store");
    // What has a tag is not compressed again on its way, and keeps its length.
    set(header::ETAG, &format!("\"{}\"", download.sha256));
    *response.status_mut() = StatusCode::OK;
    response
}
