//! The requests that those who decide what programs may do have left when the day's are used up.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::Role;
use uuid::Uuid;

/// How many requests of a day each of those who decide what programs may do has beyond what the tenant has, in this process.
const RESERVE: u64 = 100;
/// How many all owners have together, and how many all admins. Whoever makes one member after the other such a person gets no more. Admins
/// make admins, but no owners: what owners have, they do not use up.
const RESERVE_OF_ALL: u64 = 10 * RESERVE;

/// Somebody who decides what programs may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keeper {
    pub(super) person: Uuid,
    pub(super) role: Role,
}

/// What single people have used of a day beyond what the tenant has.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    day: NaiveDate,
    used: HashMap<Uuid, u64>,
    used_by_owners: u64,
    used_by_admins: u64,
}

impl Reserve {
    /// Takes one request of a person's, if there is one left.
    pub(super) fn take(&mut self, day: NaiveDate, keeper: Keeper) -> bool {
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
        let used_by_all = if keeper.role == Role::Owner { &mut self.used_by_owners } else { &mut self.used_by_admins };
        let used = self.used.entry(keeper.person).or_default();
        let is_left = *used_by_all < RESERVE_OF_ALL && *used < RESERVE;
        *used += u64::from(is_left);
        *used_by_all += u64::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(reserve: &mut Reserve, day: NaiveDate, keeper: Keeper) -> usize {
        (0..RESERVE + 5).filter(|_| reserve.take(day, keeper)).count()
    }

    fn people(role: Role, ids: std::ops::Range<u128>) -> Vec<Keeper> {
        ids.map(|id| Keeper { person: Uuid::from_u128(id), role }).collect()
    }

    #[test]
    fn a_reserve_has_an_end_for_each_and_for_all_together() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut reserve = Reserve::default();
        let admins = people(Role::Admin, 0..12);
        let counts: Vec<usize> = admins.iter().map(|admin| taken(&mut reserve, today, *admin)).collect();
        assert_eq!(counts, [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0]);
        assert_eq!(taken(&mut reserve, today.succ_opt().unwrap(), admins[11]), 100);
    }

    /// Admins make admins: ten of them could keep every owner from ending a program.
    #[test]
    fn owners_have_what_admins_cannot_use_up() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let mut reserve = Reserve::default();
        for admin in people(Role::Admin, 0..12) {
            taken(&mut reserve, today, admin);
        }
        let owners = people(Role::Owner, 20..32);
        let counts: Vec<usize> = owners.iter().map(|owner| taken(&mut reserve, today, *owner)).collect();
        assert_eq!(counts, [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0]);
    }
}
