//! The database that is adopted: read in one snapshot, and never written to.

use std::time::Duration;

use futures::stream::BoxStream;
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqlSafeStr as _,
    Statement as _, TypeInfo as _,
    postgres::{PgConnectOptions, PgRow, PgTypeInfo, PgTypeKind},
};
use tokio::time::timeout;

use super::error::AdoptionError;
use crate::{Result, name::quoted};

/// How long the source may take to let somebody in.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// A database that is read in one snapshot.
pub struct AdoptionSource {
    connection: PgConnection,
    schema: String,
}

/// What the values of a column of the source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Text,
    Whole,
    Number,
    Truth,
    Date,
    /// A date and a time of day, of no zone.
    Moment,
    /// A point in time.
    Instant,
    Uuid,
    Other,
}

/// A column of the source.
#[derive(Debug, Clone)]
pub(super) struct SourceColumn {
    pub(super) name: String,
    pub(super) nature: Nature,
    /// The type, for people.
    pub(super) kind: String,
}

impl std::fmt::Debug for AdoptionSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AdoptionSource").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl AdoptionSource {
    /// Connects, and begins the one transaction in which all is read. A role that may SELECT suffices.
    pub async fn open(address: &str, schema: &str) -> Result<Self> {
        if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
            return Err(AdoptionError::Address.into());
        }
        let options: PgConnectOptions = address.parse().map_err(|_| AdoptionError::Address)?;
        // A statement that is kept would outlive its transaction behind a pooler.
        let options = options.application_name("tenantry").statement_cache_capacity(0).disable_statement_logging();
        let connecting = timeout(LONGEST_CONNECT, PgConnection::connect_with(&options)).await;
        let mut connection = connecting.map_err(|_| AdoptionError::Silent)?.map_err(AdoptionError::Unreachable)?;
        // Where a policy would hide rows, reading fails rather than leaving them out.
        let settings = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = {}; \
             SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex'; SET LOCAL lock_timeout = '10s'; \
             SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off",
            quoted(schema)
        );
        connection.execute(AssertSqlSafe(settings)).await.map_err(AdoptionError::Unreachable)?;
        let there = sqlx::query("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1").bind(schema);
        if there.fetch_optional(&mut connection).await.map_err(AdoptionError::Unreachable)?.is_none() {
            return Err(AdoptionError::NoSchema(schema.to_owned()).into());
        }
        Ok(Self { connection, schema: schema.to_owned() })
    }

    /// A table of the schema, for SQL text.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }

    /// The columns of what stands behind FROM, if it may be read. A failure leaves the snapshot as it is.
    pub(super) async fn describe(&mut self, from: &str) -> Result<Vec<SourceColumn>, sqlx::Error> {
        self.connection.execute("SAVEPOINT look").await?;
        let sql = format!("SELECT * FROM {from} AS source LIMIT 0");
        let described = self.look(sql).await;
        let end = if described.is_ok() { "RELEASE SAVEPOINT look" } else { "ROLLBACK TO SAVEPOINT look" };
        self.connection.execute(end).await?;
        described
    }

    /// Finds out whether a statement can be executed at all, without a row. A failure leaves the snapshot as it is.
    pub(super) async fn check(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        self.connection.execute("SAVEPOINT look").await?;
        let checked = self.connection.prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await.map(drop);
        let end = if checked.is_ok() { "RELEASE SAVEPOINT look" } else { "ROLLBACK TO SAVEPOINT look" };
        self.connection.execute(end).await?;
        checked
    }

    async fn look(&mut self, sql: String) -> Result<Vec<SourceColumn>, sqlx::Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        let statement = self.connection.prepare(sql.clone()).await?;
        let columns = statement.columns().iter().map(|column| SourceColumn {
            name: column.name().to_owned(),
            nature: nature_of(column.type_info()),
            kind: column.type_info().name().to_lowercase(),
        });
        let columns = columns.collect();
        // Rights are asked for when a statement is executed, not before.
        sqlx::query(sql).execute(&mut self.connection).await?;
        Ok(columns)
    }

    /// What a statement gives, as it arrives.
    pub(super) fn rows(&mut self, sql: &str) -> BoxStream<'_, Result<PgRow, sqlx::Error>> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch(&mut self.connection)
    }

    /// Ends the snapshot.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}

fn nature_of(kind: &PgTypeInfo) -> Nature {
    match kind.kind() {
        PgTypeKind::Domain(base) => nature_of(base),
        PgTypeKind::Enum(_) => Nature::Text,
        PgTypeKind::Simple => match kind.name().to_ascii_uppercase().as_str() {
            "TEXT" | "VARCHAR" | "CHAR" | "\"CHAR\"" | "NAME" | "UNKNOWN" | "CITEXT" => Nature::Text,
            "INT2" | "INT4" | "INT8" | "OID" => Nature::Whole,
            "NUMERIC" | "FLOAT4" | "FLOAT8" | "MONEY" => Nature::Number,
            "BOOL" => Nature::Truth,
            "DATE" => Nature::Date,
            "TIMESTAMP" => Nature::Moment,
            "TIMESTAMPTZ" => Nature::Instant,
            "UUID" => Nature::Uuid,
            _ => Nature::Other,
        },
        _ => Nature::Other,
    }
}

impl SourceColumn {
    /// The column as a text that can become a value of the target's type; none where it never can.
    ///
    /// What may fail for a single row is left to whoever looks at rows: here it would end the whole statement.
    pub(super) fn as_text_for(&self, target: &str) -> Option<String> {
        use Nature::{Date, Instant, Moment, Number, Text, Truth, Uuid, Whole};
        let base = target.split('(').next().unwrap_or(target);
        let cast = match (base, self.nature) {
            ("date", Date | Moment) => "::date::text",
            ("timestamp with time zone", Date | Moment | Instant) => "::timestamptz::text",
            ("numeric", Number) => "::numeric::text",
            ("date" | "timestamp with time zone", Text)
            | ("numeric", Whole | Text)
            | ("bigint" | "integer" | "smallint", Whole | Number | Text)
            | ("boolean", Truth | Text)
            | ("uuid", Uuid | Text) => "::text",
            ("date" | "timestamp with time zone" | "numeric" | "bigint" | "integer" | "smallint" | "boolean" | "uuid", _) => {
                return None;
            }
            _ => "::text",
        };
        Some(format!("{}{cast}", self.quoted()))
    }

    /// Why it can never become a value of the target's type: a sentence.
    pub(super) fn refusal(&self, column: &str, target: &str) -> String {
        let (name, kind) = (&self.name, &self.kind);
        if self.nature == Nature::Instant && target == "date" {
            return format!(
                "{name} is of the type {kind}, which is another date in each time zone: give it by a query, as \
                 ({} AT TIME ZONE 'Europe/Berlin')::date.",
                quoted(name)
            );
        }
        format!("{name} is of the type {kind}, which cannot become {column} of the type {target}.")
    }

    /// The column as text.
    pub(super) fn as_text(&self) -> String {
        format!("{}::text", self.quoted())
    }

    /// Its name, for SQL text.
    pub(super) fn quoted(&self) -> String {
        format!("source.{}", quoted(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Nature::Text, "date", Some("source.\"c\"::text"))]
    #[case(Nature::Moment, "date", Some("source.\"c\"::date::text"))]
    #[case(Nature::Instant, "date", None)]
    #[case(Nature::Instant, "timestamp with time zone", Some("source.\"c\"::timestamptz::text"))]
    #[case(Nature::Truth, "date", None)]
    #[case(Nature::Whole, "date", None)]
    #[case(Nature::Date, "timestamp with time zone", Some("source.\"c\"::timestamptz::text"))]
    #[case(Nature::Number, "numeric(14,2)", Some("source.\"c\"::numeric::text"))]
    #[case(Nature::Date, "numeric(14,2)", None)]
    #[case(Nature::Uuid, "bigint", None)]
    #[case(Nature::Other, "bigint", None)]
    #[case(Nature::Other, "text", Some("source.\"c\"::text"))]
    fn what_can_never_be_cast_is_known_before_a_row_is_read(
        #[case] nature: Nature,
        #[case] target: &str,
        #[case] expected: Option<&str>,
    ) {
        let column = SourceColumn { name: "c".to_owned(), nature, kind: String::new() };
        assert_eq!(column.as_text_for(target).as_deref(), expected);
    }
}
