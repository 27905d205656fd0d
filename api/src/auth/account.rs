//! Accounts, and their memberships in tenants.

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use domain::{
    Role,
    value::{EmailAddress, FromText, PersonName},
};
use entities::{
    id::{AccountId, EmployeeId},
    platform::{account, membership, session},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set, TransactionSession, TransactionTrait,
    sea_query::OnConflict,
};
use secrecy::SecretString;
use tenancy::{PlatformConnection, PlatformTransaction, TenantId};

use super::{Passwords, check_password};
use crate::plan::seats::{Seats, Taking};

/// An account to be made, unless its address has one.
#[derive(Debug, Clone)]
pub struct NewAccount {
    email: String,
    name: String,
    password: Option<SecretString>,
}

impl NewAccount {
    /// Parses what somebody typed. Without a name, the address is the name.
    pub fn parse(email: &str, name: Option<&str>, password: Option<&str>) -> anyhow::Result<Self> {
        let email = EmailAddress::from_text("email", email)?.into_text().to_lowercase();
        let name = PersonName::from_text("name", name.unwrap_or(&email))?.into_text();
        if let Some(password) = password {
            check_password(password)?;
        }
        Ok(Self { email, name, password: password.map(SecretString::from) })
    }
}

/// Fails when `join` would: there is no account yet, and no password to make it with.
pub async fn check_joinable(platform: &PlatformConnection, new: &NewAccount) -> anyhow::Result<()> {
    if new.password.is_some() || find_by_email(platform, &new.email).await?.is_some() {
        return Ok(());
    }
    Err(needs_password(new))
}

/// That an account is to be made, and by which flags a password is given for it.
fn needs_password(new: &NewAccount) -> anyhow::Error {
    anyhow!(
        "There is no account {} yet: a password is needed to make it (of an owner --owner-password or TENANTRY_OWNER_PASSWORD, with \
         `tenant join` --password or TENANTRY_PASSWORD)",
        new.email
    )
}

/// The account of an address in lower case.
pub(super) async fn find_by_email<C: ConnectionTrait>(connection: &C, email: &str) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::Email.eq(email)).one(connection).await
}

/// Says whether the account was made, or its address had one.
pub(super) async fn insert_unless_there<C: ConnectionTrait>(connection: &C, new: account::ActiveModel) -> Result<bool, DbErr> {
    let rows = account::Entity::insert(new)
        .on_conflict(OnConflict::column(account::Column::Email).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(rows > 0)
}

/// Says whether the account became a member, or was one.
pub(super) async fn join_unless_member<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
    tenant: TenantId,
    role: Role,
    employee: Option<EmployeeId>,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let membership = membership::ActiveModel {
        account_id: Set(account),
        tenant_id: Set(tenant.0),
        role: Set(role),
        employee_id: Set(employee),
        created_at: Set(now),
    };
    let same = [membership::Column::AccountId, membership::Column::TenantId];
    let rows = membership::Entity::insert(membership)
        .on_conflict(OnConflict::columns(same).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(rows > 0)
}

/// Makes the account if its address has none, and its membership in the tenant; a membership that is there gets the role. Fails
/// where the tenant has no seat left.
pub async fn join(
    platform: &PlatformConnection,
    new: &NewAccount,
    tenant: TenantId,
    role: Role,
    employee: Option<EmployeeId>,
    now: DateTime<Utc>,
) -> anyhow::Result<AccountId> {
    let transaction = platform.begin().await?;
    let joined = join_within(&transaction, new, tenant, role, employee, now).await?;
    transaction.commit().await?;
    Ok(joined.account)
}

/// Who has joined a tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Joined {
    /// The account.
    pub(crate) account: AccountId,
    /// The role that it had there before.
    pub(crate) before: Option<Role>,
}

/// [Joins](join), in a transaction that begins with it.
pub(crate) async fn join_within(
    transaction: &PlatformTransaction,
    new: &NewAccount,
    tenant: TenantId,
    role: Role,
    employee: Option<EmployeeId>,
    now: DateTime<Utc>,
) -> anyhow::Result<Joined> {
    let seats = Seats::lock(transaction, tenant).await?;
    let account = match find_by_email(transaction, &new.email).await? {
        Some(account) => account.id,
        None => {
            let Some(password) = &new.password else {
                return Err(needs_password(new));
            };
            let account = account::ActiveModel {
                id: Set(AccountId::generate()),
                email: Set(new.email.clone()),
                name: Set(new.name.clone()),
                password_hash: Set(Some(Passwords::new().hash(password.clone()).await?)),
                password_changed_at: Set(None),
                created_at: Set(now),
                updated_at: Set(now),
            };
            account.insert(transaction).await.context("The account could not be made")?.id
        }
    };
    let membership = membership::ActiveModel {
        account_id: Set(account),
        tenant_id: Set(tenant.0),
        role: Set(role),
        employee_id: Set(employee),
        created_at: Set(now),
    };
    let same = [membership::Column::AccountId, membership::Column::TenantId];
    let before = membership::Entity::find_by_id((account, tenant.0)).one(transaction).await?.map(|row| row.role);
    // A member who is given another role stays the same person.
    let mut update = vec![membership::Column::Role];
    if employee.is_some() {
        update.push(membership::Column::EmployeeId);
    }
    membership::Entity::insert(membership)
        .on_conflict(OnConflict::columns(same).update_columns(update).to_owned())
        .exec_without_returning(transaction)
        .await?;
    if before.is_none() {
        seats.withdraw_invitation(transaction, &new.email).await?;
        seats.check(transaction, Taking::Free, now).await?;
    }
    Ok(Joined { account, before })
}

/// Ends a membership, and with it the sessions in the tenant. Says who has left, if there was one.
pub(crate) async fn leave(transaction: &PlatformTransaction, email: &str, tenant: TenantId) -> Result<Option<AccountId>, DbErr> {
    let Some(account) = find_by_email(transaction, &email.trim().to_lowercase()).await? else {
        return Ok(None);
    };
    session::Entity::delete_many()
        .filter(session::Column::AccountId.eq(account.id))
        .filter(session::Column::TenantId.eq(tenant.0))
        .exec(transaction)
        .await?;
    let ended = membership::Entity::delete_many()
        .filter(membership::Column::AccountId.eq(account.id))
        .filter(membership::Column::TenantId.eq(tenant.0))
        .exec(transaction)
        .await?;
    Ok((ended.rows_affected > 0).then_some(account.id))
}
