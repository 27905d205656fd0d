//! The tenants' own identity providers (OpenID Connect).
//!
//! - `settings`: what a tenant says of its provider, checked and stored.
//! - `sign_in`: people come by the code flow, with PKCE; `member` finds or makes the member that they are; `session` begins the
//!   session.
//! - `bearer`: programs and pages of the tenant's own come with tokens that the provider issued.
//! - `published` and `token`: the provider's keys, and what is checked of a token. `web` and `address`: how a provider is asked.
//!
//! **Invariant.** Everything that is kept of a provider is kept for one tenant: a key, a subject and a link of one tenant's
//! provider mean nothing in another, also where issuer, key id and subject are the same.

mod address;
mod bearer;
mod claims;
mod member;
mod problem;
mod published;
mod session;
mod settings;
mod sign_in;
mod token;
mod web;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::platform::identity_provider::{Entity, Model};
use moka::future::Cache;
use sea_orm::{DbErr, EntityTrait};
use tenancy::{Freshness, PlatformConnection, Reading, TenantId};
use uuid::Uuid;

pub use problem::{Problem, ProviderRefusal};
pub use settings::{SetIdentityProvider, roles_of};
pub use sign_in::ProviderAnswer;

use bearer::KnownPerson;
use published::Published;
use token::{GenuineToken, TokenRefusal};
use web::Web;

use crate::secret::{SecretColumn, SecretKeys};

/// How many providers, and how many people of providers, are remembered.
const MOST_PROVIDERS: u64 = 20_000;
const MOST_PEOPLE: u64 = 100_000;

/// One subject of one tenant's provider.
type SubjectKey = (TenantId, String, String);

/// The identity providers of all tenants.
#[derive(Debug)]
pub struct IdentityProviders {
    platform: PlatformConnection,
    secret_keys: SecretKeys,
    web: Web,
    changes: Arc<Freshness<Uuid>>,
    known: Cache<TenantId, Known>,
    published: Cache<(TenantId, String), Arc<Published>>,
    people: Cache<SubjectKey, KnownPerson>,
}

/// A tenant's provider, or that it has none.
#[derive(Debug, Clone)]
struct Known {
    provider: Option<Arc<Model>>,
    read: Reading,
}

impl IdentityProviders {
    pub(super) fn new(
        platform: PlatformConnection,
        changes: Arc<Freshness<Uuid>>,
        secret_keys: SecretKeys,
        allow_local: bool,
    ) -> Self {
        Self {
            platform,
            secret_keys,
            web: Web::new(allow_local),
            changes,
            known: Cache::builder().max_capacity(MOST_PROVIDERS).build(),
            published: Cache::builder().max_capacity(MOST_PROVIDERS).build(),
            people: Cache::builder().max_capacity(MOST_PEOPLE).build(),
        }
    }

    /// The tenant's provider, if it has one. Remembered.
    pub async fn of(&self, tenant: TenantId) -> Result<Option<Arc<Model>>, DbErr> {
        loop {
            if let Some(known) = self.known.get(&tenant).await {
                if self.changes.is_fresh(known.read, &[tenant.0]) {
                    return Ok(known.provider);
                }
                self.known.invalidate(&tenant).await;
            }
            let read = async {
                let read = self.changes.begin();
                let row = Entity::find_by_id(tenant.0).one(&self.platform).await?;
                let provider = row.map(|row| self.opened(row)).transpose()?.map(Arc::new);
                Ok::<_, DbErr>(Known { provider, read })
            };
            let known = self.known.try_get_with(tenant, read).await.map_err(|error| (*error).clone())?;
            if self.changes.is_fresh(known.read, &[tenant.0]) {
                return Ok(known.provider);
            }
        }
    }

    /// A provider as it was read, with the client's secret in plain.
    fn opened(&self, mut provider: Model) -> Result<Model, DbErr> {
        if let Some(stored) = &provider.client_secret {
            let row = provider.tenant_id.to_string();
            let secret = self.secret_keys.decrypt_text(SecretColumn::IdentityProvider.of(&row), stored);
            provider.client_secret = Some(secret.map_err(|error| DbErr::Custom(format!("{error:#}")))?);
        }
        Ok(provider)
    }

    async fn published(&self, provider: &Model) -> Arc<Published> {
        let key = (TenantId(provider.tenant_id), provider.issuer.clone());
        self.published.get_with(key, async { Arc::default() }).await
    }

    /// Verifies a token of the provider. A key that is not known is looked for once: the provider may have a new one.
    async fn verify(
        &self,
        provider: &Model,
        token: &str,
        audience: &str,
        now: DateTime<Utc>,
    ) -> Result<GenuineToken, TokenRefusal> {
        let published = self.published(provider).await;
        let issuer = provider.issuer.as_str();
        let snapshot = published.get(&self.web, issuer, now).await?;
        match token::verify(token, &snapshot.keys, issuer, audience, now) {
            Err(TokenRefusal::UnknownKey) => {
                let newer = published.newer_than(Some(&snapshot), &self.web, issuer, now).await?;
                token::verify(token, &newer.keys, issuer, audience, now)
            }
            other => other,
        }
    }
}
