//! The closed set of error codes, and how an error becomes one of them.
//!
//! Resolvers pass errors on with `?`. [`describe`] runs once, when the response is complete: it gives each error its code,
//! and replaces what only the log may say.

mod code;
mod database;

use std::error::Error as StdError;

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use domain::plan::QuotaExceeded;

use super::limits::Refusal;
use crate::auth::AuthError;

pub use code::Code;
use database::{found_no_connection, reached_nothing, took_too_long};
pub(crate) use database::{lacked_connection, lacked_database};
pub(super) use database::{misses_something, name_first_cause, say_deleted, say_restored};

/// How many mistakes of a document are told, the first ones. Each names what the document has, so many would make an answer that is
/// much larger than the request.
pub const MOST_ERRORS: usize = 20;

/// What a client is told of a failure whose cause is in the log.
pub const INTERNAL_MESSAGE: &str = "Something went wrong on our side. Please try again; if it stays, report the request id.";

/// What a client is told whose statement took longer than it may.
const TOO_LONG_MESSAGE: &str =
    "This took more of the database's time than one request may. Please ask for less, or try again later.";

/// What a client is told for which no connection was free.
pub(crate) const BUSY_MESSAGE: &str = "No connection to the database was free in time. Please try again in a few seconds.";

/// What a client is told while there is no way to the database.
pub(crate) const UNREACHABLE_MESSAGE: &str = "The database cannot be reached at the moment. Please try again in a few seconds.";

/// The limit that was met there, and whole seconds after which it is worth another try.
pub(crate) const CONNECTIONS: &str = "connections";
pub(crate) const RETRY_BUSY: u64 = 5;

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
    if took_too_long(error) {
        TOO_LONG_MESSAGE.clone_into(&mut error.message);
        extensions(error).set("limit", "statementTimeoutMs");
        extensions(error).set("retryAfter", 5);
        return finish(error, Code::RateLimited, Vec::new(), request_id);
    }
    if found_no_connection(error) {
        tracing::warn!(request_id, path = ?error.path, "no connection to the database was free");
        BUSY_MESSAGE.clone_into(&mut error.message);
        let details = vec![("limit", Value::from(CONNECTIONS)), ("retryAfter", Value::from(RETRY_BUSY))];
        return finish(error, Code::RateLimited, details, request_id);
    }
    if reached_nothing(error) {
        let code = finish(error, Code::Internal, vec![("retryAfter", Value::from(RETRY_BUSY))], request_id);
        UNREACHABLE_MESSAGE.clone_into(&mut error.message);
        return code;
    }
    if let Some(failure) = error.source::<domain::Error>() {
        let (code, details) = classify(failure);
        return finish(error, code, details, request_id);
    }
    if let Some(failure) = error.source::<AuthError>() {
        let (code, details) = match failure {
            AuthError::InvalidCredentials
            | AuthError::InvalidOperatorCredentials
            | AuthError::InvalidRefreshToken
            | AuthError::InvalidChallenge
            | AuthError::InvalidEntryCode
            | AuthError::InvalidPasskey => (Code::Unauthenticated, Vec::new()),
            AuthError::HostLetGo => (Code::TenantNotFound, Vec::new()),
            AuthError::SecondFactorRequired { challenge } => {
                (Code::SecondFactorRequired, vec![("challenge", Value::from(challenge.to_text()))])
            }
            AuthError::RateLimited { retry_after } => {
                (Code::RateLimited, vec![("retryAfter", Value::from(retry_after.as_secs().max(1)))])
            }
            AuthError::Refused(failure) => classify(failure),
            AuthError::Internal(_) => (Code::Internal, Vec::new()),
        };
        return finish(error, code, details, request_id);
    }
    if error.source.is_some() {
        return finish(error, Code::Internal, Vec::new(), request_id);
    }
    // An error without a source is the engine's: a document that does not fit the schema, or a value that does not fit its
    // type. Those that already have a code come from `request_error`.
    code_of(error).unwrap_or_else(|| {
        set_code(error, Code::BadUserInput);
        Code::BadUserInput
    })
}

/// What a program is told beside the code, by name.
type Details = Vec<(&'static str, Value)>;

fn classify(failure: &domain::Error) -> (Code, Details) {
    let field = |name: &str| vec![("field", Value::from(name))];
    match failure {
        domain::Error::Unauthenticated => (Code::Unauthenticated, Vec::new()),
        domain::Error::Forbidden(_) => (Code::Forbidden, Vec::new()),
        domain::Error::NotFound(_) => (Code::NotFound, Vec::new()),
        domain::Error::BadInput { field: name, .. } => (Code::BadUserInput, field(name)),
        domain::Error::Conflict { field: name, .. } => (Code::Conflict, name.as_deref().map(field).unwrap_or_default()),
        domain::Error::ReadOnly => (Code::TenantReadOnly, Vec::new()),
        domain::Error::QuotaExceeded(exceeded) => (Code::QuotaExceeded, quota(exceeded)),
        domain::Error::FeatureNotIncluded(feature) => {
            (Code::FeatureNotIncluded, vec![("feature", Value::from(feature.as_str()))])
        }
        domain::Error::Database(_) => (Code::Internal, Vec::new()),
    }
}

fn quota(exceeded: &QuotaExceeded) -> Details {
    let QuotaExceeded { quota, limit, used } = *exceeded;
    vec![("quota", Value::from(quota.as_str())), ("limit", Value::from(limit)), ("used", Value::from(used))]
}

/// The error of a request that is refused as a whole, because its tenant has used up what it has for so many seconds to come.
pub fn used_up(exceeded: &QuotaExceeded, retry_after: u64) -> ServerError {
    let mut error = request_error(Code::QuotaExceeded, exceeded.to_string());
    for (name, value) in quota(exceeded).into_iter().chain([("retryAfter", Value::from(retry_after))]) {
        extensions(&mut error).set(name, value);
    }
    error
}

/// The error of a request for which no connection was free before it was executed.
pub fn no_connection() -> ServerError {
    let mut error = request_error(Code::RateLimited, BUSY_MESSAGE);
    extensions(&mut error).set("limit", CONNECTIONS);
    extensions(&mut error).set("retryAfter", RETRY_BUSY);
    error
}

fn finish(error: &mut ServerError, code: Code, details: Details, request_id: &str) -> Code {
    set_code(error, code);
    for (name, value) in details {
        extensions(error).set(name, value);
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
