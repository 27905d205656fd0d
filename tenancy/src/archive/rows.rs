//! The files of an export, and the rows in them. Anyone may have written them, so nothing in them is taken for what it should be.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::de::IgnoredAny;

use super::{
    ArchiveError, TableShape, Totals,
    export::{ExportFile, ExportFormat},
    guard::Guard,
    piece::{PIECE, Sum},
};

/// The longest line of names that is read.
const LONGEST_NAMES: u64 = 1 << 20;

/// Opens a file. What is none, as a pipe or a device, could be read without end.
pub(super) fn open(path: &Path) -> Result<File, ArchiveError> {
    if !fs::metadata(path).map_err(ArchiveError::of_file(path))?.is_file() {
        return Err(ArchiveError::NotAnExport(format!("{} is no file", path.display())));
    }
    File::open(path).map_err(ArchiveError::of_file(path))
}

/// Holds a file against its sum.
pub(super) fn check(directory: &Path, file: &ExportFile) -> Result<(), ArchiveError> {
    let path = directory.join(&file.file);
    // One byte more than it should have is enough to know.
    let mut reader = open(&path)?.take(file.totals.bytes.saturating_add(1));
    let mut buffer = vec![0; PIECE];
    let mut sum = Sum::new();
    loop {
        let count = reader.read(&mut buffer).map_err(ArchiveError::of_file(&path))?;
        if count == 0 {
            break;
        }
        sum.add(buffer.get(..count).unwrap_or_default(), 0);
    }
    if (Totals { rows: file.totals.rows, ..sum.totals() }) != file.totals {
        return Err(ArchiveError::NotAnExport(format!("{} was altered or is incomplete", file.file)));
    }
    Ok(())
}

/// Reads the rows of a table in handfuls: whole lines of JSON, or any part of CSV with its line of names and without its guards. The
/// names are those of the table's columns, or Postgres would put values where they do not belong and leave out what it does not know.
pub(super) fn read(
    path: &Path,
    format: ExportFormat,
    table: &TableShape,
    mut guard: Option<Guard>,
    send: &dyn Fn(Vec<u8>) -> bool,
) -> Result<(), ArchiveError> {
    let mut reader = BufReader::new(open(path)?);
    let mut rows = Vec::with_capacity(PIECE);
    if format == ExportFormat::Csv {
        rows = read_names(&mut reader).map_err(ArchiveError::of_file(path))?;
        check_names(&rows, table)?;
    }
    let columns = sorted_columns(table);
    let mut line = 0_u64;
    loop {
        let begin = rows.len();
        let read = match format {
            ExportFormat::Csv => (&mut reader).take(PIECE as u64).read_to_end(&mut rows),
            ExportFormat::Ndjson => reader.read_until(b'\n', &mut rows),
        };
        let ended = read.map_err(ArchiveError::of_file(path))? == 0;
        if format == ExportFormat::Ndjson {
            line += 1;
            let wrong = |what: String| ArchiveError::NotAnExport(format!("line {line} of table {} {what}", table.name));
            check_line(rows.get(begin..).unwrap_or_default(), &columns).map_err(wrong)?;
        }
        if rows.len() >= PIECE || (ended && !rows.is_empty()) {
            let piece = std::mem::take(&mut rows);
            let piece = match &mut guard {
                Some(guard) => guard.pass(&piece),
                None => piece,
            };
            if !send(piece) {
                return Err(ArchiveError::Stopped);
            }
        }
        if ended {
            return Ok(());
        }
    }
}

/// The first line of CSV. A name in quotes may go on in the next one.
fn read_names(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut reader = reader.take(LONGEST_NAMES);
    let mut names = Vec::new();
    loop {
        let ended = reader.read_until(b'\n', &mut names)? == 0;
        let in_quotes = names.split(|byte| *byte == b'"').count().is_multiple_of(2);
        if ended || !in_quotes {
            return Ok(names);
        }
    }
}

/// Whether a line of CSV names the columns of a table, each in its place.
fn check_names(line: &[u8], table: &TableShape) -> Result<(), ArchiveError> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    let names = names_of(text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']));
    if names.iter().eq(table.columns.iter().map(|column| &column.name)) {
        return Ok(());
    }
    Err(ArchiveError::NotAnExport(format!("the first line of table {} does not name its columns in their order", table.name)))
}

fn names_of(line: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => name.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(std::mem::take(&mut name)),
            other => name.push(other),
        }
    }
    names.push(name);
    names
}

fn sorted_columns(table: &TableShape) -> Vec<&str> {
    let mut columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    columns.sort_unstable();
    columns
}

/// Says what is wrong with a line of JSON. The empty key is no column's: it says which values are a JSON null.
fn check_line(line: &[u8], columns: &[&str]) -> Result<(), String> {
    if line.trim_ascii().is_empty() {
        return Ok(());
    }
    #[expect(clippy::zero_sized_map_values, reason = "an object is read as a map; its keys alone are looked at")]
    let values: BTreeMap<String, IgnoredAny> =
        serde_json::from_slice(line).map_err(|error| format!("is no JSON object: {error}"))?;
    if let Some(missing) = columns.iter().find(|column| !values.contains_key(**column)) {
        return Err(format!("has no value of {missing}"));
    }
    match values.keys().find(|key| !key.is_empty() && columns.binary_search(&key.as_str()).is_err()) {
        Some(unknown) => Err(format!("has a value of {unknown}, which is no column")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("id,name", &["id", "name"])]
    #[case("\"id\",\"a \"\"b\"\", c\"", &["id", "a \"b\", c"])]
    #[case("", &[""])]
    #[case("id,", &["id", ""])]
    fn names_are_read(#[case] line: &str, #[case] expected: &[&str]) {
        assert_eq!(names_of(line), expected);
    }

    #[test]
    fn names_in_quotes_may_have_lines() {
        let mut text = &b"id,\"a\nb\"\n1,2\n"[..];
        assert_eq!(read_names(&mut text).unwrap(), b"id,\"a\nb\"\n");
        assert_eq!(text, b"1,2\n");
    }

    #[rstest]
    #[case(r#"{"id": 1, "name": null}"#, None)]
    #[case(r#"{"name": {"a": [1]}, "id": 1, "": ["name"]}"#, None)]
    #[case("\n", None)]
    #[case(r#"{"id": 1}"#, Some("has no value of name"))]
    #[case(r#"{"id": 1, "name": "x", "nmae": "x"}"#, Some("nmae, which is no column"))]
    #[case("[1]", Some("no JSON object"))]
    #[case(r#"{"id": 1, "name""#, Some("no JSON object"))]
    fn lines_have_each_column_and_no_other(#[case] line: &str, #[case] expected: Option<&str>) {
        let said = check_line(line.as_bytes(), &["id", "name"]).err();
        assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
        assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()));
    }
}
