//! How often something may be begun that costs nothing to try, in this process.

use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};

use super::{AuthError, throttle::network};

/// How many mails that lead to a new password a network may ask for in a minute.
const RESETS: NonZeroU32 = NonZeroU32::new(20).expect("it is not zero");
/// How many sign-ins by passkey a network may begin in a minute. Each leaves a row for a few minutes.
const PASSKEYS: NonZeroU32 = NonZeroU32::new(30).expect("it is not zero");
/// How many all networks together may begin in a second: so many rows there are, however many networks somebody has.
const ALL_PASSKEYS: NonZeroU32 = NonZeroU32::new(100).expect("it is not zero");
/// How many sign-ups a network may ask for in a minute. Each hashes a password.
const SIGN_UPS: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// How many addresses of organisations a network may look at in a minute, as somebody does who types one.
const SLUGS: NonZeroU32 = NonZeroU32::new(120).expect("it is not zero");
/// How many all networks together may look at in a second.
const ALL_SLUGS: NonZeroU32 = NonZeroU32::new(100).expect("it is not zero");
/// Those that were not seen for a while are forgotten when there are more than these.
const MOST_KEYS: usize = 10_000;

/// Counts by key.
pub(crate) type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// Bounds tries by who makes them.
pub(super) struct Tries {
    resets: Limiter<String>,
    passkeys: Limiter<String>,
    all_passkeys: DefaultDirectRateLimiter,
    sign_ups: Limiter<String>,
    slugs: Limiter<String>,
    all_slugs: DefaultDirectRateLimiter,
}

impl std::fmt::Debug for Tries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tries").finish_non_exhaustive()
    }
}

impl Tries {
    pub(super) fn new() -> Self {
        Self {
            resets: RateLimiter::keyed(Quota::per_minute(RESETS)),
            passkeys: RateLimiter::keyed(Quota::per_minute(PASSKEYS)),
            all_passkeys: RateLimiter::direct(Quota::per_second(ALL_PASSKEYS)),
            sign_ups: RateLimiter::keyed(Quota::per_minute(SIGN_UPS)),
            slugs: RateLimiter::keyed(Quota::per_minute(SLUGS)),
            all_slugs: RateLimiter::direct(Quota::per_second(ALL_SLUGS)),
        }
    }

    /// Counts a request for the way to a new password.
    pub(super) fn ask_for_reset(&self, address: IpAddr) -> Result<(), AuthError> {
        count(&self.resets, &network(address))
    }

    /// Counts the beginning of a sign-in by a passkey.
    pub(super) fn begin_passkey(&self, address: Option<IpAddr>) -> Result<(), AuthError> {
        if let Some(address) = address {
            count(&self.passkeys, &network(address))?;
        }
        count_all(&self.all_passkeys)
    }

    /// Counts a wish to sign an organisation up.
    pub(super) fn sign_up(&self, address: IpAddr) -> Result<(), AuthError> {
        count(&self.sign_ups, &network(address))
    }

    /// Counts a look at whether an address is free.
    pub(super) fn look_at_slug(&self, address: Option<IpAddr>) -> Result<(), AuthError> {
        if let Some(address) = address {
            count(&self.slugs, &network(address))?;
        }
        count_all(&self.all_slugs)
    }
}

fn count_all(limiter: &DefaultDirectRateLimiter) -> Result<(), AuthError> {
    limiter.check().map_err(|_| AuthError::RateLimited { retry_after: Duration::from_secs(1) })
}

/// Counts one more, or says how long to wait.
pub(crate) fn count<K: Clone + Eq + Hash>(limiter: &Limiter<K>, key: &K) -> Result<(), AuthError> {
    if limiter.len() > MOST_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|refused| {
        let wait = refused.wait_time_from(DefaultClock::default().now());
        // Told in whole seconds, upwards: a retry that comes a moment too early would be refused again.
        AuthError::RateLimited { retry_after: Duration::from_secs(wait.as_secs() + 1) }
    })
}
