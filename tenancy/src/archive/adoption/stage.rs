//! Rows on their way from the source into tables beside those of the tenant, which ask nothing of them yet.

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, Executor as _, PgConnection, Row as _, ValueRef as _,
    postgres::{PgCopyIn, PgRow},
};

use super::{
    super::{load::refused, piece::PIECE},
    error::AdoptionError,
    plan::{Given, TablePlan},
    report::{AdoptedTable, AdoptionStep, LONGEST_SHOWN, Tally},
    row::{AdoptedRow, write_line},
    source::AdoptionSource,
};
use crate::{Result, SchemaName, TenantId, name::quoted};

/// The column of the source's key. No column of the application has a space in its name.
pub(super) const KEY: &str = "\"adoption key\"";
/// The column that says whether the row was refused by itself. Such a row has its key and id, so that those that refer to it are not
/// blamed for it.
pub(super) const REFUSED: &str = "\"adoption refused\"";

/// After so many rows it is told how far the work is.
const STEP: u64 = 1_000;

/// Where rows are staged, and for whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'a> {
    /// Has a table for each of the tenant's.
    pub(super) scratch: &'a SchemaName,
    pub(super) tenant: TenantId,
    pub(super) now: DateTime<Utc>,
}

impl Stage<'_> {
    /// Makes the table beside one of the tenant's: the same columns, and no constraint.
    pub(super) async fn make(self, connection: &mut PgConnection, schema: &SchemaName, plan: &TablePlan) -> Result<()> {
        let (scratch, table) = (self.scratch, quoted(&plan.target.name));
        let sql = format!(
            "CREATE TABLE {scratch}.{table} AS SELECT t.*, NULL::text AS {KEY}, NULL::boolean AS {REFUSED} \
             FROM {schema}.{table} t WITH NO DATA"
        );
        connection.execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }

    /// Reads the rows of a table, a handful at a time, and stages them.
    pub(super) async fn fill(
        self,
        connection: &mut PgConnection,
        source: &mut AdoptionSource,
        plan: &TablePlan,
        told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
    ) -> Result<AdoptedTable> {
        let columns: Vec<String> = plan.columns.iter().map(|column| quoted(column)).collect();
        let (scratch, table) = (self.scratch, quoted(&plan.target.name));
        let copy = format!("COPY {scratch}.{table} ({KEY}, {REFUSED}, id, {}) FROM STDIN", columns.join(", "));
        let mut copy = connection.copy_in_raw(&copy).await?;
        match self.send(&mut copy, source, plan, told).await {
            Ok(report) => {
                copy.finish().await.map_err(|error| refused(&plan.target.name, error))?;
                Ok(report)
            }
            Err(error) => {
                copy.abort("the rows were broken off").await?;
                Err(error)
            }
        }
    }

    async fn send(
        self,
        copy: &mut PgCopyIn<&mut PgConnection>,
        source: &mut AdoptionSource,
        plan: &TablePlan,
        told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
    ) -> Result<AdoptedTable> {
        let table = plan.target.name.as_str();
        let reading = |source| AdoptionError::Reading { table: table.to_owned(), source };
        let (mut number, mut tally) = (0, Tally::default());
        let mut lines = Vec::with_capacity(PIECE);
        let mut rows = source.rows(&plan.select);
        while let Some(row) = rows.try_next().await.map_err(reading)? {
            number += 1;
            let (key, row) = self.adopt(plan, &row, number).map_err(reading)?;
            let id = key.as_deref().and_then(|key| plan.keys.id(self.tenant, table, key)).map(|id| id.to_string());
            let is_refused = !row.objections().is_empty();
            let start = [key.as_deref(), Some(if is_refused { "t" } else { "f" }), id.as_deref()];
            if is_refused {
                tally.note(key.as_deref(), row.objections());
                write_line(&mut lines, start.into_iter().chain(row.values().iter().map(|_| None)));
            } else {
                write_line(&mut lines, start.into_iter().chain(row.values().iter().map(Option::as_deref)));
            }
            if lines.len() >= PIECE {
                copy.send(std::mem::replace(&mut lines, Vec::with_capacity(PIECE))).await?;
            }
            if number % STEP == 0 {
                told(AdoptionStep::Reading { table, rows: number });
            }
        }
        copy.send(lines).await?;
        told(AdoptionStep::Reading { table, rows: number });
        Ok(tally.finish(table, number))
    }

    /// The row as the application keeps it, with the objections to it, and the key that it has in the source.
    fn adopt<'p>(self, plan: &'p TablePlan, row: &PgRow, number: u64) -> Result<(Option<String>, AdoptedRow<'p>), sqlx::Error> {
        let mut values = Vec::with_capacity(plan.columns.len());
        let mut objections = Vec::new();
        let key = text(row, 0)?.unwrap_or_else(|message| {
            objections.push(("key", message));
            None
        });
        if key.is_none() && objections.is_empty() {
            objections.push(("key", "The key is empty.".to_owned()));
        }
        let mut place = 0;
        for (name, given) in plan.columns.iter().zip(&plan.given) {
            if let Given::Constant(constant) = given {
                values.push(Some(constant.clone()));
                continue;
            }
            place += 1;
            let value = text(row, place)?.and_then(|value| value.map(|value| self.value(given, value)).transpose());
            values.push(value.unwrap_or_else(|message| {
                objections.push((name.as_str(), message));
                None
            }));
        }
        let mut row = AdoptedRow::new(&plan.columns, values, number);
        let broken: Vec<&str> = objections.iter().map(|(name, _)| *name).collect();
        (plan.rules.check)(&mut row, self.now);
        for column in &plan.target.columns {
            let name = column.name.as_str();
            let is_missing = column.required && plan.columns.iter().any(|own| own == name) && row.get(name).is_none();
            if is_missing && !row.objects_to(name) && !broken.contains(&name) {
                row.object(name, "A value is needed.");
            }
        }
        for (name, message) in objections {
            row.object(name, message);
        }
        Ok((key, row))
    }

    /// What becomes of a value, or why it cannot.
    fn value(self, given: &Given, value: String) -> Result<String, String> {
        match given {
            Given::Translated(values) => values.get(&value).cloned().ok_or_else(|| {
                let shown: String = value.chars().take(LONGEST_SHOWN).collect();
                format!("{shown:?} is not among the values of the map.")
            }),
            Given::Reference { table, keys } => match keys.id(self.tenant, table, &value) {
                Some(id) => Ok(id.to_string()),
                None => Err(format!("This is no UUID, as the keys of {table} are.")),
            },
            Given::Value | Given::Constant(_) => Ok(value),
        }
    }
}

/// A value that was read, none for NULL; or why it is no text.
fn text(row: &PgRow, place: usize) -> Result<Result<Option<String>, String>, sqlx::Error> {
    let value = row.try_get_raw(place)?;
    if value.is_null() {
        return Ok(Ok(None));
    }
    let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
    // A database without an encoding (SQL_ASCII) gives whatever it was given.
    let text = std::str::from_utf8(bytes).map(|text| Some(text.to_owned()));
    Ok(text.map_err(|_| "This is no text in UTF-8.".to_owned()))
}
