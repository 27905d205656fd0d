//! The language of maps: which rows of a source become which rows of a tenant.
//!
//! A map is TOML. Each table of it is a table of the tenant: where its rows come from, what tells them apart there, and for each
//! column where its value comes from. Everything else is refused, with its line.

use std::{collections::BTreeMap, ops::Range};

use toml_edit::{Document, Item, Key, TableLike, Value};

use super::error::{AdoptionError, MapFault};

/// A map, in its language. Whether it fits a source and a tenant is found out when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionMap {
    pub(super) tables: Vec<TableMap>,
}

/// A word of the map and the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
}

/// What becomes a table of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableMap {
    pub(super) name: Word,
    pub(super) rows: Rows,
    /// The column of the source that tells its rows apart.
    pub(super) key: Word,
    /// The columns by which the rows are read, before the key.
    pub(super) order: Vec<Word>,
    pub(super) columns: Vec<ColumnMap>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rows {
    /// A table or view of the source's schema.
    From(Word),
    /// What a SELECT gives.
    Query(Word),
}

/// What becomes a column of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnMap {
    pub(super) name: Word,
    pub(super) value: ValueMap,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueMap {
    /// A column of the source, its values replaced by those of a list where there is one.
    Column { column: Word, values: Option<BTreeMap<String, String>> },
    /// A column of the source that holds the key of a row of this or another table of the map.
    Reference { column: Word, table: Word },
    /// The same for each row.
    Constant(String),
}

const OF_TABLE: [&str; 5] = ["from", "query", "key", "order", "columns"];
const OF_COLUMN: [&str; 4] = ["column", "reference", "values", "constant"];

impl Rows {
    /// The line that says so.
    pub(super) fn line(&self) -> usize {
        match self {
            Self::From(word) | Self::Query(word) => word.line,
        }
    }
}

impl AdoptionMap {
    /// Reads a map. All that is wrong with it is told at once.
    pub fn parse(text: &str) -> Result<Self, AdoptionError> {
        let mut reader = Reader { text, faults: Vec::new() };
        let tables = match Document::parse(text) {
            Ok(document) => reader.tables(document.as_table()),
            Err(error) => {
                let line = reader.line(error.span());
                reader.object(line, format!("This is no TOML: {}.", error.message().trim().replace('\n', ", ")));
                Vec::new()
            }
        };
        if tables.is_empty() && reader.faults.is_empty() {
            reader.object(1, "There is no table in it.".to_owned());
        }
        reader.faults.sort_by_key(|fault| fault.line);
        if reader.faults.is_empty() { Ok(Self { tables }) } else { Err(AdoptionError::Map(reader.faults)) }
    }
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<MapFault>,
}

impl Reader<'_> {
    fn tables(&mut self, table: &dyn TableLike) -> Vec<TableMap> {
        let entries: Vec<(Word, &Item)> = self.entries(table);
        entries.into_iter().filter_map(|(name, item)| self.table(name, item)).collect()
    }

    fn table(&mut self, name: Word, item: &Item) -> Option<TableMap> {
        let line = name.line;
        let Some(table) = item.as_table_like() else {
            self.object(line, format!("{} is to be a table: write [{}].", name.text, name.text));
            return None;
        };
        self.refuse_unknown(table, &OF_TABLE);
        let from = self.text_of(table, "from");
        let query = self.text_of(table, "query");
        let rows = match (from, query) {
            (Some(from), None) => Some(Rows::From(from)),
            (None, Some(query)) => Some(Rows::Query(query)),
            _ => {
                self.object(line, format!("{} needs either from, a table of the source, or query, a SELECT.", name.text));
                None
            }
        };
        let key = self.text_of(table, "key");
        if !table.contains_key("key") {
            self.object(line, format!("{} needs key, the column of the source that tells its rows apart.", name.text));
        }
        let order = self.order(table);
        let columns = self.columns(&name, table);
        Some(TableMap { rows: rows?, key: key?, name, order, columns })
    }

    fn order(&mut self, table: &dyn TableLike) -> Vec<Word> {
        let Some(item) = table.get("order") else { return Vec::new() };
        let line = self.line_of(table, "order");
        let Some(array) = item.as_array() else {
            self.object(line, "order is a list of columns of the source.".to_owned());
            return Vec::new();
        };
        let mut words = Vec::new();
        for value in array {
            let line = self.line(value.span());
            match value.as_str() {
                Some(text) => words.push(Word { text: text.to_owned(), line }),
                None => self.object(line, "order is a list of columns of the source.".to_owned()),
            }
        }
        words
    }

    fn columns(&mut self, name: &Word, table: &dyn TableLike) -> Vec<ColumnMap> {
        let Some(item) = table.get("columns") else {
            self.object(name.line, format!("{} needs columns: write [{}.columns].", name.text, name.text));
            return Vec::new();
        };
        let Some(columns) = item.as_table_like() else {
            let line = self.line_of(table, "columns");
            self.object(line, format!("columns is to be a table: write [{}.columns].", name.text));
            return Vec::new();
        };
        let entries = self.entries(columns);
        entries.into_iter().filter_map(|(name, item)| Some(ColumnMap { value: self.value(&name, item)?, name })).collect()
    }

    fn value(&mut self, name: &Word, item: &Item) -> Option<ValueMap> {
        if let Some(column) = item.as_str() {
            let column = Word { text: column.to_owned(), line: self.line(item.span()) };
            return Some(ValueMap::Column { column, values: None });
        }
        let Some(table) = item.as_table_like() else {
            self.object(name.line, format!("{} is either the name of a column of the source or a table.", name.text));
            return None;
        };
        self.refuse_unknown(table, &OF_COLUMN);
        let faults = self.faults.len();
        let column = self.text_of(table, "column");
        let reference = self.text_of(table, "reference");
        let values = self.values(table);
        let constant = table.get("constant").and_then(|item| self.scalar(table, "constant", item));
        if self.faults.len() > faults {
            return None;
        }
        match (column, reference, values, constant) {
            (Some(column), None, values, None) => Some(ValueMap::Column { column, values }),
            (Some(column), Some(table), None, None) => Some(ValueMap::Reference { column, table }),
            (None, None, None, Some(constant)) => Some(ValueMap::Constant(constant)),
            _ => {
                let forms = "column, column with values, column with reference, or constant";
                self.object(name.line, format!("{} is given by one of these: {forms}.", name.text));
                None
            }
        }
    }

    fn values(&mut self, table: &dyn TableLike) -> Option<BTreeMap<String, String>> {
        let item = table.get("values")?;
        let Some(values) = item.as_table_like() else {
            let line = self.line_of(table, "values");
            self.object(line, "values is a table: what stands in the source = what it becomes.".to_owned());
            return None;
        };
        let pairs = values.iter().filter_map(|(from, to)| Some((from.to_owned(), self.scalar(values, from, to)?)));
        Some(pairs.collect())
    }

    /// A text, number, date or truth value, as text.
    fn scalar(&mut self, table: &dyn TableLike, key: &str, item: &Item) -> Option<String> {
        let text = match item.as_value() {
            Some(Value::String(text)) => Some(text.value().clone()),
            Some(Value::Integer(number)) => Some(number.value().to_string()),
            Some(Value::Float(number)) => Some(number.value().to_string()),
            Some(Value::Boolean(truth)) => Some(truth.value().to_string()),
            Some(Value::Datetime(date)) => Some(date.value().to_string()),
            _ => None,
        };
        if text.is_none() {
            let line = self.line_of(table, key);
            self.object(line, format!("{key} is to be a text, a number, a date, true or false."));
        }
        text
    }

    fn text_of(&mut self, table: &dyn TableLike, key: &str) -> Option<Word> {
        let item = table.get(key)?;
        let line = self.line_of(table, key);
        match item.as_str() {
            Some(text) if !text.trim().is_empty() => Some(Word { text: text.to_owned(), line }),
            _ => {
                self.object(line, format!("{key} is to be a text."));
                None
            }
        }
    }

    fn refuse_unknown(&mut self, table: &dyn TableLike, known: &[&str]) {
        for (name, _) in self.entries(table) {
            if !known.contains(&name.text.as_str()) {
                self.object(name.line, format!("{} is unknown here; known are {}.", name.text, known.join(", ")));
            }
        }
    }

    fn entries<'i>(&self, table: &'i dyn TableLike) -> Vec<(Word, &'i Item)> {
        table.iter().map(|(name, item)| (Word { text: name.to_owned(), line: self.line_of(table, name) }, item)).collect()
    }

    fn line_of(&self, table: &dyn TableLike, key: &str) -> usize {
        self.line(table.key(key).and_then(Key::span))
    }

    /// The line where something begins, from 1.
    fn line(&self, span: Option<Range<usize>>) -> usize {
        let before = span.and_then(|span| self.text.get(..span.start)).unwrap_or_default();
        1 + before.matches('\n').count()
    }

    fn object(&mut self, line: usize, message: String) {
        self.faults.push(MapFault { line, message });
    }
}

#[cfg(test)]
mod tests;
