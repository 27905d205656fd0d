//! Forgetting what was encrypted with a key that is lost.

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement, TransactionSession as _, TransactionTrait as _};
use tenancy::PlatformConnection;

use super::{
    SecretColumn, SecretKeys,
    readable::{known, of_unknown_key, place},
};

/// Secrets of one table that none of the keys reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The table, with its schema.
    pub place: String,
    /// How many, one at least.
    pub count: u64,
}

/// Counts the secrets that none of the keys reads: a place for each table that has any.
pub async fn count_unreadable(platform: &PlatformConnection, keys: &SecretKeys) -> Result<Vec<Unreadable>, DbErr> {
    let mut found = Vec::new();
    for column in SecretColumn::ALL {
        let place = place(column);
        let sql = format!("SELECT count(*) AS count FROM {place} WHERE {}", of_unknown_key(column));
        let row = platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [known(keys)])).await?;
        let count = row.map(|row| row.try_get::<i64>("", "count")).transpose()?;
        let count = count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
        found.push(Unreadable { place, count });
    }
    found.retain(|table| table.count > 0);
    Ok(found)
}

/// Forgets the secrets that none of the keys reads, in one transaction: says how many of each table. What they are of ends with them, or
/// waits for another secret; a key that signs is made by the next program that starts.
pub async fn forget_unreadable(platform: &PlatformConnection, keys: &SecretKeys) -> Result<Vec<Unreadable>, DbErr> {
    let mut forgotten = Vec::new();
    let transaction = platform.begin().await?;
    for column in SecretColumn::ALL {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, forget(column), [known(keys)]);
        let count = transaction.execute_raw(statement).await?.rows_affected();
        forgotten.push(Unreadable { place: place(column), count });
    }
    transaction.commit().await?;
    forgotten.retain(|table| table.count > 0);
    Ok(forgotten)
}

fn forget(column: SecretColumn) -> String {
    let (place, name, is_unreadable) = (place(column), column.name(), of_unknown_key(column));
    match column {
        SecretColumn::SigningKey | SecretColumn::Session | SecretColumn::OperatorSession | SecretColumn::SupportSession => {
            format!("DELETE FROM {place} WHERE {is_unreadable}")
        }
        // The recovery codes stand in for it, and go with it.
        SecretColumn::Authenticator => format!(
            "WITH codes AS (DELETE FROM platform.recovery_codes \
             WHERE account_id IN (SELECT account_id FROM {place} WHERE {is_unreadable})) \
             DELETE FROM {place} WHERE {is_unreadable}"
        ),
        SecretColumn::IdentityProvider => format!("UPDATE {place} SET {name} = NULL WHERE {is_unreadable}"),
        // There is always one. Nobody knows this one, so nobody gets in by it.
        SecretColumn::Operator => {
            format!("UPDATE {place} SET {name} = sha256(gen_random_uuid()::text::bytea) WHERE {is_unreadable}")
        }
    }
}
