//! An error as the sentence that a person at a terminal reads.

use std::error::Error;

use sea_orm::DbErr;

/// An error and what caused it, each thing said once: many an error has the sentence of its cause in its own.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain() {
        let database = in_words_of_postgres(cause);
        let said = database.clone().unwrap_or_else(|| cause.to_string());
        if !sentence.contains(&said) {
            if !sentence.is_empty() {
                sentence.push_str(": ");
            }
            sentence.push_str(&said);
        }
        // Its own causes are wrappers that say the same in more words.
        if database.is_some() {
            break;
        }
    }
    sentence
}

fn in_words_of_postgres(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<DbErr>() {
        return Some(tenancy::in_words_of_postgres(error));
    }
    let message = error.downcast_ref::<sqlx::Error>()?.as_database_error()?.message();
    Some(message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::anyhow;
    use tenancy::ArchiveError;

    use super::*;

    #[test]
    fn each_cause_is_said_once() {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "nothing there");
        let error = anyhow::Error::from(ArchiveError::File { path: "nope".into(), source: missing() });
        assert_eq!(sentence(&error), "nope: nothing there");
        let error = anyhow::Error::from(missing()).context("The key cannot be used");
        assert_eq!(sentence(&error), "The key cannot be used: nothing there");
        assert_eq!(sentence(&anyhow!("Stopped")), "Stopped");
        let source = DbErr::Custom("no room".to_owned());
        let error = anyhow::Error::from(tenancy::Error::from(ArchiveError::Unfit { source }));
        assert_eq!(sentence(&error), "A later migration refuses the data: Custom Error: no room");
    }
}
