//! What the organisation may use, and what it uses.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::{Permission, plan};

use super::context::{RequestContext, ResolverContext};
use crate::{plan::seats, usage::report};

/// A part of the service that a plan has or has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::plan::Feature")]
pub enum Feature {
    /// Addresses of the organisation's own.
    CustomDomains,
    /// Signing in by the organisation's own identity provider.
    IdentityProvider,
    /// Keys by which programs use the API.
    ApiKeys,
}

/// Something of which a plan may have so much and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::plan::Quota")]
pub enum Quota {
    /// Members, and invitations that can be accepted.
    Seats,
    /// Bytes that the organisation's data takes, with its indexes; measured every few minutes.
    StorageBytes,
    /// Requests of people and programs that are signed in, since midnight, UTC; those that other servers have answered in the last seconds may be missing.
    RequestsPerDay,
}

/// How much there is of something, and how much is used.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct QuotaUse {
    /// What.
    quota: Quota,
    /// How much there is, a whole number; null for any number.
    limit: Option<f64>,
    /// How much is used, a whole number; null as long as it was not measured.
    used: Option<f64>,
}

/// What the organisation may use.
pub struct Plan;

/// What the organisation may use: by its plan, and by what was agreed with it alone.
#[Object(name = "TenantPlan")]
impl Plan {
    /// The plan's name; null for an organisation without a plan, which may use everything.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(ctx.request()?.entitlements().plan_name().map(str::to_owned))
    }

    /// The features that the organisation has.
    async fn features(&self, ctx: &Context<'_>) -> Result<Vec<Feature>> {
        let entitlements = ctx.request()?.entitlements();
        Ok(plan::Feature::ALL.into_iter().filter(|feature| entitlements.has(*feature)).map(Into::into).collect())
    }

    /// How much the organisation uses, for those who decide who is a member; null for the others.
    async fn quotas(&self, ctx: &Context<'_>) -> Result<Option<Vec<QuotaUse>>> {
        let request = ctx.request()?;
        if !request.domain().may(Permission::ManageMembers) {
            return Ok(None);
        }
        let mut quotas = Vec::new();
        for quota in plan::Quota::ALL {
            let used = used(request, quota).await?;
            let limit = request.entitlements().limit(quota);
            quotas.push(QuotaUse { quota: quota.into(), limit: limit.map(number), used: used.map(number) });
        }
        Ok(Some(quotas))
    }
}

async fn used(request: &RequestContext, quota: plan::Quota) -> Result<Option<u64>, domain::Error> {
    let (door, tenant) = (&request.front_door, request.tenant.id);
    let platform = door.tenants.platform();
    Ok(match quota {
        plan::Quota::Seats => {
            let (members, invitations) = seats::count(&platform, tenant, door.now).await?;
            Some(members + invitations)
        }
        plan::Quota::StorageBytes => report::storage(&platform, tenant).await?,
        plan::Quota::RequestsPerDay => {
            // A process that has just begun knows nothing of those before it.
            let today = door.now.date_naive();
            let written = report::requests_on(&platform, tenant, today).await?;
            Some(door.usage.requests_of(tenant, today).max(written))
        }
    })
}

/// GraphQL's own whole numbers end at two thousand million.
#[expect(clippy::cast_precision_loss, reason = "a float has as many whole numbers as anybody has bytes")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
