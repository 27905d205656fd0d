//! The keys that sign tokens. They are made on the first start, kept in the control plane and shared by all processes.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use anyhow::{Context as _, anyhow};
use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::signing_key;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, QueryOrder, Set, TransactionSession, TransactionTrait};
use tenancy::PlatformConnection;
use tokio::sync::Mutex;

/// How often an unknown key id may send this process to the database.
const RELOAD_INTERVAL: TimeDelta = TimeDelta::seconds(5);
/// How old the keys may become: one that was retired stops verifying within this time.
const LONGEST_AGE: TimeDelta = TimeDelta::seconds(60);

/// The signing keys. Another process may make one: an unknown key id is looked for, now and then.
pub struct Keyring {
    platform: PlatformConnection,
    keys: RwLock<Arc<Keys>>,
    reloaded_at: Mutex<DateTime<Utc>>,
}

/// The keys at one time.
pub(super) struct Keys {
    /// The newest one signs.
    pub(super) signing_id: String,
    pub(super) signing: EncodingKey,
    verifying: HashMap<String, Arc<DecodingKey>>,
    published: JwkSet,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").field("signing_id", &self.current().signing_id).finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) async fn load_or_make(platform: PlatformConnection, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let keys = match load(&platform).await? {
            Some(keys) => keys,
            None => {
                make_first(&platform, now).await?;
                load(&platform).await?.ok_or_else(|| anyhow!("the signing key that was just made is not there"))?
            }
        };
        Ok(Self { platform, keys: RwLock::new(Arc::new(keys)), reloaded_at: Mutex::new(now) })
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
        {
            *reloaded_at = now;
            if let Some(keys) = load(&self.platform).await? {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
        }
        Ok(self.current().verifying.get(id).map(Arc::clone))
    }
}

async fn load<C: ConnectionTrait>(connection: &C) -> anyhow::Result<Option<Keys>> {
    let rows = signing_key::Entity::find().order_by_desc(signing_key::Column::CreatedAt).all(connection).await?;
    let mut verifying = HashMap::new();
    let mut published = JwkSet { keys: Vec::new() };
    let mut newest = None;
    for row in rows.into_iter().filter(|row| row.retired_at.is_none()) {
        let signing = EncodingKey::from_ed_der(&row.private_key);
        let public = public_key(&signing).with_context(|| format!("signing key {} cannot be read", row.id))?;
        verifying.insert(row.id.clone(), Arc::new(DecodingKey::from_jwk(&public)?));
        published.keys.push(public);
        newest.get_or_insert((row.id, signing));
    }
    Ok(newest.map(|(signing_id, signing)| Keys { signing_id, signing, verifying, published }))
}

/// Makes the first key, unless another process was faster.
async fn make_first(platform: &PlatformConnection, now: DateTime<Utc>) -> anyhow::Result<()> {
    let transaction = platform.begin().await?;
    transaction.execute_unprepared("LOCK TABLE platform.signing_keys IN SHARE ROW EXCLUSIVE MODE").await?;
    if load(&transaction).await?.is_none() {
        // The second version of the format cannot be made into a JWK by the token library.
        let private_key =
            Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| anyhow!("no signing key could be made"))?;
        let public = public_key(&EncodingKey::from_ed_der(private_key.as_ref()))?;
        let id = public.common.key_id.ok_or_else(|| anyhow!("a signing key has no id"))?;
        let key = signing_key::ActiveModel {
            id: Set(id),
            private_key: Set(private_key.as_ref().to_vec()),
            created_at: Set(now),
            retired_at: Set(None),
        };
        key.insert(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The public half, with its thumbprint as its id.
fn public_key(key: &EncodingKey) -> anyhow::Result<Jwk> {
    let mut public = Jwk::from_encoding_key(key, Algorithm::EdDSA)?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok(public)
}
