//! What operators do with tenants.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{
    Error,
    value::{FromText as _, Title},
};
use tenancy::{NewTenant, Slug, Tenant as Found, TenantId};
use uuid::Uuid;

use super::{
    context::{OperatorContext, OperatorResolverContext as _},
    limit::SetTenantLimitsInput,
    tenant::{Tenant, Wanted, objects},
    tenant_plan::SetTenantPlanInput,
};
use crate::{
    cli::{Limit, Until},
    operators::{Deed, TermsChange, is_storable},
    plan::catalogue::FirstPlan,
};

/// The most days.
const MOST_DAYS: u64 = 3_650;

/// An organisation to be made.
#[derive(InputObject)]
pub struct CreateTenantInput {
    /// Its label under the base domain.
    slug: String,
    /// Its name.
    name: String,
    /// Where the invitation for its owner is mailed.
    owner_email: String,
    /// The id of its plan; null for none. Left out, it gets that of new organisations, if there is one.
    plan_id: MaybeUndefined<String>,
}

/// The dates and days that an organisation's state depends on. What is left out stays as it is; null takes a date away, and gives
/// the program's own days back.
#[derive(InputObject)]
pub struct SetTenantTermsInput {
    /// The organisation's opaque id.
    id: ID,
    /// When its trial ends.
    trial_ends_at: MaybeUndefined<DateTime<Utc>>,
    /// Until when it has paid.
    paid_until: MaybeUndefined<DateTime<Utc>>,
    /// Its own days before the date from which its people are warned.
    warning_days: MaybeUndefined<u64>,
    /// Its own days after the date from which nothing can be changed.
    read_only_after_days: MaybeUndefined<u64>,
    /// Its own days after the date from which it is not served.
    suspend_after_days: MaybeUndefined<u64>,
}

/// Whether an organisation is under maintenance.
#[derive(InputObject)]
pub struct SetTenantMaintenanceInput {
    /// The organisation's opaque id.
    id: ID,
    /// Whether it is, and so is not served.
    enabled: bool,
    /// What its people are told meanwhile, at most 500 characters.
    #[graphql(default)]
    message: String,
}

/// Another slug or name.
#[derive(InputObject)]
pub struct RenameTenantInput {
    /// The organisation's opaque id.
    id: ID,
    /// Its new slug; left out, it stays. The former one leads to it for a while.
    slug: Option<String>,
    /// Its new name; left out, it stays.
    name: Option<String>,
}

/// A deletion, confirmed.
#[derive(InputObject)]
pub struct RequestTenantDeletionInput {
    /// The organisation's opaque id.
    id: ID,
    /// Its slug, typed by hand.
    slug: String,
}

/// The organisation as it is now.
#[derive(SimpleObject)]
pub struct TenantPayload {
    /// The organisation.
    tenant: Tenant,
}

/// The mutations of tenants. All are for the role `ADMIN`, and each is an event of `operatorEvents`.
#[derive(Default)]
pub struct TenantChangeMutation;

#[Object]
impl TenantChangeMutation {
    /// Makes an organisation, and mails an invitation to its owner.
    async fn create_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation, and where its owner is invited.")] input: CreateTenantInput,
    ) -> Result<TenantPayload> {
        let (request, doer) = ctx.admin()?;
        let slug =
            Slug::parse(input.slug.trim()).map_err(|error| Error::bad_input("slug", format!("This slug cannot be: {error}.")))?;
        let name = Title::from_text("name", &input.name)?.into_text();
        let new = NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: Vec::new(), now: request.now };
        let plan = match input.plan_id {
            MaybeUndefined::Undefined => FirstPlan::ForNewTenants,
            MaybeUndefined::Null => FirstPlan::None,
            MaybeUndefined::Value(id) => FirstPlan::Named(id),
        };
        let tenant = request.operators.create(&doer, &new, Some(&input.owner_email), &plan).await?;
        payload(ctx, request, &tenant).await
    }

    /// Stops serving an organisation, and keeps its data.
    async fn suspend_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation's opaque id.")] id: ID,
    ) -> Result<TenantPayload> {
        act(ctx, &id, |_| Ok(Deed::Suspend)).await
    }

    /// Serves an organisation again.
    async fn resume_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation's opaque id.")] id: ID,
    ) -> Result<TenantPayload> {
        act(ctx, &id, |_| Ok(Deed::Resume)).await
    }

    /// Changes the dates and days that an organisation's state depends on.
    async fn set_tenant_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: SetTenantTermsInput,
    ) -> Result<TenantPayload> {
        act(ctx, &input.id, |_| {
            let own = [
                days("warningDays", input.warning_days)?,
                days("readOnlyAfterDays", input.read_only_after_days)?,
                days("suspendAfterDays", input.suspend_after_days)?,
            ];
            let trial_ends_at = date("trialEndsAt", input.trial_ends_at)?;
            let paid_until = date("paidUntil", input.paid_until)?;
            Ok(Deed::SetTerms(TermsChange { trial_ends_at, paid_until, own }))
        })
        .await
    }

    /// Begins or ends maintenance.
    async fn set_tenant_maintenance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether it is under maintenance.")] input: SetTenantMaintenanceInput,
    ) -> Result<TenantPayload> {
        act(ctx, &input.id, |_| Ok(Deed::SetMaintenance(input.enabled.then_some(input.message)))).await
    }

    /// Gives an organisation another slug or name.
    async fn rename_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The slug and the name.")] input: RenameTenantInput,
    ) -> Result<TenantPayload> {
        act(ctx, &input.id, |_| Ok(Deed::Rename { slug: input.slug, name: input.name })).await
    }

    /// Has an organisation deleted after the grace, within which `keepTenant` takes it back. It is not served from now on.
    async fn request_tenant_deletion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation, and its slug.")] input: RequestTenantDeletionInput,
    ) -> Result<TenantPayload> {
        let (request, _) = ctx.admin()?;
        let at = request.operators.deletion_at(request.now);
        act(ctx, &input.id, |tenant| {
            if input.slug.trim() != tenant.slug.as_str() {
                return Err(Error::bad_input("slug", "This is not the organisation's slug."));
            }
            Ok(Deed::Delete(at))
        })
        .await
    }

    /// Takes a deletion back, unless it has begun.
    async fn keep_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation's opaque id.")] id: ID,
    ) -> Result<TenantPayload> {
        act(ctx, &id, |_| Ok(Deed::Keep)).await
    }

    /// Changes how much an organisation may ask for.
    async fn set_tenant_limits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: SetTenantLimitsInput,
    ) -> Result<TenantPayload> {
        let id = input.id.clone();
        act(ctx, &id, |_| Ok(Deed::SetLimits(input.change()?))).await
    }

    /// Changes an organisation's plan, and what it has other than that.
    async fn set_tenant_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: SetTenantPlanInput,
    ) -> Result<TenantPayload> {
        let id = input.id.clone();
        act(ctx, &id, |_| Ok(Deed::SetPlan(input.change()?))).await
    }

    /// Tries again to bring an organisation's schema to the program's version. What becomes of it is in the answer.
    async fn retry_tenant_migration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organisation's opaque id.")] id: ID,
    ) -> Result<TenantPayload> {
        let (request, doer) = ctx.admin()?;
        let tenant = request.tenant(&id).await?;
        request.operators.retry_migration(&doer, &tenant, request.now).await?;
        request.tenants.directory().forget(tenant.id);
        payload(ctx, request, request.tenant(&id).await?.as_ref()).await
    }
}

/// Does something to a tenant, and answers with what has become of it.
async fn act(ctx: &Context<'_>, id: &ID, deed: impl FnOnce(&Found) -> Result<Deed, Error> + Send) -> Result<TenantPayload> {
    let (request, doer) = ctx.admin()?;
    let tenant = request.tenant(id).await?;
    let deed = deed(&tenant)?;
    request.operators.act(&doer, &tenant, deed, request.now).await?;
    payload(ctx, request, request.tenant(id).await?.as_ref()).await
}

async fn payload(ctx: &Context<'_>, request: &OperatorContext, tenant: &Found) -> Result<TenantPayload> {
    let wanted = Wanted::of(&[ctx.look_ahead().field("tenant")]);
    let tenant = objects(request, std::slice::from_ref(tenant), &wanted).await?.pop().ok_or(Error::NotFound("organisation"))?;
    Ok(TenantPayload { tenant })
}

fn days(field: &str, days: MaybeUndefined<u64>) -> Result<Option<Limit>, Error> {
    match days {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(Limit::Default)),
        MaybeUndefined::Value(days) if days <= MOST_DAYS => Ok(Some(Limit::Own(days))),
        MaybeUndefined::Value(_) => Err(Error::bad_input(field, format!("There are at most {MOST_DAYS} days."))),
    }
}

fn date(field: &str, date: MaybeUndefined<DateTime<Utc>>) -> Result<Option<Until>, Error> {
    match date {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(Until::None)),
        MaybeUndefined::Value(date) if is_storable(date) => Ok(Some(Until::At(date))),
        MaybeUndefined::Value(_) => Err(Error::bad_input(field, "A date is in the years 1 to 9999.")),
    }
}
