//! The secrets that are stored: how many are encrypted, and with which key; and encrypting them again.

use anyhow::{Context as _, bail};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionSession as _, TransactionTrait as _, Value};
use tenancy::PlatformConnection;

use super::{ID, MARK, MARK_OF_TEXT, NONCE, SecretColumn, SecretKeys, TAG, hexadecimal};

/// How many are encrypted again in one transaction.
const AT_A_TIME: i64 = 200;

/// How many secrets are stored, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// Encrypted with the first key.
    pub current: i64,
    /// Encrypted with another key.
    pub other: i64,
    /// Stored as they are.
    pub plain: i64,
}

/// Counts the secrets.
pub async fn census<C: ConnectionTrait>(connection: &C, keys: &SecretKeys) -> Result<Census, DbErr> {
    let mut sum = Census::default();
    for column in SecretColumn::ALL {
        let (table, name) = (column.table(), column.name());
        let [current, encrypted] = beginnings(column, keys);
        let sql = format!(
            "SELECT count(*) FILTER (WHERE {is_current}) AS current, \
             count(*) FILTER (WHERE {is_encrypted} AND NOT {is_current}) AS other, \
             count(*) FILTER (WHERE NOT {is_encrypted}) AS plain FROM platform.{table} WHERE length({name}) > 0",
            is_current = begins(column, 1),
            is_encrypted = begins(column, 2),
        );
        let row =
            connection.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [current, encrypted])).await?;
        if let Some(row) = row {
            sum.current += row.try_get::<i64>("", "current")?;
            sum.other += row.try_get::<i64>("", "other")?;
            sum.plain += row.try_get::<i64>("", "plain")?;
        }
    }
    Ok(sum)
}

/// Encrypts with the first key what is not. Says how many there were. It can be broken off and begun again at any time.
pub async fn encrypt_again(platform: &PlatformConnection, keys: &SecretKeys) -> anyhow::Result<u64> {
    if keys.is_empty() {
        bail!("There is no key to encrypt with: name a file of keys by --secret-key-file");
    }
    let mut count = 0;
    for column in SecretColumn::ALL {
        loop {
            let done = encrypt_some(platform, keys, column).await?;
            if done == 0 {
                break;
            }
            count += done;
        }
    }
    Ok(count)
}

async fn encrypt_some(platform: &PlatformConnection, keys: &SecretKeys, column: SecretColumn) -> anyhow::Result<u64> {
    let (table, name, id) = (column.table(), column.name(), column.primary_key());
    let [current, _] = beginnings(column, keys);
    let transaction = platform.begin().await?;
    // Locked, so that what is written here is what was read.
    let sql = format!(
        "SELECT {id}::text AS id, {name} AS secret FROM platform.{table} WHERE length({name}) > 0 AND NOT {} \
         ORDER BY {id} LIMIT $2 FOR UPDATE",
        begins(column, 1)
    );
    let rows =
        transaction.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [current, AT_A_TIME.into()])).await?;
    let count = rows.len();
    for row in rows {
        let key: String = row.try_get("", "id")?;
        let place = column.of(&key);
        let renewed: Value = if column.is_text() {
            let secret = keys.decrypt_text(place, &row.try_get::<String>("", "secret")?)?;
            keys.encrypt_text(place, &secret)?.into()
        } else {
            let secret = keys.decrypt(place, &row.try_get::<Vec<u8>>("", "secret")?)?;
            keys.encrypt(place, &secret)?.into()
        };
        let sql = format!("UPDATE platform.{table} SET {name} = $1 WHERE {id} = $2::{}", column.type_of_primary_key());
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [renewed, key.into()]);
        transaction.execute_raw(statement).await?;
    }
    transaction.commit().await?;
    u64::try_from(count).context("so many secrets cannot be counted")
}

/// Whether the column begins with a parameter.
fn begins(column: SecretColumn, parameter: u8) -> String {
    let name = column.name();
    // The shortest that is encrypted: 32 random bytes that begin so by chance are none.
    let shortest = MARK.len() + ID + NONCE + TAG;
    format!("(length({name}) >= {shortest} AND substring({name} FROM 1 FOR length(${parameter})) = ${parameter})")
}

/// What secrets begin with that are encrypted with the first key, and that are encrypted at all.
fn beginnings(column: SecretColumn, keys: &SecretKeys) -> [Value; 2] {
    let first = keys.keys.first().map(|key| key.id);
    if column.is_text() {
        // Without a key nothing is current: no secret begins with a line break.
        let current = first.map_or_else(|| "\n".to_owned(), |id| format!("{MARK_OF_TEXT}{}:", hexadecimal(id)));
        [current.into(), MARK_OF_TEXT.to_owned().into()]
    } else {
        let current = first.map_or_else(|| vec![0; 64], |id| [MARK.as_slice(), &id].concat());
        [current.into(), MARK.to_vec().into()]
    }
}
