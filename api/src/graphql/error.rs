//! The closed set of error codes, and how an error becomes one of them.
//!
//! Resolvers pass errors on with `?`. [`describe`] runs once, when the response is complete: it gives each error its code,
//! and replaces what only the log may say.

mod database;

use std::error::Error as StdError;

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use axum::http::StatusCode;

use super::limits::Refusal;
use crate::auth::AuthError;

use database::took_too_long;
pub(super) use database::{misses_something, say_deleted};

/// A stable name for a kind of failure, sent as `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nobody is signed in, or the sign-in is not or no longer valid.
    Unauthenticated,
    /// The password is right, and a second factor is asked for; `challenge` names the step that `completeSignIn` goes on with.
    SecondFactorRequired,
    /// The one who is signed in may not do this.
    Forbidden,
    /// There is nothing of this id here, or it may not be seen.
    NotFound,
    /// The request or one of its inputs cannot be accepted; `field` names the input, where there is one.
    BadUserInput,
    /// The request is fine, but not in the present state; `field` names the input that clashes, where there is one.
    Conflict,
    /// No organisation has this address.
    TenantNotFound,
    /// The host names one organisation and the token another.
    TenantMismatch,
    /// The organisation is suspended.
    TenantSuspended,
    /// The organisation is suspended, because it has not paid.
    TenantPastDue,
    /// Nothing can be changed in the organisation now, because it has not paid.
    TenantReadOnly,
    /// An operator works on the organisation; try again later.
    TenantMaintenance,
    /// The organisation is to be deleted, or is being deleted; its owners can take that back at `url` for a while.
    TenantDeleting,
    /// The organisation has another address, which is `url`.
    TenantMoved,
    /// The organisation's data is being migrated; try again shortly.
    TenantMigrating,
    /// Too many requests; `retryAfter` gives the seconds to wait.
    RateLimited,
    /// The server failed; `requestId` finds the cause in its log.
    Internal,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 17] = [
        Self::Unauthenticated,
        Self::SecondFactorRequired,
        Self::Forbidden,
        Self::NotFound,
        Self::BadUserInput,
        Self::Conflict,
        Self::TenantNotFound,
        Self::TenantMismatch,
        Self::TenantSuspended,
        Self::TenantPastDue,
        Self::TenantReadOnly,
        Self::TenantMaintenance,
        Self::TenantDeleting,
        Self::TenantMoved,
        Self::TenantMigrating,
        Self::RateLimited,
        Self::Internal,
    ];

    /// The code as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::SecondFactorRequired => "SECOND_FACTOR_REQUIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::TenantNotFound => "TENANT_NOT_FOUND",
            Self::TenantMismatch => "TENANT_MISMATCH",
            Self::TenantSuspended => "TENANT_SUSPENDED",
            Self::TenantPastDue => "TENANT_PAST_DUE",
            Self::TenantReadOnly => "TENANT_READ_ONLY",
            Self::TenantMaintenance => "TENANT_MAINTENANCE",
            Self::TenantDeleting => "TENANT_DELETING",
            Self::TenantMoved => "TENANT_MOVED",
            Self::TenantMigrating => "TENANT_MIGRATING",
            Self::RateLimited => "RATE_LIMITED",
            Self::Internal => "INTERNAL",
        }
    }

    /// The status of a request that is refused as a whole with this code. Errors of single fields are answered with 200.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::SecondFactorRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::TenantMismatch | Self::TenantSuspended | Self::TenantReadOnly | Self::TenantDeleting => {
                StatusCode::FORBIDDEN
            }
            Self::TenantPastDue => StatusCode::PAYMENT_REQUIRED,
            Self::TenantMoved => StatusCode::GONE,
            Self::NotFound | Self::TenantNotFound => StatusCode::NOT_FOUND,
            Self::BadUserInput => StatusCode::BAD_REQUEST,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TenantMigrating | Self::TenantMaintenance => StatusCode::SERVICE_UNAVAILABLE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// How many mistakes of a document are told, the first ones. Each names what the document has, so many would make an answer that is
/// much larger than the request.
pub const MOST_ERRORS: usize = 20;

/// What a client is told of a failure whose cause is in the log.
pub const INTERNAL_MESSAGE: &str = "Something went wrong on our side. Please try again; if it stays, report the request id.";

/// What a client is told whose statement took longer than it may.
const TOO_LONG_MESSAGE: &str =
    "This took more of the database's time than one request may. Please ask for less, or try again later.";

/// An error of a resolver that no other crate has a type for.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    message: &'static str,
}

impl Fault {
    /// A state that the program should not be able to reach; the message is for the log.
    pub fn new(message: &'static str) -> Self {
        Self { message }
    }
}

/// An error without a place in the document, for a request that is refused before it is executed.
pub fn request_error(code: Code, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    error
}

/// An operation that exceeds a limit.
pub fn refused(refusal: &Refusal) -> ServerError {
    let code = if *refusal == Refusal::IntrospectionForMembers { Code::Unauthenticated } else { Code::BadUserInput };
    let mut error = request_error(code, refusal.to_string());
    if let Refusal::TooMuch { limit, actual, allowed, .. } = refusal {
        let extensions = extensions(&mut error);
        extensions.set("limit", *limit);
        extensions.set("actual", *actual);
        extensions.set("allowed", *allowed);
    }
    error
}

/// Gives an error of the engine or of a resolver its code, and hides what is not meant for the client.
pub fn describe(error: &mut ServerError, request_id: &str) -> Code {
    if let Some(failure) = error.source::<domain::Error>() {
        if took_too_long(failure) {
            TOO_LONG_MESSAGE.clone_into(&mut error.message);
            extensions(error).set("limit", "statementTimeoutMs");
            extensions(error).set("retryAfter", 5);
            return finish(error, Code::RateLimited, None, request_id);
        }
        let (code, field) = classify(failure);
        let field = field.map(str::to_owned);
        return finish(error, code, field, request_id);
    }
    if let Some(failure) = error.source::<AuthError>() {
        let (code, detail) = match failure {
            AuthError::InvalidCredentials
            | AuthError::InvalidRefreshToken
            | AuthError::InvalidChallenge
            | AuthError::InvalidEntryCode
            | AuthError::InvalidPasskey => (Code::Unauthenticated, None),
            AuthError::SecondFactorRequired { challenge } => {
                (Code::SecondFactorRequired, Some(("challenge", Value::from(challenge.to_text()))))
            }
            AuthError::RateLimited { retry_after } => {
                (Code::RateLimited, Some(("retryAfter", Value::from(retry_after.as_secs().max(1)))))
            }
            AuthError::Refused(failure) => {
                let (code, field) = classify(failure);
                (code, field.map(|field| ("field", Value::from(field))))
            }
            AuthError::Internal(_) => (Code::Internal, None),
        };
        if let Some((name, value)) = detail {
            extensions(error).set(name, value);
        }
        return finish(error, code, None, request_id);
    }
    if error.source.is_some() {
        return finish(error, Code::Internal, None, request_id);
    }
    // An error without a source is the engine's: a document that does not fit the schema, or a value that does not fit its
    // type. Those that already have a code come from `request_error`.
    code_of(error).unwrap_or_else(|| {
        set_code(error, Code::BadUserInput);
        Code::BadUserInput
    })
}

fn classify(failure: &domain::Error) -> (Code, Option<&str>) {
    match failure {
        domain::Error::Unauthenticated => (Code::Unauthenticated, None),
        domain::Error::Forbidden(_) => (Code::Forbidden, None),
        domain::Error::NotFound(_) => (Code::NotFound, None),
        domain::Error::BadInput { field, .. } => (Code::BadUserInput, Some(field)),
        domain::Error::Conflict { field, .. } => (Code::Conflict, field.as_deref()),
        domain::Error::ReadOnly => (Code::TenantReadOnly, None),
        domain::Error::Database(_) => (Code::Internal, None),
    }
}

fn finish(error: &mut ServerError, code: Code, field: Option<String>, request_id: &str) -> Code {
    set_code(error, code);
    if let Some(field) = field {
        extensions(error).set("field", field);
    }
    if code == Code::Internal {
        tracing::error!(request_id, path = ?error.path, cause = cause(error), "a resolver failed");
        INTERNAL_MESSAGE.clone_into(&mut error.message);
        extensions(error).set("requestId", request_id);
    }
    code
}

/// All that is known of the cause, for the log.
fn cause(error: &ServerError) -> String {
    if let Some(AuthError::Internal(failure)) = error.source::<AuthError>() {
        return format!("{failure:#}");
    }
    let mut text = error.message.clone();
    let refused = error.source::<AuthError>().and_then(|failure| match failure {
        AuthError::Refused(failure) => Some(failure),
        _ => None,
    });
    let mut source = error.source::<domain::Error>().or(refused).and_then(StdError::source);
    while let Some(deeper) = source {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        source = deeper.source();
    }
    text
}

fn code_of(error: &ServerError) -> Option<Code> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(text) => Code::ALL.into_iter().find(|code| code.as_str() == text),
        _ => None,
    }
}

fn set_code(error: &mut ServerError, code: Code) {
    extensions(error).set("code", code.as_str());
}

fn extensions(error: &mut ServerError) -> &mut ErrorExtensionValues {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default)
}

#[cfg(test)]
mod tests {
    use async_graphql::{Error, Pos};

    use super::*;

    fn described(error: impl Into<Error>) -> ServerError {
        let mut error = error.into().into_server_error(Pos::default());
        describe(&mut error, "request-1");
        error
    }

    fn extension(error: &ServerError, name: &str) -> Option<Value> {
        error.extensions.as_ref()?.get(name).cloned()
    }

    #[test]
    fn bad_input_names_its_field() {
        let error = domain::Error::BadInput { field: "hiredOn".to_owned(), message: "Too early.".to_owned() };
        let error = described(error);
        assert_eq!(extension(&error, "code"), Some(Value::from("BAD_USER_INPUT")));
        assert_eq!(extension(&error, "field"), Some(Value::from("hiredOn")));
    }

    #[test]
    fn the_cause_of_an_internal_error_stays_inside() {
        let error = described(Fault::new("password 123"));
        assert_eq!(error.message, INTERNAL_MESSAGE);
        assert_eq!(extension(&error, "code"), Some(Value::from("INTERNAL")));
        assert_eq!(extension(&error, "requestId"), Some(Value::from("request-1")));
        let text = serde_json::to_string(&error).unwrap();
        assert!(!text.contains("password"), "{text}");
    }

    #[test]
    fn the_engine_s_own_errors_are_the_client_s() {
        let error = described(Error::new("Unknown field \"x\"."));
        assert_eq!(extension(&error, "code"), Some(Value::from("BAD_USER_INPUT")));
        assert_eq!(error.message, "Unknown field \"x\".");
    }
}
