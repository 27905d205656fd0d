//! One request, from when it is counted until it is answered.

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    Permission, Reach,
    plan::{Quota, QuotaExceeded},
};
use tenancy::{Tenant, TenantId};

use super::{Usage, reserve::Keeper};
use crate::{auth::Identity, plan::Entitlements};

/// A request that was counted. When this is dropped it is over; as an error, unless it was answered.
#[derive(Debug)]
pub struct Counting {
    usage: Arc<Usage>,
    tenant: Arc<Tenant>,
    day: NaiveDate,
    began: Instant,
    is_operation: bool,
    is_error: bool,
}

impl Counting {
    /// Says what became of the request.
    pub fn answered(mut self, is_operation: bool, is_error: bool) {
        self.is_operation = is_operation;
        self.is_error = is_error;
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.usage.book.answer(&self.tenant, self.day, self.is_operation, self.is_error, self.began.elapsed());
    }
}

impl Usage {
    /// Counts a request to a tenant, or refuses it where that day has had as many as the tenant's plan has.
    ///
    /// Strangers use nothing up: they could close a tenant to its people else. They are bounded by the rates of senders. Nor do
    /// operators who look in: an owner has let them in to help.
    ///
    /// Whoever decides what programs may do has some requests more, or a program could keep its own end away.
    ///
    /// What other processes have counted is known up to when this one and they last wrote.
    pub fn request(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        identity: Option<&Identity>,
        now: DateTime<Utc>,
    ) -> Result<Counting, QuotaExceeded> {
        let day = now.date_naive();
        let Some(identity) = identity.filter(|identity| identity.support.is_none()) else {
            self.book.anonymous(tenant, day);
            return Ok(self.counting(tenant, day));
        };
        let limit = Entitlements::of(tenant).limit(Quota::RequestsPerDay);
        match (self.book.request(tenant, day, limit, keeper(identity)), limit) {
            (Err(used), Some(limit)) => Err(QuotaExceeded { quota: Quota::RequestsPerDay, limit, used }),
            _ => Ok(self.counting(tenant, day)),
        }
    }

    fn counting(self: &Arc<Self>, tenant: &Arc<Tenant>, day: NaiveDate) -> Counting {
        Counting {
            usage: Arc::clone(self),
            tenant: Arc::clone(tenant),
            day,
            began: Instant::now(),
            is_operation: false,
            is_error: true,
        }
    }

    /// Requests of a day by those who are signed in, as far as this process knows.
    pub fn requests_of(&self, tenant: TenantId, day: NaiveDate) -> u64 {
        self.book.requests(tenant, day)
    }
}

/// The person who speaks by a session, and may end programs.
fn keeper(identity: &Identity) -> Option<Keeper> {
    let actor = identity.actor.as_ref().filter(|_| identity.session_id.is_some())?;
    let keeps = actor.reach(Permission::ManageApiKeys) == Reach::Everyone;
    keeps.then(|| Keeper { person: identity.principal.uuid(), role: actor.role })
}

/// Whole seconds until the next day begins.
pub(crate) fn until_tomorrow(now: DateTime<Utc>) -> u64 {
    let tomorrow = now.date_naive().succ_opt().and_then(|day| day.and_hms_opt(0, 0, 0));
    let left = tomorrow.map_or(0, |tomorrow| (tomorrow.and_utc() - now).num_milliseconds());
    u64::try_from(left).unwrap_or(0).div_ceil(1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        let left = |text: &str| until_tomorrow(text.parse().unwrap());
        assert_eq!(left("2026-11-21T00:00:00Z"), 86_400);
        assert_eq!(left("2026-11-21T23:59:58.500Z"), 2);
        assert_eq!(left("2026-11-21T23:59:59.999Z"), 1);
    }
}
