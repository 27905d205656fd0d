//! What the codes of Postgres mean to a client.

use std::borrow::Cow;

use async_graphql::ServerError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr::SqlxError};
use sqlx::Error as DriverError;

use super::{Code, extensions, set_code};
use crate::auth::AuthError;

/// The SQLSTATE of a statement that Postgres cancelled.
const QUERY_CANCELED: &str = "57014";

/// The SQLSTATE of a statement in a transaction that another statement has broken.
const IN_FAILED_TRANSACTION: &str = "25P02";

/// What the database or the way to it has said, whoever was told.
fn failure(error: &ServerError) -> Option<&DbErr> {
    if let Some(tenancy::Error::Database(failure)) = error.source::<tenancy::Error>() {
        return Some(failure);
    }
    match (error.source::<domain::Error>(), error.source::<AuthError>()) {
        (Some(domain::Error::Database(failure)), _) | (_, Some(AuthError::Refused(domain::Error::Database(failure)))) => {
            Some(failure)
        }
        (_, Some(AuthError::Internal(failure))) => failure_within(failure),
        _ => None,
    }
}

/// The same of a failure whose type nobody has kept.
fn failure_within(failure: &anyhow::Error) -> Option<&DbErr> {
    failure.chain().find_map(|cause| cause.downcast_ref())
}

fn is_no_connection(failure: &DbErr) -> bool {
    matches!(failure, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
}

/// Whether all connections were in use for as long as a request may wait for one.
pub(super) fn found_no_connection(error: &ServerError) -> bool {
    failure(error).is_some_and(is_no_connection)
}

/// The same of what failed before a resolver was asked.
pub(crate) fn lacked_connection(failure: &anyhow::Error) -> bool {
    failure_within(failure).is_some_and(is_no_connection)
}

/// Whether there is no way to the database, or it has broken the connection off: it is stopped, begins, or gives way to another.
fn is_unreachable(failure: &DbErr) -> bool {
    let (DbErr::Conn(SqlxError(cause)) | DbErr::Query(SqlxError(cause)) | DbErr::Exec(SqlxError(cause))) = failure else {
        return matches!(failure, DbErr::Conn(_) | DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
    };
    match &**cause {
        DriverError::Io(_) | DriverError::WorkerCrashed => true,
        // What ends, crashes or begins; too many connections; failures of the connection.
        DriverError::Database(error) => error.code().is_some_and(|code| {
            matches!(failure, DbErr::Conn(_))
                || matches!(code.as_ref(), "57P01" | "57P02" | "57P03" | "53300")
                || code.starts_with("08")
        }),
        _ => false,
    }
}

/// Whether the database could not be reached.
pub(super) fn reached_nothing(error: &ServerError) -> bool {
    failure(error).is_some_and(is_unreachable)
}

/// The same of what failed before a resolver was asked.
pub(crate) fn lacked_database(failure: &anyhow::Error) -> bool {
    failure_within(failure).is_some_and(is_unreachable)
}

/// Whether Postgres cancelled a statement because of its time.
pub(super) fn took_too_long(error: &ServerError) -> bool {
    sqlstate(error).is_some_and(|code| code == QUERY_CANCELED)
}

fn sqlstate(error: &ServerError) -> Option<Cow<'_, str>> {
    let (DbErr::Query(SqlxError(cause)) | DbErr::Exec(SqlxError(cause))) = failure(error)? else {
        return None;
    };
    cause.as_database_error()?.code()
}

/// Whether a table, a schema, a role or a right was not there: as of a tenant that is deleted or restored while the request is under
/// way.
pub(in crate::graphql) fn misses_something(error: &ServerError) -> bool {
    let code = sqlstate(error);
    code.is_some_and(|code| matches!(code.as_ref(), "42P01" | "3F000" | "42704" | "22023" | "42501" | "XX000"))
}

/// The fields of a query share a transaction, which Postgres breaks with the first failure: those after it failed for the same reason.
pub(in crate::graphql) fn name_first_cause(errors: &mut [ServerError]) {
    let follows = |error: &ServerError| sqlstate(error).is_some_and(|code| code == IN_FAILED_TRANSACTION);
    let is_cause = |error: &&ServerError| failure(error).is_some() && !follows(error);
    let Some((source, message)) = errors.iter().find(is_cause).map(|first| (first.source.clone(), first.message.clone())) else {
        return;
    };
    for error in errors.iter_mut().filter(|error| follows(error)) {
        error.source.clone_from(&source);
        error.message.clone_from(&message);
    }
}

/// Says of such an error that the tenant is being deleted.
pub(in crate::graphql) fn say_deleted(error: &mut ServerError) {
    error.source = None;
    "This organisation is being deleted.".clone_into(&mut error.message);
    set_code(error, Code::TenantDeleting);
}

/// Says of such an error that the tenant's data was restored: what was to be changed is not the present data any more.
pub(in crate::graphql) fn say_restored(error: &mut ServerError) {
    error.source = None;
    "This organisation's data has just been restored from a backup. Nothing was changed: please look at it, and try again."
        .clone_into(&mut error.message);
    set_code(error, Code::TenantMigrating);
    extensions(error).set("retryAfter", 5);
}
