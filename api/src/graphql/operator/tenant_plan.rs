//! What one organisation may use, and what it uses: its plan, its days, and its slow operations.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, MaybeUndefined, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, plan};

use super::{context::OperatorResolverContext as _, plan::whole, tenant_details::TenantDetails};
use crate::{
    graphql::{
        input::change,
        plan::{Feature, Quota, number},
        scalar::Date,
    },
    operators::TenantPlanChange,
    plan::{
        Entitlements,
        exceptions::{Exceptions, OwnFeature, OwnLimit},
    },
    usage::report::{self, Use},
};

/// The most days of usage that are answered.
const MOST_DAYS: u16 = 400;

/// How much an organisation may use of something, and how much it uses.
#[derive(Debug, SimpleObject)]
pub struct TenantQuota {
    /// Of what.
    quota: Quota,
    /// How much there is, a whole number; null for any number.
    limit: Option<f64>,
    /// Whether that is the organisation's own, and not its plan's.
    is_own: bool,
    /// How much is used, a whole number: members and open invitations, bytes as last measured, or what is written of today's
    /// requests. Null where it was not measured.
    used: Option<f64>,
}

/// Whether an organisation has a feature.
#[derive(Debug, SimpleObject)]
pub struct TenantFeature {
    /// Which.
    feature: Feature,
    /// Whether it has it.
    is_on: bool,
    /// Whether that is the organisation's own, and not its plan's.
    is_own: bool,
}

/// What an organisation may use, and what it uses.
#[derive(Debug, SimpleObject)]
pub struct TenantPlan {
    /// The id of its plan; null for an organisation without one, which may use everything.
    plan_id: Option<ID>,
    /// The name of its plan.
    name: Option<String>,
    /// How much there is of each quota, and how much is used.
    quotas: Vec<TenantQuota>,
    /// Which features it has.
    features: Vec<TenantFeature>,
}

/// What an organisation has used in a day, UTC.
#[derive(Debug, SimpleObject)]
pub struct UsageDay {
    /// The day.
    day: Date,
    /// Requests of people and programs that are signed in.
    requests: i64,
    /// Requests of nobody in particular.
    anonymous_requests: i64,
    /// Answers with an error, whosever fault it was.
    errors: i64,
    /// Operations that were executed.
    operations: i64,
    /// Milliseconds that answering took.
    milliseconds: f64,
    /// Bytes of data with its indexes, as last measured that day; null where that was not done.
    storage_bytes: Option<f64>,
    /// Members, as last counted that day; null where that was not done.
    members: Option<i64>,
}

/// An operation that took long. Neither its variables nor its answers are kept.
#[derive(Debug, SimpleObject)]
pub struct SlowOperation {
    /// The SHA-256 of its document, in hexadecimal digits: what names it among trusted documents.
    document_hash: String,
    /// Its name; empty where it has none.
    operation: String,
    /// `query` or `mutation`.
    kind: String,
    /// The fields at its root.
    root_fields: Vec<String>,
    /// How often it took long.
    count: i64,
    /// The longest time that it took, in milliseconds.
    worst_milliseconds: f64,
    /// The time that it took on the average of the times that it took long, in milliseconds.
    mean_milliseconds: f64,
    /// The most statements that it sent; 0 for a mutation, whose statements are not counted.
    statements: i64,
    /// When it first took long.
    first_seen_at: DateTime<Utc>,
    /// When it last took long.
    last_seen_at: DateTime<Utc>,
}

#[ComplexObject]
impl TenantDetails {
    /// What it may use, and what it uses.
    async fn plan(&self, ctx: &Context<'_>) -> Result<TenantPlan> {
        let request = ctx.reader()?;
        let entitlements = Entitlements::of(&self.found);
        let used = Use::of(&request.tenants.platform(), self.found.id, request.now).await.map_err(Error::from)?;
        let quota = |quota| TenantQuota {
            quota: Quota::from(quota),
            limit: entitlements.limit(quota).map(number),
            is_own: entitlements.is_own_limit(quota),
            used: match quota {
                plan::Quota::Seats => Some(used.members + used.invitations),
                plan::Quota::StorageBytes => used.storage,
                plan::Quota::RequestsPerDay => Some(used.requests_today),
            }
            .map(number),
        };
        let feature = |feature| TenantFeature {
            feature: Feature::from(feature),
            is_on: entitlements.has(feature),
            is_own: entitlements.own_feature(feature).is_some(),
        };
        Ok(TenantPlan {
            plan_id: entitlements.plan_id().map(ID::from),
            name: entitlements.plan_name().map(str::to_owned),
            quotas: plan::Quota::ALL.map(quota).into(),
            features: plan::Feature::ALL.map(feature).into(),
        })
    }

    /// What it has used in the last days, today first; days on which it used nothing are left out.
    async fn usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of how many days, today included: 1 to 400.", default = 30)] days: i32,
    ) -> Result<Vec<UsageDay>> {
        let request = ctx.reader()?;
        let days = u16::try_from(days).ok().filter(|days| (1..=MOST_DAYS).contains(days));
        let days = days.ok_or_else(|| Error::bad_input("days", format!("Give 1 to {MOST_DAYS} days.")))?;
        let rows = report::days(&request.tenants.platform(), self.found.id, days, request.now).await.map_err(Error::from)?;
        Ok(rows.into_iter().map(UsageDay::from).collect())
    }

    /// Its operations that took long, the worst first; the hundred worst are kept.
    async fn slow_operations(&self, ctx: &Context<'_>) -> Result<Vec<SlowOperation>> {
        let request = ctx.reader()?;
        let rows = report::slow(&request.tenants.platform(), self.found.id).await.map_err(Error::from)?;
        Ok(rows.into_iter().map(SlowOperation::from).collect())
    }
}

impl From<report::UsageDay> for UsageDay {
    fn from(day: report::UsageDay) -> Self {
        Self {
            day: day.day.into(),
            requests: day.requests,
            anonymous_requests: day.anonymous_requests,
            errors: day.errors,
            operations: day.operations,
            milliseconds: positive(day.milliseconds),
            storage_bytes: day.storage_bytes.map(positive),
            members: day.members,
        }
    }
}

impl From<report::SlowOperation> for SlowOperation {
    fn from(slow: report::SlowOperation) -> Self {
        Self {
            document_hash: slow.document_hash,
            operation: slow.operation,
            kind: slow.kind,
            root_fields: serde_json::from_value(slow.root_fields).unwrap_or_default(),
            count: slow.count,
            worst_milliseconds: positive(slow.worst_milliseconds),
            mean_milliseconds: positive(slow.total_milliseconds.checked_div(slow.count).unwrap_or_default()),
            statements: slow.statements,
            first_seen_at: slow.first_seen_at,
            last_seen_at: slow.last_seen_at,
        }
    }
}

fn positive(count: i64) -> f64 {
    number(u64::try_from(count).unwrap_or_default())
}

/// How much of a quota one organisation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OwnQuota {
    /// As much as its plan has.
    AsPlanned,
    /// Any number.
    Unlimited,
    /// As much as `limit` says.
    AtMost,
}

/// What one organisation has of a quota, other than its plan.
#[derive(InputObject)]
pub struct QuotaExceptionInput {
    /// Of what.
    quota: Quota,
    /// How much.
    own: OwnQuota,
    /// How much at most, a whole number, for `AT_MOST` alone.
    limit: Option<f64>,
}

/// Whether one organisation has a feature, other than its plan.
#[derive(InputObject)]
pub struct FeatureExceptionInput {
    /// Which.
    feature: Feature,
    /// Whether it has it; null for what its plan says.
    is_on: Option<bool>,
}

/// What an organisation may use. What is left out stays as it is.
#[derive(InputObject)]
pub struct SetTenantPlanInput {
    /// The organisation's opaque id.
    pub(super) id: ID,
    /// The id of its plan; null for none. Exceptions stay.
    plan_id: MaybeUndefined<String>,
    /// The quotas of which it has other than its plan says, or no longer has.
    #[graphql(default)]
    quotas: Vec<QuotaExceptionInput>,
    /// The features that it has or has not, other than its plan says, or no longer.
    #[graphql(default)]
    features: Vec<FeatureExceptionInput>,
}

impl SetTenantPlanInput {
    pub(super) fn change(self) -> Result<TenantPlanChange, Error> {
        let mut limits = Vec::new();
        for QuotaExceptionInput { quota, own, limit } in self.quotas {
            let quota = plan::Quota::from(quota);
            let own = match (own, limit) {
                (OwnQuota::AsPlanned, None) => OwnLimit::AsPlanned,
                (OwnQuota::Unlimited, None) => OwnLimit::Unlimited,
                (OwnQuota::AtMost, Some(limit)) => OwnLimit::AtMost(whole(quota.as_str(), limit)?),
                _ => return Err(Error::bad_input(quota.as_str(), "Give a limit with AT_MOST, and only with that.")),
            };
            limits.push((quota, own));
        }
        let own = |is_on: Option<bool>| is_on.map_or(OwnFeature::AsPlanned, OwnFeature::Own);
        let features = self.features.into_iter().map(|given| (given.feature.into(), own(given.is_on))).collect();
        Ok(TenantPlanChange { plan: change(self.plan_id, Ok)?, exceptions: Exceptions { limits, features } })
    }
}
