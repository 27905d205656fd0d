//! The keys that sign tokens. They are made on the first start, kept in the control plane and shared by all processes.
//!
//! Several keys are published and verify; one signs: the newest whose time has come. `rotation` makes and retires them.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::signing_key;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set, TransactionSession,
    TransactionTrait,
};
use tenancy::PlatformConnection;
use tokio::sync::{Mutex, Notify};

use crate::secret::{SecretColumn, SecretKeys};

/// The channel that the control plane notifies of made and retired keys.
pub(crate) const KEYS_CHANNEL: &str = "tenantry_keys";

/// How often an unknown key id may send this process to the database.
const RELOAD_INTERVAL: TimeDelta = TimeDelta::seconds(5);
/// How old the keys may become even if no notification arrives: a key that was retired stops verifying within this time.
const LONGEST_AGE: TimeDelta = TimeDelta::seconds(60);
/// How often the keys are read although nothing was heard of a change.
const USUAL_AGE: Duration = Duration::from_secs(30);

/// The signing keys. Another process may make one: that is heard of, and an unknown key id is looked for, now and then.
pub struct Keyring {
    platform: PlatformConnection,
    secret_keys: SecretKeys,
    keys: RwLock<Arc<Keys>>,
    reloaded_at: Mutex<DateTime<Utc>>,
    changed: Notify,
}

/// The keys at one time.
pub(super) struct Keys {
    /// Those that are not retired, the latest to sign first.
    signing: Vec<SigningKey>,
    verifying: HashMap<String, Arc<DecodingKey>>,
    published: JwkSet,
}

/// A key that signs, has signed, or will.
pub(super) struct SigningKey {
    pub(super) id: String,
    pub(super) key: EncodingKey,
    signs_from: DateTime<Utc>,
}

impl Keys {
    /// The key that signs now. A key whose time has not come signs only where there is no other.
    pub(super) fn signing(&self, now: DateTime<Utc>) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.signs_from <= now).or(self.signing.last())
    }

    /// Whether tokens of this key are good.
    pub(super) fn verifies(&self, id: &str) -> bool {
        self.verifying.contains_key(id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.current().signing.iter().map(|key| key.id.clone()).collect();
        formatter.debug_struct("Keyring").field("ids", &ids).finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) async fn load_or_make(
        platform: PlatformConnection,
        secret_keys: SecretKeys,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let keys = match load(&platform, &secret_keys).await? {
            Some(keys) => keys,
            None => {
                make_first(&platform, &secret_keys, now).await?;
                load(&platform, &secret_keys).await?.ok_or_else(|| anyhow!("the signing key that was just made is not there"))?
            }
        };
        let (keys, reloaded_at) = (RwLock::new(Arc::new(keys)), Mutex::new(now));
        Ok(Self { platform, secret_keys, keys, reloaded_at, changed: Notify::new() })
    }

    pub(super) fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn published(&self) -> JwkSet {
        self.current().published.clone()
    }

    /// The key with this id, if one signs or signed with it.
    pub(super) async fn find(&self, id: &str, now: DateTime<Utc>) -> anyhow::Result<Option<Arc<DecodingKey>>> {
        let mut reloaded_at = self.reloaded_at.lock().await;
        let known = self.current().verifying.get(id).map(Arc::clone);
        let wait = if known.is_some() { LONGEST_AGE } else { RELOAD_INTERVAL };
        if now - *reloaded_at < wait {
            return Ok(known);
        }
        *reloaded_at = now;
        self.reload().await?;
        Ok(self.current().verifying.get(id).map(Arc::clone))
    }

    /// To be called when keys were made or retired, or may have been.
    pub(super) fn note_change(&self) {
        self.changed.notify_one();
    }

    /// Reads the keys again whenever they change, for as long as the program runs.
    pub(super) async fn keep_current(&self) {
        loop {
            // A time-out is no failure: then nothing was heard, and the keys are read all the same.
            drop(tokio::time::timeout(USUAL_AGE, self.changed.notified()).await);
            if let Err(error) = self.reload().await {
                tracing::warn!(error = format!("{error:#}"), "the signing keys could not be read; those known stay in use");
            }
        }
    }

    async fn reload(&self) -> anyhow::Result<()> {
        if let Some(keys) = load(&self.platform, &self.secret_keys).await? {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(())
    }
}

async fn load<C: ConnectionTrait>(connection: &C, secret_keys: &SecretKeys) -> anyhow::Result<Option<Keys>> {
    let rows = signing_key::Entity::find()
        .filter(signing_key::Column::RetiredAt.is_null())
        .order_by_desc(signing_key::Column::SignsFrom)
        .order_by_desc(signing_key::Column::CreatedAt)
        .all(connection)
        .await?;
    let mut keys = Keys { signing: Vec::new(), verifying: HashMap::new(), published: JwkSet { keys: Vec::new() } };
    for row in rows {
        let private_key = secret_keys.decrypt(SecretColumn::SigningKey.of(&row.id), &row.private_key)?;
        let key = EncodingKey::from_ed_der(&private_key);
        let public = public_key(&key).with_context(|| format!("signing key {} cannot be read", row.id))?;
        keys.verifying.insert(row.id.clone(), Arc::new(DecodingKey::from_jwk(&public)?));
        keys.published.keys.push(public);
        keys.signing.push(SigningKey { id: row.id, key, signs_from: row.signs_from });
    }
    Ok(if keys.signing.is_empty() { None } else { Some(keys) })
}

/// Makes the first key, unless another process was faster.
async fn make_first(platform: &PlatformConnection, secret_keys: &SecretKeys, now: DateTime<Utc>) -> anyhow::Result<()> {
    let transaction = platform.begin().await?;
    lock(&transaction).await?;
    if load(&transaction, secret_keys).await?.is_none() {
        insert(&transaction, secret_keys, now, now).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Makes whoever else wants to change the keys wait until the transaction ends.
pub(super) async fn lock<C: ConnectionTrait>(transaction: &C) -> anyhow::Result<()> {
    transaction.execute_unprepared("LOCK TABLE platform.signing_keys IN SHARE ROW EXCLUSIVE MODE").await?;
    Ok(())
}

/// Makes a key.
pub(super) async fn insert<C: ConnectionTrait>(
    transaction: &C,
    secret_keys: &SecretKeys,
    signs_from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<signing_key::Model> {
    let (id, private_key) = loop {
        let (id, private_key) = generate()?;
        // Such an id would look like an option on the command line.
        if !id.starts_with('-') {
            break (id, private_key);
        }
    };
    let private_key = secret_keys.encrypt(SecretColumn::SigningKey.of(&id), &private_key)?;
    let key = signing_key::ActiveModel {
        id: Set(id),
        private_key: Set(private_key),
        created_at: Set(now),
        signs_from: Set(signs_from),
        retired_at: Set(None),
    };
    Ok(key.insert(transaction).await?)
}

/// A key's id and its pair in PKCS#8.
fn generate() -> anyhow::Result<(String, Vec<u8>)> {
    // The second version of the format cannot be made into a JWK by the token library.
    let private_key =
        Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| anyhow!("no signing key could be made"))?;
    let public = public_key(&EncodingKey::from_ed_der(private_key.as_ref()))?;
    let id = public.common.key_id.ok_or_else(|| anyhow!("a signing key has no id"))?;
    Ok((id, private_key.as_ref().to_vec()))
}

/// The public half, with its thumbprint as its id.
fn public_key(key: &EncodingKey) -> anyhow::Result<Jwk> {
    let mut public = Jwk::from_encoding_key(key, Algorithm::EdDSA)?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(public)
}
