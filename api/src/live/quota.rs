//! How many there are of something that stays: for each tenant, and for each sender in it.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tenancy::TenantId;

use crate::traffic::Sender;

/// There are as many as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There are too many {what} {whose}; at most {allowed} are served. End some, or try again later.")]
pub struct Full {
    /// The limit's name, as the client sees it.
    pub limit: &'static str,
    what: &'static str,
    whose: &'static str,
    /// How many there may be.
    pub allowed: usize,
}

impl Full {
    /// There are too many operations on one connection.
    pub(super) fn of_connection(allowed: usize) -> Self {
        Self { limit: "subscriptionsPerConnection", what: "operations", whose: "on this connection", allowed }
    }
}

/// How many there may be, and how many there are.
#[derive(Debug)]
pub(super) struct Quota {
    what: &'static str,
    per_tenant: usize,
    per_actor: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    of_tenants: HashMap<TenantId, usize>,
    of_actors: HashMap<(TenantId, Sender), usize>,
}

/// One of them, counted for as long as this is held.
#[derive(Debug)]
pub(super) struct Counted {
    quota: Arc<Quota>,
    tenant: TenantId,
    actor: Sender,
}

impl Quota {
    pub(super) fn new(what: &'static str, per_tenant: usize, per_actor: usize) -> Arc<Self> {
        Arc::new(Self { what, per_tenant, per_actor, counts: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more, where there may be one.
    pub(super) fn count(self: &Arc<Self>, tenant: TenantId, actor: Sender) -> Result<Counted, Full> {
        let mut counts = self.lock();
        let full = |limit, whose, allowed| Err(Full { limit, what: self.what, whose, allowed });
        if number_of(&counts.of_actors, &(tenant, actor)) >= self.per_actor {
            return full("subscriptionsPerActor", "of yours in this organisation", self.per_actor);
        }
        if number_of(&counts.of_tenants, &tenant) >= self.per_tenant {
            return full("subscriptionsPerTenant", "to this organisation", self.per_tenant);
        }
        *counts.of_actors.entry((tenant, actor)).or_default() += 1;
        *counts.of_tenants.entry(tenant).or_default() += 1;
        drop(counts);
        Ok(Counted { quota: Arc::clone(self), tenant, actor })
    }

    /// How many there are, of how many tenants.
    pub(super) fn counted(&self) -> (usize, usize) {
        let counts = self.lock();
        (counts.of_tenants.values().sum(), counts.of_tenants.len())
    }
}

fn number_of<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut entry) = counts.entry(key) {
        *entry.get_mut() -= 1;
        if *entry.get() == 0 {
            entry.remove();
        }
    }
}

impl Counted {
    /// The tenant.
    pub(super) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whose it is.
    pub(super) fn actor(&self) -> Sender {
        self.actor
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.quota.lock();
        give_back(&mut counts.of_actors, (self.tenant, self.actor));
        give_back(&mut counts.of_tenants, self.tenant);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_actor_does_not_take_the_places_of_the_others() {
        let quota = Quota::new("subscriptions", 3, 2);
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let [loud, quiet] = [3, 4].map(|number| Sender::Principal(Uuid::from_u128(number)));
        let held = [quota.count(one, loud).unwrap(), quota.count(one, loud).unwrap()];
        assert_eq!(quota.count(one, loud).unwrap_err().limit, "subscriptionsPerActor");
        let last = quota.count(one, quiet).unwrap();
        let refused = quota.count(one, quiet).unwrap_err();
        assert_eq!((refused.limit, refused.allowed), ("subscriptionsPerTenant", 3));
        let elsewhere = quota.count(other, loud).unwrap();
        assert_eq!(quota.counted(), (4, 2));
        drop((held, last, elsewhere));
        assert_eq!(quota.counted(), (0, 0));
        assert!(quota.lock().of_actors.is_empty());
    }
}
