//! What the control plane says, for whoever has asked.

use sea_orm::DbErr;
use tenancy::{ArchiveError, Error};

/// A refusal is a sentence for the person; a fault is for the log. All errors are named, so that for a new one somebody decides which it
/// is.
pub(crate) fn answer(error: Error) -> domain::Error {
    match error {
        Error::SlugTaken(_) => conflict(Some("slug"), "This address is taken."),
        Error::TooManyFormerSlugs(_) => conflict(
            Some("slug"),
            "The organisation has changed its address often lately, and its former addresses still lead here. \
             It can change again when one of them is free.",
        ),
        Error::NotFound(_) => domain::Error::NotFound("organisation"),
        Error::Scratch { version, source } => {
            tracing::error!(version, %source, "a migration fails in a new schema");
            conflict(None, format!("The migration {version} fails in a new schema, so it was not tried here; the log says why."))
        }
        refused @ (Error::HostTaken(_)
        | Error::MigrationChanged(_)
        | Error::UnknownMigration { .. }
        | Error::BreaksRules(_)
        | Error::NoWayBack { .. }
        | Error::OwnSql(_)
        | Error::Archive(ArchiveError::Busy(_) | ArchiveError::InUse(_))) => conflict(None, refused.to_string()),
        Error::Database(error) => error.into(),
        fault @ (Error::Migration { .. }
        | Error::TakingBack { .. }
        | Error::Corrupt(_)
        | Error::Archive(_)
        | Error::Adoption(_)) => domain::Error::Database(DbErr::Custom(fault.to_string())),
    }
}

fn conflict(field: Option<&str>, message: impl Into<String>) -> domain::Error {
    domain::Error::Conflict { field: field.map(str::to_owned), message: message.into() }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Error::MigrationChanged("m1_first".to_owned()), Some("The migration m1_first was changed after it had been applied."))]
    #[case(Error::Scratch { version: "m1_first".to_owned(), source: DbErr::Custom("secret".to_owned()) }, Some("The migration m1_first fails"))]
    #[case(Error::from(ArchiveError::Busy("acme".to_owned())), Some("acme is being backed up, restored or migrated"))]
    #[case(Error::HostTaken("example.org".to_owned()), Some("The host example.org is taken."))]
    #[case(Error::Corrupt("secret".to_owned()), None)]
    #[case(Error::from(ArchiveError::Truncated), None)]
    #[case(Error::Database(DbErr::Custom("secret".to_owned())), None)]
    fn refusals_are_sentences_and_faults_are_for_the_log(#[case] error: Error, #[case] said: Option<&str>) {
        match (answer(error), said) {
            (domain::Error::Conflict { message, .. }, Some(said)) => {
                assert!(message.starts_with(said) && !message.contains("secret"), "{message}");
            }
            (domain::Error::Database(_), None) => {}
            (answer, said) => panic!("{answer:?} instead of {said:?}"),
        }
    }
}
