//! Who asks, and when.

use chrono::{DateTime, NaiveDate, Utc};
use entities::{
    id::{AccountId, ApiKeyId, EmployeeId, ExternalIdentityId, OperatorId},
    platform::membership::Role,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Permission, Permissions, Reach};

/// What kind of actor it is, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// A person with an account.
    Account(AccountId),
    /// A program with a key of the tenant.
    ApiKey(ApiKeyId),
    /// A person or program that the tenant's identity provider vouches for, without an account.
    ExternalIdentity(ExternalIdentityId),
    /// An operator of the platform whom an owner has let in. Never a member.
    Operator(OperatorId),
}

impl Principal {
    /// The kind, as the audit stores it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Account(_) => "account",
            Self::ApiKey(_) => "api_key",
            Self::ExternalIdentity(_) => "external_identity",
            Self::Operator(_) => "operator",
        }
    }

    /// Refuses whoever has no account what only accounts do.
    pub fn refusal_without_account(self) -> Error {
        Error::Forbidden(match self {
            Self::Account(_) | Self::ApiKey(_) | Self::ExternalIdentity(_) => "Only people can do this, not programs.",
            Self::Operator(_) => "Support access is for looking: there is no account behind it.",
        })
    }

    /// The id, whatever it is the id of.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Account(id) => id.uuid(),
            Self::ApiKey(id) => id.uuid(),
            Self::ExternalIdentity(id) => id.uuid(),
            Self::Operator(id) => id.uuid(),
        }
    }
}

/// Whoever has got in: a member of the tenant, or a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub principal: Principal,
    /// The name, as the audit shall show it.
    pub name: String,
    /// What the actor may do.
    pub role: Role,
    /// What the actor is confined to, of all that the role may do; none for no such bound.
    pub confined_to: Option<Permissions>,
    /// The actor's own employee record, if there is one.
    pub employee_id: Option<EmployeeId>,
}

impl Actor {
    /// A person with a role, and with everything that the role may do.
    pub fn person(account_id: AccountId, name: impl Into<String>, role: Role, employee_id: Option<EmployeeId>) -> Self {
        Self { principal: Principal::Account(account_id), name: name.into(), role, confined_to: None, employee_id }
    }

    /// An operator who helps. Everything is seen that [`Permission::is_for_support`] names, and nothing else can be done.
    pub fn operator(id: OperatorId, name: &str) -> Self {
        Self {
            principal: Principal::Operator(id),
            name: format!("{name} (support)"),
            role: Role::Hr,
            confined_to: Some(Permission::ALL.into_iter().filter(|permission| permission.is_for_support()).collect()),
            employee_id: None,
        }
    }

    /// What the platform does without anybody asking for it, by the name that the audit shall show. It may do nothing that is asked for.
    pub fn platform(name: &str) -> Self {
        Self {
            principal: Principal::Operator(OperatorId(Uuid::nil())),
            name: name.to_owned(),
            role: Role::Hr,
            confined_to: Some(std::iter::empty().collect()),
            employee_id: None,
        }
    }

    /// Whose data a permission covers for this actor.
    pub fn reach(&self, permission: Permission) -> Reach {
        match self.confined_to {
            Some(permissions) if !permissions.contains(permission) => Reach::Nobody,
            _ => permission.reach(self.role),
        }
    }

    /// The actor's account; none for a program.
    pub const fn account_id(&self) -> Option<AccountId> {
        match self.principal {
            Principal::Account(id) => Some(id),
            Principal::ApiKey(_) | Principal::ExternalIdentity(_) | Principal::Operator(_) => None,
        }
    }
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
        match actor.reach(permission) {
            Reach::Everyone => Ok(actor),
            Reach::Reports | Reach::Own | Reach::Nobody => Err(Error::Forbidden(permission.refusal())),
        }
    }

    /// The account of the person who asks; [`Error::Forbidden`] for whoever has none.
    pub fn account_id(&self) -> Result<AccountId, Error> {
        let actor = self.actor()?;
        actor.account_id().ok_or_else(|| actor.principal.refusal_without_account())
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
