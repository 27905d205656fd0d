//! Where the operations of one tenant wait for their turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::RateLimited;

/// How long an operation waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How many wait for each place. More would only hold memory: they would not come to their turn in time.
const WAITING_FOR_EACH: usize = 16;

/// Where the operations of one tenant wait, first come, first served.
#[derive(Debug)]
pub struct Lane {
    places: Arc<Semaphore>,
    most: usize,
    waiting: AtomicUsize,
}

/// A place among the operations that are executed. It is free again when this is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Lane {
    pub(super) fn new(most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { places, most, waiting: AtomicUsize::new(0) }
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Waits for a turn.
    pub async fn enter(&self) -> Result<Turn, RateLimited> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let waiting = Waiting::begin(&self.waiting);
        if waiting.before >= self.most.saturating_mul(WAITING_FOR_EACH) {
            return Err(self.refused());
        }
        match tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            _ => Err(self.refused()),
        }
    }

    fn refused(&self) -> RateLimited {
        RateLimited {
            limit: "concurrentOperations",
            what: "of one organisation",
            each: " at a time",
            allowed: self.most as u64,
            retry_after: 1,
        }
    }
}

/// Counts one that waits, also when it is broken off.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { before: count.fetch_add(1, Ordering::Relaxed), count }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_waited_for_a_while() {
        let lane = Lane::new(1);
        let turn = lane.enter().await.unwrap();
        let (next, ()) = tokio::join!(lane.enter(), async { drop(turn) });
        let next = next.unwrap();
        let refused = lane.enter().await.unwrap_err();
        assert_eq!((refused.limit, refused.allowed, refused.retry_after), ("concurrentOperations", 1, 1));
        drop(next);
        lane.enter().await.unwrap();
        assert_eq!(lane.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn those_who_wait_are_bounded_too() {
        let lane = Lane::new(1);
        let _turn = lane.enter().await.unwrap();
        let begin = std::time::Instant::now();
        let waiting = futures::future::join_all((0..WAITING_FOR_EACH).map(|_| lane.enter()));
        let beyond = async {
            tokio::task::yield_now().await;
            let refused = lane.enter().await;
            (refused, begin.elapsed())
        };
        let (_, (refused, elapsed)) = tokio::join!(waiting, beyond);
        assert!(refused.is_err() && elapsed < LONGEST_WAIT, "{elapsed:?}");
    }
}
