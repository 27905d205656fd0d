//! Why an archive cannot be written, read or restored.

use std::{
    io,
    path::{Path, PathBuf},
};

use sea_orm::DbErr;
use thiserror::Error as ThisError;

use crate::{
    Error, Tenant,
    error::{code_of, in_words_of_postgres},
};

/// Why an archive cannot be written, read or restored: a sentence for the operator.
#[derive(Debug, ThisError)]
pub enum ArchiveError {
    /// The file is something else.
    #[error("This is no archive of a tenant.")]
    NotAnArchive,
    /// The file is of a later format.
    #[error("The archive is of format {0}, and this program reads up to {format}: use a newer program.", format = super::FORMAT)]
    Format(u16),
    /// The archive is encrypted, and no key was given.
    #[error("The archive is encrypted: its key is needed.")]
    KeyNeeded,
    /// A key was given for an archive that anyone could have written.
    #[error("The archive is not encrypted, although a key was given for it.")]
    NotEncrypted,
    /// The archive was encrypted with another key.
    #[error("The key is not that of the archive.")]
    WrongKey,
    /// The text of a key is none.
    #[error("A key is 32 bytes, or 64 hexadecimal digits.")]
    BadKey,
    /// The file ends too early.
    #[error("The archive is incomplete: it was broken off, or a part of it was lost.")]
    Truncated,
    /// A checksum does not fit.
    #[error("The archive was altered or damaged: {0}.")]
    Altered(&'static str),
    /// The archive has migrations that this program does not know.
    #[error("The archive was made at version {0}, which this program does not have: use a newer program.")]
    Newer(String),
    /// The archive's migrations are not those of this program.
    #[error("The archive belongs to another program: it was made without migration {0}.")]
    Foreign(String),
    /// Tables or columns differ from those that the archive's version has.
    #[error("The archive does not fit the schema of its version: {0}.")]
    Shape(String),
    /// The export has another format.
    #[error("This is no export of a tenant: {0}.")]
    NotAnExport(String),
    /// What would be written is there already.
    #[error("{} exists already.", .0.display())]
    Exists(PathBuf),
    /// Somebody else is at it.
    #[error("{0} is being backed up, restored or migrated: try again when that has ended.")]
    Busy(String),
    /// A restore in place could not get its moment between the tenant's writes.
    #[error("{0} is written to without a pause: nothing was changed. Try again, or suspend it for the time being.")]
    InUse(String),
    /// Postgres refused the data of a table.
    #[error("The data of table {table} was refused: {}", in_words_of_postgres(source))]
    Refused {
        /// The table.
        table: String,
        /// What Postgres said.
        source: DbErr,
    },
    /// A migration that has come since the archive was made refuses what it holds. The program that made it can restore it, and so may a
    /// later one.
    #[error("A later migration refuses the data: {}", in_words_of_postgres(source))]
    Unfit {
        /// What Postgres said.
        source: DbErr,
    },
    /// What was restored is not what the archive holds.
    #[error("What was restored differs from the archive: {0}.")]
    Differs(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A text names no place.
    #[error("{0:?} is no place for archives: give a file or directory, or s3://bucket/prefix.")]
    NoPlace(String),
    /// A store of objects refused, or cannot be reached.
    #[error("{place}: {source}")]
    Object {
        /// The object.
        place: String,
        /// What the store said.
        source: Box<object_store::Error>,
    },
    /// The other side of the work has ended; it says why.
    #[error("The work was broken off.")]
    Stopped,
}

impl ArchiveError {
    /// Whether the archive itself is to blame: nobody can restore it. Otherwise it is whoever reads it, or what is between the two,
    /// such as the key, a store that does not answer, a program that is too old, a migration that has come since or a database without
    /// room; and another time, or elsewhere, it may be restored.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::NotAnArchive | Self::Truncated | Self::Altered(_) | Self::Foreign(_) | Self::Shape(_) | Self::Differs(_) => {
                true
            }
            Self::Refused { source, .. } => is_of_data(source),
            // Where its directory is missing too, a disk may not be mounted.
            Self::File { path, source } => source.kind() == io::ErrorKind::NotFound && path.parent().is_some_and(Path::is_dir),
            Self::Object { source, .. } => matches!(**source, object_store::Error::NotFound { .. }),
            _ => false,
        }
    }

    /// Whether what is read is not there.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::File { source, .. } => matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
            Self::Object { source, .. } => matches!(**source, object_store::Error::NotFound { .. }),
            _ => false,
        }
    }

    /// For a file that cannot be read or written. What went wrong within the archive is said as it is.
    pub(super) fn of_file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| match error.downcast::<Self>() {
            Ok(within) => within,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated,
            Err(source) => Self::File { path, source },
        }
    }
}

/// Whoever waits in vain for the lock of a tenant is told that somebody else is at it.
pub(super) fn busy(tenant: &Tenant, error: DbErr) -> Error {
    if is_wait(&error) { ArchiveError::Busy(tenant.slug.to_string()).into() } else { error.into() }
}

/// Whether Postgres gave up waiting for a lock.
pub(crate) fn is_wait(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| code == "55P03" || code == "40P01")
}

/// For what goes wrong in a migration that runs on data of an older version.
pub(super) fn of_migration(error: DbErr) -> Error {
    if is_of_data(&error) { ArchiveError::Unfit { source: error }.into() } else { error.into() }
}

/// Whether Postgres refused a value (class 22), or rows that a constraint forbids (class 23).
fn is_of_data(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
}

impl From<ArchiveError> for io::Error {
    fn from(error: ArchiveError) -> Self {
        Self::other(error)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of_store(source: object_store::Error) -> ArchiveError {
        ArchiveError::Object { place: "s3://bucket/key".to_owned(), source: Box::new(source) }
    }

    #[rstest]
    #[case(ArchiveError::Truncated, true)]
    #[case(ArchiveError::Altered("here"), true)]
    #[case(of_store(object_store::Error::NotFound { path: String::new(), source: "gone".into() }), true)]
    #[case(of_store(object_store::Error::Generic { store: "S3", source: "503".into() }), false)]
    #[case(ArchiveError::KeyNeeded, false)]
    #[case(ArchiveError::WrongKey, false)]
    #[case(ArchiveError::NotEncrypted, false)]
    #[case(ArchiveError::Newer("m".to_owned()), false)]
    #[case(ArchiveError::Stopped, false)]
    #[case(ArchiveError::Refused { table: "t".to_owned(), source: DbErr::Custom("no room".to_owned()) }, false)]
    #[case(ArchiveError::Unfit { source: DbErr::Custom("a new rule".to_owned()) }, false)]
    #[case(ArchiveError::of_file("/nowhere/at/all")(io::ErrorKind::NotFound.into()), false)]
    #[case(ArchiveError::of_file("/nowhere")(io::ErrorKind::NotFound.into()), true)]
    #[case(ArchiveError::of_file("/nowhere")(io::ErrorKind::PermissionDenied.into()), false)]
    fn only_the_archive_itself_is_damaged(#[case] error: ArchiveError, #[case] expected: bool) {
        assert_eq!(error.is_damage(), expected, "{error:?}");
    }
}
