//! A table for people to read.

use std::fmt::{self, Write as _};

use super::COLUMNS;

/// A table with a column for each of [`COLUMNS`].
pub(super) struct Table {
    title: String,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    pub(super) fn add(&mut self, name: impl Into<String>, cells: Vec<String>) {
        assert_eq!(cells.len(), COLUMNS.len());
        self.rows.push((name.into(), cells));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = COLUMNS.map(str::to_owned).to_vec();
        let rows = || std::iter::once((String::new(), heads.clone())).chain(self.rows.iter().cloned());
        let first = rows().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let widths: Vec<usize> = (0..heads.len())
            .map(|column| rows().map(|(_, cells)| cells[column].chars().count()).max().unwrap_or_default())
            .collect();
        writeln!(formatter, "\n{}", self.title)?;
        for (name, cells) in rows() {
            let mut line = format!("  {name:first$}");
            for (cell, width) in cells.iter().zip(&widths) {
                write!(line, "  {cell:width$}")?;
            }
            writeln!(formatter, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
