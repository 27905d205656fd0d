//! The version of a Postgres program.

use std::fmt;

/// The oldest major version of Postgres that Tenantry supports.
pub const OLDEST_MAJOR: u32 = 14;

/// A version of Postgres, such as `15.18`, `18beta1` or `19devel`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Decides about compatibility: a data directory belongs to one major version.
    pub major: u32,
    text: String,
}

impl Version {
    /// Reads what `postgres --version` prints, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) fn parse(output: &str) -> Option<Self> {
        let (_, rest) = output.split_once("(PostgreSQL)")?;
        let text = rest.split_whitespace().next()?;
        let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Self { major: digits.parse().ok()?, text: text.to_owned() })
    }

    /// Whether Tenantry works with it.
    pub fn is_supported(&self) -> bool {
        self.major >= OLDEST_MAJOR
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
