//! What holds for a tenant at a moment: the one place that decides whether it is served, and how far.
//!
//! Nothing has to run for a date to take effect: whoever serves a tenant asks here each time.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::{Tenant, TenantStatus};

/// More days than this are taken for as many: ten years.
const MOST_DAYS: u16 = 3_650;

/// The operator's terms: what happens so many days before and after the date until which a tenant has paid, or tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Days before the date from which its people are warned.
    pub warning_days: u16,
    /// Days after the date from which nothing can be changed.
    pub read_only_after_days: u16,
    /// Days after the date from which it is not served.
    pub suspend_after_days: u16,
}

impl Terms {
    /// The key of a tenant's settings that holds its own terms: an object of the three names below.
    pub const SETTING: &str = "terms";
    /// The names of a tenant's own terms.
    pub const NAMES: [&str; 3] = ["warningDays", "readOnlyAfterDays", "suspendAfterDays"];

    /// The terms of a tenant: its own where its settings have some, else these.
    #[must_use]
    pub fn of(self, settings: &Value) -> Self {
        let own = |name: &str, usual: u16| {
            let days = settings.get(Self::SETTING).and_then(|terms| terms.get(name)).and_then(Value::as_u64);
            days.map_or(usual, |days| u16::try_from(days).unwrap_or(MOST_DAYS).min(MOST_DAYS))
        };
        let [warning, read_only, suspend] = Self::NAMES;
        Self {
            warning_days: own(warning, self.warning_days),
            read_only_after_days: own(read_only, self.read_only_after_days),
            suspend_after_days: own(suspend, self.suspend_after_days),
        }
    }
}

/// The states of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Served in full.
    Active,
    /// Served in full, until the trial ends.
    Trial,
    /// Served in full; the date until which it has paid or tries is near, or just over.
    Warned,
    /// Served, but nothing can be changed: the date is over.
    ReadOnly,
    /// Not served: the date is long over.
    PastDue,
    /// Not served, until an operator resumes it.
    Suspended,
    /// Not served, while an operator works on it.
    Maintenance,
    /// Not served: its schema is behind the program and waits for its migration.
    Migrating,
    /// Not served: it is to be deleted, or is being deleted.
    Deleting,
}

impl State {
    /// The state's name, as it is stored and logged.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trial => "trial",
            Self::Warned => "warned",
            Self::ReadOnly => "read_only",
            Self::PastDue => "past_due",
            Self::Suspended => "suspended",
            Self::Maintenance => "maintenance",
            Self::Migrating => "migrating",
            Self::Deleting => "deleting",
        }
    }

    /// Whether requests are answered.
    pub const fn is_served(self) -> bool {
        matches!(self, Self::Active | Self::Trial | Self::Warned | Self::ReadOnly)
    }

    /// Whether its data can be changed.
    pub const fn takes_changes(self) -> bool {
        matches!(self, Self::Active | Self::Trial | Self::Warned)
    }
}

/// What follows from the date until which a tenant has paid, or tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Whether it tries, and has not paid.
    pub is_trial: bool,
    /// The date itself.
    pub due_at: DateTime<Utc>,
    /// From when its people are warned.
    pub warned_from: DateTime<Utc>,
    /// From when nothing can be changed.
    pub read_only_from: DateTime<Utc>,
    /// From when it is not served.
    pub suspended_from: DateTime<Utc>,
}

impl Deadlines {
    /// None for a tenant without dates. Having paid counts from the later of the two.
    fn of(tenant: &Tenant, terms: Terms) -> Option<Self> {
        let due_at = tenant.paid_until.max(tenant.trial_ends_at)?;
        let after = |days: u16| due_at.checked_add_signed(TimeDelta::days(days.into())).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let warning = TimeDelta::days(terms.warning_days.into());
        let read_only_from = after(terms.read_only_after_days);
        Some(Self {
            is_trial: tenant.paid_until < tenant.trial_ends_at,
            due_at,
            warned_from: due_at.checked_sub_signed(warning).unwrap_or(DateTime::<Utc>::MIN_UTC),
            read_only_from,
            // Terms that suspend before they forbid changes forbid none.
            suspended_from: after(terms.suspend_after_days),
        })
    }

    fn state(&self, now: DateTime<Utc>) -> State {
        if now >= self.suspended_from {
            State::PastDue
        } else if now >= self.read_only_from {
            State::ReadOnly
        } else if now >= self.warned_from {
            State::Warned
        } else if self.is_trial {
            State::Trial
        } else {
            State::Active
        }
    }
}

/// What holds for a tenant at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// The dates that it may depend on; none for a tenant without.
    pub deadlines: Option<Deadlines>,
}

impl Standing {
    /// When the dates alone will change the state next.
    pub fn changes_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let deadlines = self.deadlines?;
        let steps = [deadlines.warned_from, deadlines.read_only_from, deadlines.suspended_from];
        steps.into_iter().filter(|step| *step > now).min()
    }
}

/// What holds for a tenant at a moment, where the program's last tenant migration is `head`.
///
/// What an operator or owner has decided comes before what the dates say, and that before the version.
pub fn standing(tenant: &Tenant, head: &str, now: DateTime<Utc>, terms: Terms) -> Standing {
    let deadlines = Deadlines::of(tenant, terms.of(&tenant.settings));
    let by_dates = deadlines.map_or(State::Active, |deadlines| deadlines.state(now));
    let state = match tenant.status {
        TenantStatus::Deleting => State::Deleting,
        _ if tenant.delete_at.is_some() => State::Deleting,
        TenantStatus::Suspended => State::Suspended,
        TenantStatus::Active if tenant.maintenance.is_some() => State::Maintenance,
        TenantStatus::Active if by_dates == State::PastDue => State::PastDue,
        TenantStatus::Active if !tenant.is_current(head) => State::Migrating,
        TenantStatus::Active => by_dates,
    };
    Standing { state, deadlines }
}

#[cfg(test)]
mod tests;
