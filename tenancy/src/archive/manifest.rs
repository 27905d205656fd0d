//! What an archive or an export says of itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ArchiveError;
use crate::{TenantId, name::quoted};

/// What an archive or an export says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The tenant.
    pub tenant: TenantId,
    /// Its slug at that time. Checked where it is used.
    pub slug: String,
    /// The organisation's name at that time.
    pub name: String,
    /// When the archive was made. Its data is that of one moment, no earlier than this.
    pub made_at: DateTime<Utc>,
    /// The migrations that the tenant's schema had, in their order.
    pub migrations: Vec<String>,
    /// The tables, in the order in which their data follows.
    pub tables: Vec<TableShape>,
}

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableShape {
    /// Its name.
    pub name: String,
    /// Its columns, without those that Postgres computes.
    pub columns: Vec<ColumnShape>,
    /// The columns of its primary key, which give its rows their order.
    pub key: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// Its type, as Postgres writes it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What the data of a table comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// Bytes of their text.
    pub bytes: u64,
    /// The SHA-256 of their text, in hexadecimal.
    pub sha256: String,
}

/// What there is in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What it says of itself.
    pub manifest: Manifest,
    /// What each table comes to, in the order of the manifest.
    pub totals: Vec<Totals>,
}

/// An archive that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What there is in it.
    pub contents: Contents,
    /// Its bytes.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Contents {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.totals.iter().map(|totals| totals.rows).sum()
    }

    /// The tables with what each comes to.
    pub fn tables(&self) -> impl Iterator<Item = (&TableShape, &Totals)> {
        self.manifest.tables.iter().zip(&self.totals)
    }
}

impl Manifest {
    /// The version of the schema: its last migration.
    pub fn version(&self) -> &str {
        self.migrations.last().map_or("", String::as_str)
    }

    /// How many of the program's migrations make the schema that the data fits.
    pub(super) fn steps(&self, program: &[String]) -> Result<u32, ArchiveError> {
        if let Some(unknown) = self.migrations.iter().find(|name| !program.contains(name)) {
            return Err(ArchiveError::Newer(unknown.clone()));
        }
        if let Some((_, missing)) = self.migrations.iter().zip(program).find(|(have, want)| have != want) {
            return Err(ArchiveError::Foreign(missing.clone()));
        }
        u32::try_from(self.migrations.len()).map_err(|_| ArchiveError::NotAnArchive)
    }

    /// Refuses data for tables other than those that the migrations have made.
    pub(super) fn check_shape(&self, made: &[TableShape]) -> Result<(), ArchiveError> {
        let differs = |what: String| Err(ArchiveError::Shape(what));
        for table in &self.tables {
            let Some(other) = made.iter().find(|other| other.name == table.name) else {
                return differs(format!("table {} is unknown", table.name));
            };
            if let Some(column) = table.columns.iter().find(|column| !other.columns.contains(column)) {
                return differs(format!("column {}.{} is unknown or of another type", table.name, column.name));
            }
            if let Some(column) = other.columns.iter().find(|column| !table.columns.contains(column)) {
                return differs(format!("column {}.{} is missing", table.name, column.name));
            }
            if other.key != table.key {
                return differs(format!("table {} has another primary key", table.name));
            }
        }
        match made.iter().find(|other| self.tables.iter().all(|table| table.name != other.name)) {
            Some(missing) => differs(format!("table {} is missing", missing.name)),
            None => Ok(()),
        }
    }
}

impl TableShape {
    /// Its name, for SQL text.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// Its columns, for SQL text.
    pub(super) fn quoted_columns(&self) -> String {
        list(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// Its primary key, for SQL text.
    pub(super) fn quoted_key(&self) -> String {
        list(self.key.iter().map(String::as_str))
    }
}

impl ColumnShape {
    /// Its name, for SQL text.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// Its name as a value, for SQL text.
    pub(super) fn literal(&self) -> String {
        format!("'{}'", self.name.replace('\'', "''"))
    }

    /// Whether it holds JSON, where null is a value and another thing than none.
    pub(super) fn is_json(&self) -> bool {
        matches!(self.kind.as_str(), "json" | "jsonb")
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(quoted).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(migrations: &[&str]) -> Manifest {
        let migrations = migrations.iter().map(|name| (*name).to_owned()).collect();
        let tenant = TenantId(uuid::Uuid::max());
        Manifest { tenant, slug: String::new(), name: String::new(), made_at: Utc::now(), migrations, tables: Vec::new() }
    }

    #[test]
    fn archives_of_this_program_and_of_older_ones_are_read() {
        let program = ["a", "b", "c"].map(str::to_owned);
        assert!(matches!(at(&["a", "b", "c"]).steps(&program), Ok(3)));
        assert!(matches!(at(&["a"]).steps(&program), Ok(1)));
        assert!(matches!(at(&["a", "b", "c", "d"]).steps(&program), Err(ArchiveError::Newer(name)) if name == "d"));
        assert!(matches!(at(&["a", "c"]).steps(&program), Err(ArchiveError::Foreign(name)) if name == "b"));
    }
}
