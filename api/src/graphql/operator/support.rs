//! Support access, for operators: asked for, used, and given back.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{Error, audit::Entry};
use entities::{id::OperatorId, platform::support_grant::Model};
use tenancy::Tenant;

use super::context::{OperatorContext, OperatorResolverContext as _};
use crate::{
    graphql::{
        id,
        support::{SupportGrant, SupportGrantPayload},
    },
    http::{refusal::Refusal, standing::refusal},
    operators::NewRequest,
};

/// Which organisation to look into, why, and for how long.
#[derive(InputObject)]
pub struct RequestSupportInput {
    /// The organisation's opaque id.
    id: ID,
    /// Why, for its owners; at most 500 characters.
    reason: String,
    /// For how many hours from an owner's consent on, 1 to 8.
    hours: i32,
}

/// Which request to end.
#[derive(InputObject)]
pub struct EndSupportInput {
    /// The organisation's opaque id.
    id: ID,
    /// The request's opaque id.
    grant_id: ID,
}

/// Which organisation to enter, and what its page keeps.
#[derive(InputObject)]
pub struct EnterTenantInput {
    /// The organisation's slug.
    slug: String,
    /// What the page of the organisation has made by chance and keeps, 22 to 128 characters: the code is good together with it alone.
    #[graphql(secret)]
    nonce: String,
}

/// The way into an organisation.
#[derive(SimpleObject)]
pub struct EnterTenantPayload {
    /// An address in the organisation that begins a session there. It is good once, for a minute; the code behind the `#` goes to no
    /// server's log.
    url: String,
}

/// The query of support access.
#[derive(Default)]
pub struct OperatorSupportQuery;

#[Object]
impl OperatorSupportQuery {
    /// The last 50 requests of operators to look into an organisation, the newest first.
    async fn support_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation's opaque id.")] tenant_id: ID,
    ) -> Result<Vec<SupportGrant>> {
        let request = ctx.reader()?;
        let tenant = request.tenant(&tenant_id).await?;
        let grants = request.operators.support_grants(&tenant).await.map_err(Error::from)?;
        Ok(grants.into_iter().map(|grant| SupportGrant::of(grant, request.now)).collect())
    }
}

/// The mutations of support access. All are for the role `ADMIN`. What is asked for, ended and entered by a code is an event of
/// `operatorEvents`.
#[derive(Default)]
pub struct OperatorSupportMutation;

#[Object]
impl OperatorSupportMutation {
    /// Asks the owners of an organisation to be let in, to look and change nothing. They get a mail, and have 72 hours to answer. An
    /// operator asks one organisation 5 times within a day at most.
    async fn request_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, why, and for how long.")] input: RequestSupportInput,
    ) -> Result<SupportGrantPayload> {
        let (request, doer) = ctx.admin()?;
        let tenant = request.tenant(&input.id).await?;
        let new = NewRequest::parse(&input.reason, input.hours)?;
        let asked = request.operators.ask_for_support(operator(request)?, &doer, &tenant, new, request.now).await?;
        finish(request, &tenant, asked).await
    }

    /// Withdraws a request, or gives back the access that came of it.
    async fn end_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request.")] input: EndSupportInput,
    ) -> Result<SupportGrantPayload> {
        let (request, doer) = ctx.admin()?;
        let tenant = request.tenant(&input.id).await?;
        let grant = id::decode(&input.grant_id)?;
        let ended = request.operators.end_support(operator(request)?, &doer, &tenant, grant, request.now).await?;
        finish(request, &tenant, ended).await
    }

    /// Makes a way into an organisation whose owner has let the operator in: a code that `enter` takes there, once, within a minute,
    /// together with the nonce.
    async fn enter_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organisation, and the nonce.")] input: EnterTenantInput,
    ) -> Result<EnterTenantPayload> {
        let (request, _) = ctx.admin()?;
        let identity = request.identity().ok_or(Error::Unauthenticated)?;
        let tenant = request.tenant_of_slug(&input.slug).await?;
        let state = request.lifecycle.standing(&tenant, request.now).state;
        if let Some(refused) = refusal(&request.lifecycle, &tenant, state).map(Refusal::into_error) {
            return Err(async_graphql::Error { message: refused.message, source: None, extensions: refused.extensions });
        }
        let grant = request.operators.open_support(identity.id, &tenant, request.now).await?;
        let code = request.auth.make_support_code(&grant, identity.session_id, &input.nonce, request.now).await?;
        Ok(EnterTenantPayload { url: format!("{}/enter#{code}", request.lifecycle.address_of(&tenant)) })
    }
}

fn operator(request: &OperatorContext) -> Result<OperatorId, Error> {
    Ok(request.identity().ok_or(Error::Unauthenticated)?.id)
}

async fn finish(
    request: &OperatorContext,
    tenant: &std::sync::Arc<Tenant>,
    (grant, entry): (Model, Entry),
) -> Result<SupportGrantPayload> {
    // Where its data cannot be written to now, the event waits.
    if tenant.is_current(request.tenants.head()) {
        request.auth.deliver(&request.tenants.read_write(tenant), [entry]).await;
    }
    Ok(SupportGrantPayload { support_grant: SupportGrant::of(grant, request.now) })
}
