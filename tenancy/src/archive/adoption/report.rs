//! What became of the rows.

use std::collections::BTreeMap;

use super::row::Objection;

/// How many keys of the source are named for each reason.
pub(super) const EXAMPLES: usize = 5;
/// The longest key or value that is repeated, in characters.
pub(super) const LONGEST_SHOWN: usize = 60;
/// How many reasons are told apart for a table: a sentence may have a value in it, and so may be another for each row.
const REASONS: usize = 50;

/// What became of the rows of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionReport {
    /// Each table of the map, in its order.
    pub tables: Vec<AdoptedTable>,
}

/// What became of the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedTable {
    /// The table of the tenant.
    pub table: String,
    /// How many rows were read.
    pub rows: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// Why.
    pub reasons: Vec<RefusalReason>,
}

/// Why rows were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalReason {
    /// The column or the constraint.
    pub what: String,
    /// What is wrong: a sentence.
    pub message: String,
    /// How many rows.
    pub rows: u64,
    /// The keys that some of them have in the source.
    pub keys: Vec<String>,
}

/// How far an adoption is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptionStep<'a> {
    /// The rows for a table are being read.
    Reading {
        /// The table of the tenant.
        table: &'a str,
        /// How many of its rows were read so far.
        rows: u64,
    },
    /// All rows for a table are held against what they have to keep.
    Judging {
        /// The table of the tenant.
        table: &'a str,
    },
    /// They go into the tenant's own table.
    Storing {
        /// The table of the tenant.
        table: &'a str,
    },
    /// Indexes are made, and references are checked.
    Finishing,
}

impl AdoptionReport {
    /// The rows that were read.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Those of them that were refused.
    pub fn refused(&self) -> u64 {
        self.tables.iter().map(|table| table.refused).sum()
    }
}

/// A key of the source for people: no longer than a line, and without what a terminal would obey. Users of the other program may have
/// typed it.
pub(super) fn shown(key: &str) -> String {
    let mut shown: String = key.chars().take(LONGEST_SHOWN).collect();
    if shown.chars().any(is_obeyed) {
        shown = shown.escape_debug().to_string();
    }
    if key.chars().nth(LONGEST_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a terminal would do something other than show it: control characters, ends of lines, turns of the direction of writing.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// Counts the objections to the rows of a table, one after the other.
#[derive(Debug, Default)]
pub(super) struct Tally {
    refused: u64,
    reasons: BTreeMap<Objection, (u64, Vec<String>)>,
}

impl Tally {
    /// Notes a row that is refused.
    pub(super) fn note(&mut self, key: Option<&str>, objections: &[Objection]) {
        self.refused += 1;
        for objection in objections {
            let is_new = !self.reasons.contains_key(objection);
            let objection = if is_new && self.reasons.len() >= REASONS {
                Objection { what: objection.what.clone(), message: "There are further reasons.".to_owned() }
            } else {
                objection.clone()
            };
            let (rows, keys) = self.reasons.entry(objection).or_default();
            *rows += 1;
            if keys.len() < EXAMPLES {
                keys.push(key.map_or_else(|| "(none)".to_owned(), shown));
            }
        }
    }

    pub(super) fn finish(self, table: &str, rows: u64) -> AdoptedTable {
        let reasons = self.reasons.into_iter().map(|(objection, (rows, keys))| RefusalReason {
            what: objection.what,
            message: objection.message,
            rows,
            keys,
        });
        AdoptedTable { table: table.to_owned(), rows, refused: self.refused, reasons: reasons.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_it_is_unless_a_terminal_would_obey_it() {
        assert_eq!(shown("O'Neil 7"), "O'Neil 7");
        assert_eq!(shown("a\u{1b}[2J\nb"), "a\\u{1b}[2J\\nb");
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(shown(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(shown(&"ä".repeat(61)), format!("{}…", "ä".repeat(60)));
    }
}
