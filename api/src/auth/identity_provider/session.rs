//! The session of somebody for whom the tenant's identity provider vouches.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::platform::identity_provider::Entity;
use sea_orm::EntityTrait as _;
use tenancy::{Tenant, TenantId};

use super::{Problem, ProviderAnswer, ProviderRefusal};
use crate::auth::{Auth, AuthError, Method, Session, Visitor};

impl Auth {
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
        let provider = Entity::find_by_id(tenant.0).one(&self.platform).await?;
        Ok(provider.map(|provider| (provider.issuer, provider.client_id, provider.updated_at)))
    }
}
