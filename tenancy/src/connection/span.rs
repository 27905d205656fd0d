//! What traces see of statements: a span for each, which costs nothing where nobody records it.
//!
//! The names of the fields are OpenTelemetry's conventions for databases; those that begin with `otel` are read by
//! `tracing-opentelemetry`. Values of parameters, and what Postgres says of an error, which quotes them, stay out.

use tracing::{Span, field::Empty, trace_span};

/// The target of the spans of statements. Their level is `TRACE`.
pub const STATEMENT_SPANS: &str = "tenancy::statement";

/// The longest text of a statement that a span has, in bytes. A statement that inserts many rows has many placeholders.
const LONGEST_TEXT: usize = 2_000;

/// The span of a statement whose values are parameters.
pub(super) fn of_statement(schema: &str, sql: &str) -> Span {
    let span = of_command(schema, "");
    if !span.is_disabled() {
        let summary = summary(sql);
        let end = sql.floor_char_boundary(LONGEST_TEXT);
        span.record("otel.name", summary.as_str());
        span.record("db.query.summary", summary.as_str());
        span.record("db.query.text", sql.get(..end).unwrap_or_default());
    }
    span
}

/// The span of something else, such as `COMMIT`, of which no text is recorded.
pub(super) fn of_command(schema: &str, command: &'static str) -> Span {
    trace_span!(
        target: STATEMENT_SPANS,
        "statement",
        otel.name = command,
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "postgresql",
        db.namespace = schema,
        db.query.summary = Empty,
        db.query.text = Empty,
        db.response.status_code = Empty,
        "error.type" = Empty,
    )
}

/// Marks the span of what has failed.
pub(super) fn noted<T>(span: &Span, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
    if let Err(error) = &result
        && !span.is_disabled()
    {
        span.record("otel.status_code", "error");
        match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
            Some(code) => {
                span.record("db.response.status_code", &*code);
                span.record("error.type", &*code);
            }
            // The connection, as a rule.
            None => {
                span.record("error.type", "_OTHER");
            }
        }
    }
    result
}

/// What a statement does, and to which table first: `SELECT employees`.
fn summary(sql: &str) -> String {
    let mut words = sql.split_ascii_whitespace().peekable();
    let operation = words.peek().copied().unwrap_or_default().to_ascii_uppercase();
    while let Some(word) = words.next() {
        if ["FROM", "INTO", "UPDATE"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
            && let Some(table) = words.peek().copied().and_then(table)
        {
            return format!("{operation} {table}");
        }
    }
    operation
}

fn table(word: &str) -> Option<String> {
    let name: String = word.chars().take_while(|letter| letter.is_ascii_alphanumeric() || "_.\"".contains(*letter)).collect();
    let name = name.replace('"', "");
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"SELECT "a"."b" FROM "employees" AS "a" WHERE "b" = $1"#, "SELECT employees")]
    #[case("select 1", "SELECT")]
    #[case(r#"INSERT INTO "audit_events" ("id") VALUES ($1)"#, "INSERT audit_events")]
    #[case("INSERT INTO positions(id) SELECT $1", "INSERT positions")]
    #[case(r#"UPDATE "platform"."sessions" SET "used_at" = $1"#, "UPDATE platform.sessions")]
    #[case("DELETE FROM platform.entry_codes\n WHERE id = $1 RETURNING *", "DELETE platform.entry_codes")]
    #[case("WITH RECURSIVE t AS (SELECT id FROM departments) SELECT * FROM t", "WITH departments")]
    #[case("SELECT a FROM (SELECT b FROM c) d", "SELECT c")]
    #[case("SELECT pg_notify($1, $2)", "SELECT")]
    #[case("", "")]
    fn what_a_statement_does(#[case] sql: &str, #[case] expected: &str) {
        assert_eq!(summary(sql), expected);
    }
}
