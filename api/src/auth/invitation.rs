//! Invitations: sent by mail, accepted by whoever reads it, good for one use.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Context, Error, Page, Paging, Permission, Role,
    audit::{self, Changes, Event},
    value::{EmailAddress, FromText, PersonName},
};
use entities::{
    id::{AccountId, EmployeeId, InvitationId},
    platform::{
        account,
        invitation::{Column, Entity, Model},
        membership,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set, Statement, TransactionSession, TransactionTrait, sea_query::OnConflict,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tenancy::{PlatformTransaction, Tenant, TenantId, TenantScope};

use super::{
    Auth, AuthError, Method, Session, Visitor,
    mailed_token::MailedToken,
    member::{self, conflict},
    password_reset::check_password,
};
use crate::mail::{self, Mail};

/// For how long an invitation can be accepted.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// How soon it can be sent again.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Page size when the request gives none.
const USUAL_ROWS: usize = 100;

const COLUMNS: &str = "id, tenant_id, email, role, employee_id, token_hash, invited_by, created_at, expires_at";

/// Who is invited, and as what.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// The e-mail address.
    pub email: String,
    /// What the member will be.
    pub role: Role,
    /// The member's own employee record, if there is one.
    pub employee_id: Option<EmployeeId>,
}

/// Who accepts an invitation. Somebody who has an account already needs neither name nor password.
#[derive(Debug)]
pub struct Acceptance {
    /// The name of a new account.
    pub name: Option<String>,
    /// The password of a new account.
    pub password: Option<SecretString>,
}

/// A place in the list of invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationCursor {
    /// The invitation. Later ones come first.
    pub id: InvitationId,
}

impl Auth {
    /// A page of a tenant's open invitations, the newest first.
    pub async fn invitations(
        &self,
        context: &Context,
        tenant: &Tenant,
        paging: &Paging<InvitationCursor>,
    ) -> Result<Page<Model>, Error> {
        context.require(Permission::ManageMembers)?;
        let window = paging.window(USUAL_ROWS)?;
        let rows = Entity::find()
            .filter(Column::TenantId.eq(tenant.id.0))
            .apply_if(paging.after.as_ref(), |select, cursor| select.filter(Column::Id.lt(cursor.id)))
            .order_by_desc(Column::Id)
            .limit(window.limit())
            .all(&self.platform)
            .await?;
        Ok(window.page(rows))
    }

    /// How many invitations of a tenant are open.
    pub async fn count_invitations(&self, context: &Context, tenant: &Tenant) -> Result<u64, Error> {
        context.require(Permission::ManageMembers)?;
        Ok(Entity::find().filter(Column::TenantId.eq(tenant.id.0)).count(&self.platform).await?)
    }

    /// Invites somebody, and writes the mail in the same transaction.
    pub async fn invite(
        &self,
        mail: &Mail,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        new: NewInvitation,
    ) -> Result<Model, Error> {
        let actor = context.require(Permission::ManageMembers)?;
        if new.role == Role::Owner {
            member::require_owner(actor.role)?;
        }
        let email = EmailAddress::from_text("email", &new.email)?.into_text().to_lowercase();
        if !mail::can_be_sent_to(&email) {
            return Err(Error::bad_input("email", "No mail can be sent to this address."));
        }
        if let Some(employee) = new.employee_id {
            member::require_working(scope, context, employee).await?;
        }
        let token = MailedToken::make();
        let transaction = self.platform.begin().await?;
        if member::is_member(&transaction, tenant.id, &email).await? {
            return Err(conflict("email", "This address belongs to a member already."));
        }
        let row = Model {
            id: InvitationId::generate(),
            tenant_id: tenant.id.0,
            email,
            role: new.role,
            employee_id: new.employee_id,
            token_hash: token.hash,
            invited_by: actor.name.clone(),
            created_at: context.now,
            expires_at: context.now + LIFETIME,
        };
        let Some(row) = insert(&transaction, row).await? else {
            return Err(conflict("email", "This address is invited already; the invitation can be sent again."));
        };
        mail.write_invitation(&transaction, tenant, &row, &token.text).await?;
        transaction.commit().await?;
        let changes = Changes::default().with("email", None::<String>, &row.email).with("role", None::<Role>, row.role).with(
            "employeeId",
            None::<EmployeeId>,
            row.employee_id,
        );
        record(scope, context, "invitation.sent", row.id, changes).await?;
        if let Some(employee) = row.employee_id {
            self.require_still_working(scope, context, tenant, employee).await?;
        }
        Ok(row)
    }

    /// Sends an invitation again, with another token: the one sent before is of no use any more.
    pub async fn resend_invitation(
        &self,
        mail: &Mail,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        id: InvitationId,
    ) -> Result<Model, AuthError> {
        context.require(Permission::ManageMembers)?;
        let token = MailedToken::make();
        let transaction = self.platform.begin().await?;
        let found = Entity::find_by_id(id)
            .filter(Column::TenantId.eq(tenant.id.0))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Error::NotFound("invitation"))?;
        let wait = found.created_at + PAUSE - context.now;
        if let Ok(retry_after) = wait.to_std()
            && !retry_after.is_zero()
        {
            return Err(AuthError::RateLimited { retry_after });
        }
        let renewed = entities::platform::invitation::ActiveModel {
            token_hash: Set(token.hash),
            created_at: Set(context.now),
            expires_at: Set(context.now + LIFETIME),
            ..found.into()
        };
        let row = renewed.update(&transaction).await?;
        mail.write_invitation(&transaction, tenant, &row, &token.text).await?;
        transaction.commit().await?;
        record(scope, context, "invitation.sent", row.id, Changes::default()).await?;
        Ok(row)
    }

    /// Takes an invitation back.
    pub async fn withdraw_invitation(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        id: InvitationId,
    ) -> Result<(), Error> {
        context.require(Permission::ManageMembers)?;
        let sql = format!("DELETE FROM platform.invitations WHERE tenant_id = $1 AND id = $2 RETURNING {COLUMNS}");
        let values = [tenant.id.0.into(), id.uuid().into()];
        let row = one(&self.platform, &sql, values).await?.ok_or(Error::NotFound("invitation"))?;
        let changes =
            Changes::default().with("email", Some(row.email), None::<String>).with("role", Some(row.role), None::<Role>);
        record(scope, context, "invitation.withdrawn", id, changes).await
    }

    /// The invitation of a token, if it can still be accepted here; and whether its address has an account.
    pub async fn preview_invitation(
        &self,
        tenant: &Tenant,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Model, bool)>, Error> {
        let Some(row) = self.open_invitation(tenant.id, token, now).await? else {
            return Ok(None);
        };
        let has_account = find_account(&self.platform, &row.email).await?.is_some();
        Ok(Some((row, has_account)))
    }

    /// Accepts an invitation. An address without an account gets one, and is signed in; one that has an account becomes a member
    /// and signs in as always: the token proves the mailbox, not a second factor.
    pub async fn accept_invitation(
        &self,
        scope: &impl TenantScope,
        tenant: &Tenant,
        token: &str,
        acceptance: Acceptance,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Option<Session>, AuthError> {
        // Looked at before a password is hashed, which costs more than anybody should get for nothing.
        let row = self.open_invitation(tenant.id, token, now).await?.ok_or(Error::NotFound("invitation"))?;
        let new = match find_account(&self.platform, &row.email).await? {
            Some(_) => None,
            None => Some(self.account_of(&row.email, acceptance, now).await?),
        };
        let transaction = self.platform.begin().await?;
        // Of two who accept at once, the second waits here, and finds nothing.
        let row = take(&transaction, tenant.id, token, now).await?.ok_or(Error::NotFound("invitation"))?;
        let is_new = match new {
            // Another invitation may have been faster to make the account; then it is no new one.
            Some(new) => insert_account(&transaction, new).await?,
            None => false,
        };
        let account = find_account(&transaction, &row.email).await?.ok_or(Error::NotFound("invitation"))?;
        let joined = join(&transaction, &account, &row, now).await?;
        transaction.commit().await?;
        if joined {
            let actor = Actor::person(account.id, account.name.as_str(), row.role, row.employee_id);
            let context = Context { actor: Some(actor), now };
            let changes =
                Changes::default().with("role", None::<Role>, row.role).with("employeeId", None::<EmployeeId>, row.employee_id);
            member::record(scope, &context, "member.joined", account.id, changes).await?;
        }
        if !is_new {
            return Ok(None);
        }
        self.begin(Some(tenant.id), &account, Method::Invitation, visitor, now).await.map(Some)
    }

    async fn open_invitation(&self, tenant: TenantId, token: &str, now: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
        let Some(hash) = MailedToken::hash_of(token) else {
            return Ok(None);
        };
        Entity::find()
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::TokenHash.eq(hash))
            .filter(Column::ExpiresAt.gt(now))
            .one(&self.platform)
            .await
    }

    /// The account that an invited person shall have.
    async fn account_of(
        &self,
        email: &str,
        acceptance: Acceptance,
        now: DateTime<Utc>,
    ) -> Result<account::ActiveModel, AuthError> {
        let name = acceptance.name.ok_or_else(|| Error::bad_input("name", "A name is needed."))?;
        let name = PersonName::from_text("name", &name)?.into_text();
        let password = acceptance.password.ok_or_else(|| Error::bad_input("password", "A password is needed."))?;
        check_password("password", &password)?;
        Ok(account::ActiveModel {
            id: Set(AccountId::generate()),
            email: Set(email.to_owned()),
            name: Set(name),
            password_hash: Set(Some(self.passwords.hash(password).await.map_err(AuthError::of_passwords)?)),
            password_changed_at: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        })
    }
}

/// Inserts an invitation in place of one that has expired. Nothing when the address has one that has not.
async fn insert(transaction: &PlatformTransaction, row: Model) -> Result<Option<Model>, DbErr> {
    let sql = format!(
        "INSERT INTO platform.invitations AS old ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (tenant_id, email) DO UPDATE SET id = EXCLUDED.id, role = EXCLUDED.role, \
         employee_id = EXCLUDED.employee_id, token_hash = EXCLUDED.token_hash, invited_by = EXCLUDED.invited_by, \
         created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at WHERE old.expires_at <= EXCLUDED.created_at \
         RETURNING {COLUMNS}"
    );
    let values = [
        row.id.uuid().into(),
        row.tenant_id.into(),
        row.email.into(),
        row.role.as_str().into(),
        row.employee_id.map(EmployeeId::uuid).into(),
        row.token_hash.into(),
        row.invited_by.into(),
        row.created_at.into(),
        row.expires_at.into(),
    ];
    one(transaction, &sql, values).await
}

/// Uses a token up.
async fn take(
    transaction: &PlatformTransaction,
    tenant: TenantId,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Option<Model>, DbErr> {
    let Some(hash) = MailedToken::hash_of(token) else {
        return Ok(None);
    };
    let sql = format!(
        "DELETE FROM platform.invitations WHERE tenant_id = $1 AND token_hash = $2 AND expires_at > $3 RETURNING {COLUMNS}"
    );
    one(transaction, &sql, [tenant.0.into(), hash.into(), now.into()]).await
}

async fn one<C: ConnectionTrait, const N: usize>(
    connection: &C,
    sql: &str,
    values: [sea_orm::Value; N],
) -> Result<Option<Model>, DbErr> {
    Entity::find().from_raw_sql(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).one(connection).await
}

async fn find_account<C: ConnectionTrait>(connection: &C, email: &str) -> Result<Option<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::Email.eq(email)).one(connection).await
}

/// Says whether the account was made, or was there.
async fn insert_account(transaction: &PlatformTransaction, new: account::ActiveModel) -> Result<bool, DbErr> {
    let rows = account::Entity::insert(new)
        .on_conflict(OnConflict::column(account::Column::Email).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(rows > 0)
}

/// Says whether the account became a member, or was one.
async fn join(
    transaction: &PlatformTransaction,
    account: &account::Model,
    invitation: &Model,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let membership = membership::ActiveModel {
        account_id: Set(account.id),
        tenant_id: Set(invitation.tenant_id),
        role: Set(invitation.role),
        employee_id: Set(invitation.employee_id),
        created_at: Set(now),
    };
    let same = [membership::Column::AccountId, membership::Column::TenantId];
    let rows = membership::Entity::insert(membership)
        .on_conflict(OnConflict::columns(same).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(rows > 0)
}

/// Writes what was done with an invitation into the tenant's audit.
async fn record(
    scope: &impl TenantScope,
    context: &Context,
    action: &'static str,
    id: InvitationId,
    changes: Changes,
) -> Result<(), Error> {
    let event = Event { action, subject_type: "invitation", subject_id: id.uuid(), changes };
    let transaction = scope.begin().await?;
    audit::record(&transaction, context, [event]).await?;
    transaction.commit().await?;
    Ok(())
}
