//! Whether something that was read from the control plane is still what the control plane says.
//!
//! A cache notes when it read an entry, and hears of changes by notifications. An entry that was read before the last change
//! of what it depends on counts as unread. While notifications are interrupted, entries live for a moment only.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long an entry is used while notifications arrive; a bound for the case that one was lost all the same.
pub const LIFETIME: Duration = Duration::from_mins(1);
/// How long an entry is used while no notifications arrive.
const UNHEARD_LIFETIME: Duration = Duration::from_secs(2);
/// Of how many keys the last change is remembered. Beyond, everything counts as changed once, and remembering begins anew.
const MOST_KEYS: usize = 100_000;

/// When an entry was read: before which change, and at what time.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    change: u64,
    at: Instant,
}

/// Counts changes, so that an entry can tell whether it was read before one.
#[derive(Debug)]
pub struct Freshness<K> {
    count: AtomicU64,
    /// Entries read before this change count as unread, whatever they depend on.
    of_all: AtomicU64,
    /// The last change of each key that changed since this process started.
    of_key: RwLock<HashMap<K, u64>>,
    heard: AtomicBool,
}

impl<K> Default for Freshness<K> {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), of_all: AtomicU64::new(0), of_key: RwLock::default(), heard: AtomicBool::new(false) }
    }
}

impl<K: Eq + Hash> Freshness<K> {
    /// To be taken before reading: a change that comes meanwhile makes the entry unread.
    pub fn begin(&self) -> Reading {
        Reading { change: self.count.load(Ordering::SeqCst), at: Instant::now() }
    }

    /// Whether an entry that depends on these keys is as good as read now.
    pub fn is_fresh(&self, reading: Reading, keys: &[K]) -> bool {
        let last = {
            let of_key = self.of_key.read().unwrap_or_else(PoisonError::into_inner);
            keys.iter().filter_map(|key| of_key.get(key).copied()).max().unwrap_or(0)
        };
        self.holds(reading, last)
    }

    /// Whether nothing at all has changed since: for what is known not to be there.
    pub fn is_unchanged(&self, reading: Reading) -> bool {
        self.holds(reading, self.count.load(Ordering::SeqCst))
    }

    fn holds(&self, reading: Reading, last_change: u64) -> bool {
        let lifetime = if self.heard.load(Ordering::SeqCst) { LIFETIME } else { UNHEARD_LIFETIME };
        reading.change >= last_change.max(self.of_all.load(Ordering::SeqCst)) && reading.at.elapsed() < lifetime
    }

    /// Notes a change of what depends on a key.
    pub fn note(&self, key: K) {
        let mut of_key = self.of_key.write().unwrap_or_else(PoisonError::into_inner);
        let change = self.next();
        if of_key.len() >= MOST_KEYS {
            of_key.clear();
            self.of_all.fetch_max(change, Ordering::SeqCst);
        }
        of_key.insert(key, change);
    }

    /// Notes that anything may have changed: notifications may have gone unheard.
    pub fn note_all(&self) {
        let change = self.next();
        self.of_all.fetch_max(change, Ordering::SeqCst);
    }

    /// Notes whether changes are being heard.
    pub fn set_heard(&self, heard: bool) {
        self.heard.store(heard, Ordering::SeqCst);
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_fresh_until_what_it_depends_on_changes() {
        let freshness = Freshness::default();
        freshness.set_heard(true);
        let reading = freshness.begin();
        freshness.note("other");
        assert!(freshness.is_fresh(reading, &["one", "two"]));
        assert!(!freshness.is_unchanged(reading));
        freshness.note("two");
        assert!(!freshness.is_fresh(reading, &["one", "two"]));
        assert!(freshness.is_fresh(reading, &["one"]));
        freshness.note_all();
        assert!(!freshness.is_fresh(reading, &["one"]));
        assert!(freshness.is_fresh(freshness.begin(), &["one", "two"]));
    }
}
