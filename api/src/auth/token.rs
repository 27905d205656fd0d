//! Access tokens: signed with EdDSA, short-lived, and good for one tenant, which is their audience.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use entities::id::SessionId;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use tenancy::{Audience, TenantId};
use uuid::Uuid;

use super::{Keyring, SupportClaim};

/// The `aud` of a token for the control plane.
const PLATFORM_AUDIENCE: &str = "platform";
/// The `aud` of a token for the API of operators.
const OPERATOR_AUDIENCE: &str = "operator";
/// The most seconds that clocks may differ.
const LEEWAY: i64 = 5;
/// A longer token is refused unread.
const LONGEST_TOKEN: usize = 4096;
/// How much of a token is read to find out who issued it.
const LONGEST_PEEK: usize = 16 * 1024;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Where it is good: a tenant's id, `platform`, or `operator`. One place, never a list.
    pub aud: String,
    /// Whose it is: the id of an account, or of an operator.
    pub sub: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when on it is good.
    pub nbf: i64,
    /// When it ends.
    pub exp: i64,
    /// The session that it belongs to.
    pub sid: Uuid,
    /// The account's name, for display.
    pub name: String,
    /// The account's e-mail address, for display.
    pub email: String,
    /// The mark of an operator who was let in: the consent that the token rests on. Such a token is no member's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<SupportClaim>,
    /// The role in the tenant when the token was issued, for display: what the owner may do is read from the membership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A token that is genuine.
#[derive(Debug, Clone)]
pub(super) struct VerifiedToken {
    pub(super) subject: Uuid,
    pub(super) session_id: SessionId,
    pub(super) good_for: GoodFor,
    key_id: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// Where a token is good. An operator's has no [`Audience`], so that no host of tenants, nor the apex, can take it for one of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoodFor {
    /// At a tenant, or on the apex.
    Audience(Audience),
    /// At a tenant, for an operator whom an owner has let in. No [`Audience`] either: what takes a member's token does not take this.
    Support(TenantId, SupportClaim),
    /// At the API of operators.
    Operators,
}

/// Whom a token is for, and in which session.
#[derive(Debug)]
pub(super) struct Bearer<'a> {
    pub(super) subject: Uuid,
    pub(super) session_id: SessionId,
    pub(super) good_for: GoodFor,
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) role: Option<&'static str>,
}

/// Why a token is refused. The person reads one sentence for all; the reason is for the log.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this program, or not any more.
    #[error("The sign-in is not valid or has expired. Please sign in again.")]
    Invalid(#[source] anyhow::Error),
    /// The keys could not be read.
    #[error("the signing keys could not be read")]
    Internal(#[source] anyhow::Error),
}

/// Who issued a token, as it says itself: nothing is verified yet.
pub(super) fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    // Longer ones are refused later, by whoever verifies them.
    let mut parts = token.get(..LONGEST_PEEK.min(token.len()))?.split('.');
    let claims = parts.nth(1).filter(|_| parts.next().is_some())?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Issuer>(&claims).ok().map(|claims| claims.iss)
}

/// Issues and verifies tokens, and remembers those it has verified: a signature costs more than the rest of the check.
#[derive(Debug)]
pub(super) struct Verifier {
    keys: Keyring,
    issuer: String,
    validation: Validation,
    verified: Cache<String, Arc<VerifiedToken>>,
}

impl Verifier {
    pub(super) fn new(keys: Keyring, issuer: &str) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The times are checked against the request's clock and the audience against its host, both below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let verified = Cache::builder().max_capacity(10_000).time_to_live(Duration::from_mins(1)).build();
        Self { keys, issuer: issuer.to_owned(), validation, verified }
    }

    pub(super) fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// Signs a token for a session, from `now` until `expires_at`.
    pub(super) fn issue(&self, bearer: &Bearer<'_>, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> anyhow::Result<String> {
        let keys = self.keys.current();
        let signing = keys.signing(now).context("there is no signing key")?;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: match bearer.good_for {
                GoodFor::Audience(Audience::Platform) => PLATFORM_AUDIENCE.to_owned(),
                GoodFor::Audience(Audience::Tenant(tenant)) | GoodFor::Support(tenant, _) => tenant.to_string(),
                GoodFor::Operators => OPERATOR_AUDIENCE.to_owned(),
            },
            support: match bearer.good_for {
                GoodFor::Support(_, claim) => Some(claim),
                GoodFor::Audience(_) | GoodFor::Operators => None,
            },
            sub: bearer.subject,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
            sid: bearer.session_id.0,
            name: bearer.name.to_owned(),
            email: bearer.email.to_owned(),
            role: bearer.role.map(str::to_owned),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(signing.id.clone());
        encode(&header, &claims, &signing.key).context("a token could not be signed")
    }

    pub(super) async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<VerifiedToken>, TokenError> {
        if let Some(verified) = self.verified.get(token).await
            && now < verified.expires_at
            // The key may have been retired since.
            && self.keys.current().verifies(&verified.key_id)
        {
            return Ok(verified);
        }
        let verified = Arc::new(self.verify_unseen(token, now).await?);
        self.verified.insert(token.to_owned(), Arc::clone(&verified)).await;
        Ok(verified)
    }

    async fn verify_unseen(&self, token: &str, now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        if token.len() > LONGEST_TOKEN {
            return Err(invalid("the token is too long"));
        }
        let header = decode_header(token).map_err(|error| TokenError::Invalid(error.into()))?;
        // Checked before the key is looked for: "none" and the symmetric algorithms have no business here.
        if header.alg != Algorithm::EdDSA {
            return Err(invalid("the token is signed with another algorithm"));
        }
        let id = header.kid.ok_or_else(|| invalid("the token names no key"))?;
        let key =
            self.keys.find(&id, now).await.map_err(TokenError::Internal)?.ok_or_else(|| invalid("the token's key is unknown"))?;
        let claims = decode::<Claims>(token, &key, &self.validation).map_err(|error| TokenError::Invalid(error.into()))?.claims;
        let seconds = now.timestamp();
        if claims.exp <= seconds {
            return Err(invalid("the token has expired"));
        }
        if claims.nbf > seconds + LEEWAY {
            return Err(invalid("the token is not good yet"));
        }
        let good_for = match (claims.aud.as_str(), claims.support) {
            (OPERATOR_AUDIENCE, None) => GoodFor::Operators,
            (PLATFORM_AUDIENCE, None) => GoodFor::Audience(Audience::Platform),
            (tenant, support) => {
                let tenant = tenant.parse::<TenantId>().map_err(|_| invalid("the token's audience is no tenant"))?;
                support.map_or(GoodFor::Audience(Audience::Tenant(tenant)), |claim| GoodFor::Support(tenant, claim))
            }
        };
        let expires_at = DateTime::from_timestamp_secs(claims.exp).ok_or_else(|| invalid("the token never ends"))?;
        let (subject, session_id) = (claims.sub, SessionId(claims.sid));
        Ok(VerifiedToken { subject, session_id, good_for, key_id: id, expires_at })
    }
}
