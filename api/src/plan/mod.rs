//! Plans: how much a tenant may use, and which features it has.
//!
//! A tenant's settings hold a copy of its plan, beside its own exceptions from it. So a request finds both with its tenant, without
//! asking the database, and a change is felt in every process as any other change of a tenant is. [`catalogue`] keeps the copies true.

pub mod catalogue;
pub mod exceptions;
pub(crate) mod seats;

use std::collections::BTreeSet;

use domain::{
    Error,
    plan::{Feature, Quota, QuotaExceeded},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy::Tenant;

/// The key of a tenant's settings that holds a copy of its plan.
pub(crate) const PLAN: &str = "plan";
/// The key of a tenant's settings that holds its exceptions.
pub(crate) const EXCEPTIONS: &str = "planExceptions";
/// The key of a tenant's settings that holds how many bytes it takes, as long as that is more than it may.
pub(crate) const STORAGE_USED: &str = "storageUsed";

/// A plan: what those who have it may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Its name for programs: `free`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Seats; none for any number.
    pub seats: Option<u64>,
    /// Bytes of storage; none for any number.
    pub storage_bytes: Option<u64>,
    /// Requests from midnight to midnight, UTC; none for any number.
    pub requests_per_day: Option<u64>,
    /// The names of its features. A name that this program does not know is another version's, and kept.
    pub features: BTreeSet<String>,
}

impl Plan {
    /// How much there is of a quota; none for any number.
    pub fn limit(&self, quota: Quota) -> Option<u64> {
        match quota {
            Quota::Seats => self.seats,
            Quota::StorageBytes => self.storage_bytes,
            Quota::RequestsPerDay => self.requests_per_day,
        }
    }

    /// How much there is of a quota, to be changed.
    pub(crate) fn limit_mut(&mut self, quota: Quota) -> &mut Option<u64> {
        match quota {
            Quota::Seats => &mut self.seats,
            Quota::StorageBytes => &mut self.storage_bytes,
            Quota::RequestsPerDay => &mut self.requests_per_day,
        }
    }
}

/// What a tenant may use: by its plan, and by its own exceptions. Without a plan, everything.
#[derive(Debug, Clone, Copy)]
pub struct Entitlements<'a> {
    settings: &'a Value,
}

impl<'a> Entitlements<'a> {
    /// Those of a tenant.
    pub fn of(tenant: &'a Tenant) -> Self {
        Self::in_settings(&tenant.settings)
    }

    /// Those that a tenant with these settings has.
    pub(crate) fn in_settings(settings: &'a Value) -> Self {
        Self { settings }
    }

    /// The id of the plan; none without one.
    pub fn plan_id(self) -> Option<&'a str> {
        self.settings.get(PLAN)?.get("id")?.as_str()
    }

    /// The plan's name for people; none without one.
    pub fn plan_name(self) -> Option<&'a str> {
        self.settings.get(PLAN)?.get("name")?.as_str()
    }

    /// How much there is of a quota; none for any number.
    pub fn limit(self, quota: Quota) -> Option<u64> {
        match self.exception(quota) {
            Some(own) => own.as_u64(),
            None => self.settings.get(PLAN)?.get(quota.as_str())?.as_u64(),
        }
    }

    /// Whether the tenant has a limit of its own.
    pub fn is_own_limit(self, quota: Quota) -> bool {
        self.exception(quota).is_some()
    }

    fn exception(self, quota: Quota) -> Option<&'a Value> {
        self.settings.get(EXCEPTIONS)?.get(quota.as_str())
    }

    /// Whether the tenant has a feature.
    pub fn has(self, feature: Feature) -> bool {
        self.own_feature(feature).unwrap_or_else(|| match self.settings.get(PLAN) {
            None => true,
            Some(plan) => plan
                .get("features")
                .and_then(Value::as_array)
                .is_some_and(|features| features.iter().any(|name| name == feature.as_str())),
        })
    }

    /// Whether the tenant has a feature by an exception, or has it not by one.
    pub fn own_feature(self, feature: Feature) -> Option<bool> {
        self.settings.get(EXCEPTIONS)?.get("features")?.get(feature.as_str())?.as_bool()
    }

    /// Refuses what needs a feature that the tenant has not.
    pub fn require(self, feature: Feature) -> Result<(), Error> {
        if self.has(feature) { Ok(()) } else { Err(Error::FeatureNotIncluded(feature)) }
    }

    /// Refuses what adds data while there is more than there may be. As it was when storage was measured last.
    pub fn check_room(self) -> Result<(), QuotaExceeded> {
        let used = self.settings.get(STORAGE_USED).and_then(Value::as_u64);
        match (self.limit(Quota::StorageBytes), used) {
            (Some(limit), Some(used)) if used > limit => Err(QuotaExceeded { quota: Quota::StorageBytes, limit, used }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn without_a_plan_nothing_is_bounded() {
        let settings = json!({ "storageUsed": 5 });
        let all = Entitlements::in_settings(&settings);
        assert!(Quota::ALL.iter().all(|quota| all.limit(*quota).is_none()));
        assert!(Feature::ALL.iter().all(|feature| all.has(*feature)));
        assert_eq!(all.check_room(), Ok(()));
    }

    #[test]
    fn an_exception_comes_before_the_plan() {
        let plan = json!({ "id": "free", "name": "Free", "seats": 3, "storageBytes": 10, "requestsPerDay": null,
            "features": ["api-keys"] });
        let exceptions = json!({ "seats": 5, "storageBytes": null, "requestsPerDay": 7,
            "features": { "api-keys": false, "custom-domains": true } });
        let settings = json!({ "plan": plan, "storageUsed": 11 });
        let by_plan = Entitlements::in_settings(&settings);
        assert_eq!(Quota::ALL.map(|quota| by_plan.limit(quota)), [Some(3), Some(10), None]);
        assert_eq!(Feature::ALL.map(|feature| by_plan.has(feature)), [false, false, true]);
        assert!(by_plan.check_room().is_err_and(|exceeded| exceeded.used == 11));

        let settings = json!({ "plan": plan, "planExceptions": exceptions, "storageUsed": 11 });
        let own = Entitlements::in_settings(&settings);
        assert_eq!(Quota::ALL.map(|quota| own.limit(quota)), [Some(5), None, Some(7)]);
        assert_eq!(Feature::ALL.map(|feature| own.has(feature)), [true, false, false]);
        assert_eq!(own.check_room(), Ok(()));
    }
}
