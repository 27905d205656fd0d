//! Gathers the keys that concurrent resolvers ask for into one statement.

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_graphql::{Error, Result};

use crate::telemetry::traces;

/// Loads values by key for one request, each key once.
///
/// A resolver that asks registers its key and lets the others run; the first to come back fetches for all. The engine runs
/// the resolvers of a list within one task, so all of them have asked by then, and nothing has to be spawned: the fetch
/// borrows from the request, and is dropped with it.
pub struct Loader<K, V> {
    /// What is loaded, for traces.
    name: &'static str,
    state: Mutex<State<K, V>>,
    /// Held while a batch is fetched.
    fetching: tokio::sync::Mutex<()>,
}

struct State<K, V> {
    wanted: BTreeSet<K>,
    /// None: there is no such row, or it may not be seen.
    loaded: HashMap<K, Result<Option<V>>>,
}

impl<K, V> Loader<K, V> {
    /// A loader that has loaded nothing. It is called `name` in traces.
    pub fn of(name: &'static str) -> Self {
        let state = State { wanted: BTreeSet::new(), loaded: HashMap::new() };
        Self { name, state: Mutex::new(state), fetching: tokio::sync::Mutex::new(()) }
    }
}

impl<K: Copy + Ord + Hash, V: Clone> Loader<K, V> {
    /// The value of `key`, fetched together with the keys that are asked for at the same time.
    pub async fn load<F>(&self, key: K, fetch: impl FnOnce(Vec<K>) -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<HashMap<K, V>, domain::Error>>,
    {
        if let Some(loaded) = self.loaded(&key) {
            return loaded;
        }
        // Boxed, because the answer of every object has room for it, and few need it.
        Box::pin(self.fetch(key, fetch)).await
    }

    async fn fetch<F>(&self, key: K, fetch: impl FnOnce(Vec<K>) -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<HashMap<K, V>, domain::Error>>,
    {
        self.state().wanted.insert(key);
        tokio::task::yield_now().await;

        let _fetching = self.fetching.lock().await;
        if let Some(loaded) = self.loaded(&key) {
            return loaded;
        }
        let mut wanted = std::mem::take(&mut self.state().wanted);
        // Another one may have taken this key along, and have been dropped before it was fetched.
        wanted.insert(key);
        let keys: Vec<K> = wanted.into_iter().collect();
        let fetched = traces::field("Loader", self.name, fetch(keys.clone())).await.map_err(Error::from);
        let mut state = self.state();
        match fetched {
            Ok(mut values) => state.loaded.extend(keys.into_iter().map(|key| (key, Ok(values.remove(&key))))),
            Err(error) => state.loaded.extend(keys.into_iter().map(|key| (key, Err(error.clone())))),
        }
        state.loaded.get(&key).cloned().unwrap_or(Ok(None))
    }

    /// Forgets everything, because something was written.
    pub fn clear(&self) {
        self.state().loaded.clear();
    }

    fn loaded(&self, key: &K) -> Option<Result<Option<V>>> {
        self.state().loaded.get(key).cloned()
    }

    /// The lock is held for a few map operations that cannot leave it half done.
    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    async fn doubled(keys: Vec<u32>) -> Result<HashMap<u32, u32>, domain::Error> {
        Ok(keys.into_iter().filter(|key| *key != 13).map(|key| (key, key * 2)).collect())
    }

    #[tokio::test]
    async fn keys_that_are_asked_for_together_are_fetched_together() {
        let (loader, fetches) = (Loader::of("numbers"), AtomicUsize::new(0));
        let load = |key| {
            loader.load(key, |keys| {
                fetches.fetch_add(1, Ordering::Relaxed);
                doubled(keys)
            })
        };
        let values = join_all((0..100).map(|index| load(index % 20))).await;
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        assert_eq!(values.get(21), Some(&Ok(Some(2))));
        assert_eq!(values.get(13), Some(&Ok(None)));

        assert_eq!(load(1).await, Ok(Some(2)));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        assert_eq!(load(50).await, Ok(Some(100)));
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
        loader.clear();
        assert_eq!(load(1).await, Ok(Some(2)));
        assert_eq!(fetches.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn all_who_asked_learn_of_a_failure() {
        let loader = Loader::<u32, u32>::of("numbers");
        let load = |key| loader.load(key, |_| async { Err(domain::Error::NotFound("employee")) });
        let values = join_all((0..3).map(load)).await;
        assert!(values.into_iter().all(|value| value == Err(Error::new("There is no such employee."))));
    }
}
