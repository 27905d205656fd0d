//! Access tokens: signed with EdDSA, short-lived, and good for one tenant, which is their audience.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use domain::{Actor, Role};
use entities::id::{AccountId, EmployeeId, SessionId};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use tenancy::{Audience, TenantId};
use uuid::Uuid;

use super::{Identity, Keyring};

/// The `aud` of a token for the control plane.
const PLATFORM_AUDIENCE: &str = "platform";
/// The most seconds that clocks may differ.
const LEEWAY: i64 = 5;
/// A longer token is refused unread.
const LONGEST_TOKEN: usize = 4096;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Where it is good: a tenant's id, or `platform`. One place, never a list.
    pub aud: String,
    /// Whose it is: the id of an account.
    pub sub: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when on it is good.
    pub nbf: i64,
    /// When it ends.
    pub exp: i64,
    /// The session that it belongs to.
    pub sid: Uuid,
    /// The account's name.
    pub name: String,
    /// The account's e-mail address.
    pub email: String,
    /// The role in the tenant.
    pub role: String,
    /// The person's employee record in the tenant, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee: Option<Uuid>,
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

/// Issues and verifies tokens, and remembers those it has verified: a signature costs more than the rest of the check.
#[derive(Debug)]
pub(super) struct Verifier {
    keys: Keyring,
    issuer: String,
    validation: Validation,
    verified: Cache<String, (Arc<Identity>, i64)>,
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

    /// Signs a token for an identity, from `now` until `expires_at`.
    pub(super) fn issue(&self, identity: &Identity, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> anyhow::Result<String> {
        let keys = self.keys.current();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: match identity.audience {
                Audience::Platform => PLATFORM_AUDIENCE.to_owned(),
                Audience::Tenant(tenant) => tenant.to_string(),
            },
            sub: identity.actor.account_id.0,
            iat: now.timestamp(),
            nbf: now.timestamp(),
            exp: expires_at.timestamp(),
            sid: identity.session_id.0,
            name: identity.actor.name.clone(),
            email: identity.email.clone(),
            role: identity.actor.role.as_str().to_owned(),
            employee: identity.actor.employee_id.map(|id| id.0),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(keys.signing_id.clone());
        encode(&header, &claims, &keys.signing).context("a token could not be signed")
    }

    pub(super) async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        if let Some((identity, expires_at)) = self.verified.get(token).await
            && now.timestamp() < expires_at
        {
            return Ok(identity);
        }
        let (identity, expires_at) = self.verify_unseen(token, now).await?;
        let identity = Arc::new(identity);
        self.verified.insert(token.to_owned(), (Arc::clone(&identity), expires_at)).await;
        Ok(identity)
    }

    async fn verify_unseen(&self, token: &str, now: DateTime<Utc>) -> Result<(Identity, i64), TokenError> {
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
        let audience = match claims.aud.as_str() {
            PLATFORM_AUDIENCE => Audience::Platform,
            tenant => Audience::Tenant(tenant.parse::<TenantId>().map_err(|_| invalid("the token's audience is no tenant"))?),
        };
        let role = Role::ALL
            .into_iter()
            .find(|role| role.as_str() == claims.role)
            .ok_or_else(|| invalid("the token's role is unknown"))?;
        let actor =
            Actor { account_id: AccountId(claims.sub), name: claims.name, role, employee_id: claims.employee.map(EmployeeId) };
        Ok((Identity { actor, email: claims.email, session_id: SessionId(claims.sid), audience }, claims.exp))
    }
}
