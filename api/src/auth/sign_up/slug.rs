//! Whether an address is free. It says no more than the address itself would, and only so often.

use chrono::{DateTime, Utc};
use tenancy::{Slug, SlugError};

use super::ask::{TAKEN, internal};
use crate::auth::{Auth, AuthError, Visitor};

/// How many further addresses are tried for a suggestion.
const SUGGESTIONS: u32 = 8;
/// The longest address.
const LONGEST: usize = 63;

/// Why an address cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlugProblem {
    /// It is none.
    Invalid,
    /// The platform keeps it for itself.
    Reserved,
    /// An organisation has it.
    Taken,
}

/// Whether an address is free.
#[derive(Debug)]
pub struct SlugAnswer {
    /// Why it is not; none where it is.
    pub problem: Option<(SlugProblem, String)>,
    /// One that is free, where this one is not.
    pub suggestion: Option<Slug>,
}

impl Auth {
    /// Whether a new organisation can have this address.
    pub async fn slug_availability(&self, text: &str, visitor: &Visitor, now: DateTime<Utc>) -> Result<SlugAnswer, AuthError> {
        self.sign_up.require_offered()?;
        self.tries.look_at_slug(visitor.address)?;
        let parsed = Slug::parse(text);
        let mut asked: Vec<Slug> = parsed.iter().cloned().collect();
        asked.extend(alternatives(text));
        let taken = self.tenants.taken_slugs(&asked, now).await.map_err(internal)?;
        let problem = match &parsed {
            Err(SlugError::Reserved) => Some((SlugProblem::Reserved, SlugError::Reserved.to_string())),
            Err(error) => Some((SlugProblem::Invalid, error.to_string())),
            Ok(slug) if taken.contains(slug) => Some((SlugProblem::Taken, TAKEN.to_owned())),
            Ok(_) => None,
        };
        let suggestion = problem.as_ref().and_then(|_| asked.into_iter().find(|slug| !taken.contains(slug)));
        Ok(SlugAnswer { problem, suggestion })
    }
}

/// Addresses that are like a text: its letters and digits, and the same with a number.
fn alternatives(text: &str) -> Vec<Slug> {
    // Nobody types more.
    let text: String = text.chars().take(2 * LONGEST).collect::<String>().to_lowercase();
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let base = words.collect::<Vec<_>>().join("-");
    // Of ASCII, so each place is between two characters.
    let cut = |length: usize| base.get(..length).unwrap_or(&base).trim_end_matches('-').to_owned();
    let numbered = (2..2 + SUGGESTIONS).map(|number| format!("{}-{number}", cut(LONGEST - 2)));
    std::iter::once(cut(LONGEST)).chain(numbered).filter_map(|candidate| Slug::parse(&candidate).ok()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("acme", &["acme", "acme-2", "acme-3"])]
    #[case("Acme & Söhne GmbH", &["acme-s-hne-gmbh", "acme-s-hne-gmbh-2", "acme-s-hne-gmbh-3"])]
    #[case("www", &["www-2", "www-3", "www-4"])]
    #[case("xn--bcher-kva", &["xn-bcher-kva", "xn-bcher-kva-2", "xn-bcher-kva-3"])]
    #[case("--a--", &["a", "a-2", "a-3"])]
    #[case("日本", &[])]
    #[case("", &[])]
    fn an_address_has_alternatives(#[case] text: &str, #[case] first: &[&str]) {
        let found: Vec<String> = alternatives(text).iter().take(3).map(ToString::to_string).collect();
        assert_eq!(found, first);
    }

    #[test]
    fn alternatives_are_not_longer_than_an_address() {
        for text in ["x".repeat(63), "x".repeat(64), "ab-".repeat(40)] {
            let found = alternatives(&text);
            assert_eq!(found.len(), 9, "{text}");
            assert!(found.iter().all(|slug| slug.as_str().len() <= 63));
        }
    }
}
