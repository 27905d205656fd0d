//! What a connection is doing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

/// What a connection is doing.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Requests that are not answered to their end. Streams of events, which have none, are not among them.
    requests: usize,
    /// Streams of events.
    streams: usize,
    /// Answers of which a part was handed over that nobody takes, and since when.
    held_up: HashMap<u64, Instant>,
    /// The number of the next request.
    next: u64,
    /// Whether the socket takes nothing at the moment of what waits for it.
    blocked: bool,
    /// When the last of these ended. Not moved by what else is sent, such as the answer to a ping.
    last: Instant,
}

/// What has to end for a connection to be at rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Whatever is sent to the client.
    All,
    /// Requests that end by themselves.
    Requests,
}

impl Activity {
    /// A connection that was just opened.
    pub(super) fn begin() -> Arc<Self> {
        let last = Instant::now();
        Arc::new(Self(Mutex::new(State { requests: 0, streams: 0, held_up: HashMap::new(), next: 0, blocked: false, last })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket takes something of what is sent, or nothing.
    pub(super) fn set_blocked(&self, blocked: bool) {
        let mut state = self.lock();
        state.blocked = blocked;
        state.last = Instant::now();
    }

    /// Waits until the connection has been at rest for so long, counted from now on.
    pub(super) async fn at_rest(&self, awaited: Awaited, time: Duration) {
        let begin = Instant::now();
        loop {
            let since = self.lock().at_rest_since(awaited);
            match since.map(|since| since.max(begin)) {
                Some(since) if since.elapsed() >= time => return,
                Some(since) => sleep_until(since + time).await,
                None => sleep(time).await,
            }
        }
    }

    /// Waits until a part of an answer has not been taken for as long as `patience`, or somewhat longer.
    pub(super) async fn held_up(&self, patience: Duration) {
        loop {
            let oldest = self.lock().held_up.values().min().copied();
            match oldest {
                Some(since) if since.elapsed() >= patience => return,
                Some(since) => sleep_until(since + patience).await,
                None => sleep(patience / 2).await,
            }
        }
    }
}

impl State {
    fn at_rest_since(&self, awaited: Awaited) -> Option<Instant> {
        let is_busy = match awaited {
            Awaited::All => self.requests > 0 || self.streams > 0 || self.blocked,
            Awaited::Requests => self.requests > 0,
        };
        (!is_busy).then_some(self.last)
    }
}

/// A request, from its head until its answer is sent, or given up.
#[derive(Debug)]
pub(super) struct UnderWay {
    activity: Arc<Activity>,
    number: u64,
    is_stream: bool,
}

impl UnderWay {
    /// A request whose head has arrived.
    pub(super) fn begin(activity: Arc<Activity>) -> Self {
        let mut state = activity.lock();
        state.requests += 1;
        let number = state.next;
        state.next += 1;
        drop(state);
        Self { activity, number, is_stream: false }
    }

    /// Its answer is a stream of events, which does not end by itself.
    pub(super) fn becomes_stream(&mut self) {
        self.is_stream = true;
        let mut state = self.activity.lock();
        state.requests -= 1;
        state.streams += 1;
    }

    /// A part of the answer was handed over.
    pub(super) fn hand_over(&self) {
        self.activity.lock().held_up.insert(self.number, Instant::now());
    }

    /// The part was taken, and more is asked for.
    pub(super) fn go_on(&self) {
        self.activity.lock().held_up.remove(&self.number);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.activity.lock();
        state.held_up.remove(&self.number);
        state.last = Instant::now();
        if self.is_stream {
            state.streams -= 1;
        } else {
            state.requests -= 1;
        }
    }
}
