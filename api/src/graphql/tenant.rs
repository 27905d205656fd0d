//! The organisation that an address belongs to.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, Subscription};

use super::{
    context::ResolverContext,
    id,
    plan::Plan,
    standing::TenantStanding,
    subscription::{Happening, Told, told},
};

/// The organisation that this address belongs to.
pub struct Tenant(Arc<tenancy::Tenant>);

/// The organisation that this address belongs to.
#[Object]
impl Tenant {
    /// The organisation's opaque id.
    async fn id(&self) -> ID {
        id::encode_tenant(self.0.id)
    }

    /// The organisation's label under the base domain: `acme`.
    async fn slug(&self) -> String {
        self.0.slug.to_string()
    }

    /// The organisation's name, for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What holds for the organisation now; null for those who are not signed in.
    async fn standing(&self, ctx: &Context<'_>) -> Result<Option<TenantStanding>> {
        Ok(TenantStanding::of(ctx.request()?))
    }

    /// What the organisation may use; null for those who are not signed in.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Option<Plan>> {
        Ok(ctx.request()?.domain().actor.as_ref().map(|_| Plan))
    }

    /// The name of the organisation's own identity provider, by which its members can sign in at `/auth/sign-in`; null where there
    /// is none.
    async fn identity_provider_name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let provider = ctx.front_door()?.auth.identity_providers().of(self.0.id).await.map_err(domain::Error::from)?;
        Ok(provider.map(|provider| provider.name.clone()))
    }
}

/// The part of the queries that is about the organisation.
#[derive(Default)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The organisation that this address belongs to; readable without signing in.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        Ok(Tenant(Arc::clone(&ctx.request()?.tenant)))
    }
}

/// The subscription to the organisation itself.
#[derive(Default)]
pub struct TenantSubscription;

#[Subscription]
impl TenantSubscription {
    /// Tells of each change of the organisation itself, as of its name, addresses or settings; also of those that are not
    /// shown. When it is not served any more, the subscription ends.
    async fn tenant_changed(&self, ctx: &Context<'_>) -> Result<Told<Tenant>> {
        let request = ctx.member()?;
        let is_told = request.happening() == Some(&Happening::Tenant);
        Ok(told(is_told.then(|| Tenant(Arc::clone(&request.tenant)))))
    }
}
