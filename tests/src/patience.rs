//! Waiting for what arrives in its own time, and breaking off what does not.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

/// Asks again and again until the answer is yes. Fails after 10 seconds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(10), what, &mut condition).await;
}

/// Asks again and again until the answer is yes. Fails when that takes longer than this; tells how long it took.
pub async fn within(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let begin = Instant::now();
    loop {
        if condition().await {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < limit, "not within {limit:?}: {what}");
        // The longer it takes the seldomer: to a server whose clock stands still, all that is asked is asked in one second.
        tokio::time::sleep((begin.elapsed() / 20).clamp(Duration::from_millis(5), Duration::from_millis(100))).await;
    }
}

/// Drops a future after it was polled so many times, or returns what it came to before that.
pub async fn cancelled_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
