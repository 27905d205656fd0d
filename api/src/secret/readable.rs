//! Whether the keys read what is stored.

use anyhow::anyhow;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement, Value};
use tenancy::PlatformConnection;

use super::{ID, MARK, MARK_OF_TEXT, NONCE, SecretColumn, SecretKeys, TAG, hexadecimal};

/// A secret that none of the keys reads.
struct Found {
    /// The table, with its schema.
    place: String,
    /// The id of the key that it is encrypted with.
    key: String,
}

impl Found {
    fn into_error(self, keys: &SecretKeys) -> anyhow::Error {
        let Self { place, key } = self;
        let lack = if keys.is_empty() { "and there is no file of keys" } else { "which is not in the file of keys" };
        anyhow!(
            "Secrets in the database ({place}) are encrypted with the key {key}, {lack}. Put back the file that this installation had, \
             `secret-key` in the data directory or the one named by --secret-key-file; where it is lost for good, \
             `tenantry keys forget` forgets what it has encrypted, see docs/operations.md, under Secrets"
        )
    }
}

/// The same as [`check_keys`]; warns where there is no key.
pub async fn check_readable(platform: &PlatformConnection, keys: &SecretKeys) -> anyhow::Result<()> {
    check_keys(platform, keys).await?;
    if keys.is_empty() {
        tracing::warn!("secrets are stored unencrypted; give --secret-key-file, see docs/operations.md");
    }
    Ok(())
}

/// Fails where these are not the keys that the installation had: whoever went on would encrypt with another key beside what is there, and
/// would find out with the first person who needs one of the secrets of before.
///
/// Where one of them has encrypted a key that signs tokens, and reads all that do, they are this installation's. What else they do not
/// read keeps nobody from starting then: the rest of a key that was lost hurts one tenant, or one person. The log says it.
pub async fn check_keys(platform: &PlatformConnection, keys: &SecretKeys) -> anyhow::Result<()> {
    let Some(found) = find_unreadable(platform, keys).await? else {
        return Ok(());
    };
    if found.place == place(SecretColumn::SigningKey) || !have_encrypted_signing_key(platform, keys).await? {
        return Err(found.into_error(keys));
    }
    tracing::error!(
        place = found.place,
        key = found.key,
        "secrets are encrypted with a key that is not in the file; `tenantry keys forget` forgets what a lost key has encrypted"
    );
    Ok(())
}

/// Fails where any secret in use is encrypted with a key that is not among these.
pub async fn check_all_readable(platform: &PlatformConnection, keys: &SecretKeys) -> anyhow::Result<()> {
    match find_unreadable(platform, keys).await? {
        Some(found) => Err(found.into_error(keys)),
        None => Ok(()),
    }
}

/// With keys, the secrets of sessions are not looked at: there are many, they end by themselves, and those of before a key was replaced
/// may be left. Keys that sign come first.
async fn find_unreadable(platform: &PlatformConnection, keys: &SecretKeys) -> Result<Option<Found>, DbErr> {
    let columns = SecretColumn::ALL.into_iter().filter(|column| keys.is_empty() || !column.is_of_session());
    let found: Vec<String> = columns
        .map(|column| {
            let (place, key) = (place(column), key_of(column));
            let (is_used, is_unreadable) = (is_used(column), of_unknown_key(column));
            format!("(SELECT '{place}' AS place, {key} AS key FROM {place} WHERE {is_used} AND {is_unreadable} LIMIT 1)")
        })
        .collect();
    let first = place(SecretColumn::SigningKey);
    let sql = format!("SELECT place, key FROM ({}) found ORDER BY place <> '{first}', place LIMIT 1", found.join(" UNION ALL "));
    let row = platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [known(keys)])).await?;
    Ok(match row {
        Some(row) => Some(Found { place: row.try_get("", "place")?, key: row.try_get("", "key")? }),
        None => None,
    })
}

/// Whether one of the keys has encrypted a key that signs tokens.
async fn have_encrypted_signing_key(platform: &PlatformConnection, keys: &SecretKeys) -> Result<bool, DbErr> {
    let column = SecretColumn::SigningKey;
    let sql = format!(
        "SELECT 1 FROM {} WHERE {} AND {} AND {} = ANY (string_to_array($1, ',')) LIMIT 1",
        place(column),
        is_used(column),
        is_encrypted(column),
        key_of(column)
    );
    let row = platform.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [known(keys)])).await?;
    Ok(row.is_some())
}

/// The table, with its schema.
pub(super) fn place(column: SecretColumn) -> String {
    format!("platform.{}", column.table())
}

/// The ids of the keys as a parameter, separated by commas.
pub(super) fn known(keys: &SecretKeys) -> Value {
    let ids: Vec<String> = keys.keys.iter().map(|key| hexadecimal(key.id)).collect();
    ids.join(",").into()
}

/// Whether the secret of a row is encrypted with none of the keys whose ids the first parameter has.
pub(super) fn of_unknown_key(column: SecretColumn) -> String {
    format!("{} AND {} <> ALL (string_to_array($1, ','))", is_encrypted(column), key_of(column))
}

/// Whether the secret of a row is read again: a key that signs nothing any more is not, nor is that of an operator who is disabled and
/// begins anew with another.
fn is_used(column: SecretColumn) -> &'static str {
    match column {
        SecretColumn::SigningKey => "retired_at IS NULL",
        SecretColumn::Operator => "disabled_at IS NULL",
        _ => "true",
    }
}

fn is_encrypted(column: SecretColumn) -> String {
    let name = column.name();
    if column.is_text() {
        return format!("{name} LIKE '{MARK_OF_TEXT}%'");
    }
    // The shortest that is encrypted: 32 random bytes that begin so by chance are none.
    let shortest = MARK.len() + ID + NONCE + TAG;
    let mark = MARK.map(|byte| format!("{byte:02x}")).concat();
    format!("length({name}) >= {shortest} AND substring({name} FROM 1 FOR {}) = decode('{mark}', 'hex')", MARK.len())
}

/// The id of the key that the secret of a row is encrypted with, in hexadecimal digits.
fn key_of(column: SecretColumn) -> String {
    let name = column.name();
    if column.is_text() {
        format!("substring({name} FROM {} FOR {})", MARK_OF_TEXT.len() + 1, 2 * ID)
    } else {
        format!("encode(substring({name} FROM {} FOR {ID}), 'hex')", MARK.len() + 1)
    }
}
