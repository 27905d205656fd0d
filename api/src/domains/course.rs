//! What follows from a look at DNS: a table, without a clock and without a database.

use chrono::{DateTime, TimeDelta, Utc};

use super::problem::Finding;

/// Checks that fail within this time after one that was counted are no further day.
const DAY: TimeDelta = TimeDelta::hours(18);
/// On which day without a proof the owners are told.
const WARNED_ON: i32 = 2;
/// On which day without a proof the host is released.
pub(super) const RELEASED_ON: i32 = 7;

/// How often in a row the proof was gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// On how many days.
    pub(super) failures: i32,
    /// When the last of them was counted.
    pub(super) failed_at: Option<DateTime<Utc>>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Nothing,
    /// The host is the tenant's from now on.
    Serve,
    /// The owners are told that the proof is gone.
    Warn,
    /// The host is the tenant's no longer.
    Release,
}

impl Course {
    /// How it goes on. Only DNS itself can say that a proof is gone: time-outs and failures of servers neither count nor end the count.
    pub(super) fn after(self, is_served: bool, finding: Finding, now: DateTime<Utc>) -> (Self, Step) {
        let problem = match finding {
            Finding::Proved if is_served => return (Self::default(), Step::Nothing),
            Finding::Proved => return (Self::default(), Step::Serve),
            Finding::Failed(problem) => problem,
        };
        if !is_served {
            return (Self::default(), Step::Nothing);
        }
        let is_same_day = self.failed_at.is_some_and(|at| now - at < DAY);
        if !problem.is_absence() || is_same_day {
            return (self, Step::Nothing);
        }
        let course = Self { failures: self.failures + 1, failed_at: Some(now) };
        match course.failures {
            failures if failures >= RELEASED_ON => (Self::default(), Step::Release),
            WARNED_ON => (course, Step::Warn),
            _ => (course, Step::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domains::problem::Problem;

    const GONE: Finding = Finding::Failed(Problem::NoRecord);
    const OTHER: Finding = Finding::Failed(Problem::OtherRecords);
    const SILENT: Finding = Finding::Failed(Problem::NoAnswer);
    const BROKEN: Finding = Finding::Failed(Problem::ServerFailure);

    /// The steps of a host that is served and looked at every so many hours.
    fn steps(hours: i64, findings: &[Finding]) -> Vec<Step> {
        let mut course = Course::default();
        let start = DateTime::UNIX_EPOCH;
        let each = findings.iter().zip(0..).map(|(finding, number)| {
            let step;
            (course, step) = course.after(true, *finding, start + TimeDelta::hours(hours * number));
            step
        });
        each.collect()
    }

    #[test]
    fn a_week_without_a_proof_releases_after_a_warning() {
        let steps = steps(24, &[GONE, OTHER, GONE, GONE, GONE, GONE, OTHER]);
        assert_eq!(steps, [Step::Nothing, Step::Warn, Step::Nothing, Step::Nothing, Step::Nothing, Step::Nothing, Step::Release]);
    }

    #[rstest]
    #[case::silence(24, &[SILENT; 100])]
    #[case::failures_of_servers(24, &[BROKEN; 100])]
    #[case::silence_after_an_absence(24, &[GONE, SILENT, SILENT, BROKEN, SILENT, SILENT, SILENT, SILENT, SILENT])]
    #[case::many_looks_on_one_day(1, &[GONE; 18])]
    #[case::back_each_time(24, &[GONE, Finding::Proved, GONE, Finding::Proved, GONE, Finding::Proved, GONE, Finding::Proved])]
    fn nothing_follows_from(#[case] hours: i64, #[case] findings: &[Finding]) {
        assert!(steps(hours, findings).iter().all(|step| *step == Step::Nothing));
    }

    #[test]
    fn silence_does_not_end_the_count() {
        let findings = [[GONE, SILENT]; 7].concat();
        let steps = steps(24, &findings);
        assert_eq!(steps.iter().position(|step| *step == Step::Release), Some(12));
    }

    #[test]
    fn a_host_that_is_not_served_is_served_by_its_proof_alone() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(Course::default().after(false, Finding::Proved, now), (Course::default(), Step::Serve));
        for finding in [GONE, OTHER, SILENT, BROKEN] {
            assert_eq!(Course::default().after(false, finding, now), (Course::default(), Step::Nothing));
        }
    }
}
