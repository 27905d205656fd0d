//! What may be issued to take a migration back: nothing by which something could be lost.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement, Value};

use crate::{
    fleet::lint::{Sql, StatementText, Words, shorten},
    name::quoted,
};

/// What a statement takes away, and what has to be empty therefore.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Taken {
    table: String,
    /// None: the table itself.
    column: Option<String>,
}

/// Refuses a text that could lose something. What it takes away is locked, and is empty from now on.
pub(in crate::fleet) async fn refuse_losses(transaction: &DatabaseTransaction, sql: &str) -> Result<(), DbErr> {
    for statement in &Sql::read(sql).statements {
        let Some(taken) = taken_by(statement) else {
            let text = shorten(&statement.to_string());
            return Err(DbErr::Migration(format!("something could be lost by `{text}`")));
        };
        for taken in &taken {
            refuse_filled(transaction, taken).await?;
        }
    }
    Ok(())
}

/// Refuses what is asked of the database as a question and does not begin with SELECT. Functions that a SELECT calls are trusted; what it
/// makes by INTO is found when the schema is compared with the older version's.
pub(in crate::fleet) fn refuse_all_but_reading(sql: &str) -> Result<(), DbErr> {
    let writes = |statement: &&StatementText| !Words(&statement.0).begins_with("select");
    match Sql::read(sql).statements.iter().find(writes) {
        Some(statement) => {
            let text = shorten(&statement.to_string());
            Err(DbErr::Migration(format!("something could be lost by `{text}`")))
        }
        None => Ok(()),
    }
}

/// What a statement takes away; none where it is not one of those that are known to lose nothing else.
fn taken_by(statement: &StatementText) -> Option<Vec<Taken>> {
    let mut words = Words(&statement.0);
    if words.take("drop") {
        let is_table = words.take("table");
        if !is_table && !words.take("index") {
            return None;
        }
        words.take_all(&["if", "exists"]);
        let names = words.split_at_commas().into_iter().map(|mut part| {
            let name = own_name(&mut part)?;
            ends(part).then_some(Taken { table: name, column: None })
        });
        let names = names.collect::<Option<Vec<_>>>()?;
        return Some(if is_table { names } else { Vec::new() });
    }
    if !words.take_all(&["alter", "table"]) {
        return None;
    }
    words.take_all(&["if", "exists"]);
    words.take("only");
    let table = own_name(&mut words)?;
    let mut taken = Vec::new();
    for action in words.split_at_commas() {
        taken.extend(taken_by_action(&table, action)?);
    }
    Some(taken)
}

fn taken_by_action(table: &str, mut words: Words<'_>) -> Option<Vec<Taken>> {
    if words.take("drop") {
        let is_constraint = words.take("constraint");
        if !is_constraint {
            words.take("column");
        }
        words.take_all(&["if", "exists"]);
        let name = own_name(&mut words)?;
        let taken = if is_constraint { Vec::new() } else { vec![Taken { table: table.to_owned(), column: Some(name) }] };
        return ends(words).then_some(taken);
    }
    if words.take_all(&["add", "constraint"]) {
        return Some(Vec::new());
    }
    if words.take("alter") {
        words.take("column");
        own_name(&mut words)?;
        let harmless = [&["drop", "not", "null"][..], &["set", "not", "null"], &["set", "default"], &["drop", "default"]];
        return harmless.iter().any(|change| words.take_all(change)).then(Vec::new);
    }
    None
}

/// A name without that of a schema before it, which might be another tenant's.
fn own_name(words: &mut Words<'_>) -> Option<String> {
    let tokens = words.0.len();
    let name = words.name()?;
    (tokens - words.0.len() == 1).then_some(name)
}

/// Whether nothing follows that would take more away than is named: CASCADE does.
fn ends(mut words: Words<'_>) -> bool {
    words.take("restrict");
    words.0.is_empty()
}

/// Locks a table, and refuses to go on where there is something in what is taken away.
async fn refuse_filled(transaction: &DatabaseTransaction, taken: &Taken) -> Result<(), DbErr> {
    let table = quoted(&taken.table);
    let there = "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute \
                 WHERE attrelid = to_regclass($1) AND NOT attisdropped AND ($2::text IS NULL OR attname = $2::text)) AS yes";
    let values: [Value; 2] = [table.as_str().into(), taken.column.clone().into()];
    // What is not there takes nothing away: the statement says IF EXISTS, or fails.
    if !is_so(transaction, Statement::from_sql_and_values(DbBackend::Postgres, there, values)).await? {
        return Ok(());
    }
    transaction.execute_unprepared(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await?;
    // As against IS NOT NULL, this also sees values that have parts without a value.
    let condition = taken.column.as_deref().map(|column| format!(" WHERE {} IS DISTINCT FROM NULL", quoted(column)));
    let filled = format!("SELECT EXISTS (SELECT FROM {table}{}) AS yes", condition.unwrap_or_default());
    if !is_so(transaction, Statement::from_string(DbBackend::Postgres, filled)).await? {
        return Ok(());
    }
    Err(DbErr::Migration(match &taken.column {
        Some(column) => format!("the column {}.{column} has values, which would be lost", taken.table),
        None => format!("the table {} has rows, which would be lost", taken.table),
    }))
}

async fn is_so(transaction: &DatabaseTransaction, question: Statement) -> Result<bool, DbErr> {
    transaction.query_one_raw(question).await?.map_or(Ok(false), |row| row.try_get("", "yes"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn taken(sql: &str) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for statement in &Sql::read(sql).statements {
            for taken in taken_by(statement)? {
                names.push(match taken.column {
                    Some(column) => format!("{}.{column}", taken.table),
                    None => taken.table,
                });
            }
        }
        Some(names)
    }

    #[rstest]
    #[case("DROP INDEX IF EXISTS i, j", &[])]
    #[case("DROP TABLE rooms", &["rooms"])]
    #[case("drop table if exists \"Rooms\", halls restrict;", &["Rooms", "halls"])]
    #[case("ALTER TABLE people DROP COLUMN a", &["people.a"])]
    #[case("ALTER TABLE IF EXISTS ONLY \"people\" DROP \"A\", DROP COLUMN IF EXISTS b", &["people.A", "people.b"])]
    #[case("ALTER TABLE people DROP CONSTRAINT IF EXISTS c", &[])]
    #[case("ALTER TABLE people ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES b (id) ON DELETE CASCADE", &[])]
    #[case("ALTER TABLE people ALTER COLUMN a DROP NOT NULL, ALTER b SET NOT NULL", &[])]
    #[case("ALTER TABLE people ALTER COLUMN a SET DEFAULT 1.5; ALTER TABLE people ALTER COLUMN a DROP DEFAULT", &[])]
    #[case("-- nothing", &[])]
    fn this_takes_nothing_else_away(#[case] sql: &str, #[case] expected: &[&str]) {
        assert_eq!(taken(sql).as_deref(), Some(expected.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()));
    }

    #[rstest]
    #[case("DROP TABLE rooms CASCADE")]
    #[case("DROP TABLE rooms, halls CASCADE")]
    #[case("DROP TABLE tenant_1.rooms")]
    #[case("ALTER TABLE people DROP COLUMN a CASCADE")]
    #[case("ALTER TABLE people DROP CONSTRAINT c CASCADE")]
    #[case("ALTER TABLE tenant_1.people DROP COLUMN a")]
    #[case("ALTER TABLE people ALTER COLUMN a TYPE text")]
    #[case("ALTER TABLE people RENAME a TO b")]
    #[case("ALTER TABLE people DROP CONSTRAINT c; DELETE FROM people")]
    #[case("DELETE FROM people")]
    #[case("TRUNCATE people")]
    #[case("UPDATE people SET a = NULL")]
    #[case("DROP TYPE mood")]
    #[case("DROP SCHEMA s")]
    #[case("DO $$ BEGIN DROP TABLE rooms; END $$")]
    #[case("WITH gone AS (DELETE FROM people RETURNING 1) SELECT 1")]
    fn by_this_something_could_be_lost(#[case] sql: &str) {
        assert_eq!(taken(sql), None);
    }

    #[test]
    fn a_question_only_reads() {
        assert!(refuse_all_but_reading("SELECT count(*) FROM people").is_ok());
        assert!(refuse_all_but_reading("DELETE FROM people RETURNING id").is_err());
        assert!(refuse_all_but_reading("SELECT 1; DROP TABLE people").is_err());
    }
}
