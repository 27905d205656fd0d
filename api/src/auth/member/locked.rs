//! The rows that a change of one member depends on.

use domain::{Context, Error, Permission, Reach, Role};
use entities::{id::AccountId, platform::membership};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tenancy::{PlatformTransaction, TenantId};

use super::require_owner;

/// The rows that a change of one member depends on: the member's, the actor's and those of all owners. Of two changes that come
/// at once, the second waits here and sees what the first did.
pub(super) struct Locked {
    rows: Vec<membership::Model>,
    account: AccountId,
    /// What the actor may do now; the request may have been let in before it was changed.
    actor_role: Role,
}

impl Locked {
    pub(super) async fn read(
        transaction: &PlatformTransaction,
        context: &Context,
        tenant: TenantId,
        account: AccountId,
    ) -> Result<Self, Error> {
        let actor = context.actor()?;
        let mut wanted =
            Condition::any().add(membership::Column::Role.eq(Role::Owner)).add(membership::Column::AccountId.eq(account));
        if let Some(actor) = actor.account_id() {
            wanted = wanted.add(membership::Column::AccountId.eq(actor));
        }
        let rows = lock(transaction, tenant, wanted).await?;
        let actor_role = match actor.account_id() {
            Some(id) => rows.iter().find(|row| row.account_id == id).map(|row| row.role).ok_or(Error::Unauthenticated)?,
            // Somebody whom the identity provider alone knows has no membership.
            None => actor.role,
        };
        if !matches!(Permission::ManageMembers.reach(actor_role), Reach::Everyone) {
            return Err(Error::Forbidden("You may not decide who is a member."));
        }
        Ok(Self { rows, account, actor_role })
    }

    pub(super) fn member(&self) -> Result<&membership::Model, Error> {
        self.rows.iter().find(|row| row.account_id == self.account).ok_or(Error::NotFound("member"))
    }

    pub(super) fn require_owner(&self) -> Result<(), Error> {
        require_owner(self.actor_role)
    }

    pub(super) fn require_another_owner(&self, member: &membership::Model) -> Result<(), Error> {
        let others = self.rows.iter().any(|row| row.role == Role::Owner && row.account_id != member.account_id);
        if member.role == Role::Owner && !others {
            return Err(Error::Conflict { field: None, message: "An organisation keeps its last owner.".to_owned() });
        }
        Ok(())
    }
}

/// Locks memberships, always in the same order.
pub(super) async fn lock(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    condition: Condition,
) -> Result<Vec<membership::Model>, DbErr> {
    membership::Entity::find()
        .filter(membership::Column::TenantId.eq(tenant.0))
        .filter(condition)
        .order_by_asc(membership::Column::AccountId)
        .lock_exclusive()
        .all(transaction)
        .await
}
