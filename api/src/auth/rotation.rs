//! Replacing the keys that sign tokens, without a request that fails.
//!
//! A new key is published for a while before it signs, so that every process, and everybody who verifies tokens, knows it by
//! then. The one before goes on verifying, and is retired when the last token that it signed has expired.

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::signing_key::{ActiveModel, Column, Entity, Model};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryOrder, Set, TransactionSession, TransactionTrait};
use tenancy::PlatformConnection;

use super::keys;
use crate::secret::SecretKeys;

/// What a key does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is published, and will sign when its time has come.
    Waiting,
    /// It signs.
    Signing,
    /// It verifies tokens that it signed before.
    Verifying,
    /// It does nothing any more.
    Retired,
}

impl KeyState {
    /// The state's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        }
    }
}

/// All keys with what each does, the newest first.
pub async fn list_keys(platform: &PlatformConnection, now: DateTime<Utc>) -> anyhow::Result<Vec<(Model, KeyState)>> {
    let rows = rows(platform).await?;
    let states: Vec<KeyState> = rows.iter().map(|row| state(row, &rows, now)).collect();
    Ok(rows.into_iter().zip(states).collect())
}

/// Makes a key that signs after `lead`.
pub async fn rotate_keys(
    platform: &PlatformConnection,
    secret_keys: &SecretKeys,
    lead: TimeDelta,
    now: DateTime<Utc>,
) -> anyhow::Result<Model> {
    let transaction = platform.begin().await?;
    keys::lock(&transaction).await?;
    let rows = rows(&transaction).await?;
    if let Some(waiting) = rows.iter().find(|row| state(row, &rows, now) == KeyState::Waiting) {
        bail!("Key {} is published already and signs from {}", waiting.id, waiting.signs_from.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    // The first key has nobody to take over from.
    let signs_from = if rows.iter().any(|row| row.retired_at.is_none()) { now + lead } else { now };
    let key = keys::insert(&transaction, secret_keys, signs_from, now).await?;
    transaction.commit().await?;
    Ok(key)
}

/// Ends a key that does not sign any more. Before the last token that it signed has expired, only if `at_once`: its owner must
/// then sign in or renew the session.
pub async fn retire_key(
    platform: &PlatformConnection,
    id: &str,
    access_token: TimeDelta,
    at_once: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let transaction = platform.begin().await?;
    keys::lock(&transaction).await?;
    let rows = rows(&transaction).await?;
    let row = rows.iter().find(|row| row.id == id).with_context(|| format!("There is no signing key {id}"))?;
    match state(row, &rows, now) {
        KeyState::Retired => bail!("Key {id} is retired already"),
        KeyState::Signing => bail!("Key {id} signs; run `tenantry keys rotate` first"),
        KeyState::Waiting | KeyState::Verifying => {}
    }
    // Its successor is the first that began to sign after it; not one that was withdrawn before it did.
    let has_signed = |other: &&Model| other.retired_at.is_none_or(|retired| retired > other.signs_from);
    let later = rows.iter().filter(|other| other.signs_from > row.signs_from).filter(has_signed);
    let replaced_at = later.map(|other| other.signs_from).min();
    if let Some(last_use) = replaced_at.filter(|at| *at <= now)
        && let end = last_use + access_token
        && now < end
        && !at_once
    {
        bail!("Tokens of key {id} are good until {}; wait, or end them with --now", end.format("%Y-%m-%d %H:%M:%S UTC"));
    }
    let retired = ActiveModel { private_key: Set(Vec::new()), retired_at: Set(Some(now)), ..ActiveModel::from(row.clone()) };
    retired.update(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn rows<C: ConnectionTrait>(connection: &C) -> anyhow::Result<Vec<Model>> {
    Ok(Entity::find().order_by_desc(Column::SignsFrom).order_by_desc(Column::CreatedAt).all(connection).await?)
}

/// What a key does; `all` has the latest to sign first.
fn state(row: &Model, all: &[Model], now: DateTime<Utc>) -> KeyState {
    let signing = all.iter().find(|other| other.retired_at.is_none() && other.signs_from <= now);
    if row.retired_at.is_some() {
        KeyState::Retired
    } else if signing.is_some_and(|signing| signing.id == row.id) {
        KeyState::Signing
    } else if row.signs_from > now {
        KeyState::Waiting
    } else {
        KeyState::Verifying
    }
}
