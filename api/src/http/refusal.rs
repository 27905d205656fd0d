//! Requests that are answered without being executed.

use async_graphql::ServerError;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::plan::QuotaExceeded;
use serde_json::json;

use crate::{
    graphql::{
        admission::{RETRY_NO_ROOM, no_room, rate_limited},
        answer,
        error::{
            BUSY_MESSAGE, CONNECTIONS, Code, INTERNAL_MESSAGE, RETRY_BUSY, UNREACHABLE_MESSAGE, lacked_connection,
            lacked_database, no_connection, request_error, used_up,
        },
    },
    live::Full,
    traffic::RateLimited,
};

/// Why a request is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No `Host`, two, or one that is no hostname.
    #[error("The request does not name its host in a form that can be read.")]
    MalformedHost,
    /// The host is nobody's.
    #[error("No organisation has this address.")]
    TenantNotFound,
    /// There is nothing at this path of this host, or not for somebody from there.
    #[error("There is nothing here.")]
    NothingHere,
    /// The host and the token name different places.
    #[error("This sign-in belongs to another address.")]
    TenantMismatch,
    /// The tenant is suspended.
    #[error("This organisation is suspended. Please ask its owner or the operator of this service.")]
    TenantSuspended,
    /// The tenant has not paid for long. The address is the apex, where owners export and delete it.
    #[error(
        "This organisation is suspended, because the time that was paid for is over. Its data is kept. Please ask its owner."
    )]
    TenantPastDue(String),
    /// An operator works on the tenant, and says so.
    #[error("{}", maintenance(_0))]
    TenantMaintenance(String),
    /// The tenant is to be deleted.
    #[error("{}", deleting(apex.as_deref(), *has_begun))]
    TenantDeleting {
        /// The apex, where owners take that back; none where they cannot.
        apex: Option<String>,
        /// Whether it is being deleted.
        has_begun: bool,
    },
    /// The tenant was renamed; the address is its present one.
    #[error("This organisation has moved to {0}.")]
    TenantMoved(String),
    /// The tenant's schema waits for its migration.
    #[error("This organisation is being updated. Please try again in a moment.")]
    TenantMigrating,
    /// The host leaves the tenant to the token, and there is none.
    #[error("This address needs a sign-in.")]
    Unauthenticated,
    /// The token is wrong or has ended.
    #[error("The sign-in is not valid or has expired. Please sign in again.")]
    InvalidToken(#[source] anyhow::Error),
    /// Another site's page sent the request.
    #[error("A page of another site may not send this request.")]
    CrossSite,
    /// There are too many requests.
    #[error("{0}")]
    TooMany(RateLimited),
    /// The organisation has had as many requests as its plan has for a day; anew after so many seconds.
    #[error("{0}")]
    UsedUp(QuotaExceeded, u64),
    /// The request took longer than it may, in seconds, and was broken off.
    #[error("The request took too long. Please try again in a moment.")]
    Overrun(u64),
    /// Changes are not heard of at the moment, so nobody can watch.
    #[error("Changes cannot be watched at the moment. Please try again shortly.")]
    Deaf,
    /// Too many are watching through this process.
    #[error("{0}")]
    Full(Full),
    /// The body has not arrived in time.
    #[error("The body did not arrive in time.")]
    SlowBody,
    /// The apex has nothing to watch.
    #[error("Subscriptions are served at the address of an organisation.")]
    NothingToWatch,
    /// A WebSocket of another protocol.
    #[error("A WebSocket has to speak the protocol graphql-transport-ws.")]
    OtherProtocol,
    /// All connections to the database were in use for as long as a request may wait for one.
    #[error("{BUSY_MESSAGE}")]
    Busy,
    /// There is no way to the database.
    #[error("{UNREACHABLE_MESSAGE}")]
    Unreachable(#[source] anyhow::Error),
    /// The program or the database failed.
    #[error("{INTERNAL_MESSAGE}")]
    Internal(#[source] anyhow::Error),
}

impl Refusal {
    /// What a failure is answered with: what passes by itself is said to, and anything else is for the log.
    pub(crate) fn of_failure(cause: anyhow::Error) -> Self {
        if lacked_connection(&cause) {
            Self::Busy
        } else if lacked_database(&cause) {
            Self::Unreachable(cause)
        } else {
            Self::Internal(cause)
        }
    }

    /// The refusal as an error of an operation that shares its connection with others. It is logged and counted as a request's is.
    pub(crate) fn into_error(self) -> ServerError {
        if let Self::Busy = self {
            warn_busy();
            count_refused(CONNECTIONS);
            return no_connection();
        }
        if let Self::Internal(cause) | Self::Unreachable(cause) = &self {
            tracing::error!(error = format!("{cause:#}"), "an operation failed");
        }
        let mut error = request_error(self.code(), self.to_string());
        if let Some(extensions) = &mut error.extensions
            && let Some(url) = self.url()
        {
            extensions.set("url", url);
        }
        error
    }

    /// Where to go instead.
    fn url(&self) -> Option<&str> {
        match self {
            Self::TenantDeleting { apex, .. } => apex.as_deref(),
            Self::TenantPastDue(url) | Self::TenantMoved(url) => Some(url),
            _ => None,
        }
    }

    /// The code that a program reads.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::MalformedHost | Self::SlowBody | Self::NothingToWatch | Self::OtherProtocol => Code::BadUserInput,
            Self::TenantNotFound => Code::TenantNotFound,
            Self::NothingHere => Code::NotFound,
            Self::TenantMismatch => Code::TenantMismatch,
            Self::TenantSuspended => Code::TenantSuspended,
            Self::TenantPastDue(_) => Code::TenantPastDue,
            Self::TenantMaintenance(_) => Code::TenantMaintenance,
            Self::TenantDeleting { .. } => Code::TenantDeleting,
            Self::TenantMoved(_) => Code::TenantMoved,
            Self::TenantMigrating => Code::TenantMigrating,
            Self::Unauthenticated | Self::InvalidToken(_) => Code::Unauthenticated,
            Self::CrossSite => Code::Forbidden,
            Self::TooMany(_) | Self::Full(_) | Self::Busy => Code::RateLimited,
            Self::UsedUp(..) => Code::QuotaExceeded,
            Self::Overrun(_) | Self::Deaf | Self::Unreachable(_) | Self::Internal(_) => Code::Internal,
        }
    }
}

impl From<tenancy::Refusal> for Refusal {
    fn from(refusal: tenancy::Refusal) -> Self {
        match refusal {
            tenancy::Refusal::TenantNotFound => Self::TenantNotFound,
            tenancy::Refusal::TenantMismatch => Self::TenantMismatch,
            tenancy::Refusal::Unauthenticated => Self::Unauthenticated,
        }
    }
}

impl From<tenancy::Error> for Refusal {
    fn from(error: tenancy::Error) -> Self {
        Self::of_failure(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match &self {
            Self::Internal(cause) | Self::Unreachable(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a request failed");
            }
            Self::Overrun(seconds) => tracing::error!(seconds, "a request was broken off"),
            Self::Busy => warn_busy(),
            Self::InvalidToken(reason) => tracing::info!(reason = format!("{reason:#}"), "a token was refused"),
            other => tracing::debug!(code = other.code().as_str(), "a request was refused"),
        }
        match &self {
            Self::TooMany(refused) => return too_many(refused.limit, refused.retry_after, rate_limited(refused)),
            Self::UsedUp(exceeded, wait) => return too_many(exceeded.quota.as_str(), *wait, used_up(exceeded, *wait)),
            Self::Full(full) => return too_many(full.limit, RETRY_NO_ROOM, no_room(full)),
            Self::Busy => return too_many(CONNECTIONS, RETRY_BUSY, no_connection()),
            _ => {}
        }
        let code = self.code();
        let mut response = match self.url() {
            Some(url) => refuse_with(code, &self.to_string(), &json!({ "code": code.as_str(), "url": url })),
            None => refuse(code, &self.to_string()),
        };
        if let Self::Overrun(_) | Self::Deaf | Self::Unreachable(_) = self {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if let Self::SlowBody = self {
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let headers = response.headers_mut();
        match code {
            Code::Unauthenticated => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Code::TenantMigrating | Code::RateLimited => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5")),
            Code::TenantMaintenance => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60")),
            _ => None,
        };
        response
    }
}

const fn deleting(apex: Option<&str>, has_begun: bool) -> &'static str {
    match apex {
        _ if has_begun => "This organisation is not available any more: it is being deleted.",
        Some(_) => {
            "This organisation is not available any more: it is going to be deleted. Its owners can take that back for a while."
        }
        None => {
            "This organisation is not available any more: it is going to be deleted. Please ask the operator of this service if that is \
             wrong."
        }
    }
}

fn maintenance(message: &str) -> String {
    let what = "This organisation is under maintenance.";
    if message.is_empty() { format!("{what} Please try again later.") } else { format!("{what} {message}") }
}

fn warn_busy() {
    tracing::warn!("no connection to the database was free");
}

fn count_refused(limit: &'static str) {
    metrics::counter!("requests_refused_total", "limit" => limit).increment(1);
}

/// Says how long to wait, in the header for every client and in the body for those that read GraphQL alone.
fn too_many(limit: &'static str, retry_after: u64, error: ServerError) -> Response {
    count_refused(limit);
    let body = answer::serialize(None, &[error]);
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::RETRY_AFTER, HeaderValue::from(retry_after)),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// Marks the refusal of a request that failed, until the request's id is known.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    message: String,
}

/// The body of every refusal: the shape of a GraphQL error, also where no GraphQL was read.
pub(crate) fn refuse(code: Code, message: &str) -> Response {
    refuse_with(code, message, &json!({ "code": code.as_str() }))
}

fn refuse_with(code: Code, message: &str, extensions: &serde_json::Value) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
    let mut response =
        (code.status(), [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(body)).into_response();
    if code == Code::Internal {
        response.extensions_mut().insert(Failed { message: message.to_owned() });
    }
    response
}

/// Writes the request's id into a refusal that asks the person to report it.
pub(crate) fn name_request(response: Response, id: &str) -> Response {
    let Some(Failed { message }) = response.extensions().get::<Failed>() else {
        return response;
    };
    let extensions = json!({ "code": Code::Internal.as_str(), "requestId": id });
    let body = json!({ "errors": [{ "message": message, "extensions": extensions }] });
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body.to_string().into())
}
