//! The end of a membership.

use domain::{Context, Error, Permission, Role, audit::Changes};
use entities::{
    id::{AccountId, EmployeeId},
    platform::{invitation, membership, session},
};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, TransactionSession, TransactionTrait};
use tenancy::{PlatformTransaction, Tenant, TenantScope};

use super::{
    super::Auth,
    locked::{Locked, lock},
    note, require_working,
};

impl Auth {
    /// Ends a membership, and with it the sessions in the tenant. The last owner stays.
    pub async fn remove_member(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        account: AccountId,
    ) -> Result<(), Error> {
        context.require(Permission::ManageMembers)?;
        let transaction = self.platform.begin().await?;
        let locked = Locked::read(&transaction, context, tenant.id, account).await?;
        let member = locked.member()?;
        if member.role == Role::Owner {
            locked.require_owner()?;
        }
        locked.require_another_owner(member)?;
        let member = member.clone();
        end(&transaction, &member).await?;
        let entry = note(&transaction, tenant.id, context, "member.removed", account, removal(&member)).await?;
        transaction.commit().await?;
        self.deliver(scope, entry).await;
        Ok(())
    }

    /// Ends the memberships of somebody whose employment has ended, and withdraws their invitations. The last owner stays a
    /// member: an organisation without one could not be administered. And so does every owner, unless an owner asks: those who
    /// manage people, and programs, do not decide who is an owner.
    pub async fn end_memberships_of(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        let actor = context.require(Permission::TerminateEmployees)?;
        let by_owner = super::require_owner(actor.role).is_ok();
        let transaction = self.platform.begin().await?;
        // First, so that one that is just being accepted has become a membership when these are looked for.
        invitation::Entity::delete_many()
            .filter(invitation::Column::TenantId.eq(tenant.id.0))
            .filter(invitation::Column::EmployeeId.eq(employee))
            .exec(&transaction)
            .await?;
        let owner_or_leaver =
            Condition::any().add(membership::Column::Role.eq(Role::Owner)).add(membership::Column::EmployeeId.eq(employee));
        let members = lock(&transaction, tenant.id, owner_or_leaver).await?;
        let mut owners = members.iter().filter(|member| member.role == Role::Owner).count();
        let mut entries = Vec::new();
        for member in members.into_iter().filter(|member| member.employee_id == Some(employee)) {
            if member.role == Role::Owner {
                if owners == 1 || !by_owner {
                    tracing::warn!(tenant = %tenant.slug, account = %member.account_id, "an owner's employment has ended; the membership stays");
                    continue;
                }
                owners -= 1;
            }
            end(&transaction, &member).await?;
            let changes = removal(&member);
            entries.extend(note(&transaction, tenant.id, context, "member.removed", member.account_id, changes).await?);
        }
        transaction.commit().await?;
        self.deliver(scope, entries).await;
        Ok(())
    }

    /// An employment may have ended while a membership was being linked to it; then the one who ended it did not see the
    /// membership. Whoever comes second ends it.
    pub(in crate::auth) async fn require_still_working(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        let result = require_working(scope, context, employee).await;
        if matches!(result, Err(Error::Conflict { .. } | Error::NotFound(_))) {
            self.end_memberships_of(scope, context, tenant, employee).await?;
        }
        result
    }
}

async fn end(transaction: &PlatformTransaction, member: &membership::Model) -> Result<(), DbErr> {
    session::Entity::delete_many()
        .filter(session::Column::AccountId.eq(member.account_id))
        .filter(session::Column::TenantId.eq(member.tenant_id))
        .exec(transaction)
        .await?;
    membership::Entity::delete_by_id((member.account_id, member.tenant_id)).exec(transaction).await?;
    Ok(())
}

fn removal(member: &membership::Model) -> Changes {
    Changes::default().with("role", Some(member.role), None::<Role>).with("employeeId", member.employee_id, None::<EmployeeId>)
}
