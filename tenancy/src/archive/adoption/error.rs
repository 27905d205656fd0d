//! Why a database cannot be adopted.

use std::fmt;

use thiserror::Error as ThisError;

use crate::error::in_own_words;

/// Why a database cannot be adopted: a sentence for the operator. The password of its address is in none of them.
#[derive(Debug, ThisError)]
pub enum AdoptionError {
    /// The map is not in its language, or does not fit the source or the tables of a tenant.
    #[error("The map cannot be used:{}", lines(.0))]
    Map(Vec<MapFault>),
    /// The address is none. It is not repeated, for there may be a password in it.
    #[error("The address of the source cannot be read: give postgres://user@host/database.")]
    Address,
    /// The source does not answer.
    #[error("The source does not answer.")]
    Silent,
    /// The source cannot be reached, or lets nobody in.
    #[error("The source cannot be reached: {}", in_own_words(.0))]
    Unreachable(sqlx::Error),
    /// The source has no such schema.
    #[error("The source has no schema {0}.")]
    NoSchema(String),
    /// The source failed while it was read.
    #[error("The rows for {table} cannot be read from the source: {}", in_own_words(source))]
    Reading {
        /// The table that they are for.
        table: String,
        /// What Postgres said.
        source: sqlx::Error,
    },
    /// Rows were refused, so no tenant can be made of them.
    #[error("Rows were refused, so nothing was made.")]
    Refused,
}

/// What is wrong with a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there: a sentence.
    pub message: String,
}

impl fmt::Display for MapFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

/// One fault stands in the sentence, several have a line each.
fn lines(faults: &[MapFault]) -> String {
    match faults {
        [fault] => format!(" {fault}"),
        faults => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            format!("\n  {}", lines.join("\n  "))
        }
    }
}
