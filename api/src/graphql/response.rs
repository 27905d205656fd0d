//! The responses of GraphQL over HTTP: their media type, their headers, and what is refused.

use async_graphql::ServerError;
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    accept::MediaType,
    admission::rate_limited,
    answer,
    error::{self, Code, MOST_ERRORS, request_error},
};
use crate::traffic::RateLimited;

/// What was executed, for logs and metrics: an extension of the response.
#[derive(Debug, Clone)]
pub struct Summary {
    /// `query` or `mutation`; `refused` when nothing was executed.
    pub kind: &'static str,
    /// The operation's name, as the client wrote it; the beginning of a long one.
    pub operation: Option<String>,
    /// The codes of the errors in the answer.
    pub codes: Vec<&'static str>,
}

/// A document that was not executed: a 4xx only for clients that know the newer media type.
pub(super) fn not_executed(media_type: MediaType, mut errors: Vec<ServerError>) -> Response {
    // The engine tells of every mistake, with names as long as the document has them.
    errors.truncate(MOST_ERRORS);
    // The engine's own errors have no cause to look up, so no request id.
    let codes = errors.iter_mut().map(|error| error::describe(error, "").as_str()).collect();
    let status = match media_type {
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        MediaType::Json => StatusCode::OK,
    };
    let mut response = respond(media_type, status, Body::from(answer::serialize(None, &errors)));
    response.extensions_mut().insert(Summary { kind: "refused", operation: None, codes });
    response
}

/// More at a time than is executed.
pub(super) fn too_many(media_type: MediaType, refused: &RateLimited) -> Response {
    metrics::counter!("requests_refused_total", "limit" => refused.limit).increment(1);
    let body = answer::serialize(None, &[rate_limited(refused)]);
    let mut response = respond(media_type, StatusCode::TOO_MANY_REQUESTS, Body::from(body));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(refused.retry_after));
    let summary = Summary { kind: "refused", operation: None, codes: vec![Code::RateLimited.as_str()] };
    response.extensions_mut().insert(summary);
    response
}

/// A request that is not GraphQL.
pub(super) fn refuse(media_type: MediaType, status: StatusCode, message: impl Into<String>) -> Response {
    let error = request_error(Code::BadUserInput, message);
    respond(media_type, status, Body::from(answer::serialize(None, &[error])))
}

pub(super) fn respond(media_type: MediaType, status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type.header());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn with_header(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}
