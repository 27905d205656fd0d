//! Who asks, and when.

use chrono::{DateTime, NaiveDate, Utc};
use entities::{
    id::{AccountId, EmployeeId},
    platform::membership::Role,
};

use crate::{Error, Permission, Reach};

/// A signed-in member of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The member's account.
    pub account_id: AccountId,
    /// The account's name, as the audit shall show it.
    pub name: String,
    /// What the member may do.
    pub role: Role,
    /// The member's own employee record, if there is one.
    pub employee_id: Option<EmployeeId>,
}

/// What every verb needs to know about the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Who asks; none for an anonymous request.
    pub actor: Option<Actor>,
    /// The moment that the request counts as.
    pub now: DateTime<Utc>,
}

impl Context {
    /// Who asks, or [`Error::Unauthenticated`].
    pub fn actor(&self) -> Result<&Actor, Error> {
        self.actor.as_ref().ok_or(Error::Unauthenticated)
    }

    /// Who asks, if the permission holds for everyone's data; else [`Error::Forbidden`].
    pub fn require(&self, permission: Permission) -> Result<&Actor, Error> {
        let actor = self.actor()?;
        match permission.reach(actor.role) {
            Reach::Everyone => Ok(actor),
            Reach::Reports | Reach::Own | Reach::Nobody => Err(Error::Forbidden(permission.refusal())),
        }
    }

    /// Whether the permission holds for everyone's data.
    pub fn may(&self, permission: Permission) -> bool {
        self.require(permission).is_ok()
    }

    /// Whether the record is the actor's own.
    pub fn owns(&self, employee: EmployeeId) -> bool {
        self.actor.as_ref().and_then(|actor| actor.employee_id) == Some(employee)
    }

    /// The present date, in UTC.
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }
}
