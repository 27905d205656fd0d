//! The members of a tenant: who they are, what they may do, and the end of a membership.
//!
//! Members are in the control plane, the record of what was done with them in the tenant's audit: `audit_outbox` takes it there.

mod departure;
mod leave;
mod locked;

use chrono::{DateTime, Utc};
use domain::{
    Context, Error, NameCursor, Page, Paging, Permission, Role,
    audit::{Changes, Entry, Event},
};
use entities::{
    id::{AccountId, EmployeeId},
    platform::{account, membership},
    tenant::employee::EmploymentStatus,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, PaginatorTrait as _,
    QueryFilter, Set, Statement, TransactionSession, TransactionTrait,
};
use tenancy::{Tenant, TenantId, TenantScope};

use super::{Auth, audit_outbox};
use locked::Locked;

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
            let after = membership::ActiveModel { role: Set(role), ..before.clone().into() };
            after.update(&transaction).await?;
        }
        let member = find(&transaction, tenant.id, account).await?;
        let entry = note(&transaction, tenant.id, context, "member.role_changed", account, changes).await?;
        transaction.commit().await?;
        self.deliver(scope, entry).await;
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
        // A link decides about the membership: it ends with the employment.
        if before.role == Role::Owner {
            locked.require_owner()?;
        }
        let changes = Changes::default().with("employeeId", before.employee_id, employee);
        if !changes.is_empty() {
            let after = membership::ActiveModel { employee_id: Set(employee), ..before.clone().into() };
            after.update(&transaction).await?;
        }
        let member = find(&transaction, tenant.id, account).await?;
        let entry = note(&transaction, tenant.id, context, "member.linked", account, changes).await?;
        transaction.commit().await?;
        self.deliver(scope, entry).await;
        if let Some(employee) = employee {
            self.require_still_working(scope, context, tenant, employee).await?;
        }
        Ok(member)
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

pub(super) fn require_owner(role: Role) -> Result<(), Error> {
    if role == Role::Owner { Ok(()) } else { Err(Error::Forbidden(OWNERS_ONLY)) }
}

pub(super) fn conflict(field: &str, message: &str) -> Error {
    Error::Conflict { field: Some(field.to_owned()), message: message.to_owned() }
}

async fn find<C: ConnectionTrait>(connection: &C, tenant: TenantId, account: AccountId) -> Result<Member, Error> {
    let sql = format!("{MEMBERS} AND m.account_id = $2");
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into(), account.uuid().into()]);
    Member::find_by_statement(statement).one(connection).await?.ok_or(Error::NotFound("member"))
}

/// Writes down what was done with a member, for the tenant's audit; nothing where nothing was changed.
pub(super) async fn note<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    context: &Context,
    action: &'static str,
    account: AccountId,
    changes: Changes,
) -> Result<Option<Entry>, Error> {
    if changes.is_empty() {
        return Ok(None);
    }
    let event = Event { action, subject_type: "member", subject_id: account.uuid(), changes };
    audit_outbox::put(connection, tenant, context, event).await.map(Some)
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
