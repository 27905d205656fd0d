//! From a bearer token to whom it speaks for: a person with a session, an API key, or somebody of a tenant's identity provider.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Actor, Principal};
use entities::id::SessionId;
use tenancy::{Audience, HostTarget, TenantId};

use super::{
    Auth, SupportVisit, TokenError, api_key_token,
    token::{self, GoodFor},
};

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

impl Auth {
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
}
