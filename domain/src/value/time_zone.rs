//! Time zones.

use super::FromText;
use crate::Error;

/// A text in the form of a name of the IANA time zone database: `Europe/Berlin`, `America/Argentina/Ushuaia`, `UTC`.
/// Whether there is such a zone, the database knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    /// The answer for a name that the time zone database does not have.
    pub(crate) fn unknown(field: &str) -> Error {
        Error::bad_input(field, "This is not a time zone, such as Europe/Berlin.")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for TimeZoneName {
    fn from_text(field: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let is_word = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_uppercase())
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        // Lower-case first words, `posix/` and `right/`, are copies that systems keep beside the zones.
        if text.len() <= 64 && text.split('/').all(is_word) { Ok(Self(text.to_owned())) } else { Err(Self::unknown(field)) }
    }

    fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_form_of_the_time_zone_database() {
        for good in ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+8", "America/Port-au-Prince"] {
            assert!(TimeZoneName::from_text("timeZone", good).is_ok(), "{good}");
        }
        for bad in ["", "europe/berlin", "posix/Europe/Berlin", "localtime", "+02:00", "Europe/", "Europe/Ber lin", "A'; --"] {
            assert!(TimeZoneName::from_text("timeZone", bad).is_err(), "{bad}");
        }
    }
}
