//! How much one tenant may ask for.

use std::str::FromStr;

use clap::{Args, ValueEnum as _};

use crate::graphql::limits::Introspection;

/// The limits of one tenant; `default` stands for the program's own.
#[derive(Debug, Clone, Args)]
pub struct OwnLimits {
    /// Requests in a second, on the average; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second: Option<Limit>,
    /// Requests of one person, program or address in a second, on the average; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second_per_actor: Option<Limit>,
    /// Operations that are executed at a time; 0 for any number
    #[arg(long, value_name = "COUNT")]
    pub concurrent_operations: Option<Limit>,
    /// Milliseconds until Postgres cancels a statement, 1 at least; never more than the program allows
    #[arg(long, value_name = "MILLISECONDS")]
    pub statement_timeout_ms: Option<Limit>,
    /// Bytes that a document may have, 100 at least
    #[arg(long, value_name = "COUNT")]
    pub characters: Option<Limit>,
    /// Lexical tokens that a document may have, 10 at least
    #[arg(long, value_name = "COUNT")]
    pub tokens: Option<Limit>,
    /// Fields within one another, 1 to 40
    #[arg(long, value_name = "COUNT")]
    pub depth: Option<Limit>,
    /// Fields that are answered under another name
    #[arg(long, value_name = "COUNT")]
    pub aliases: Option<Limit>,
    /// Directives in the whole document
    #[arg(long, value_name = "COUNT")]
    pub directives: Option<Limit>,
    /// Fields at the root of an operation, 1 at least
    #[arg(long, value_name = "COUNT")]
    pub root_fields: Option<Limit>,
    /// Fields that an operation may resolve, those in lists counted once an item; 1 at least
    #[arg(long, value_name = "COUNT")]
    pub cost: Option<Limit>,
    /// Who may ask for the schema: on for anyone, members, or off
    #[arg(long, value_name = "WHO")]
    pub tenant_introspection: Option<Limit<Introspection>>,
}

/// A limit of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit<T = u64> {
    /// The program's own.
    Default,
    /// The tenant's own.
    Own(T),
}

impl FromStr for Limit<Introspection> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Introspection::from_str(text, false) {
            Ok(introspection) => Ok(Self::Own(introspection)),
            Err(_) if text == "default" => Ok(Self::Default),
            Err(_) => Err("give on, members, off, or default"),
        }
    }
}

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number) if number <= 1_000_000 => Ok(Self::Own(number)),
            _ if text == "default" => Ok(Self::Default),
            _ => Err("give a number up to 1000000, or default"),
        }
    }
}
