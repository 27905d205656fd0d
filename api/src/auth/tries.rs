//! How often something may be tried that is not signing in, in this process.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};

use super::AuthError;

/// How many mails that lead to a new password a network address may ask for in a minute.
const RESETS: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");
/// Those that were not seen for a while are forgotten when there are more than these.
const MOST_KEYS: usize = 10_000;

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// Bounds tries by who makes them.
pub(super) struct Tries {
    resets: Limiter<IpAddr>,
}

impl std::fmt::Debug for Tries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tries").finish_non_exhaustive()
    }
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { resets: RateLimiter::keyed(Quota::per_minute(RESETS)) }
    }

    /// Counts a request for the way to a new password.
    pub(super) fn ask_for_reset(&self, address: IpAddr) -> Result<(), AuthError> {
        count(&self.resets, &address)
    }
}

fn count<K: Clone + Eq + Hash>(limiter: &Limiter<K>, key: &K) -> Result<(), AuthError> {
    if limiter.len() > MOST_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|refused| {
        let wait = refused.wait_time_from(DefaultClock::default().now());
        // Told in whole seconds, upwards: a retry that comes a moment too early would be refused again.
        AuthError::RateLimited { retry_after: Duration::from_secs(wait.as_secs() + 1) }
    })
}
