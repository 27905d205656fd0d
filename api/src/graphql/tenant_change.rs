//! What owners do with their organisation as a whole.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Permission;

use super::{authenticator::OwnerProof, context::ResolverContext as _};

/// The new name and address of the organisation; what is left out stays.
#[derive(Debug, InputObject)]
pub struct RenameTenantInput {
    /// The organisation's name, for people.
    name: Option<String>,
    /// The organisation's label under the base domain: `acme`.
    slug: Option<String>,
}

/// The organisation under its new name.
#[derive(Debug, SimpleObject)]
pub struct RenameTenantPayload {
    /// Its name.
    name: String,
    /// Its label under the base domain.
    slug: String,
    /// Its address: `https://acme.example.com`. The former one leads here for a while; at the new one everybody signs in again.
    url: String,
}

/// Which organisation to delete, and proof that the account's owner asks.
#[derive(InputObject)]
pub struct RequestTenantDeletionInput {
    /// The organisation's label under the base domain, typed once more.
    slug: String,
    /// The proof.
    #[graphql(flatten)]
    proof: OwnerProof,
}

/// A deletion that was asked for.
#[derive(Debug, SimpleObject)]
pub struct RequestTenantDeletionPayload {
    /// When the organisation is deleted with all its data. Until then an owner takes that back on the apex.
    delete_at: DateTime<Utc>,
    /// The address of the apex.
    url: String,
}

/// The mutations of an organisation as a whole.
#[derive(Default)]
pub struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Renames the organisation, for its owners. The id stays, and so do its data, members and programs.
    async fn rename_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new name and address.")] input: RenameTenantInput,
    ) -> Result<RenameTenantPayload> {
        let request = ctx.writer().await?;
        let (door, tenant) = (&request.front_door, &request.tenant);
        let (slug, name) = (input.slug.as_deref(), input.name.as_deref());
        door.lifecycle.rename(&door.auth, request.scope(), request.domain(), tenant, slug, name).await?;
        let renamed =
            door.tenants.directory().by_id(tenant.id).await.map_err(anyhow::Error::from).map_err(crate::auth::AuthError::from)?;
        let tenant = renamed.unwrap_or_else(|| std::sync::Arc::clone(tenant));
        Ok(RenameTenantPayload {
            name: tenant.name.clone(),
            slug: tenant.slug.to_string(),
            url: door.lifecycle.address_of(&tenant),
        })
    }

    /// Asks for the deletion of the organisation, for its owners. Nobody can use it from now on; its data is kept for as long as this can
    /// be taken back, and then deleted.
    async fn request_tenant_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, and proof that the account's owner asks.")] input: RequestTenantDeletionInput,
    ) -> Result<RequestTenantDeletionPayload> {
        let request = ctx.closer().await?;
        request.domain().require(Permission::ManageTenant)?;
        let door = &request.front_door;
        door.owner_by_proof(ctx.identity(), &input.proof).await?;
        let delete_at = door.lifecycle.request_deletion(&door.auth, request.domain(), &request.tenant, &input.slug).await?;
        Ok(RequestTenantDeletionPayload { delete_at, url: door.lifecycle.apex() })
    }
}
