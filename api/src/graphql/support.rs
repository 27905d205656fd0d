//! Support access: what owners are asked, what they answer, and by whose leave an operator is here.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, audit::Entry};
use entities::{id::SupportGrantId, platform::support_grant::Model};

use super::{
    context::{RequestContext, ResolverContext},
    id,
};
use crate::{
    auth::Identity,
    support::{OwnSupport, state},
};

/// Where a request for support access stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::support::SupportState")]
pub enum SupportState {
    /// It waits for an owner.
    Asked,
    /// No owner has answered in time.
    Lapsed,
    /// It was taken back before an owner answered.
    Withdrawn,
    /// An owner has refused.
    Refused,
    /// An owner has consented: the operator may enter.
    Open,
    /// It was ended before its time.
    Ended,
    /// Its time is over.
    Expired,
}

/// An operator's request to look into the organisation, and the access that came of it.
#[derive(Debug, SimpleObject)]
pub struct SupportGrant {
    /// The opaque id.
    id: ID,
    /// Where it stands.
    state: SupportState,
    /// The name of the operator, who alone may use it.
    operator_name: String,
    /// The operator's e-mail address.
    operator_email: String,
    /// Why the operator asks.
    reason: String,
    /// For how many hours from the consent on; at most 8.
    hours: i32,
    /// When it was asked for.
    asked_at: DateTime<Utc>,
    /// Until when it can be answered.
    lapses_at: DateTime<Utc>,
    /// When an owner answered.
    decided_at: Option<DateTime<Utc>>,
    /// The name of that owner.
    decided_by: Option<String>,
    /// When the access ends by itself; null without consent.
    expires_at: Option<DateTime<Utc>>,
    /// When the operator last entered.
    last_entered_at: Option<DateTime<Utc>>,
    /// When it was withdrawn, or ended before its time.
    ended_at: Option<DateTime<Utc>>,
    /// The name of whoever did that.
    ended_by: Option<String>,
}

impl SupportGrant {
    /// As it stands at a moment.
    pub fn of(grant: Model, now: DateTime<Utc>) -> Self {
        Self {
            id: id::encode(grant.id),
            state: state(&grant, now).into(),
            operator_name: grant.operator_name,
            operator_email: grant.operator_email,
            reason: grant.reason,
            hours: grant.hours.into(),
            asked_at: grant.asked_at,
            lapses_at: grant.lapses_at,
            decided_at: grant.decided_at,
            decided_by: grant.decided_by_name,
            expires_at: grant.expires_at,
            last_entered_at: grant.last_entered_at,
            ended_at: grant.ended_at,
            ended_by: grant.ended_by,
        }
    }
}

/// By whose leave an operator is in the organisation, to look.
#[derive(Debug, SimpleObject)]
pub struct SupportVisit {
    /// Why the operator asked.
    reason: String,
    /// The name of the owner who consented.
    consented_by: String,
    /// When the access ends by itself.
    expires_at: DateTime<Utc>,
}

impl SupportVisit {
    /// By whose leave it is; none for a member or a program.
    pub fn of(identity: &Identity) -> Option<Self> {
        let visit = identity.support.as_ref()?;
        Some(Self { reason: visit.reason.clone(), consented_by: visit.consented_by.clone(), expires_at: visit.expires_at })
    }
}

/// The request as it stands now.
#[derive(Debug, SimpleObject)]
pub struct SupportGrantPayload {
    /// The request as it stands now.
    pub support_grant: SupportGrant,
}

/// The query of what operators have asked for.
#[derive(Default)]
pub struct SupportQuery;

#[Object]
impl SupportQuery {
    /// The last 50 requests of operators to look into the organisation, the newest first; for owners.
    async fn support_grants(&self, ctx: &Context<'_>) -> Option<Vec<SupportGrant>> {
        let read = async {
            let request = ctx.member()?;
            let now = request.domain().now;
            Ok(own(request).list().await?.into_iter().map(|grant| SupportGrant::of(grant, now)).collect())
        };
        ctx.or_null(read.await)
    }
}

/// What owners answer.
#[derive(Default)]
pub struct SupportMutation;

#[Object]
impl SupportMutation {
    /// Lets an operator into the organisation, to look and change nothing, from now on for the hours that were asked for. Also possible
    /// while the organisation can only be read.
    async fn consent_to_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request's opaque id.")] id: ID,
    ) -> Result<SupportGrantPayload> {
        // Also while the organisation may only be read: then help is needed most, and it changes nothing.
        let request = ctx.closer().await?;
        finish(request, own(request).consent(read(&id)?).await?).await
    }

    /// Does not let an operator in.
    async fn refuse_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request's opaque id.")] id: ID,
    ) -> Result<SupportGrantPayload> {
        let request = ctx.closer().await?;
        finish(request, own(request).refuse(read(&id)?).await?).await
    }

    /// Ends the access of an operator, on every server at once.
    async fn end_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request's opaque id.")] id: ID,
    ) -> Result<SupportGrantPayload> {
        let request = ctx.closer().await?;
        finish(request, own(request).end(read(&id)?).await?).await
    }
}

fn own(request: &RequestContext) -> OwnSupport<'_> {
    OwnSupport { platform: request.front_door.tenants.platform(), tenant: &request.tenant, context: request.domain() }
}

fn read(id: &ID) -> Result<SupportGrantId, Error> {
    id::decode(id)
}

async fn finish(request: &RequestContext, (grant, entry): (Model, Entry)) -> Result<SupportGrantPayload> {
    // Past the request's own connection, which writes nothing where the organisation may only be read.
    request.front_door.auth.deliver(&request.auditor(), [entry]).await;
    Ok(SupportGrantPayload { support_grant: SupportGrant::of(grant, request.domain().now) })
}
