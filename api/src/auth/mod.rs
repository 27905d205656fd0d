//! Signing in: passwords, sessions, and the tokens that name a tenant.

mod account;
mod keys;
mod password;
mod refresh_token;
mod session;
mod throttle;
mod token;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Actor;
use entities::id::SessionId;
use tenancy::{Audience, PlatformConnection, Tenants};

pub use account::{NewAccount, check_joinable, forget_tenant, join, leave};
pub use keys::Keyring;
pub use password::{PasswordRefusal, Passwords, check as check_password};
pub use token::{Claims, TokenError};

use throttle::Throttle;
use token::Verifier;

/// A session that was just begun or renewed.
#[derive(Debug, Clone)]
pub struct Session {
    /// The token for the `Authorization` header.
    pub access_token: String,
    /// When it ends.
    pub access_token_expires_at: DateTime<Utc>,
    /// The token for the next renewal; good for one use.
    pub refresh_token: String,
    /// When the session ends if it is not renewed.
    pub expires_at: DateTime<Utc>,
    /// Who signed in.
    pub actor: Actor,
    /// By which e-mail address.
    pub email: String,
}

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The same for an unknown address, a wrong password and an account without a membership here.
    #[error("The e-mail address or the password is wrong.")]
    InvalidCredentials,
    /// Unknown, used before, expired or ended.
    #[error("The session has ended. Please sign in again.")]
    InvalidRefreshToken,
    /// Too many tries.
    #[error("There were too many tries. Please wait a moment.")]
    RateLimited {
        /// After what time another try is taken.
        retry_after: Duration,
    },
    /// A fault.
    #[error("signing in failed")]
    Internal(#[from] anyhow::Error),
}

impl From<sea_orm::DbErr> for AuthError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Internal(error.into())
    }
}

/// Who a verified token speaks for, and where.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The person and the role.
    pub actor: Actor,
    /// The person's e-mail address.
    pub email: String,
    /// The session that the token belongs to.
    pub session_id: SessionId,
    /// Where the token is good.
    pub audience: Audience,
}

/// How long things live.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// An access token's life.
    pub access_token: TimeDelta,
    /// A session's life without a renewal.
    pub session: TimeDelta,
}

/// Signs people in and out, and verifies their tokens.
#[derive(Debug)]
pub struct Auth {
    platform: PlatformConnection,
    verifier: Verifier,
    passwords: Passwords,
    throttle: Throttle,
    lifetimes: Lifetimes,
}

impl Auth {
    /// Loads the signing keys, and makes the first one if there is none.
    pub async fn start(
        tenants: &Tenants,
        issuer: &str,
        lifetimes: Lifetimes,
        sign_ins_per_minute: NonZeroU32,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let keys = Keyring::load_or_make(tenants.platform(), now).await?;
        Ok(Self {
            platform: tenants.platform(),
            verifier: Verifier::new(keys, issuer),
            passwords: Passwords::new(),
            throttle: Throttle::new(sign_ins_per_minute),
            lifetimes,
        })
    }

    /// Verifies a bearer token: its signature, issuer and times. Whether it is good *here* is for
    /// [`tenancy::resolve`] to say, from its audience.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        self.verifier.verify(token, now).await
    }

    /// The public keys, as RFC 7517 has them.
    pub fn published_keys(&self) -> jsonwebtoken::jwk::JwkSet {
        self.verifier.keys().published()
    }
}
