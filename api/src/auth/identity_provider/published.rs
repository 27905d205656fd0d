//! What a provider publishes of itself: its addresses (OpenID Connect Discovery) and the keys that it signs with (JWKS).
//!
//! Both are read together, kept for a while, and read again when a token names a key that is not known: that is how a provider's
//! new key is learnt. How often that happens is bounded, or anyone could make this program ask a provider all the time.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::Jwk;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::web::Web;

/// How long what was read is used without asking again.
const USUAL_AGE: TimeDelta = TimeDelta::minutes(10);
/// How long it is used while the provider does not answer.
const LONGEST_AGE: TimeDelta = TimeDelta::hours(1);
/// How long to wait between two times of asking.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// The most keys of a provider that are looked at.
const MOST_KEYS: usize = 100;

/// What a provider publishes of itself, kept.
#[derive(Debug, Default)]
pub(super) struct Published {
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// When it was last asked, whether it answered or not. Held while asking.
    asked_at: Mutex<Option<DateTime<Utc>>>,
}

/// What a provider published at one time.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    /// Whether the secret goes into the form, rather than into the header.
    pub(super) secret_in_form: bool,
    /// Whether an answer without the parameter `iss` is to be refused (RFC 9207).
    pub(super) names_itself: bool,
    pub(super) keys: Vec<Jwk>,
    read_at: DateTime<Utc>,
}

impl Published {
    /// What is known; asks when nothing is, or when it is old.
    pub(super) async fn get(&self, web: &Web, issuer: &str, now: DateTime<Utc>) -> anyhow::Result<Arc<Snapshot>> {
        match self.known() {
            Some(known) if now - known.read_at < USUAL_AGE => Ok(known),
            Some(known) if now - known.read_at < LONGEST_AGE => match self.asked_at.try_lock() {
                Ok(asked_at) => self.ask(asked_at, web, issuer, now).await.or(Ok(known)),
                // Somebody asks already.
                Err(_) => Ok(known),
            },
            _ => self.newer_than(None, web, issuer, now).await,
        }
    }

    /// What is known beyond a snapshot that lacked something. Asks, unless somebody just did.
    pub(super) async fn newer_than(
        &self,
        seen: Option<&Arc<Snapshot>>,
        web: &Web,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Arc<Snapshot>> {
        let asked_at = self.asked_at.lock().await;
        // While this waited, somebody else may have asked.
        if let Some(known) = self.known()
            && now - known.read_at < LONGEST_AGE
            && seen.is_none_or(|seen| !Arc::ptr_eq(seen, &known))
        {
            return Ok(known);
        }
        self.ask(asked_at, web, issuer, now).await
    }

    async fn ask(
        &self,
        mut asked_at: tokio::sync::MutexGuard<'_, Option<DateTime<Utc>>>,
        web: &Web,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Arc<Snapshot>> {
        if asked_at.is_some_and(|at| now - at < PAUSE) {
            bail!("the provider was asked a moment ago");
        }
        *asked_at = Some(now);
        let snapshot = Arc::new(Snapshot::read(web, issuer, now).await?);
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn known(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Snapshot {
    /// Asks a provider.
    pub(super) async fn read(web: &Web, issuer: &str, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = web.get(&web.parse(&address)?, None).await?;
        // Else one provider could speak in the name of another.
        if text(&document, "issuer") != Some(issuer) {
            bail!("the provider calls itself {:?}", document.get("issuer"));
        }
        let endpoint = |name: &str| {
            let address = text(&document, name).with_context(|| format!("the provider has no {name}"))?;
            web.parse(address).with_context(|| format!("{name} cannot be used"))
        };
        let methods = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let takes = |name: &str| methods.is_some_and(|methods| methods.iter().any(|method| method == name));
        let userinfo_endpoint =
            if document.contains_key("userinfo_endpoint") { Some(endpoint("userinfo_endpoint")?) } else { None };
        let keys = web.get(&endpoint("jwks_uri")?, None).await?;
        let keys = keys.get("keys").and_then(Value::as_array).context("the provider publishes no keys")?;
        Ok(Self {
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            userinfo_endpoint,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
            names_itself: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
            // A key of a kind that is not known here is no reason to refuse the others.
            keys: keys.iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value(key.clone()).ok()).collect(),
            read_at: now,
        })
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
