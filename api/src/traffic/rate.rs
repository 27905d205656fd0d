//! A rate with a reserve.

use std::{num::NonZeroU64, time::Duration};

use chrono::{DateTime, Utc};

/// What may be saved up: so many microseconds' worth.
const RESERVE: i64 = 2_000_000;

/// Counts by the generic cell rate algorithm: the only state is when the reserve will be full again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// In microseconds.
    full_at: i64,
}

impl Bucket {
    /// Takes one, or says how long to wait for it.
    pub(super) fn take(&mut self, per_second: NonZeroU64, now: DateTime<Utc>) -> Result<(), Duration> {
        let now = now.timestamp_micros();
        let price = i64::try_from(1_000_000 / per_second).unwrap_or(i64::MAX).max(1);
        // Never further than a reserve away, or a clock that was set back would lock everyone out.
        let full_at = self.full_at.clamp(now, now.saturating_add(RESERVE)).saturating_add(price);
        let wait = full_at.saturating_sub(now).saturating_sub(RESERVE);
        match u64::try_from(wait) {
            Ok(wait) if wait > 0 => Err(Duration::from_micros(wait)),
            _ => {
                self.full_at = full_at;
                Ok(())
            }
        }
    }

    /// Whether nothing is missing from the reserve.
    pub(super) fn is_full(self, now: DateTime<Utc>) -> bool {
        self.full_at <= now.timestamp_micros()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn taken(bucket: &mut Bucket, per_second: u64, now: DateTime<Utc>) -> usize {
        (0..10_000).take_while(|_| bucket.take(NonZeroU64::new(per_second).unwrap(), now).is_ok()).count()
    }

    #[test]
    fn two_seconds_worth_are_saved_up() {
        let (mut bucket, now) = (Bucket::default(), Utc::now());
        assert_eq!(taken(&mut bucket, 50, now), 100);
        assert_eq!(bucket.take(NonZeroU64::new(50).unwrap(), now), Err(Duration::from_millis(20)));
        assert!(!bucket.is_full(now));
        let later = now + TimeDelta::seconds(1);
        assert_eq!(taken(&mut bucket, 50, later), 50);
        let much_later = now + TimeDelta::hours(1);
        assert!(bucket.is_full(much_later));
        assert_eq!(taken(&mut bucket, 50, much_later), 100);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let (mut bucket, now) = (Bucket::default(), Utc::now());
        taken(&mut bucket, 10, now);
        let before = now - TimeDelta::days(1);
        assert_eq!(taken(&mut bucket, 10, before), 0);
        assert_eq!(taken(&mut bucket, 10, before + TimeDelta::seconds(1)), 0);
    }
}
