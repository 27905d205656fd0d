//! The organisation's own identity provider.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::plan::Feature;
use entities::platform::identity_provider::Model;
use secrecy::SecretString;

use super::{
    context::{RequestContext, ResolverContext},
    input::change,
    viewer::Role,
};
use crate::{
    auth::{SetIdentityProvider, identity_provider::roles_of},
    http::CALLBACK,
};

/// The organisation's own identity provider (OpenID Connect), by which its members sign in.
pub struct IdentityProvider {
    row: Model,
    redirect_uri: String,
}

impl IdentityProvider {
    fn of(row: Model, request: &RequestContext) -> Self {
        Self { row, redirect_uri: format!("{}{CALLBACK}", request.front_door.address) }
    }
}

/// The organisation's own identity provider (OpenID Connect), by which its members sign in.
#[Object]
impl IdentityProvider {
    /// The name on the button.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The issuer's address, as its tokens name it.
    async fn issuer(&self) -> &str {
        &self.row.issuer
    }

    /// The id that the provider gave to this service.
    async fn client_id(&self) -> &str {
        &self.row.client_id
    }

    /// Whether there is a secret for that id. The secret itself is not shown.
    async fn has_client_secret(&self) -> bool {
        self.row.client_secret.is_some()
    }

    /// The audience of the provider's access tokens that are taken as bearer tokens; null where none are.
    async fn audience(&self) -> Option<&str> {
        self.row.audience.as_deref()
    }

    /// The claim that names roles, or its path: `groups`, `realm_access.roles`.
    async fn role_claim(&self) -> Option<&str> {
        self.row.role_claim.as_deref()
    }

    /// Values of that claim, and the role of each. Of several, the mightiest counts.
    async fn roles(&self) -> Vec<RoleMapping> {
        roles_of(&self.row).into_iter().map(|(value, role)| RoleMapping { value, role: role.into() }).collect()
    }

    /// The role of those whom no value gives one; null where they do not get in.
    async fn default_role(&self) -> Option<Role> {
        self.row.default_role.map(Into::into)
    }

    /// The address to register at the provider, where it sends people back to. Each host of the organisation has its own.
    async fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }
}

/// A value of the role claim, and the role that it gives.
#[derive(Debug, SimpleObject)]
pub struct RoleMapping {
    /// The value, exactly as the provider writes it.
    value: String,
    /// The role that it gives.
    role: Role,
}

/// A value of the role claim, and the role that it gives.
#[derive(Debug, InputObject)]
pub struct RoleMappingInput {
    /// The value, exactly as the provider writes it.
    value: String,
    /// The role that it gives; not that of an owner.
    role: Role,
}

/// The organisation's identity provider, as it shall be.
#[derive(InputObject)]
pub struct SetIdentityProviderInput {
    /// The name on the button; at most 100 characters.
    name: String,
    /// The issuer's address. It is asked for its configuration at once.
    issuer: String,
    /// The id that the provider gave to this service.
    client_id: String,
    /// The secret for that id; left out, it stays, unless the issuer or the id changes; null removes it.
    #[graphql(secret)]
    client_secret: MaybeUndefined<String>,
    /// The audience of the provider's access tokens that are taken as bearer tokens; left out, none are.
    audience: Option<String>,
    /// The claim that names roles, or its path: `groups`, `realm_access.roles`.
    role_claim: Option<String>,
    /// Values of that claim, and the role of each.
    #[graphql(default)]
    roles: Vec<RoleMappingInput>,
    /// The role of those whom no value gives one; left out, they do not get in. Not that of an owner.
    default_role: Option<Role>,
}

/// The provider as it is after the change.
#[derive(SimpleObject)]
pub struct SetIdentityProviderPayload {
    /// The provider as it is after the change.
    identity_provider: IdentityProvider,
}

/// What removing the provider did.
#[derive(Debug, SimpleObject)]
pub struct RemoveIdentityProviderPayload {
    /// Whether there was a provider.
    removed: bool,
}

/// The query of the identity provider.
#[derive(Default)]
pub struct IdentityProviderQuery;

#[Object]
impl IdentityProviderQuery {
    /// The organisation's own identity provider, for those who may set it up; null where there is none.
    async fn identity_provider(&self, ctx: &Context<'_>) -> Option<IdentityProvider> {
        let read = async {
            let request = ctx.request()?;
            let row = request.front_door.auth.identity_providers().read(request.domain(), request.tenant.id).await?;
            Ok(row.map(|row| IdentityProvider::of(row, request)))
        };
        ctx.or_null(read.await).flatten()
    }
}

/// The mutations of the identity provider.
#[derive(Default)]
pub struct IdentityProviderMutation;

#[Object]
impl IdentityProviderMutation {
    /// Sets up the organisation's own identity provider. With another issuer, the sessions begun by the one before end.
    async fn set_identity_provider(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The provider as it shall be.")] input: SetIdentityProviderInput,
    ) -> Result<SetIdentityProviderPayload> {
        let request = ctx.user_of(Feature::IdentityProvider).await?;
        let secret = |text: String| Ok(SecretString::from(text));
        let input = SetIdentityProvider {
            name: input.name,
            issuer: input.issuer,
            client_id: input.client_id,
            client_secret: change(input.client_secret, secret)?,
            audience: input.audience,
            role_claim: input.role_claim,
            roles: input.roles.into_iter().map(|mapping| (mapping.value, mapping.role.into())).collect(),
            default_role: input.default_role.map(Into::into),
        };
        let providers = request.front_door.auth.identity_providers();
        let (row, entry) = providers.set(request.domain(), request.tenant.id, input).await?;
        request.front_door.auth.deliver(&request.auditor(), entry).await;
        Ok(SetIdentityProviderPayload { identity_provider: IdentityProvider::of(row, request) })
    }

    /// Removes the organisation's own identity provider, and ends the sessions that were begun by it.
    async fn remove_identity_provider(&self, ctx: &Context<'_>) -> Result<RemoveIdentityProviderPayload> {
        let request = ctx.closer().await?;
        let providers = request.front_door.auth.identity_providers();
        let entry = providers.remove(request.domain(), request.tenant.id).await?;
        let removed = entry.is_some();
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        request.front_door.auth.deliver(&request.auditor(), entry).await;
        Ok(RemoveIdentityProviderPayload { removed })
    }
}
