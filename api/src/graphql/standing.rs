//! What holds for an organisation: its state, and the dates that it depends on.

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Permission;
use tenancy::State;

use super::context::RequestContext;

/// The state of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "State")]
pub enum TenantState {
    /// Served in full.
    Active,
    /// Served in full, until its trial ends.
    Trial,
    /// Served in full; its trial, or the time that was paid for, ends soon or has just ended.
    Warned,
    /// It can be read, but nothing can be changed in it.
    ReadOnly,
    /// Not served, because it has not paid.
    PastDue,
    /// Not served, until an operator resumes it.
    Suspended,
    /// Not served, while an operator works on it.
    Maintenance,
    /// Not served, while its data is brought to the program's version.
    Migrating,
    /// Not served: it is to be deleted, or is being deleted.
    Deleting,
}

/// What holds for an organisation now. The dates are for its owners; the others see those that concern them, once they are warned.
#[derive(Debug, SimpleObject)]
pub struct TenantStanding {
    /// The state.
    state: TenantState,
    /// Whether it is on trial, and has not paid.
    is_trial: bool,
    /// When the trial, or the time that was paid for, ends or has ended.
    due_at: Option<DateTime<Utc>>,
    /// From when nothing can be changed.
    read_only_from: Option<DateTime<Utc>>,
    /// From when it is not served.
    suspended_from: Option<DateTime<Utc>>,
    /// When the trial ends, for owners; null where there is none.
    trial_ends_at: Option<DateTime<Utc>>,
    /// Until when it has paid, for owners; null where nothing is to be paid.
    paid_until: Option<DateTime<Utc>>,
    /// Where to pay, or to ask about it: an address of the web or of mail, for owners.
    billing_contact: Option<String>,
    /// Days within which an owner takes the deletion of the organisation back.
    deletion_grace_days: u16,
}

impl TenantStanding {
    /// What whoever asks may see; nothing for those who are not signed in.
    pub fn of(request: &RequestContext) -> Option<Self> {
        request.domain().actor.as_ref()?;
        let standing = request.standing;
        let is_owner = request.domain().may(Permission::ManageTenant);
        let concerns = is_owner || matches!(standing.state, State::Warned | State::ReadOnly);
        let deadlines = standing.deadlines;
        let shown = deadlines.filter(|_| concerns);
        Some(Self {
            state: standing.state.into(),
            is_trial: deadlines.is_some_and(|deadlines| deadlines.is_trial),
            due_at: shown.map(|deadlines| deadlines.due_at),
            read_only_from: shown.map(|deadlines| deadlines.read_only_from),
            suspended_from: shown.map(|deadlines| deadlines.suspended_from),
            trial_ends_at: request.tenant.trial_ends_at.filter(|_| is_owner),
            paid_until: request.tenant.paid_until.filter(|_| is_owner),
            billing_contact: request.front_door.lifecycle.billing_contact().filter(|_| is_owner).map(str::to_owned),
            deletion_grace_days: request.front_door.lifecycle.deletion_grace_days(),
        })
    }
}
