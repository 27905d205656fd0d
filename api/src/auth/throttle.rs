//! How often a sign-in may be tried.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};
use tenancy::TenantId;

use super::AuthError;

type Key = (TenantId, String);

/// Bounds the tries for one e-mail address of one tenant, known or not, in this process.
pub(super) struct Throttle {
    limiter: RateLimiter<Key, DefaultKeyedStateStore<Key>, DefaultClock>,
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Throttle").field("addresses", &self.limiter.len()).finish()
    }
}

/// Addresses that were not tried for a while are forgotten when there are more than these.
const MOST_ADDRESSES: usize = 10_000;

impl Throttle {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self { limiter: RateLimiter::keyed(Quota::per_minute(per_minute)) }
    }

    pub(super) fn check(&self, tenant: TenantId, email: &str) -> Result<(), AuthError> {
        if self.limiter.len() > MOST_ADDRESSES {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&(tenant, email.to_owned())).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            // Told in whole seconds, upwards: a retry that comes a moment too early would be refused again.
            AuthError::RateLimited { retry_after: Duration::from_secs(wait.as_secs() + 1) }
        })
    }
}
