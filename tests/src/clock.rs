//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, PoisonError};

use api::app::Clock;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    /// Begins now, at a whole second: the times in tokens have no fractions.
    pub fn start() -> Self {
        Self(Arc::new(Mutex::new(Utc::now().trunc_subsecs(0))))
    }

    /// What it shows.
    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it forward.
    pub fn advance(&self, time: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time;
    }

    /// The clock as the program takes it.
    pub fn clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
