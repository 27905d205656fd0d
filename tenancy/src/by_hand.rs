//! SQL that somebody has written, executed in one tenant and one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, PgConnection, Row as _, ValueRef as _};
use uuid::Uuid;

use crate::{
    Error, Result, Tenant, Tenants,
    fleet::{Sql, Token},
    guest::GuestOptions,
};

/// Rows of a result that are kept.
const ROWS_KEPT: usize = 100;
/// Statements that would leave the transaction, or the tenant's place in it.
const REFUSED: [&[&str]; 16] = [
    &["begin"],
    &["start"],
    &["commit"],
    &["end"],
    &["rollback"],
    &["abort"],
    &["savepoint"],
    &["release"],
    &["prepare", "transaction"],
    &["set", "transaction"],
    &["set", "session"],
    &["set", "role"],
    &["set", "search_path"],
    &["reset"],
    &["discard"],
    &["copy"],
];

/// A text of SQL that keeps to its transaction.
#[derive(Debug, Clone)]
pub struct OwnSql(String);

/// What a text did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlOutcome {
    /// Rows that its statements have changed or given.
    pub rows: u64,
    /// The names of the columns that the last statement with a result has.
    pub columns: Vec<String>,
    /// The first rows of that result, as text.
    pub result: Vec<Vec<Option<String>>>,
    /// Whether there were more.
    pub is_cut: bool,
}

impl OwnSql {
    /// Takes a text, unless it has statements that end its transaction or change its place.
    pub fn parse(text: &str) -> Result<Self> {
        let sql = Sql::read(text);
        if sql.statements.is_empty() {
            return Err(Error::OwnSql("it has no statement".to_owned()));
        }
        for statement in &sql.statements {
            let word = |token: &Token| if let Token::Word(word) = token { word.clone() } else { String::new() };
            let words: Vec<String> = statement.0.iter().take(3).map(word).collect();
            // SET LOCAL and SET SESSION say the same as SET.
            let plain: Vec<&str> = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["set", "local", rest @ ..] => [&["set"], rest].concat(),
                words => words.to_vec(),
            };
            if let Some(refused) = REFUSED.iter().find(|refused| plain.starts_with(refused)) {
                return Err(Error::OwnSql(format!("{} is not for it to say", refused.join(" ").to_uppercase())));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl Tenants {
    /// Executes a text of SQL as a tenant, in its schema and in one transaction, which is committed unless something fails.
    pub async fn execute_own(
        &self,
        tenant: &Tenant,
        sql: &OwnSql,
        reads_only: bool,
        statement_timeout: Option<Duration>,
        now: DateTime<Utc>,
    ) -> Result<SqlOutcome> {
        let guest = self.guest(tenant, GuestOptions { reads_only, statement_timeout }, now).await?;
        let result = execute(&guest, sql, reads_only).await;
        // What is stored is stored: a role that is left is dropped with the next one.
        if let Err(error) = guest.end().await {
            tracing::warn!(%error, tenant = %tenant.slug, "a role that was made for a while could not be dropped");
        }
        result
    }
}

async fn execute(guest: &crate::Guest, sql: &OwnSql, reads_only: bool) -> Result<SqlOutcome> {
    let mut connection = PgConnection::connect_with(guest.options()).await?;
    let mark = Uuid::now_v7();
    let access = if reads_only { "READ ONLY" } else { "READ WRITE" };
    // A query first: from then on the transaction cannot be made one that writes.
    connection.execute(AssertSqlSafe(format!("BEGIN {access}; SELECT set_config('tenantry.by_hand', '{mark}', true)"))).await?;
    let outcome = read(&mut connection, sql).await?;
    let there = "SELECT current_setting('tenantry.by_hand', true)";
    let there: Option<String> = sqlx::query_scalar(there).fetch_one(&mut connection).await?;
    if there.is_none_or(|there| there != mark.to_string()) {
        return Err(Error::OwnSql("it has ended its transaction: what it did before may be stored".to_owned()));
    }
    connection.execute("COMMIT").await?;
    connection.close().await?;
    Ok(outcome)
}

async fn read(connection: &mut PgConnection, sql: &OwnSql) -> Result<SqlOutcome> {
    let mut outcome = SqlOutcome { rows: 0, columns: Vec::new(), result: Vec::new(), is_cut: false };
    let mut is_new = true;
    let mut results = sqlx::raw_sql(AssertSqlSafe(sql.0.clone())).fetch_many(&mut *connection);
    while let Some(item) = results.try_next().await? {
        match item {
            Either::Left(done) => {
                outcome.rows += done.rows_affected();
                is_new = true;
            }
            Either::Right(row) => {
                if std::mem::take(&mut is_new) {
                    outcome.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                    outcome.result.clear();
                    outcome.is_cut = false;
                }
                if outcome.result.len() == ROWS_KEPT {
                    outcome.is_cut = true;
                    continue;
                }
                let mut values = Vec::with_capacity(row.len());
                for index in 0..row.len() {
                    let value = row.try_get_raw(index)?;
                    let text = if value.is_null() { None } else { Some(value.as_str().map_err(sqlx::Error::Decode)?.to_owned()) };
                    values.push(text);
                }
                outcome.result.push(values);
            }
        }
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::OwnSql;

    #[rstest]
    #[case("SELECT 1")]
    #[case("UPDATE a SET b = 'commit;'; SELECT 1;")]
    #[case("-- commit;\nSELECT 1")]
    #[case("SET LOCAL work_mem = '64MB'; SELECT 1")]
    #[case("PREPARE p AS SELECT 1")]
    fn what_keeps_to_its_transaction_is_taken(#[case] text: &str) {
        OwnSql::parse(text).unwrap();
    }

    #[rstest]
    #[case("")]
    #[case("-- nothing")]
    #[case("COMMIT")]
    #[case("SELECT 1; /* x */ commit and chain")]
    #[case("SELECT 1; END; SELECT 2")]
    #[case("ROLLBACK TO a")]
    #[case("START TRANSACTION")]
    #[case("PREPARE TRANSACTION 'a'")]
    #[case("SET ROLE a")]
    #[case("SET LOCAL ROLE a")]
    #[case("set search_path = a")]
    #[case("SET SESSION AUTHORIZATION a")]
    #[case("SET TRANSACTION READ WRITE")]
    #[case("RESET ALL")]
    #[case("DISCARD ALL")]
    #[case("COPY a FROM PROGRAM 'x'")]
    fn what_would_leave_it_is_refused(#[case] text: &str) {
        OwnSql::parse(text).unwrap_err();
    }
}
