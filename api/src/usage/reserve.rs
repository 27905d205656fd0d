//! The requests that those who decide what programs may do have left when the day's are used up.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

/// How many requests of a day each of those who decide what programs may do has beyond what the tenant has, in this process.
const RESERVE: u64 = 100;
/// How many all of them have together. Whoever makes one member after the other such a person gets no more.
const RESERVE_OF_ALL: u64 = 10 * RESERVE;

/// What single people have used of a day beyond what the tenant has.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    day: NaiveDate,
    used: HashMap<Uuid, u64>,
    used_by_all: u64,
}

impl Reserve {
    /// Takes one request of a person's, if there is one left.
    pub(super) fn take(&mut self, day: NaiveDate, person: Uuid) -> bool {
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
        if self.used_by_all >= RESERVE_OF_ALL {
            return false;
        }
        let used = self.used.entry(person).or_default();
        let is_left = *used < RESERVE;
        *used += u64::from(is_left);
        self.used_by_all += u64::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(reserve: &mut Reserve, day: NaiveDate, person: Uuid) -> usize {
        (0..RESERVE + 5).filter(|_| reserve.take(day, person)).count()
    }

    #[test]
    fn a_reserve_has_an_end_for_each_and_for_all_together() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut reserve = Reserve::default();
        let people: Vec<Uuid> = (0..12).map(Uuid::from_u128).collect();
        let counts: Vec<usize> = people.iter().map(|person| taken(&mut reserve, today, *person)).collect();
        assert_eq!(counts, [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0]);
        assert_eq!(taken(&mut reserve, today.succ_opt().unwrap(), people[11]), 100);
    }
}
