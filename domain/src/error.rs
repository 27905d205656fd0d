//! How a verb can fail.

use sea_orm::DbErr;

use crate::{
    constraint,
    plan::{Feature, QuotaExceeded, not_included},
};

/// Why a verb did nothing. The text is a sentence for the person who asked, except that of [`Error::Database`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("Please sign in first.")]
    Unauthenticated,
    /// The actor's role does not allow it; the sentence says what.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing, or the actor may not see it; the noun says what: `employee`.
    #[error("There is no such {0}.")]
    NotFound(&'static str),
    /// A field of the input makes no sense.
    #[error("{message}")]
    BadInput {
        /// The field's path in the input: `workEmail`, `salary.currency`.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// The input makes sense by itself, but not with what is there.
    #[error("{message}")]
    Conflict {
        /// The field to change to resolve it, if there is one.
        field: Option<String>,
        /// What it collides with.
        message: String,
    },
    /// Nothing can be changed now.
    #[error(
        "Nothing can be changed in this organisation now, because the time that was paid for is over. What is there can be read."
    )]
    ReadOnly,
    /// The organisation has as much of something as its plan has.
    #[error(transparent)]
    QuotaExceeded(#[from] QuotaExceeded),
    /// The organisation's plan has not what was asked for.
    #[error("{}", not_included(*_0))]
    FeatureNotIncluded(Feature),
    /// The database failed. Its reason is for the log, not for the person.
    #[error("database error")]
    Database(#[source] DbErr),
}

impl Error {
    /// A field of the input makes no sense.
    pub fn bad_input(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadInput { field: field.into(), message: message.into() }
    }

    /// A field that may be left out, but not cleared, is null.
    pub fn required(field: impl Into<String>) -> Self {
        Self::bad_input(field, "This cannot be cleared.")
    }

    /// The input collides with what is there, and changing a field would resolve it.
    pub(crate) fn conflict(field: &str, message: impl Into<String>) -> Self {
        Self::Conflict { field: Some(field.to_owned()), message: message.into() }
    }

    /// What is there does not allow the deed, whatever the input.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Conflict { field: None, message: message.into() }
    }
}

/// A violated constraint becomes the answer that the rule behind it gives; anything else is a fault.
impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        constraint::answer(&error).unwrap_or(Self::Database(error))
    }
}
