//! Plans, and what tenants have of them: each change with its event, as every deed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    Change, Error,
    audit::Changes,
    plan::{Feature, Quota},
};
use sea_orm::{TransactionSession, TransactionTrait};
use serde_json::{Value, json};
use tenancy::{PlatformTransaction, Tenant, change};

use super::{Doer, Event, Operators, write_event};
use crate::{
    lifecycle::answer,
    plan::{
        Entitlements, Plan,
        catalogue::{self, Offer, Offered},
        exceptions::{Exceptions, OwnFeature, OwnLimit},
    },
};

/// Whether a plan that is written is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// There is none with its id: `CONFLICT` else.
    New,
    /// There is one with its id: `NOT_FOUND` else.
    There,
    /// Either.
    Either,
}

/// What is written of a plan. What is left out stays; of a new plan, quotas are unlimited and features off.
#[derive(Debug, Clone, Default)]
pub struct PlanChange {
    /// The name for people; that of a new plan is its id where none is given.
    pub name: Option<String>,
    /// The quotas that change; none for any number.
    pub limits: Vec<(Quota, Option<u64>)>,
    /// The features that change.
    pub features: Vec<(Feature, bool)>,
    /// Whether tenants get it that are made without a plan being named. There is one such plan at most: another one is it no longer.
    pub for_new_tenants: Option<bool>,
}

/// A change of what one tenant may use. What is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct TenantPlanChange {
    /// The id of its plan.
    pub plan: Change<String>,
    /// What it has other than its plan.
    pub exceptions: Exceptions,
}

impl TenantPlanChange {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.plan.keeps() && self.exceptions.is_empty()
    }

    /// Waits for those who change plans, before anything of the tenant is locked: they lock plans first, and then tenants.
    pub(super) async fn wait_for_plans(&self, transaction: &PlatformTransaction) -> Result<(), Error> {
        if matches!(self.plan, Change::Set(_)) {
            catalogue::keep(transaction).await?;
        }
        Ok(())
    }

    /// Changes a tenant, and says what was changed.
    pub(super) async fn apply(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> Result<Changes, Error> {
        let (before, mut changes) = (Entitlements::of(tenant), Changes::default());
        let plan = match &self.plan {
            Change::Keep => before.plan_id(),
            Change::Clear => None,
            Change::Set(id) => Some(id.as_str()),
        };
        if !self.plan.keeps() {
            catalogue::assign(transaction, tenant.id, plan, now).await?;
            changes = changes.with("plan", before.plan_id(), plan);
        }
        if !self.exceptions.is_empty() {
            change::change_settings(transaction, tenant.id, now, |settings| self.exceptions.put(settings))
                .await
                .map_err(answer)?;
            for (quota, limit) in &self.exceptions.limits {
                let own = before.is_own_limit(*quota).then(|| number_or_word(before.limit(*quota)));
                changes = changes.with(quota.as_str(), own, limit_in_words(*limit));
            }
            for (feature, has) in &self.exceptions.features {
                let has = match has {
                    OwnFeature::AsPlanned => None,
                    OwnFeature::Own(has) => Some(*has),
                };
                changes = changes.with(feature.as_str(), before.own_feature(*feature), has);
            }
        }
        Ok(changes)
    }
}

impl Operators {
    /// All plans, each with how many tenants have it.
    pub async fn plans(&self) -> Result<Vec<Offered>, Error> {
        Ok(catalogue::list(&self.platform).await?)
    }

    /// Makes a plan, or changes it for all who have it, in every process at once. What changes nothing is no event.
    pub async fn set_plan(
        &self,
        doer: &Doer,
        id: &str,
        change: &PlanChange,
        expected: Expected,
        now: DateTime<Utc>,
    ) -> Result<Offered, Error> {
        catalogue::check_id(id)?;
        let transaction = self.platform.begin().await?;
        catalogue::lock(&transaction).await?;
        let before = catalogue::find(&transaction, id).await?;
        match (&before, expected) {
            (Some(_), Expected::New) => {
                return Err(Error::Conflict {
                    field: Some("id".to_owned()),
                    message: "There is a plan with this id.".to_owned(),
                });
            }
            (None, Expected::There) => return Err(Error::NotFound("plan")),
            (None, _) => catalogue::check_count(&transaction).await?,
            (Some(_), _) => {}
        }
        let offer = changed(before.clone(), id, change);
        let changes = noted(before.as_ref(), &offer);
        if before.is_none() || !changes.is_empty() {
            catalogue::write(&transaction, &offer, now).await?;
            let action = if before.is_none() { "plan.created" } else { "plan.changed" };
            write_event(&transaction, doer, Event::of_platform(action, about(id, changes)), now).await?;
        }
        let tenants = catalogue::holders(&transaction, id).await?;
        transaction.commit().await?;
        Ok(Offered { offer, tenants })
    }

    /// Removes a plan that no tenant has.
    pub async fn remove_plan(&self, doer: &Doer, id: &str, now: DateTime<Utc>) -> Result<(), Error> {
        let transaction = self.platform.begin().await?;
        catalogue::lock(&transaction).await?;
        catalogue::remove(&transaction, id).await?;
        write_event(&transaction, doer, Event::of_platform("plan.removed", json!({ "plan": id })), now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn changed(before: Option<Offer>, id: &str, change: &PlanChange) -> Offer {
    let mut offer = before.unwrap_or_else(|| {
        let (id, name) = (id.to_owned(), id.to_owned());
        let plan = Plan { id, name, seats: None, storage_bytes: None, requests_per_day: None, features: BTreeSet::new() };
        Offer { plan, for_new_tenants: false }
    });
    let plan = &mut offer.plan;
    if let Some(name) = &change.name {
        name.trim().clone_into(&mut plan.name);
    }
    for (quota, limit) in &change.limits {
        *plan.limit_mut(*quota) = *limit;
    }
    for (feature, is_on) in &change.features {
        if *is_on {
            plan.features.insert(feature.as_str().to_owned());
        } else {
            plan.features.remove(feature.as_str());
        }
    }
    offer.for_new_tenants = change.for_new_tenants.unwrap_or(offer.for_new_tenants);
    offer
}

/// What is other than before; of a new plan, all that it has.
fn noted(before: Option<&Offer>, after: &Offer) -> Changes {
    let was = before.map(|offer| &offer.plan);
    let mut changes = Changes::default().with("name", was.map(|plan| &plan.name), &after.plan.name);
    for quota in Quota::ALL {
        changes = changes.with(quota.as_str(), was.and_then(|plan| plan.limit(quota)), after.plan.limit(quota));
    }
    changes.with("features", was.map(|plan| &plan.features), &after.plan.features).with(
        "forNewTenants",
        before.is_some_and(|offer| offer.for_new_tenants),
        after.for_new_tenants,
    )
}

/// What was changed, with the id of the plan.
fn about(id: &str, changes: Changes) -> Value {
    let mut details = changes.into_json();
    if let Value::Object(fields) = &mut details {
        fields.insert("plan".to_owned(), id.into());
    }
    details
}

fn limit_in_words(limit: OwnLimit) -> Option<Value> {
    match limit {
        OwnLimit::AsPlanned => None,
        OwnLimit::Unlimited => Some(number_or_word(None)),
        OwnLimit::AtMost(most) => Some(number_or_word(Some(most))),
    }
}

/// Null stands for what the plan says.
fn number_or_word(limit: Option<u64>) -> Value {
    limit.map_or_else(|| "unlimited".into(), Into::into)
}
