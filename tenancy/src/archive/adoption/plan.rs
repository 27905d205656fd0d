//! A map held against the source, the tables of a tenant and the rules of the application.

use std::collections::BTreeMap;

use super::{
    error::{AdoptionError, MapFault},
    map::{AdoptionMap, ColumnMap, Rows, TableMap, ValueMap, Word},
    row::Keys,
    rules::{AdoptionRules, TableRules},
    source::{AdoptionSource, Nature, SourceColumn},
    target::{TargetColumn, TargetTable},
};
use crate::Result;

/// How the rows of a table are read and what becomes of them.
#[derive(Debug)]
pub(super) struct TablePlan {
    pub(super) target: TargetTable,
    pub(super) rules: &'static TableRules,
    /// Gives the key and then each value that comes from the source, all as texts.
    pub(super) select: String,
    pub(super) keys: Keys,
    /// The columns that get values: first the given ones, then those to be completed.
    pub(super) columns: Vec<String>,
    /// Where the values of the given columns come from.
    pub(super) given: Vec<Given>,
}

/// Where the values of a column come from.
#[derive(Debug)]
pub(super) enum Given {
    /// The next value that is read.
    Value,
    /// The same, replaced by what stands in the list for it.
    Translated(BTreeMap<String, String>),
    /// The same, as the key of a row of a table.
    Reference { table: String, keys: Keys },
    /// The same for each row.
    Constant(String),
}

/// A table of the map beside what it is to become, and what it is made of.
struct Pair<'m> {
    map: &'m TableMap,
    target: TargetTable,
    rules: &'static TableRules,
    from: String,
    columns: Vec<SourceColumn>,
}

#[derive(Default)]
struct Faults(Vec<MapFault>);

impl Faults {
    fn add(&mut self, line: usize, message: String) {
        self.0.push(MapFault { line, message });
    }

    /// What the source has answered, if it is no fault of the map. That it does not answer at all is none.
    fn asked<T>(&mut self, line: usize, table: &str, answer: Result<T, sqlx::Error>) -> Result<Option<T>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(sqlx::Error::Database(error)) => {
                self.add(line, format!("The source cannot be asked for the rows of {table}: {}.", error.message()));
                Ok(None)
            }
            Err(source) => Err(AdoptionError::Reading { table: table.to_owned(), source }.into()),
        }
    }

    /// Finds a column of the source.
    fn column<'c>(&mut self, pair: &'c Pair<'_>, word: &Word) -> Option<&'c SourceColumn> {
        let found = pair.columns.iter().find(|column| column.name == word.text);
        if found.is_none() {
            let known = names(pair.columns.iter().map(|column| column.name.as_str()));
            self.add(word.line, format!("The source of {} has no column {}; it has {known}.", pair.target.name, word.text));
        }
        found
    }
}

/// Makes the plan, or tells all that is wrong with the map at once.
pub(super) async fn make(
    map: &AdoptionMap,
    source: &mut AdoptionSource,
    targets: Vec<TargetTable>,
    rules: &AdoptionRules,
) -> Result<Vec<TablePlan>> {
    let mut faults = Faults::default();
    let pairs = pairs(map, source, targets, rules, &mut faults).await?;
    let keys: BTreeMap<String, Keys> = pairs.iter().map(|pair| (pair.target.name.clone(), keys_of(pair))).collect();
    let mut plans = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let line = pair.map.rows.line();
        let Some(plan) = plan(pair, map, &keys, &mut faults) else { continue };
        // Names that a query gives twice, and keys that have no order, show in the very statement and not before.
        faults.asked(line, &plan.target.name, source.check(&plan.select).await)?;
        plans.push(plan);
    }
    if faults.0.is_empty() {
        return Ok(plans);
    }
    faults.0.sort_by_key(|fault| fault.line);
    Err(AdoptionError::Map(faults.0).into())
}

async fn pairs<'m>(
    map: &'m AdoptionMap,
    source: &mut AdoptionSource,
    mut targets: Vec<TargetTable>,
    rules: &AdoptionRules,
    faults: &mut Faults,
) -> Result<Vec<Pair<'m>>> {
    let mut pairs = Vec::with_capacity(map.tables.len());
    for table in &map.tables {
        let Word { text: name, line } = &table.name;
        let place = targets.iter().position(|target| target.name == *name);
        let (Some(place), Some(rules)) = (place, rules.of(name)) else {
            let known = names(rules.tables.iter().map(|rules| rules.table));
            faults.add(*line, format!("{name} is no table that can be adopted; these are: {known}."));
            continue;
        };
        let from = match &table.rows {
            Rows::From(word) => source.table(&word.text),
            // A line of its own keeps a comment at the end of the query from swallowing the bracket.
            Rows::Query(word) => format!("({}\n)", word.text.trim_end().trim_end_matches(';')),
        };
        if let Some(columns) = faults.asked(table.rows.line(), name, source.describe(&from).await)? {
            pairs.push(Pair { map: table, target: targets.swap_remove(place), rules, from, columns });
        }
    }
    Ok(pairs)
}

fn keys_of(pair: &Pair<'_>) -> Keys {
    let key = pair.columns.iter().find(|column| column.name == pair.map.key.text);
    if key.is_some_and(|key| key.nature == Nature::Uuid) { Keys::Kept } else { Keys::Derived }
}

fn plan(pair: Pair<'_>, map: &AdoptionMap, keys: &BTreeMap<String, Keys>, faults: &mut Faults) -> Option<TablePlan> {
    let before = faults.0.len();
    let key = faults.column(&pair, &pair.map.key).cloned();
    let order: Vec<String> =
        pair.map.order.iter().filter_map(|word| faults.column(&pair, word).map(SourceColumn::quoted)).collect();
    let (mut columns, mut given, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
    for column in &pair.map.columns {
        let Some((value, expression)) = value(&pair, column, map, keys, faults) else { continue };
        columns.push(column.name.text.clone());
        given.push(value);
        expressions.extend(expression);
    }
    let completed = pair.rules.completed.iter().filter(|name| !pair.map.columns.iter().any(|column| column.name.text == **name));
    columns.extend(completed.map(|name| (*name).to_owned()));
    for missing in &pair.target.columns {
        let is_there = missing.name == "id" || pair.map.columns.iter().any(|column| column.name.text == missing.name);
        let is_made = missing.has_default || !missing.required || pair.rules.completed.contains(&missing.name.as_str());
        if !is_there && !is_made {
            faults.add(pair.map.name.line, format!("{} needs the column {}.", pair.target.name, missing.name));
        }
    }
    let key = key?;
    if faults.0.len() > before {
        return None;
    }
    let values = std::iter::once(key.as_text()).chain(expressions).collect::<Vec<_>>().join(", ");
    let order = order.into_iter().chain([key.quoted()]).collect::<Vec<_>>().join(", ");
    let select = format!("SELECT {values} FROM {} AS source ORDER BY {order}", pair.from);
    Some(TablePlan { select, keys: keys_of(&pair), columns, given, target: pair.target, rules: pair.rules })
}

/// Where the values of a column come from, and the expression that reads them.
fn value(
    pair: &Pair<'_>,
    column: &ColumnMap,
    map: &AdoptionMap,
    keys: &BTreeMap<String, Keys>,
    faults: &mut Faults,
) -> Option<(Given, Option<String>)> {
    let Word { text: name, line } = &column.name;
    let target = target_of(pair, &column.name, faults)?;
    match (&column.value, &target.reference) {
        (ValueMap::Reference { column, table }, Some(reference)) => {
            if table.text != *reference {
                faults.add(table.line, format!("{name} names rows of {reference}, not of {}.", table.text));
                return None;
            }
            if !map.tables.iter().any(|table| table.name.text == *reference) {
                faults.add(table.line, format!("{name} names rows of {reference}, which the map does not have."));
                return None;
            }
            let column = faults.column(pair, column)?;
            // A table that is at fault itself has no keys; that is told there.
            let keys = *keys.get(reference)?;
            Some((Given::Reference { table: reference.clone(), keys }, Some(column.as_text())))
        }
        (_, Some(reference)) => {
            let form = format!("{name} = {{ column = \"…\", reference = \"{reference}\" }}");
            faults.add(*line, format!("{name} names rows of {reference}: write {form}."));
            None
        }
        (ValueMap::Reference { table, .. }, None) => {
            faults.add(table.line, format!("{name} is a value and names no rows of {}: leave reference out.", table.text));
            None
        }
        (ValueMap::Constant(constant), None) => Some((Given::Constant(constant.clone()), None)),
        (ValueMap::Column { column, values: Some(values) }, None) => {
            let column = faults.column(pair, column)?;
            Some((Given::Translated(values.clone()), Some(column.as_text())))
        }
        (ValueMap::Column { column: word, values: None }, None) => {
            let column = faults.column(pair, word)?;
            let expression = column.as_text_for(&target.kind);
            if expression.is_none() {
                faults.add(word.line, column.refusal(name, &target.kind));
            }
            Some((Given::Value, Some(expression?)))
        }
    }
}

/// Finds a column of the tenant that a map may give.
fn target_of<'p>(pair: &'p Pair<'_>, name: &Word, faults: &mut Faults) -> Option<&'p TargetColumn> {
    let (table, column) = (&pair.target.name, &name.text);
    let target = pair.target.columns.iter().find(|target| target.name == *column);
    if pair.rules.columns.contains(&column.as_str()) && target.is_some() {
        return target;
    }
    let known = names(pair.rules.columns.iter().copied());
    let message = match target {
        Some(_) if column == "id" => format!("The id of {table} follows from key: leave id out."),
        Some(_) => format!("{column} of {table} is not for a map to give; these are: {known}."),
        None => format!("{table} has no column {column}; a map may give {known}."),
    };
    faults.add(name.line, message);
    None
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
