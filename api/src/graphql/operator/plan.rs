//! Plans: what organisations may use, and the plans that operators offer.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use domain::{Error, plan};

use super::context::OperatorResolverContext as _;
use crate::{
    graphql::plan::{Feature, number},
    operators::{Expected, PlanChange},
    plan::catalogue::{Offer, Offered},
};

/// The largest number of something that a quota can name: as far as all whole numbers are floats.
const MOST: u64 = 1 << 53;

/// A plan: how much the organisations that have it may use, and which features they have.
#[derive(Debug, SimpleObject)]
pub struct Plan {
    /// Its id, which was chosen when it was made: `free`.
    id: ID,
    /// Its name, for people.
    name: String,
    /// Members and open invitations, a whole number; null for any number.
    seats: Option<f64>,
    /// Bytes of data with its indexes, a whole number; null for any number.
    storage_bytes: Option<f64>,
    /// Requests from midnight to midnight, UTC, a whole number; null for any number.
    requests_per_day: Option<f64>,
    /// The features that it has.
    features: Vec<Feature>,
    /// Whether organisations get it that sign up, or are made without a plan being named. One plan is that, at most.
    for_new_tenants: bool,
    /// How many organisations have it.
    tenant_count: u64,
}

impl From<Offered> for Plan {
    fn from(Offered { offer: Offer { plan, for_new_tenants }, tenants }: Offered) -> Self {
        let has = |feature: &plan::Feature| plan.features.contains(feature.as_str());
        Self {
            features: plan::Feature::ALL.into_iter().filter(has).map(Into::into).collect(),
            id: plan.id.into(),
            name: plan.name,
            seats: plan.seats.map(number),
            storage_bytes: plan.storage_bytes.map(number),
            requests_per_day: plan.requests_per_day.map(number),
            for_new_tenants,
            tenant_count: tenants,
        }
    }
}

/// A plan that is made or changed. What is left out stays; of a new plan, quotas are unlimited and features off.
#[derive(InputObject)]
pub struct SetPlanInput {
    /// Its id, for programs: 1 to 50 small letters, digits and hyphens.
    id: String,
    /// True for a plan that is made, `CONFLICT` where there is one with its id; false for one that is there, `NOT_FOUND` where there is
    /// none. Left out, it may be either.
    is_new: Option<bool>,
    /// Its name, for people, at most 100 characters; that of a new plan is its id where none is given.
    name: Option<String>,
    /// Members and open invitations, a whole number; null for any number.
    seats: MaybeUndefined<f64>,
    /// Bytes of data with its indexes, a whole number; null for any number.
    storage_bytes: MaybeUndefined<f64>,
    /// Requests from midnight to midnight, UTC, a whole number; null for any number.
    requests_per_day: MaybeUndefined<f64>,
    /// All the features that it has.
    features: Option<Vec<Feature>>,
    /// Whether organisations get it that sign up, or are made without a plan being named. True takes that from the plan that was it.
    for_new_tenants: Option<bool>,
}

impl SetPlanInput {
    fn expected(&self) -> Expected {
        match self.is_new {
            Some(true) => Expected::New,
            Some(false) => Expected::There,
            None => Expected::Either,
        }
    }

    fn change(self) -> Result<PlanChange, Error> {
        let mut limits = Vec::new();
        for (quota, given) in [
            (plan::Quota::Seats, self.seats),
            (plan::Quota::StorageBytes, self.storage_bytes),
            (plan::Quota::RequestsPerDay, self.requests_per_day),
        ] {
            match given {
                MaybeUndefined::Undefined => {}
                MaybeUndefined::Null => limits.push((quota, None)),
                MaybeUndefined::Value(value) => limits.push((quota, Some(whole(quota.as_str(), value)?))),
            }
        }
        let has = self.features.map(|features| features.into_iter().map(plan::Feature::from).collect::<Vec<_>>());
        let features =
            has.map_or_else(Vec::new, |has| plan::Feature::ALL.map(|feature| (feature, has.contains(&feature))).to_vec());
        Ok(PlanChange { name: self.name, limits, features, for_new_tenants: self.for_new_tenants })
    }
}

/// The whole number that was given for a field.
pub(super) fn whole(field: &str, value: f64) -> Result<u64, Error> {
    // A float is written without an exponent, so what parses is whole and not negative.
    let number = value.to_string().parse::<u64>().ok().filter(|number| *number <= MOST);
    number.ok_or_else(|| Error::bad_input(field, format!("This is no whole number from 0 to {MOST}.")))
}

/// The plan as it is now.
#[derive(SimpleObject)]
pub struct PlanPayload {
    /// The plan.
    plan: Plan,
}

/// A plan that is gone.
#[derive(SimpleObject)]
pub struct DeletePlanPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// The query of plans.
#[derive(Default)]
pub struct PlanQuery;

#[Object]
impl PlanQuery {
    /// The plans that are offered, by id; there are at most 200.
    async fn plans(&self, ctx: &Context<'_>) -> Result<Vec<Plan>> {
        let plans = ctx.reader()?.operators.plans().await?;
        Ok(plans.into_iter().map(Plan::from).collect())
    }
}

/// The mutations of plans. All are for the role `ADMIN`, and each is an event of `operatorEvents`.
#[derive(Default)]
pub struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Makes a plan, or changes it for all organisations that have it, from their next request on.
    async fn set_plan(&self, ctx: &Context<'_>, #[graphql(desc = "What is set.")] input: SetPlanInput) -> Result<PlanPayload> {
        let (request, doer) = ctx.admin()?;
        let (id, expected) = (input.id.clone(), input.expected());
        let plan = request.operators.set_plan(&doer, &id, &input.change()?, expected, request.now).await?;
        Ok(PlanPayload { plan: plan.into() })
    }

    /// Deletes a plan. `CONFLICT` while an organisation has it.
    async fn delete_plan(&self, ctx: &Context<'_>, #[graphql(desc = "The plan's id.")] id: ID) -> Result<DeletePlanPayload> {
        let (request, doer) = ctx.admin()?;
        request.operators.remove_plan(&doer, &id, request.now).await?;
        Ok(DeletePlanPayload { deleted_id: id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_quotas() {
        let read = |value: f64| whole("seats", value).ok();
        assert_eq!([0.0, 5.0, 2e9, 9_007_199_254_740_992.0].map(read), [Some(0), Some(5), Some(2_000_000_000), Some(MOST)]);
        assert_eq!([-1.0, 0.5, 1e300, f64::NAN, f64::INFINITY].map(read), [None; 5]);
    }
}
