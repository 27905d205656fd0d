//! What can go wrong below the application.

use std::borrow::Cow;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::postgres::PgDatabaseError;
use thiserror::Error;

use crate::{AdoptionError, ArchiveError, Finding, SchemaNameError, Slug, TenantId};

/// The SQLSTATE of a statement that gave up waiting for a lock.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What SQLSTATEs of violated constraints begin with.
const INTEGRITY: &str = "23";

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the directory, in provisioning and in migrating.
#[derive(Debug, Error)]
pub enum Error {
    /// Another tenant has this slug.
    #[error("The address {0} is taken.")]
    SlugTaken(Slug),
    /// The tenant has had several slugs lately, which are still reserved for it.
    #[error(
        "The organisation has had several other addresses lately, which still lead to it. It cannot have {0} before one of them is free."
    )]
    TooManyFormerSlugs(Slug),
    /// Another tenant has this host, or the host cannot be registered.
    #[error("The host {0} is taken.")]
    HostTaken(String),
    /// There is no such tenant.
    #[error("There is no tenant {0}.")]
    NotFound(String),
    /// A tenant's migration failed; its schema is as it was before.
    #[error("The migration of tenant {tenant} failed: {}", in_words_of_postgres(source))]
    Migration {
        /// The tenant.
        tenant: TenantId,
        /// What Postgres said.
        source: DbErr,
    },
    /// A tenant could not be taken back to an older version; its schema is as it was before.
    #[error("Tenant {tenant} could not be taken back to {version}: {}{}", in_words_of_postgres(source), why_not_back(source))]
    TakingBack {
        /// The tenant.
        tenant: TenantId,
        /// The version.
        version: String,
        /// What Postgres, or the way back, said.
        source: DbErr,
    },
    /// A migration says something else than when it was applied.
    #[error("The migration {0} was changed after it had been applied. Put it back as it was and add a new one.")]
    MigrationChanged(String),
    /// This program has no such migration.
    #[error("There is no migration {version}. There are: {}.", known.join(", "))]
    UnknownMigration {
        /// What was asked for.
        version: String,
        /// Those that there are, the newest first.
        known: Vec<String>,
    },
    /// A migration failed in a new, empty schema.
    #[error("The migration {version} fails in a new schema: {}", in_words_of_postgres(source))]
    Scratch {
        /// Its name.
        version: String,
        /// What Postgres said.
        source: DbErr,
    },
    /// A migration that no tenant has yet does what no migration may do.
    #[error("A migration that no tenant has yet is refused: {0}.")]
    BreaksRules(Finding),
    /// A migration cannot be taken back, or not without a loss.
    #[error("The migration {version} cannot be taken back: {reason}.")]
    NoWayBack {
        /// Its name.
        version: String,
        /// Why, without a full stop.
        reason: String,
    },
    /// The control plane holds something that no version of this crate writes.
    #[error("The control plane is damaged: {0}")]
    Corrupt(String),
    /// A text of SQL that somebody has written is not executed.
    #[error("The SQL is refused: {0}.")]
    OwnSql(String),
    /// An archive cannot be written, read or restored.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A database of another program cannot be adopted.
    #[error(transparent)]
    Adoption(#[from] AdoptionError),
    /// The database refused or could not be reached.
    #[error("The database failed: {}", in_words_of_postgres(.0))]
    Database(#[from] DbErr),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(query_error(error))
    }
}

/// A name that the control plane holds.
impl From<SchemaNameError> for Error {
    fn from(error: SchemaNameError) -> Self {
        Self::Corrupt(format!("in platform.tenants: {error}"))
    }
}

pub(crate) fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// What the driver said.
pub(crate) fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// What went wrong, in the words of Postgres where they are its own. The driver adds a number of a line, which is one of the source of
/// Postgres, and looks like one of the statement.
pub fn in_words_of_postgres(error: &DbErr) -> String {
    match (error, driver_error(error)) {
        // What a migration itself says.
        (DbErr::Migration(text), _) => text.clone(),
        (_, Some(error)) if error.as_database_error().is_some() => in_own_words(error),
        _ => error.to_string(),
    }
}

/// The same of what the driver hands over itself.
pub(crate) fn in_own_words(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}

/// What a constraint of the older version that some row violates means for the tenant: so it may have been used since.
fn why_not_back(error: &DbErr) -> &'static str {
    if code_of(error).is_some_and(|code| code.starts_with(INTEGRITY)) {
        " (the tenant has something that the older version cannot hold)"
    } else {
        ""
    }
}

/// What Postgres calls the failure.
pub(crate) fn code_of(error: &DbErr) -> Option<Cow<'_, str>> {
    driver_error(error)?.as_database_error()?.code()
}

/// Whether Postgres gave up waiting for another transaction that has written the same key into an index. Neither a wait for a lock of the
/// table, where Postgres names no index, nor a deadlock is one of these.
pub(crate) fn waited_for_key(error: &DbErr, index: &str) -> bool {
    let said = driver_error(error).and_then(sqlx::Error::as_database_error);
    let Some(said) = said.and_then(|said| said.try_downcast_ref::<PgDatabaseError>()) else {
        return false;
    };
    said.code() == LOCK_NOT_AVAILABLE && said.r#where().is_some_and(|place| place.contains(index))
}

/// The name of the constraint that a statement violated.
pub(crate) fn violated_constraint(error: &DbErr) -> Option<&str> {
    driver_error(error)?.as_database_error()?.constraint()
}
