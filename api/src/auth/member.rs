//! The members of a tenant: who they are, what they may do, and the end of a membership.
//!
//! Members are in the control plane, the record of what was done with them in the tenant's audit: it is written after the change.

use chrono::{DateTime, Utc};
use domain::{
    Context, Error, NameCursor, Page, Paging, Permission, Role,
    audit::{self, Changes, Event},
};
use entities::{
    id::{AccountId, EmployeeId},
    platform::{account, invitation, membership, session},
    tenant::employee::EmploymentStatus,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult,
    PaginatorTrait as _, QueryFilter, QueryOrder, QuerySelect, Set, Statement, TransactionSession, TransactionTrait,
};
use tenancy::{PlatformTransaction, Tenant, TenantId, TenantScope};

use super::Auth;

/// Page size when the request gives none.
const USUAL_ROWS: usize = 100;

/// The sentence for those who would make or unmake an owner and are none.
const OWNERS_ONLY: &str = "Only an owner decides who is an owner.";

/// A member of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Member {
    /// The account.
    pub account_id: AccountId,
    /// The account's e-mail address.
    pub email: String,
    /// The account's name.
    pub name: String,
    /// What the member may do.
    pub role: Role,
    /// The member's own employee record, if there is one.
    pub employee_id: Option<EmployeeId>,
    /// When the account became a member.
    pub joined_at: DateTime<Utc>,
}

const MEMBERS: &str = "SELECT m.account_id, a.email, a.name, m.role, m.employee_id, m.created_at AS joined_at \
                       FROM platform.memberships m JOIN platform.accounts a ON a.id = m.account_id WHERE m.tenant_id = $1";

impl Auth {
    /// A page of a tenant's members, by name.
    pub async fn members(&self, context: &Context, tenant: &Tenant, paging: &Paging<NameCursor>) -> Result<Page<Member>, Error> {
        context.require(Permission::ManageMembers)?;
        let window = paging.window(USUAL_ROWS)?;
        let limit = i64::try_from(window.limit()).unwrap_or(i64::MAX);
        let statement = match &paging.after {
            None => {
                let sql = format!("{MEMBERS} ORDER BY a.name, a.id LIMIT $2");
                Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.id.0.into(), limit.into()])
            }
            Some(after) => {
                let sql = format!("{MEMBERS} AND (a.name, a.id) > ($3, $4) ORDER BY a.name, a.id LIMIT $2");
                let values = [tenant.id.0.into(), limit.into(), after.name.clone().into(), after.id.into()];
                Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
            }
        };
        Ok(window.page(Member::find_by_statement(statement).all(&self.platform).await?))
    }

    /// How many members a tenant has.
    pub async fn count_members(&self, context: &Context, tenant: &Tenant) -> Result<u64, Error> {
        context.require(Permission::ManageMembers)?;
        let of_tenant = membership::Entity::find().filter(membership::Column::TenantId.eq(tenant.id.0));
        Ok(of_tenant.count(&self.platform).await?)
    }

    /// Gives a member another role. Only owners make and unmake owners, the last owner stays one, and nobody changes their own
    /// role.
    pub async fn change_role(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        account: AccountId,
        role: Role,
    ) -> Result<Member, Error> {
        let actor = context.require(Permission::ManageMembers)?;
        if actor.account_id() == Some(account) {
            return Err(Error::Forbidden("You cannot change your own role."));
        }
        let transaction = self.platform.begin().await?;
        let locked = Locked::read(&transaction, context, tenant.id, account).await?;
        let before = locked.member()?;
        if role == Role::Owner || before.role == Role::Owner {
            locked.require_owner()?;
        }
        if role != Role::Owner {
            locked.require_another_owner(before)?;
        }
        let changes = Changes::default().with("role", before.role, role);
        if !changes.is_empty() {
            let changed = membership::ActiveModel { role: Set(role), ..before.clone().into() };
            changed.update(&transaction).await?;
        }
        let member = find(&transaction, tenant.id, account).await?;
        transaction.commit().await?;
        if !changes.is_empty() {
            record(scope, context, "member.role_changed", account, changes).await?;
        }
        Ok(member)
    }

    /// Says which employee record is a member's own, or that none is.
    pub async fn link(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        account: AccountId,
        employee: Option<EmployeeId>,
    ) -> Result<Member, Error> {
        context.require(Permission::ManageMembers)?;
        if let Some(employee) = employee {
            require_working(scope, context, employee).await?;
        }
        let transaction = self.platform.begin().await?;
        let locked = Locked::read(&transaction, context, tenant.id, account).await?;
        let before = locked.member()?;
        let changes = Changes::default().with("employeeId", before.employee_id, employee);
        if !changes.is_empty() {
            let changed = membership::ActiveModel { employee_id: Set(employee), ..before.clone().into() };
            changed.update(&transaction).await?;
        }
        let member = find(&transaction, tenant.id, account).await?;
        transaction.commit().await?;
        if !changes.is_empty() {
            record(scope, context, "member.linked", account, changes).await?;
        }
        if let Some(employee) = employee {
            self.require_still_working(scope, context, tenant, employee).await?;
        }
        Ok(member)
    }

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
        transaction.commit().await?;
        record(scope, context, "member.removed", account, removal(&member)).await
    }

    /// Ends the memberships of somebody whose employment has ended, and withdraws their invitations. The last owner stays a
    /// member: an organisation without one could not be administered.
    pub async fn end_memberships_of(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        context.require(Permission::TerminateEmployees)?;
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
        let mut ended = Vec::new();
        for member in members.into_iter().filter(|member| member.employee_id == Some(employee)) {
            if member.role == Role::Owner {
                if owners == 1 {
                    tracing::warn!(tenant = %tenant.slug, "the last owner's employment has ended; the membership stays");
                    continue;
                }
                owners -= 1;
            }
            end(&transaction, &member).await?;
            ended.push(member);
        }
        transaction.commit().await?;
        for member in ended {
            record(scope, context, "member.removed", member.account_id, removal(&member)).await?;
        }
        Ok(())
    }

    /// An employment may have ended while a membership was being linked to it; then the one who ended it did not see the
    /// membership. Whoever comes second ends it.
    pub(super) async fn require_still_working(
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

/// Refuses an employee record that is not there, and that of somebody who has left.
pub(super) async fn require_working(scope: &impl TenantScope, context: &Context, employee: EmployeeId) -> Result<(), Error> {
    let employee = domain::employee::by_id(scope, context, employee).await?;
    if employee.status == EmploymentStatus::Terminated {
        return Err(conflict("employeeId", "This employee has left."));
    }
    Ok(())
}

/// The rows that a change of one member depends on: the member's, the actor's and those of all owners. Of two changes that come
/// at once, the second waits here and sees what the first did.
struct Locked {
    rows: Vec<membership::Model>,
    account: AccountId,
    /// What the actor may do now; the request may have been let in before it was changed.
    actor_role: Role,
}

impl Locked {
    async fn read(
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
        if !matches!(Permission::ManageMembers.reach(actor_role), domain::Reach::Everyone) {
            return Err(Error::Forbidden("You may not decide who is a member."));
        }
        Ok(Self { rows, account, actor_role })
    }

    fn member(&self) -> Result<&membership::Model, Error> {
        self.rows.iter().find(|row| row.account_id == self.account).ok_or(Error::NotFound("member"))
    }

    fn require_owner(&self) -> Result<(), Error> {
        require_owner(self.actor_role)
    }

    fn require_another_owner(&self, member: &membership::Model) -> Result<(), Error> {
        let others = self.rows.iter().any(|row| row.role == Role::Owner && row.account_id != member.account_id);
        if member.role == Role::Owner && !others {
            return Err(Error::Conflict { field: None, message: "An organisation keeps its last owner.".to_owned() });
        }
        Ok(())
    }
}

pub(super) fn require_owner(role: Role) -> Result<(), Error> {
    if role == Role::Owner { Ok(()) } else { Err(Error::Forbidden(OWNERS_ONLY)) }
}

pub(super) fn conflict(field: &str, message: &str) -> Error {
    Error::Conflict { field: Some(field.to_owned()), message: message.to_owned() }
}

/// Locks memberships, always in the same order.
async fn lock(
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

async fn find<C: ConnectionTrait>(connection: &C, tenant: TenantId, account: AccountId) -> Result<Member, Error> {
    let sql = format!("{MEMBERS} AND m.account_id = $2");
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), account.uuid().into()]);
    Member::find_by_statement(statement).one(connection).await?.ok_or(Error::NotFound("member"))
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

/// Writes what was done with a member into the tenant's audit.
pub(super) async fn record(
    scope: &impl TenantScope,
    context: &Context,
    action: &'static str,
    account: AccountId,
    changes: Changes,
) -> Result<(), Error> {
    let event = Event { action, subject_type: "member", subject_id: account.uuid(), changes };
    let transaction = scope.begin().await?;
    audit::record(&transaction, context, [event]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Whether the address belongs to a member.
pub(super) async fn is_member<C: ConnectionTrait>(connection: &C, tenant: TenantId, email: &str) -> Result<bool, DbErr> {
    let found = membership::Entity::find()
        .inner_join(account::Entity)
        .filter(membership::Column::TenantId.eq(tenant.0))
        .filter(account::Column::Email.eq(email))
        .count(connection)
        .await?;
    Ok(found > 0)
}
