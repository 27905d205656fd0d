//! What signing in needs of a request, at a tenant's host and on the apex alike.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::platform::account;
use serde_json::Value;
use tenancy::{Hostname, Hosts, Tenant, TenantId, Tenants};

use crate::{
    auth::{Auth, AuthError, Challenge, Identity, Notice, Owner, RelyingParty, Session, Visitor},
    config::Addresses,
    domains::Domains,
    exports::Exports,
    graphql::authenticator::OwnerProof,
    lifecycle::Lifecycle,
    mail::Mail,
    usage::Usage,
};

/// What signing in needs of a request. The resolvers that need no more than this serve both schemas.
pub struct FrontDoor {
    /// Signs in and out.
    pub auth: Arc<Auth>,
    /// The tenants, for the names of those that one's sessions are in.
    pub tenants: Tenants,
    /// The base domain.
    pub hosts: Hosts,
    /// Writes mail.
    pub mail: Arc<Mail>,
    /// The hosts of tenants.
    pub domains: Arc<Domains>,
    /// What owners ask to have exported.
    pub exports: Arc<Exports>,
    /// What holds for tenants, and what becomes of them.
    pub lifecycle: Arc<Lifecycle>,
    /// What tenants have used.
    pub usage: Arc<Usage>,
    /// The organisation at whose host the request arrived; none on the apex.
    pub tenant: Option<Arc<Tenant>>,
    /// The host that the request was sent to.
    pub host: Hostname,
    /// How addresses of hosts are written.
    pub addresses: Addresses,
    /// The address of that host, as people type it: `https://acme.example.com`.
    pub address: String,
    /// Where the request comes from.
    pub visitor: Visitor,
    /// The value of the cookie `tenantry_refresh`, if one was sent.
    pub refresh_cookie: Option<String>,
    /// Whether people come by HTTPS, so that cookies are kept to it.
    pub secure: bool,
    /// The moment that the request counts as.
    pub now: DateTime<Utc>,
}

impl FrontDoor {
    /// The organisation's id; none on the apex.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.tenant.as_ref().map(|tenant| tenant.id)
    }

    /// What a passkey is good for at this host.
    pub fn relying_party(&self) -> Result<RelyingParty, AuthError> {
        Ok(RelyingParty::of(&self.hosts, &self.host, self.secure)?)
    }

    /// Begins a session by the answer of a passkey.
    pub async fn complete_passkey_sign_in(&self, challenge: &str, answer: Value) -> Result<Session, AuthError> {
        let (challenge, party) = (Challenge::parse(challenge)?, self.relying_party()?);
        self.auth.complete_passkey_sign_in(self.tenant_id(), &party, &challenge, answer, &self.visitor, self.now).await
    }

    /// The person who asks for what is their account's.
    pub async fn owner(&self, identity: Option<&Arc<Identity>>) -> Result<Owner, AuthError> {
        let identity = identity.ok_or(domain::Error::Unauthenticated)?;
        self.auth.owner(identity).await
    }

    /// Who writes to the account's owner of what is changed at this host.
    pub fn notice(&self) -> Notice<'_> {
        Notice { mail: &self.mail, tenant: self.tenant.as_deref() }
    }

    /// The same, after the password has proved that it is the account's owner.
    pub async fn owner_by_password(
        &self,
        identity: Option<&Arc<Identity>>,
        password: &str,
    ) -> Result<(Owner, account::Model), AuthError> {
        let owner = self.owner(identity).await?;
        let account = self.auth.check_own_password(owner.account, "password", password, &self.visitor, self.now).await?;
        Ok((owner, account))
    }

    /// The same, after the second factor has proved it too where there is one.
    pub async fn owner_by_proof(
        &self,
        identity: Option<&Arc<Identity>>,
        proof: &OwnerProof,
    ) -> Result<(Owner, account::Model), AuthError> {
        let factor = proof.factor()?;
        let (owner, account) = self.owner_by_password(identity, &proof.password).await?;
        self.auth.check_own_second_factor(&account, factor, &self.visitor, self.now).await?;
        Ok((owner, account))
    }
}
