//! Names that go into SQL text: the schema and the role of a tenant.

use std::fmt;

use thiserror::Error;

use crate::TenantId;

/// The name of a tenant's schema, and of the role that may use it.
///
/// A name of this type consists of `a-z`, `0-9` and `_` only, so it can stand in SQL text without quoting, is the same
/// text quoted or not, and cannot end a string. Postgres cuts identifiers at 63 bytes without an error: longer ones are
/// refused here, or two tenants could share a schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaName(Box<str>);

/// Why a text is no schema name for a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SchemaNameError {
    /// Empty, or more than the 63 bytes that Postgres keeps of an identifier.
    #[error("a schema name has 1 to 63 bytes")]
    Length,
    /// Something other than `a-z`, `0-9` and `_`, or a digit in front.
    #[error("a schema name consists of a to z, digits and underscores, and begins with a letter")]
    Character,
    /// A schema of Postgres or of the platform.
    #[error("this schema belongs to Postgres or to the platform")]
    Reserved,
}

impl SchemaName {
    /// The name made from the tenant's id: `tenant_` and 32 hexadecimal digits. It stays when the tenant is renamed.
    pub fn of(id: TenantId) -> Self {
        Self(format!("tenant_{}", id.0.simple()).into())
    }

    /// A name for a schema that is no tenant's and does not last.
    pub(crate) fn scratch() -> Self {
        Self(format!("scratch_{}", uuid::Uuid::new_v4().simple()).into())
    }

    /// Parses a name that was stored, or that an existing program chose.
    pub fn parse(text: &str) -> Result<Self, SchemaNameError> {
        if text.is_empty() || text.len() > 63 {
            return Err(SchemaNameError::Length);
        }
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !text.bytes().all(allowed) || !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err(SchemaNameError::Character);
        }
        if text.starts_with("pg_") || matches!(text, "public" | "information_schema" | crate::PLATFORM_SCHEMA) {
            return Err(SchemaNameError::Reserved);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Any other name for SQL text, whatever it holds.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("tenant_0190", Ok(()))]
    #[case(&"x".repeat(63), Ok(()))]
    #[case(&"x".repeat(64), Err(SchemaNameError::Length))]
    #[case("", Err(SchemaNameError::Length))]
    #[case("Acme", Err(SchemaNameError::Character))]
    #[case("a-b", Err(SchemaNameError::Character))]
    #[case("a\"; drop schema platform; --", Err(SchemaNameError::Character))]
    #[case("a'b", Err(SchemaNameError::Character))]
    #[case("1a", Err(SchemaNameError::Character))]
    #[case("pg_x", Err(SchemaNameError::Reserved))]
    #[case("public", Err(SchemaNameError::Reserved))]
    #[case("platform", Err(SchemaNameError::Reserved))]
    #[case("information_schema", Err(SchemaNameError::Reserved))]
    fn parses(#[case] text: &str, #[case] expected: Result<(), SchemaNameError>) {
        assert_eq!(SchemaName::parse(text).map(drop), expected);
    }

    #[test]
    fn names_that_are_made_here_parse() {
        for name in [SchemaName::of(TenantId(uuid::Uuid::max())), SchemaName::scratch()] {
            assert_eq!(SchemaName::parse(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("a\"; DROP TABLE b"), "\"a\"\"; DROP TABLE b\"");
    }
}
