//! Texts that a spreadsheet would take for formulas.
//!
//! What somebody has typed into a field is opened by somebody else in a spreadsheet, which calculates what begins like a formula, with or
//! without quotes around it: a link or a request that sends other cells of the sheet away. So in what is made for spreadsheets such a text
//! has an apostrophe before it, and so has one that begins with an apostrophe: reading takes one away wherever there is one, and every
//! text is again what it was.

use super::TableShape;

/// Tells spreadsheets at the beginning of a file that it is UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

const GUARD: u8 = b'\'';

/// Puts apostrophes before texts of a table on their way, or takes them away. They come as this program writes CSV, with quotes around all
/// that is not NULL, in pieces of any length.
pub(super) struct Guard {
    /// Whether each column has texts.
    texts: Vec<bool>,
    task: Task,
    column: usize,
    /// Names stay as they are.
    in_names: bool,
    at: At,
}

#[derive(Clone, Copy)]
enum Task {
    Put,
    Take,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Between quotes that end a value and those that begin one, as in NULL.
    Outside,
    /// Before the first byte of a value.
    Opened,
    Within,
    /// After quotes that end the value, unless further ones follow.
    Closed,
}

impl Guard {
    /// For a table that is written.
    pub(super) fn put(table: &TableShape) -> Self {
        Self::new(table, Task::Put)
    }

    /// For one that is read.
    pub(super) fn take(table: &TableShape) -> Self {
        Self::new(table, Task::Take)
    }

    fn new(table: &TableShape, task: Task) -> Self {
        let texts = table.columns.iter().map(|column| has_texts(&column.kind)).collect();
        Self { texts, task, column: 0, in_names: true, at: At::Outside }
    }

    /// What becomes of the next piece.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut passed = Vec::with_capacity(piece.len() + piece.len() / 16);
        for &byte in piece {
            if self.at == At::Opened && self.is_text() {
                match self.task {
                    Task::Put if is_risky(byte) => passed.push(GUARD),
                    Task::Take if byte == GUARD => {
                        self.at = At::Within;
                        continue;
                    }
                    Task::Put | Task::Take => {}
                }
            }
            self.step(byte);
            passed.push(byte);
        }
        passed
    }

    fn is_text(&self) -> bool {
        !self.in_names && self.texts.get(self.column).is_some_and(|is_text| *is_text)
    }

    fn step(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (At::Outside, b'"') => At::Opened,
            (At::Opened | At::Within, b'"') => At::Closed,
            (At::Opened | At::Within, _) | (At::Closed, b'"') => At::Within,
            (At::Outside | At::Closed, b',') => {
                self.column += 1;
                At::Outside
            }
            (At::Outside | At::Closed, b'\n') => {
                (self.column, self.in_names) = (0, false);
                At::Outside
            }
            (At::Outside | At::Closed, _) => At::Outside,
        };
    }
}

/// Whether a text that begins with this is guarded: what begins a formula in some spreadsheet, and the guard itself. With 0xEF begin the
/// signs in full width, among others.
fn is_risky(byte: u8) -> bool {
    matches!(byte, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' | GUARD | 0xEF)
}

/// Whether people decide how values of a type begin. Exports of before are read by the same rule: it cannot change without a new version
/// of the manifest.
fn has_texts(kind: &str) -> bool {
    let base = kind.split('(').next().unwrap_or(kind);
    let is_plain = matches!(
        base,
        "smallint"
            | "integer"
            | "bigint"
            | "numeric"
            | "real"
            | "double precision"
            | "boolean"
            | "date"
            | "interval"
            | "uuid"
            | "bytea"
            | "json"
            | "jsonb"
    );
    !is_plain && !base.starts_with("time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::ColumnShape;

    fn table() -> TableShape {
        let columns = [("a", "text"), ("b", "numeric(14,2)"), ("'c,", "character varying(80)"), ("d", "public.address")];
        let columns = columns.map(|(name, kind)| ColumnShape { name: name.to_owned(), kind: kind.to_owned() });
        TableShape { name: "t".to_owned(), columns: columns.into(), key: Vec::new() }
    }

    #[test]
    fn what_would_be_a_formula_is_guarded_and_read_as_it_was() {
        let names = "\"a\",\"b\",\"'c,\",\"d\"\n";
        let plain = format!(
            "{names}\"=1+1\",\"-5.00\",\"'\",\n\"\",,\"a=1\",\"+49 40\"\n\"\"\"=1\n=2\"\"\",\"1\",\"\n=\",\"＝1\"\n,,\"-\",\"@\"\"\"\n\"''\",\"-1\",\"\t\",\"\r\"\n"
        );
        let guarded = format!(
            "{names}\"'=1+1\",\"-5.00\",\"''\",\n\"\",,\"a=1\",\"'+49 40\"\n\"\"\"=1\n=2\"\"\",\"1\",\"'\n=\",\"'＝1\"\n,,\"'-\",\"'@\"\"\"\n\"'''\",\"-1\",\"'\t\",\"'\r\"\n"
        );
        // A file begins with the mark, which reading passes over.
        let read = [MARK, guarded.as_bytes()].concat();
        for length in [1, 2, 3, 7, read.len()] {
            let pass =
                |mut guard: Guard, bytes: &[u8]| bytes.chunks(length).flat_map(|piece| guard.pass(piece)).collect::<Vec<_>>();
            assert_eq!(String::from_utf8(pass(Guard::put(&table()), plain.as_bytes())).unwrap(), guarded, "{length}");
            let taken = pass(Guard::take(&table()), &read);
            assert_eq!(taken, [MARK, plain.as_bytes()].concat(), "{length}");
        }
    }

    #[test]
    fn numbers_and_dates_stay_what_they_are() {
        for kind in
            ["bigint", "numeric(14,2)", "date", "timestamp with time zone", "timestamp(3) without time zone", "uuid", "jsonb"]
        {
            assert!(!has_texts(kind), "{kind}");
        }
        for kind in ["text", "character(2)", "character varying(80)", "citext", "public.mood", "tsvector"] {
            assert!(has_texts(kind), "{kind}");
        }
    }
}
