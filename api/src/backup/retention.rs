//! Which archives of a tenant are kept.

use std::{collections::HashSet, str::FromStr};

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use uuid::Uuid;

/// A rule: the latest archive of each of the last so many periods is kept. Periods without an archive do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    count: usize,
    period: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    /// Which one a moment is in, by the calendar of UTC.
    fn of(self, moment: DateTime<Utc>) -> (i32, u32) {
        match self {
            Self::Hour => (moment.num_days_from_ce(), moment.hour()),
            Self::Day => (moment.num_days_from_ce(), 0),
            Self::Week => (moment.iso_week().year(), moment.iso_week().week()),
            Self::Month => (moment.year(), moment.month()),
            Self::Year => (moment.year(), 0),
        }
    }
}

/// Which archives of a tenant are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention(Vec<Rule>);

/// What matters of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) id: Uuid,
    pub(super) made_at: DateTime<Utc>,
    /// Whether a tenant can be restored from it, as far as is known.
    pub(super) is_good: bool,
}

impl Retention {
    /// The archives of one tenant that go. One goes only where a newer one is good; so the last good one stays, whatever the rules
    /// say, and nothing goes while only worse ones follow.
    pub(super) fn superfluous(&self, archives: &[Kept]) -> Vec<Uuid> {
        let mut newest_first = archives.to_vec();
        newest_first.sort_by_key(|archive| (std::cmp::Reverse(archive.made_at), archive.id));
        let good: Vec<Kept> = newest_first.iter().copied().filter(|archive| archive.is_good).collect();
        let Some(latest) = good.first() else { return Vec::new() };
        let mut kept = HashSet::from([latest.id]);
        for rule in &self.0 {
            let mut periods = HashSet::new();
            for archive in &good {
                let is_new = periods.insert(rule.period.of(archive.made_at));
                if periods.len() > rule.count {
                    break;
                }
                if is_new {
                    kept.insert(archive.id);
                }
            }
        }
        let older = newest_first.iter().filter(|archive| archive.made_at < latest.made_at || archive.id == latest.id);
        older.map(|archive| archive.id).filter(|id| !kept.contains(id)).collect()
    }
}

impl FromStr for Retention {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give numbers of hourly, daily, weekly, monthly or yearly archives, such as \"7 daily, 4 weekly\"";
        let mut rules = Vec::new();
        for part in text.split(',') {
            let (count, period) = part.trim().split_once(' ').ok_or(WRONG)?;
            let period = match period.trim() {
                "hourly" => Period::Hour,
                "daily" => Period::Day,
                "weekly" => Period::Week,
                "monthly" => Period::Month,
                "yearly" => Period::Year,
                _ => return Err(WRONG),
            };
            let count = count.parse().ok().filter(|count| (1..=10_000).contains(count)).ok_or(WRONG)?;
            rules.push(Rule { count, period });
        }
        Ok(Self(rules))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;

    use super::*;

    fn archive(days: i64, is_good: bool) -> Kept {
        let first = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Kept { id: Uuid::from_u128(u128::try_from(days).unwrap_or_default()), made_at: first + TimeDelta::days(days), is_good }
    }

    fn kept(rules: &str, archives: &[Kept]) -> Vec<u128> {
        let gone = rules.parse::<Retention>().map(|rules| rules.superfluous(archives)).unwrap_or_default();
        archives.iter().map(|archive| archive.id).filter(|id| !gone.contains(id)).map(|id| id.as_u128()).collect()
    }

    #[rstest]
    // From Thursday, 1 January 2026, on: a day an archive.
    #[case("3 daily", 10, &[7, 8, 9])]
    #[case("2 weekly", 10, &[3, 9])]
    #[case("1 daily, 2 monthly", 40, &[30, 39])]
    #[case("2 daily, 2 weekly, 12 monthly, 5 yearly", 70, &[30, 58, 66, 68, 69])]
    #[case("1 yearly", 3, &[2])]
    #[case("9 hourly", 3, &[0, 1, 2])]
    #[case("7 daily", 1, &[0])]
    #[case("7 daily", 0, &[])]
    fn the_latest_of_each_period_is_kept(#[case] rules: &str, #[case] days: i64, #[case] expected: &[u128]) {
        let archives: Vec<Kept> = (0..days).map(|day| archive(day, true)).collect();
        assert_eq!(kept(rules, &archives), expected);
    }

    #[rstest]
    // What is no good counts for nothing, and takes nobody's place.
    #[case(&[true, true, true, false], &[2, 3])]
    #[case(&[true, true, false, false], &[1, 2, 3])]
    #[case(&[true, false, false, false], &[0, 1, 2, 3])]
    #[case(&[false, false, false, false], &[0, 1, 2, 3])]
    #[case(&[true, false, true, true], &[3])]
    fn nothing_goes_before_something_good_has_come(#[case] good: &[bool], #[case] expected: &[u128]) {
        let archives: Vec<Kept> = good.iter().zip(0..).map(|(good, day)| archive(day, *good)).collect();
        assert_eq!(kept("1 daily", &archives), expected);
    }

    #[rstest]
    #[case("")]
    #[case("daily")]
    #[case("7")]
    #[case("0 daily")]
    #[case("-1 daily")]
    #[case("7 daily,")]
    #[case("7 daily 4 weekly")]
    #[case("7 fortnightly")]
    fn what_is_no_rule_is_refused(#[case] text: &str) {
        assert!(text.parse::<Retention>().is_err());
    }
}
