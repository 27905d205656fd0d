//! Signing in: passwords, sessions, and the tokens that name a tenant.

mod account;
mod api_key;
mod api_key_token;
pub(crate) mod audit_outbox;
mod authenticator;
mod challenge;
mod entry_code;
pub(crate) mod identity_provider;
mod invitation;
mod keys;
mod mailed_token;
mod member;
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

use std::{net::IpAddr, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Principal};
use entities::{id::SessionId, platform::identity_provider as provider_row};
use sea_orm::EntityTrait as _;
use tenancy::{Audience, Freshness, Heard, HostTarget, Hostname, Hosts, PlatformConnection, Tenant, TenantId, Tenants};
use uuid::Uuid;

pub use account::{NewAccount, check_joinable, join};
pub(crate) use account::{join_within, leave};
pub use api_key::{ApiKeys, NewApiKey, permissions_of};
pub use authenticator::NewAuthenticator;
pub use challenge::Challenge;
pub use identity_provider::{IdentityProviders, Problem, SetIdentityProvider};
pub use invitation::{Acceptance, InvitationCursor, NewInvitation};
pub use keys::Keyring;
pub use member::Member;
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
use identity_provider::{ProviderAnswer, ProviderRefusal};
pub(crate) use invitation::{invite_first_owner, make_invitation_token};
pub(crate) use keys::KEYS_CHANNEL;
pub(crate) use password_reset::begin_password_reset;
pub(crate) use sign_up::make_sign_up_token;
pub(crate) use standing::ACCESS_CHANNEL;
use standing::Standings;
use throttle::Throttle;
use token::{GoodFor, Verifier};
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

/// How a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By a password alone.
    Password,
    /// By a password and a second factor.
    SecondFactor,
    /// By a passkey.
    Passkey,
    /// By a code that was made on the apex.
    EntryCode,
    /// By accepting an invitation.
    Invitation,
    /// By the tenant's identity provider.
    IdentityProvider,
    /// By confirming that an organisation signs up.
    SignUp,
}

impl Method {
    /// All ways.
    pub const ALL: [Self; 7] = [
        Self::Password,
        Self::SecondFactor,
        Self::Passkey,
        Self::EntryCode,
        Self::Invitation,
        Self::IdentityProvider,
        Self::SignUp,
    ];

    /// The method as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "second_factor",
            Self::Passkey => "passkey",
            Self::EntryCode => "entry_code",
            Self::Invitation => "invitation",
            Self::IdentityProvider => "identity_provider",
            Self::SignUp => "sign_up",
        }
    }
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
    /// The password is right, and a second factor is asked for.
    #[error("Please give the code of your authenticator app, or a recovery code.")]
    SecondFactorRequired {
        /// The step that waits for it.
        challenge: Challenge,
    },
    /// The same for an unknown address, a wrong password and a wrong code of an operator.
    #[error("The e-mail address, the password or the code is wrong.")]
    InvalidOperatorCredentials,
    /// A step of a sign-in that is unknown, over, elsewhere or was tried too often.
    #[error("This has taken too long, or was tried too often. Please start again.")]
    InvalidChallenge,
    /// A code of the apex that is unknown, used, expired or for another tenant.
    #[error("This way in has expired or was used before. Please choose the workspace again.")]
    InvalidEntryCode,
    /// A passkey that is unknown, or whose answer is not right.
    #[error("The passkey was not accepted.")]
    InvalidPasskey,
    /// The tenant's own host, where somebody signs in, was let go in the meantime.
    #[error("No organisation has this address.")]
    HostLetGo,
    /// What was asked for makes no sense, is not there, or is not allowed.
    #[error(transparent)]
    Refused(#[from] domain::Error),
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

impl AuthError {
    /// A password could not be hashed or verified.
    fn of_passwords(error: anyhow::Error) -> Self {
        match error.downcast::<password::Busy>() {
            Ok(password::Busy) => Self::RateLimited { retry_after: Duration::from_secs(5) },
            Err(error) => Self::Internal(error),
        }
    }
}

impl From<sea_orm::DbErr> for AuthError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Internal(error.into())
    }
}

/// Who a verified credential speaks for, and where.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who it is.
    pub principal: Principal,
    /// The name.
    pub name: String,
    /// The e-mail address of a person.
    pub email: Option<String>,
    /// The session that the token belongs to, if it belongs to one.
    pub session_id: Option<SessionId>,
    /// Where the credential is good.
    pub audience: Audience,
    /// Until when it is good; none for a key without an end.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it may do in the tenant; none on the apex.
    pub actor: Option<Actor>,
    /// By whose leave an operator is in the tenant; none for everybody else.
    pub support: Option<SupportVisit>,
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

    /// Finds out who a bearer token speaks for: it is genuine, and its session is not over. Whether it is good *here* is for
    /// [`tenancy::resolve`] to say, from its audience.
    pub async fn identify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        if api_key_token::is_key(token) {
            return self.api_keys.identify(token, now).await;
        }
        let token = self.verifier.verify(token, now).await?;
        let invalid = |reason: &'static str| TokenError::Invalid(anyhow::anyhow!(reason));
        let claimed = match token.good_for {
            GoodFor::Audience(claimed) => claimed,
            GoodFor::Support(tenant, claim) => return self.identify_support(&token, tenant, claim, now).await,
            GoodFor::Operators => return Err(invalid("the token is an operator's")),
        };
        let standing = self.standings.of(token.session_id, now).await.map_err(|error| TokenError::Internal(error.into()))?;
        let standing = standing.ok_or_else(|| invalid("the token's session is over"))?;
        let audience = standing.tenant().map_or(Audience::Platform, Audience::Tenant);
        if standing.account_id.uuid() != token.subject || audience != claimed {
            return Err(invalid("the token's session is another's"));
        }
        if standing.exceeds_provider() {
            return Err(invalid("an owner signs in without the identity provider"));
        }
        let actor = match (audience, standing.role) {
            (Audience::Platform, _) => None,
            (Audience::Tenant(_), Some(role)) => {
                Some(Actor::person(standing.account_id, standing.name.as_str(), role, standing.employee_id))
            }
            (Audience::Tenant(_), None) => return Err(invalid("the token's owner is no member any more")),
        };
        Ok(Arc::new(Identity {
            principal: Principal::Account(standing.account_id),
            name: standing.name.clone(),
            email: Some(standing.email.clone()),
            session_id: Some(token.session_id),
            audience,
            expires_at: Some(token.expires_at),
            actor,
            support: None,
        }))
    }

    /// The same for a token that was sent to this target: at a tenant's own host, tokens of its identity provider are good too.
    pub async fn identify_at(&self, target: HostTarget, token: &str, now: DateTime<Utc>) -> Result<Arc<Identity>, TokenError> {
        if let HostTarget::Tenant(tenant) = target
            && let Some(issuer) = token::claimed_issuer(token).filter(|issuer| *issuer != self.hosts.base().as_str())
            && self.takes_tokens_of(tenant, &issuer).await?
        {
            return self.identity_providers.identify(tenant, token, now).await;
        }
        self.identify(token, now).await
    }

    async fn takes_tokens_of(&self, tenant: TenantId, issuer: &str) -> Result<bool, TokenError> {
        let takes = self.identity_providers.takes_tokens_of(tenant, issuer).await;
        takes.map_err(|error| TokenError::Internal(error.into()))
    }

    /// What the operator has decided about signing up.
    pub fn sign_up_policy(&self) -> &SignUpPolicy {
        &self.sign_up
    }

    /// The identity providers of all tenants.
    pub fn identity_providers(&self) -> &IdentityProviders {
        &self.identity_providers
    }

    /// Begins a session of somebody for whom the tenant's identity provider vouches. Somebody new becomes a member only where the
    /// tenant takes members now.
    pub(crate) async fn complete_provider_sign_in(
        &self,
        tenant: &Arc<Tenant>,
        answer: ProviderAnswer,
        browser: Option<&str>,
        takes_members: bool,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, ProviderRefusal> {
        let failed = |error: AuthError| Problem::Failed.because(anyhow::Error::from(error));
        let scope = self.tenants.read_write(tenant);
        let tenant = tenant.id;
        let before = self.provider_as_of(tenant).await.map_err(failed)?;
        let let_in = self.identity_providers.complete(tenant, answer, browser, takes_members, now).await?;
        self.deliver(&scope, let_in.entries).await;
        let session = self.begin(Some(tenant), &let_in.account, Method::IdentityProvider, visitor, now).await;
        let session = session.map_err(|error| match error {
            AuthError::InvalidCredentials => Problem::NotAMember.because("the membership or the password has just changed"),
            AuthError::HostLetGo => Problem::Expired.because("the organisation has let the host go"),
            other => failed(other),
        })?;
        // Whoever removes or replaces the provider ends its sessions, and may have been faster than this one was begun.
        if self.provider_as_of(tenant).await.map_err(failed)? != before {
            self.sign_out(Some(tenant), None, session.identity.session_id, now).await.map_err(failed)?;
            return Err(Problem::Expired.because("the provider has changed since"));
        }
        Ok(session)
    }

    /// Which provider a tenant has, and since when it is as it is.
    async fn provider_as_of(&self, tenant: TenantId) -> Result<Option<(String, String, DateTime<Utc>)>, AuthError> {
        let provider = provider_row::Entity::find_by_id(tenant.0).one(&self.platform).await?;
        Ok(provider.map(|provider| (provider.issuer, provider.client_id, provider.updated_at)))
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
