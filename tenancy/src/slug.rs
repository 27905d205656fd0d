//! The part of a tenant's address that its people choose: `acme` of `acme.example.com`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Names that a tenant may not take, because the platform, a browser, a mail server or Postgres gives them a meaning.
pub const RESERVED_SLUGS: &[&str] = &[
    "about",
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "apps",
    "assets",
    "auth",
    "autoconfig",
    "autodiscover",
    "beta",
    "billing",
    "blog",
    "cdn",
    "console",
    "dashboard",
    "dev",
    "dns",
    "docs",
    "email",
    "files",
    "ftp",
    "graphiql",
    "graphql",
    "health",
    "help",
    "imap",
    "internal",
    "localhost",
    "login",
    "mail",
    "metrics",
    "mta-sts",
    "mx",
    "news",
    "null",
    "oauth",
    "ops",
    "platform",
    "pop",
    "postmaster",
    "public",
    "root",
    "security",
    "settings",
    "signin",
    "signup",
    "smtp",
    "sso",
    "staging",
    "static",
    "status",
    "store",
    "support",
    "system",
    "tenant",
    "test",
    "undefined",
    "webmail",
    "webmaster",
    "wpad",
    "www",
];

/// A tenant's address label: 1 to 63 bytes of `a-z`, `0-9` and inner hyphens, as RFC 1123 has it, and not reserved.
///
/// There is one spelling of each slug: upper case is refused here and lowered where a hostname is parsed, so two tenants
/// cannot differ in case alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Box<str>);

/// Why a text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SlugError {
    /// Empty, or more than 63 bytes.
    #[error("An address has 1 to 63 characters.")]
    Length,
    /// Something other than `a-z`, `0-9` and `-`.
    #[error("An address consists of lower-case letters a to z, digits and hyphens.")]
    Character,
    /// A hyphen at either end, or at the third and fourth place, which internationalised names use.
    #[error("An address neither begins nor ends with a hyphen, nor has two of them at its third place.")]
    Hyphen,
    /// One of [`RESERVED_SLUGS`].
    #[error("This address is reserved.")]
    Reserved,
}

impl Slug {
    /// Parses a slug; see the type for the rules.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() || text.len() > 63 {
            return Err(SlugError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Err(SlugError::Character);
        }
        if text.starts_with('-') || text.ends_with('-') || text.get(2..4) == Some("--") {
            return Err(SlugError::Hyphen);
        }
        if RESERVED_SLUGS.binary_search(&text).is_ok() {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.into()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("acme")]
    #[case("a")]
    #[case("a-b")]
    #[case("4711")]
    #[case(&"x".repeat(63))]
    fn accepts(#[case] text: &str) {
        assert_eq!(Slug::parse(text).map(|slug| slug.to_string()), Ok(text.to_owned()));
    }

    #[rstest]
    #[case("", SlugError::Length)]
    #[case(&"x".repeat(64), SlugError::Length)]
    // 32 characters, but 64 bytes: names are measured in bytes.
    #[case(&"ü".repeat(32), SlugError::Length)]
    #[case("Acme", SlugError::Character)]
    #[case("a_b", SlugError::Character)]
    #[case("pg_x", SlugError::Character)]
    #[case("a.b", SlugError::Character)]
    #[case("a\"b", SlugError::Character)]
    #[case("a'b", SlugError::Character)]
    #[case("a b", SlugError::Character)]
    #[case("über", SlugError::Character)]
    #[case("-a", SlugError::Hyphen)]
    #[case("a-", SlugError::Hyphen)]
    #[case("xn--bcher-kva", SlugError::Hyphen)]
    #[case("public", SlugError::Reserved)]
    #[case("www", SlugError::Reserved)]
    #[case("api", SlugError::Reserved)]
    #[case("admin", SlugError::Reserved)]
    #[case("platform", SlugError::Reserved)]
    fn refuses(#[case] text: &str, #[case] error: SlugError) {
        assert_eq!(Slug::parse(text), Err(error));
    }

    #[test]
    fn reserved_slugs_are_sorted_for_the_binary_search() {
        assert!(RESERVED_SLUGS.is_sorted());
    }
}
