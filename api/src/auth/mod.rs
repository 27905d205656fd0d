//! Signing in: passwords, sessions, and the tokens that name a tenant.

mod account;
mod api_key;
mod api_key_token;
pub(crate) mod audit_outbox;
mod authenticator;
mod challenge;
mod entry_code;
mod error;
mod identity;
pub(crate) mod identity_provider;
mod invitation;
mod keys;
mod mailed_token;
mod member;
mod method;
mod operator;
mod own_session;
mod passkey;
mod password;
mod password_reset;
mod recovery_code;
mod refresh_token;
mod rotation;
mod session;
mod sign_in;
mod sign_up;
mod standing;
mod support;
mod throttle;
mod tidy;
mod token;
pub(crate) mod tries;
mod ways_in;
mod workspace;

use std::{net::IpAddr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{Freshness, Heard, Hostname, Hosts, PlatformConnection, Tenants};
use uuid::Uuid;

pub use account::{NewAccount, check_joinable, join};
pub(crate) use account::{join_within, leave};
pub use api_key::{ApiKeys, NewApiKey, permissions_of};
pub use authenticator::NewAuthenticator;
pub use challenge::Challenge;
pub use error::AuthError;
pub use identity::Identity;
pub use identity_provider::{IdentityProviders, Problem, SetIdentityProvider};
pub use invitation::{Acceptance, InvitationCursor, NewInvitation};
pub use keys::Keyring;
pub use member::Member;
pub use method::Method;
pub use operator::{
    ChosenAccess, NewOperator, OpenSetup, OperatorIdentity, OperatorSession, SetupLink, create as create_operator,
    disable as disable_operator, list as list_operators, reset as reset_operator,
};
pub use own_session::Owner;
pub use passkey::{NewPasskey, PasskeyStep, RelyingParty};
pub use password::{PasswordRefusal, Passwords, check as check_password};
pub use password_reset::{NewPassword, PasswordChange};
pub use rotation::{KeyState, list_keys, retire_key, rotate_keys};
pub use sign_in::SecondFactor;
pub use sign_up::{
    AskedSignUp, Confirmation, Confirmed, OpenSignUp, SignUpMode, SignUpPolicy, SignUpProgress, SignUpWish, SlugAnswer,
    SlugProblem, make_sign_up_invitation,
};
pub use support::{SupportClaim, SupportVisit};
pub use token::{Claims, TokenError};
pub use ways_in::{Notice, SecurityChange, WaysIn};
pub use workspace::OwnTenant;

use crate::secret::SecretKeys;
pub(crate) use invitation::{invite_first_owner, make_invitation_token};
pub(crate) use keys::KEYS_CHANNEL;
pub(crate) use password_reset::begin_password_reset;
pub(crate) use sign_up::make_sign_up_token;
pub(crate) use standing::ACCESS_CHANNEL;
use standing::Standings;
use throttle::Throttle;
use token::Verifier;
use tries::Tries;

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
    pub identity: Arc<Identity>,
}

/// Where a request comes from, as far as that can be known.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The network address: of the peer, or of whoever a trusted proxy says that it speaks for.
    pub address: Option<IpAddr>,
    /// What the browser says of itself.
    pub user_agent: Option<String>,
    /// The host that it came to; none where that is an IP address.
    pub host: Option<Hostname>,
    /// Whether it comes from where operators are.
    pub is_from_operators: bool,
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
    tenants: Tenants,
    secret_keys: SecretKeys,
    platform: PlatformConnection,
    hosts: Hosts,
    verifier: Verifier,
    passwords: Passwords,
    throttle: Throttle,
    tries: Tries,
    lifetimes: Lifetimes,
    sign_up: SignUpPolicy,
    standings: Standings,
    api_keys: ApiKeys,
    identity_providers: IdentityProviders,
    /// What has changed of accounts, sessions, keys and identity providers.
    changes: Arc<Freshness<Uuid>>,
}

impl Auth {
    /// Loads the signing keys, and makes the first one if there is none. The base domain is the issuer.
    pub async fn start(
        tenants: &Tenants,
        hosts: Hosts,
        lifetimes: Lifetimes,
        sign_up: SignUpPolicy,
        secret_keys: SecretKeys,
        allow_local_identity_providers: bool,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let keys = Keyring::load_or_make(tenants.platform(), secret_keys.clone(), now).await?;
        let changes = Arc::new(Freshness::default());
        Ok(Self {
            tenants: tenants.clone(),
            secret_keys: secret_keys.clone(),
            platform: tenants.platform(),
            standings: Standings::new(tenants.platform(), Arc::clone(&changes)),
            api_keys: ApiKeys::new(tenants.platform(), Arc::clone(&changes)),
            identity_providers: IdentityProviders::new(
                tenants.platform(),
                Arc::clone(&changes),
                secret_keys,
                allow_local_identity_providers,
            ),
            changes,
            verifier: Verifier::new(keys, hosts.base().as_str()),
            passwords: Passwords::new(),
            throttle: Throttle::new(tenants.platform()),
            hosts,
            tries: Tries::new(),
            lifetimes,
            sign_up,
        })
    }

    /// What the operator has decided about signing up.
    pub fn sign_up_policy(&self) -> &SignUpPolicy {
        &self.sign_up
    }

    /// The identity providers of all tenants.
    pub fn identity_providers(&self) -> &IdentityProviders {
        &self.identity_providers
    }

    /// The API keys of all tenants.
    pub fn api_keys(&self) -> &ApiKeys {
        &self.api_keys
    }

    /// Takes in what was heard of accounts, sessions, keys and identity providers.
    pub(crate) fn hear(&self, heard: &Heard) {
        if let Heard::Notification { channel, .. } = heard
            && channel == KEYS_CHANNEL
        {
            return self.verifier.keys().note_change();
        }
        if *heard == Heard::Connected {
            self.verifier.keys().note_change();
        }
        standing::hear(&self.changes, heard);
    }

    /// Keeps the signing keys current, for as long as the program runs.
    pub(crate) async fn keep_keys(self: Arc<Self>) {
        self.verifier.keys().keep_current().await;
    }

    /// Writes down when API keys were used, for as long as the program runs.
    pub(crate) async fn keep_uses(self: Arc<Self>) {
        self.api_keys.keep_uses().await;
    }

    /// The public keys, as RFC 7517 has them.
    pub fn published_keys(&self) -> jsonwebtoken::jwk::JwkSet {
        self.verifier.keys().published()
    }
}
