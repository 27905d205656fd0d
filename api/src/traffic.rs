//! How many requests and operations a tenant and an actor may have, so that a noisy tenant does not slow the others down.
//!
//! All of it is counted in this process: with several of them, each tenant has as much in each.

mod lane;
mod rate;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU64,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tenancy::TenantId;
use uuid::Uuid;

pub use lane::{Lane, Turn};
use rate::Bucket;

use crate::{auth::Identity, graphql::limits::Limits};

/// How many actors and tenants are counted each for itself. The others are counted together.
const MOST_KEYS: usize = 100_000;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Someone who is signed in, or a program.
    Principal(Uuid),
    /// Nobody is signed in: those behind one network address; of IPv6 behind one network, whose addresses are one customer's.
    Address(Option<IpAddr>),
    /// Those for whom there is no more room.
    Others,
}

impl Sender {
    /// Whoever is signed in, or else somebody at an address.
    pub fn of(identity: Option<&Identity>, address: Option<IpAddr>) -> Self {
        identity.map_or_else(|| Self::anonymous(address), |identity| Self::Principal(identity.principal.uuid()))
    }

    /// Nobody in particular, at an address.
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        }))
    }
}

/// More than is allowed, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Too many requests: {what}, at most {allowed} are answered{each}. Please try again in {}.", seconds(*retry_after))]
pub struct RateLimited {
    /// The limit's name, as the client sees it.
    pub limit: &'static str,
    what: &'static str,
    each: &'static str,
    /// How many there may be.
    pub allowed: u64,
    /// Whole seconds to wait.
    pub retry_after: u64,
}

fn seconds(count: u64) -> String {
    if count == 1 { "a second".to_owned() } else { format!("{count} seconds") }
}

type Buckets<K> = Mutex<HashMap<K, Bucket>>;

/// What is counted of all tenants.
#[derive(Debug, Default)]
pub struct Traffic {
    tenants: Buckets<Option<TenantId>>,
    senders: Buckets<(Option<TenantId>, Sender)>,
    lanes: Mutex<HashMap<TenantId, Arc<Lane>>>,
}

impl Traffic {
    /// Counts a request to a tenant, or to the apex where there is none, and refuses it where there were too many.
    ///
    /// The sender comes first: what is refused for one sender's sake is not counted against the tenant.
    pub fn count(
        &self,
        tenant: Option<TenantId>,
        sender: Sender,
        limits: &Limits,
        now: DateTime<Utc>,
    ) -> Result<(), RateLimited> {
        if let Some(rate) = limits.requests_per_second_per_actor {
            take(&self.senders, (tenant, sender), (tenant, Sender::Others), rate, now).map_err(|wait| RateLimited {
                limit: "requestsPerSecondPerActor",
                what: "of one sender",
                each: " in a second",
                allowed: rate.get(),
                retry_after: whole_seconds(wait),
            })?;
        }
        // Those of the apex have nothing in common that one of them could use up for the others.
        if let (Some(rate), Some(_)) = (limits.requests_per_second, tenant) {
            take(&self.tenants, tenant, None, rate, now).map_err(|wait| RateLimited {
                limit: "requestsPerSecond",
                what: "of one organisation",
                each: " in a second",
                allowed: rate.get(),
                retry_after: whole_seconds(wait),
            })?;
        }
        Ok(())
    }

    /// Where the operations of a tenant wait for their turn; none where they need not.
    pub fn lane(&self, tenant: TenantId, limits: &Limits) -> Option<Arc<Lane>> {
        let most = usize::try_from(limits.concurrent_operations?.get()).unwrap_or(usize::MAX);
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() >= MOST_KEYS {
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        }
        let lane = lanes.entry(tenant).or_insert_with(|| Arc::new(Lane::new(most)));
        if lane.most() != most {
            *lane = Arc::new(Lane::new(most));
        }
        Some(Arc::clone(lane))
    }
}

/// Takes one from the key's bucket, or says how long to wait.
fn take<K: Copy + Eq + std::hash::Hash>(
    buckets: &Buckets<K>,
    key: K,
    others: K,
    rate: NonZeroU64,
    now: DateTime<Utc>,
) -> Result<(), Duration> {
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    if buckets.len() >= MOST_KEYS && !buckets.contains_key(&key) {
        // A full bucket is as good as a new one.
        buckets.retain(|_, bucket| !bucket.is_full(now));
    }
    let key = if buckets.len() >= MOST_KEYS && !buckets.contains_key(&key) { others } else { key };
    buckets.entry(key).or_default().take(rate, now)
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_network_are_one_sender() {
        let sender = |text: &str| Sender::anonymous(Some(text.parse().unwrap()));
        assert_eq!(sender("2001:db8:1:2:3:4:5:6"), sender("2001:db8:1:2::1"));
        assert_ne!(sender("2001:db8:1:2::1"), sender("2001:db8:1:3::1"));
        assert_ne!(sender("192.0.2.1"), sender("192.0.2.2"));
    }

    #[test]
    fn a_loud_sender_does_not_use_up_what_the_tenant_has() {
        let one = NonZeroU64::new(1);
        let limits = Limits { requests_per_second: one, requests_per_second_per_actor: one, ..Limits::default() };
        let (traffic, now) = (Traffic::default(), Utc::now());
        let tenant = Some(TenantId(Uuid::now_v7()));
        let loud = Sender::Principal(Uuid::now_v7());
        let outcomes = [0; 5].map(|_| traffic.count(tenant, loud, &limits, now).err().map(|refused| refused.limit));
        let refused = Some("requestsPerSecondPerActor");
        assert_eq!(outcomes, [None, None, refused, refused, refused]);
        let quiet = Sender::anonymous(None);
        let refused = traffic.count(tenant, quiet, &limits, now).unwrap_err();
        assert_eq!((refused.limit, refused.allowed, refused.retry_after), ("requestsPerSecond", 1, 1));
        assert_eq!(traffic.count(Some(TenantId(Uuid::now_v7())), quiet, &limits, now), Ok(()));
    }
}
