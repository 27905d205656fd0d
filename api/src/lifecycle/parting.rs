//! What owners can do on the apex with an organisation that lets nobody in at its own address.

use chrono::{DateTime, Utc};
use domain::{Actor, Context, Error, Role};
use entities::{id::AccountId, platform::membership};
use sea_orm::{ConnectionTrait, EntityTrait as _};
use tenancy::{State, Tenant, TenantId, TenantStatus};

use super::Lifecycle;

/// What owners can do on the apex with an organisation that lets nobody in at its own address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parting {
    /// Ask for its deletion.
    pub deletion: bool,
    /// Ask for an export, and download it.
    pub export: bool,
}

impl Parting {
    /// Of what has not paid, the data is its owners' still. What an operator has closed stays as it is until they decide.
    fn of(tenant: &Tenant, state: State) -> Self {
        match state {
            State::PastDue => Self { deletion: true, export: true },
            State::Deleting => Self { deletion: false, export: tenant.can_be_kept() && tenant.status != TenantStatus::Suspended },
            State::Active
            | State::Trial
            | State::Warned
            | State::ReadOnly
            | State::Suspended
            | State::Maintenance
            | State::Migrating => Self::default(),
        }
    }
}

impl Lifecycle {
    /// What owners can do on the apex with an organisation now.
    pub fn parting(&self, tenant: &Tenant, now: DateTime<Utc>) -> Parting {
        Parting::of(tenant, self.standing(tenant, now).state)
    }

    /// An owner of an organisation as whoever acts there, for somebody who is signed in on the apex. Who is no member does not even
    /// learn that it is there.
    pub async fn owner_from_apex<C: ConnectionTrait>(
        connection: &C,
        account: AccountId,
        name: &str,
        tenant: TenantId,
        now: DateTime<Utc>,
    ) -> Result<Context, Error> {
        let membership = membership::Entity::find_by_id((account, tenant.0)).one(connection).await?;
        let membership = membership.ok_or(Error::NotFound("workspace"))?;
        if membership.role != Role::Owner {
            return Err(Error::Forbidden("Only owners of an organisation do this."));
        }
        Ok(Context { actor: Some(Actor::person(account, name, Role::Owner, membership.employee_id)), now })
    }
}
