//! What the application asks of adopted rows, beside what Postgres does.

use chrono::{DateTime, Utc};

use super::row::AdoptedRow;

/// What the application asks of adopted rows.
#[derive(Debug, Clone, Copy)]
pub struct AdoptionRules {
    /// The tables that a map may fill. All others stay as migrations leave them.
    pub tables: &'static [TableRules],
    /// Statements that are executed in the tenant's schema when all rows are in it.
    pub finish: &'static [&'static str],
}

/// What the application asks of the rows of a table. Its key is the column `id`, a UUID.
#[derive(Debug, Clone, Copy)]
pub struct TableRules {
    /// The table.
    pub table: &'static str,
    /// The columns that a map may give, beside the key.
    pub columns: &'static [&'static str],
    /// Those of them that `check` gives where the map does not.
    pub completed: &'static [&'static str],
    /// Puts the values of a row into the form in which the application keeps them, or objects to them.
    pub check: fn(&mut AdoptedRow<'_>, DateTime<Utc>),
    /// What all rows together have to keep.
    pub together: &'static [RuleForAll],
}

/// Something that no constraint of Postgres can say.
#[derive(Debug, Clone, Copy)]
pub struct RuleForAll {
    /// A query for the ids of the rows that break it. Tables are named without a schema.
    pub broken: &'static str,
    /// The column that breaks it.
    pub column: &'static str,
    /// What is wrong with them: a sentence.
    pub message: &'static str,
}

impl AdoptionRules {
    pub(super) fn of(&self, table: &str) -> Option<&'static TableRules> {
        self.tables.iter().find(|rules| rules.table == table)
    }
}
