//! What this process hears, and to whom it is handed.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::Announcement;
use tenancy::TenantId;
use tokio::sync::{Semaphore, broadcast, watch};
use uuid::Uuid;

use super::{
    Bounds,
    feed::Feed,
    quota::{Counted, Full, Quota},
};
use crate::{graphql::subscription::Happening, traffic::Sender};

/// Announcements that may wait for a subscription.
pub(super) const MOST_WAITING: usize = 256;
/// Changes of rights that may wait for a connection. One that misses some looks at its own rights.
const MOST_RECHECKS: usize = 1_024;
/// How long a new connection waits for the process to hear.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Things that happened at once.
pub(super) type Happenings = Arc<[Happening]>;

/// What the process hears: counted, so that nobody takes two interruptions for none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hearing {
    /// How often it was interrupted.
    pub(super) interruptions: u64,
    /// Whether changes are heard.
    pub(super) hears: bool,
    /// Whether the program stops.
    pub(super) stops: bool,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tenants that somebody watches.
    pub tenants: usize,
    /// Subscriptions.
    pub subscriptions: usize,
    /// Connections.
    pub connections: usize,
}

/// Hands what the process hears to those who watch.
#[derive(Debug)]
pub struct Hub {
    pub(super) bounds: Bounds,
    /// Those of the tenants that somebody watches.
    channels: Mutex<HashMap<TenantId, Arc<Channel>>>,
    subscriptions: Arc<Quota>,
    connections: Arc<Quota>,
    hearing: watch::Sender<Hearing>,
    rechecks: broadcast::Sender<Option<Uuid>>,
    pub(super) turns: Arc<Semaphore>,
}

/// A tenant that somebody watches.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) happenings: broadcast::Sender<Happenings>,
    /// A part of all turns, so that the many subscriptions of one tenant do not make those of another wait for all of them.
    pub(super) turns: Semaphore,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// A hub that hears nothing yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            channels: Mutex::default(),
            subscriptions: Quota::new("subscriptions", bounds.per_tenant, bounds.per_actor),
            connections: Quota::new("connections that watch", bounds.per_tenant, bounds.per_actor),
            hearing: watch::Sender::new(Hearing::default()),
            rechecks: broadcast::Sender::new(MOST_RECHECKS),
            turns: Arc::new(Semaphore::new(bounds.turns.max(1))),
        }
    }

    /// From now on changes are heard.
    pub(crate) fn hear(&self) {
        self.hearing.send_modify(|hearing| hearing.hears = true);
    }

    /// From now on changes are not heard: all who watch are sent away, so that they come back and read again.
    pub(crate) fn interrupt(&self) {
        self.hearing.send_modify(|hearing| {
            hearing.hears = false;
            hearing.interruptions += 1;
        });
    }

    /// Sends all who watch away, because the program stops.
    pub fn stop(&self) {
        self.hearing.send_modify(|hearing| hearing.stops = true);
    }

    /// Takes in an announcement: the tenant's id, a space, and what was done.
    pub(crate) fn take(&self, payload: &str) {
        let announced = payload.split_once(' ').and_then(|(tenant, text)| {
            let tenant: TenantId = tenant.parse().ok()?;
            Some((tenant, Announcement::parse(text)?))
        });
        let Some((tenant, announcements)) = announced else {
            tracing::warn!("an announcement could not be read");
            return;
        };
        self.tell(tenant, || announcements.iter().filter_map(Happening::of).collect());
    }

    /// Takes in that the control plane has changed a tenant.
    pub(crate) fn take_tenant(&self, tenant: Option<TenantId>) {
        if let Some(tenant) = tenant {
            self.tell(tenant, || Arc::from([Happening::Tenant]));
        }
        self.recheck(tenant.map(|tenant| tenant.0));
    }

    /// Lets everybody look at their own rights who depends on this account, session, key or tenant.
    pub(crate) fn recheck(&self, id: Option<Uuid>) {
        // Fails when nobody is connected.
        let _receivers = self.rechecks.send(id);
    }

    fn tell(&self, tenant: TenantId, happenings: impl FnOnce() -> Happenings) {
        let channel = lock(&self.channels).get(&tenant).cloned();
        if let Some(channel) = channel {
            let happenings = happenings();
            if !happenings.is_empty() {
                // Fails when the last one has just gone.
                let _receivers = channel.happenings.send(happenings);
            }
        }
    }

    /// Waits until changes are heard. Says what to hold the hearing against; none when that takes too long.
    pub(super) async fn ready(&self) -> Option<Hearing> {
        let mut hearing = self.hearing.subscribe();
        let ready = hearing.wait_for(|hearing| hearing.hears && !hearing.stops);
        tokio::time::timeout(LONGEST_WAIT, ready).await.ok()?.ok().map(|hearing| *hearing)
    }

    /// Follows whether changes are heard.
    pub(super) fn hearing(&self) -> watch::Receiver<Hearing> {
        self.hearing.subscribe()
    }

    /// Follows what may change somebody's rights.
    pub(super) fn rechecks(&self) -> broadcast::Receiver<Option<Uuid>> {
        self.rechecks.subscribe()
    }

    /// Begins to watch a tenant.
    pub(super) fn subscribe(self: &Arc<Self>, tenant: TenantId, actor: Sender) -> Result<Feed, Full> {
        let counted = self.subscriptions.count(tenant, actor)?;
        let mut channels = lock(&self.channels);
        let channel = match channels.entry(tenant) {
            Entry::Occupied(entry) => Arc::clone(entry.get()),
            Entry::Vacant(entry) => {
                let turns = Semaphore::new(self.bounds.turns.div_ceil(2).max(1));
                Arc::clone(entry.insert(Arc::new(Channel { happenings: broadcast::Sender::new(MOST_WAITING), turns })))
            }
        };
        let happenings = channel.happenings.subscribe();
        drop(channels);
        Ok(Feed::new(Arc::clone(self), counted, channel, happenings))
    }

    /// Forgets a tenant that nobody watches any more.
    pub(super) fn leave(&self, tenant: TenantId) {
        let mut channels = lock(&self.channels);
        if channels.get(&tenant).is_some_and(|channel| channel.happenings.receiver_count() == 0) {
            channels.remove(&tenant);
        }
    }

    /// Counts a connection to a tenant.
    pub(super) fn connect(&self, tenant: TenantId, actor: Sender) -> Result<Counted, Full> {
        self.connections.count(tenant, actor)
    }

    /// How many there are now.
    pub fn counts(&self) -> Counts {
        let (subscriptions, tenants) = self.subscriptions.counted();
        Counts { tenants, subscriptions, connections: self.connections.counted().0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TenantId = TenantId(Uuid::from_u128(1));
    const OTHER: TenantId = TenantId(Uuid::from_u128(2));
    const WHO: Sender = Sender::Principal(Uuid::from_u128(3));

    fn hub() -> Arc<Hub> {
        let bounds = Bounds { per_connection: 2, per_tenant: 2, per_actor: 2, turns: 2, init_timeout: Duration::from_secs(1) };
        Arc::new(Hub::new(bounds))
    }

    fn hired(tenant: TenantId) -> String {
        format!("{tenant} [{{\"a\":\"employee.hired\",\"s\":\"{}\"}}]", Uuid::nil())
    }

    #[tokio::test]
    async fn what_happens_in_a_tenant_is_told_there_alone() {
        let hub = hub();
        let (mut one, mut other) = (hub.subscribe(ONE, WHO).unwrap(), hub.subscribe(OTHER, WHO).unwrap());
        hub.take(&hired(ONE));
        hub.take("nonsense");
        hub.take(&format!("{ONE} []"));
        hub.take(&format!("{ONE} [{{\"a\":\"position.created\",\"s\":\"{}\"}}]", Uuid::nil()));
        hub.take_tenant(Some(OTHER));
        assert!(matches!(one.next().await.unwrap()[..], [Happening::Employee { .. }]));
        assert_eq!(other.next().await.unwrap()[..], [Happening::Tenant]);
        assert!(one.is_empty() && other.is_empty());
    }

    #[tokio::test]
    async fn there_is_nothing_for_a_tenant_that_nobody_watches() {
        let hub = hub();
        let (first, second) = (hub.subscribe(ONE, WHO).unwrap(), hub.subscribe(ONE, WHO).unwrap());
        assert!(hub.subscribe(ONE, WHO).is_err());
        assert_eq!(hub.counts(), Counts { tenants: 1, subscriptions: 2, connections: 0 });
        drop(first);
        assert!(hub.subscribe(ONE, WHO).is_ok());
        drop(second);
        assert_eq!(hub.counts(), Counts::default());
        let connections = (hub.connect(ONE, WHO).unwrap(), hub.connect(ONE, WHO).unwrap());
        assert!(hub.connect(ONE, WHO).is_err() && hub.connect(OTHER, WHO).is_ok());
        drop(connections);
        assert_eq!(hub.counts(), Counts::default());
    }

    #[tokio::test]
    async fn who_does_not_take_what_is_told_learns_that_something_was_missed() {
        let hub = hub();
        let mut slow = hub.subscribe(ONE, WHO).unwrap();
        for _ in 0..=MOST_WAITING {
            hub.take(&hired(ONE));
        }
        assert_eq!(slow.next().await, Err(crate::live::ending::Ending::TooSlow));
    }
}
