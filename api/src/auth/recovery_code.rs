//! Codes for those who have lost their second factor.

use chrono::{DateTime, Utc};
use entities::{id::AccountId, platform::recovery_code};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, Set};
use sha2::{Digest as _, Sha256};

/// How many somebody is given.
const COUNT: usize = 10;
/// Characters that nobody takes for one another when writing them down: 32, so five bits each.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// Characters of a code: 80 bits, so that its digest cannot be searched through.
const LENGTH: usize = 16;
/// They are written in groups.
const GROUP: usize = 4;

/// Replaces the account's codes by new ones, which are returned as they are written. Only their digests are stored.
pub(super) async fn replace<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<String>, DbErr> {
    forget(connection, account).await?;
    let codes: Vec<String> = std::iter::repeat_with(make).take(COUNT).collect();
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        account_id: Set(account),
        code_hash: Set(digest(code)),
        created_at: Set(now),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(codes)
}

/// Uses a code up. Says whether there was one: of two who use it at once, one is told so.
pub(super) async fn spend<C: ConnectionTrait>(connection: &C, account: AccountId, code: &str) -> Result<bool, DbErr> {
    let spent = recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::AccountId.eq(account))
        .filter(recovery_code::Column::CodeHash.eq(digest(code)))
        .exec(connection)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// How many are left.
pub(super) async fn left<C: ConnectionTrait>(connection: &C, account: AccountId) -> Result<u64, DbErr> {
    recovery_code::Entity::find().filter(recovery_code::Column::AccountId.eq(account)).count(connection).await
}

/// Deletes the account's codes.
pub(super) async fn forget<C: ConnectionTrait>(connection: &C, account: AccountId) -> Result<(), DbErr> {
    recovery_code::Entity::delete_many().filter(recovery_code::Column::AccountId.eq(account)).exec(connection).await.map(drop)
}

fn make() -> String {
    let mut code = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (position, byte) in rand::random::<[u8; LENGTH]>().into_iter().enumerate() {
        if position > 0 && position % GROUP == 0 {
            code.push('-');
        }
        let index = usize::from(byte) % ALPHABET.len();
        code.extend(ALPHABET.get(index).copied().map(char::from));
    }
    code
}

/// The digest of a code, however it is written.
fn digest(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    Sha256::digest(plain).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_legible_and_differ() {
        let codes: std::collections::BTreeSet<String> = std::iter::repeat_with(make).take(1_000).collect();
        assert_eq!(codes.len(), 1_000);
        for code in &codes {
            assert!(code.split('-').count() == 4 && code.split('-').all(|group| group.len() == 4), "{code}");
            assert!(!code.contains(['i', 'l', 'o', '1']), "{code}");
        }
    }

    #[test]
    fn a_code_is_taken_however_it_is_written() {
        assert_eq!(digest("abcd-efgh-jkmn-pqrs"), digest(" ABCDEFGH jkmn pqrs\n"));
        assert_ne!(digest("abcd-efgh-jkmn-pqrs"), digest("abcd-efgh-jkmn-pqrt"));
    }
}
