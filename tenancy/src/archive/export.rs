//! A tenant's data in open formats: a directory with a manifest and a file for each table.

use std::{fmt, path::Path, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    ArchiveError, Contents, Manifest, TableShape, Totals,
    partial_directory::PartialDirectory,
    piece::{Sum, beside},
    snapshot::Snapshot,
};
use crate::{Result, Tenant, Tenants};

/// The name of the manifest's file.
pub(super) const MANIFEST: &str = "manifest.json";
/// The version of the manifest, and that of one whose texts are guarded: a program that knows nothing of it would keep the guards.
pub(super) const VERSION: u16 = 1;
pub(super) const GUARDED: u16 = 2;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180 with a line of names; what is NULL stands without quotes, everything else in quotes.
    Csv,
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        })
    }
}

impl FromStr for ExportFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err("the formats are ndjson, csv"),
        }
    }
}

/// The manifest of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExportManifest {
    /// The version of this manifest.
    pub(super) version: u16,
    /// How rows are written.
    pub(super) format: ExportFormat,
    /// Whether texts that a spreadsheet would take for formulas have an apostrophe before them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) guarded: bool,
    /// As in an archive.
    #[serde(flatten)]
    pub(super) manifest: Manifest,
    /// What the file of each table comes to, in the order of the tables.
    pub(super) files: Vec<ExportFile>,
}

/// What the file of a table comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExportFile {
    /// The file.
    pub(super) file: String,
    /// Its rows, without the line of names.
    #[serde(flatten)]
    pub(super) totals: Totals,
}

impl Tenants {
    /// Writes a tenant's data into a new directory, as of one moment, while the tenant is used. The directory is there complete or not
    /// at all.
    pub async fn export(&self, tenant: &Tenant, target: &Path, format: ExportFormat, now: DateTime<Utc>) -> Result<Contents> {
        let target = target.to_owned();
        let directory = beside(move || PartialDirectory::create(&target)).await?;
        let mut snapshot = Snapshot::open(self, tenant, now).await?;
        let manifest = snapshot.manifest.clone();
        let mut files = Vec::with_capacity(manifest.tables.len());
        for table in &manifest.tables {
            let name = file_of(table, format)?;
            let totals = directory.write(&mut snapshot, table, &name, format).await?;
            files.push(ExportFile { file: name, totals });
        }
        snapshot.close().await?;
        let totals = files.iter().map(|file| file.totals.clone()).collect();
        let export = ExportManifest { version: VERSION, format, guarded: false, manifest: manifest.clone(), files };
        beside(move || directory.complete(&export)).await?;
        Ok(Contents { manifest, totals })
    }
}

/// The name of a table's file. A name that could lead elsewhere, or that not every system takes, is refused.
pub(super) fn file_of(table: &TableShape, format: ExportFormat) -> std::result::Result<String, ArchiveError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if table.name.is_empty() || !table.name.bytes().all(plain) {
        return Err(ArchiveError::Shape(format!("no file can be named after table {}", table.name)));
    }
    Ok(format!("{}.{format}", table.name))
}

/// Copies the rows of a table in a format, and says what they come to.
pub(super) async fn copy_table<F: Future<Output = Result<()>>>(
    snapshot: &mut Snapshot,
    table: &TableShape,
    format: ExportFormat,
    mut take: impl FnMut(Vec<u8>) -> F,
) -> Result<Totals> {
    let mut sum = Sum::new();
    let sent = snapshot
        .copy(&statement(table, format), |rows| {
            let rows = match format {
                ExportFormat::Csv => rows,
                ExportFormat::Ndjson => plain_lines(&rows),
            };
            sum.add(&rows, 0);
            take(rows)
        })
        .await?;
    // Postgres sends a row a message, and with CSV one more for the names.
    let rows = if format == ExportFormat::Csv { sent.rows.saturating_sub(1) } else { sent.rows };
    Ok(Totals { rows, ..sum.totals() })
}

/// The statement that copies a table in a format.
pub(super) fn statement(table: &TableShape, format: ExportFormat) -> String {
    let order = if table.key.is_empty() { String::new() } else { format!(" ORDER BY {}", table.quoted_key()) };
    let rows = format!("SELECT {} FROM {}{order}", table.quoted_columns(), table.quoted());
    match format {
        ExportFormat::Csv => format!("COPY ({rows}) TO STDOUT (FORMAT csv, HEADER true, FORCE_QUOTE *)"),
        ExportFormat::Ndjson => lines(table, &rows),
    }
}

/// The statement that copies rows as JSON objects. A JSON null would look like no value: a row that has one names its columns under an
/// empty key, which is no column's.
fn lines(table: &TableShape, rows: &str) -> String {
    let columns = table.columns.iter().filter(|column| column.is_json());
    let nulls = columns.map(|column| {
        let (kind, name, literal) = (&column.kind, column.quoted(), column.literal());
        format!("CASE WHEN {kind}_typeof(r.{name}) = 'null' THEN {literal} END")
    });
    let nulls = nulls.collect::<Vec<_>>().join(", ");
    if nulls.is_empty() {
        return format!("COPY (SELECT row_to_json(r) FROM ({rows}) r) TO STDOUT");
    }
    format!(
        "COPY (SELECT CASE WHEN n.names = '{{}}' THEN row_to_json(r)::text \
             ELSE left(row_to_json(r)::text, -1) || ',\"\":' || array_to_json(n.names)::text || '}}' END \
         FROM ({rows}) r CROSS JOIN LATERAL (SELECT array_remove(ARRAY[{nulls}]::text[], NULL) AS names) n) TO STDOUT"
    )
}

/// Undoes what COPY's text format does to JSON: it doubles backslashes. A line end can only come from between the tokens of a
/// value of type `json`, where a space says the same.
fn plain_lines(rows: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(rows.len());
    let mut bytes = rows.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => match bytes.next() {
                Some(b'\\') => plain.push(b'\\'),
                _ => plain.push(b' '),
            },
            other => plain.push(*other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json_again() {
        assert_eq!(plain_lines(b"{\"a\":\"x\\\\ny\\\\\\\\\",\\n\"b\":1}\n"), b"{\"a\":\"x\\ny\\\\\", \"b\":1}\n");
    }

    #[test]
    fn files_stay_in_their_directory() {
        let table = |name: &str| TableShape { name: name.to_owned(), columns: Vec::new(), key: Vec::new() };
        assert_eq!(file_of(&table("audit_events"), ExportFormat::Csv).unwrap(), "audit_events.csv");
        for name in ["", "..", "a/b", "../a", "A", "a b", "/etc/passwd"] {
            assert!(file_of(&table(name), ExportFormat::Csv).is_err(), "{name}");
        }
    }
}
