//! E-mail addresses.

use super::FromText;
use crate::Error;

/// Longest address that mail can be sent to (RFC 5321), in bytes as it counts them.
const MOST_BYTES: usize = 254;
/// Longest part before the `@`.
const MOST_LOCAL_BYTES: usize = 64;

/// An e-mail address that looks deliverable: one `@`, a domain of at least two labels. Kept in the case given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl FromText for EmailAddress {
    fn from_text(field: &str, text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return Err(Error::bad_input(field, format!("This may have at most {MOST_BYTES} characters.")));
        }
        if looks_deliverable(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::bad_input(field, "This is not an e-mail address."))
        }
    }

    fn into_text(self) -> String {
        self.0
    }
}

fn looks_deliverable(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_is_good = (1..=MOST_LOCAL_BYTES).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_in_local));
    let labels_are_good = domain.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    });
    local_is_good && labels_are_good && domain.contains('.')
}

/// The characters of an unquoted local part, with those of other scripts (RFC 5322 and 6531).
fn is_in_local(character: char) -> bool {
    character.is_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_control() && !character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parses(text: &str) -> bool {
        EmailAddress::from_text("workEmail", text).is_ok()
    }

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["ann@acme.test", " Ann.O'Neil+x@mail.acme-corp.test ", "jürgen@bücher.example", "用户@例子.广告"] {
            assert!(parses(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@acme.test",
            "ann@",
            "ann@acme",
            "ann@@acme.test",
            "a b@acme.test",
            "ann@acme..test",
            ".a@acme.test",
            "a..b@acme.test",
            "ann@-acme.test",
            "ann@acme.test\0",
            "a\nb@acme.test",
            "<ann@acme.test>",
            "ann@acme.test, bob@acme.test",
        ] {
            assert!(!parses(bad), "{bad:?}");
        }
    }

    #[test]
    fn addresses_have_limits() {
        assert!(parses(&format!("{}@acme.test", "a".repeat(64))));
        assert!(!parses(&format!("{}@acme.test", "a".repeat(65))));
        assert!(!parses(&format!("a@{}.test", "b.".repeat(130).trim_end_matches('.'))));
    }
}
