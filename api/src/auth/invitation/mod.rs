//! Invitations: sent by mail, accepted by whoever reads it, good for one use.

mod accept;
mod first_owner;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Context, Error, Page, Paging, Permission, Role,
    audit::{Changes, Entry, Event},
    value::{EmailAddress, FromText},
};
use entities::{
    id::{EmployeeId, InvitationId},
    platform::{
        invitation::{ActiveModel, Column, Entity, Model},
        invitation_token,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set, Statement, TransactionSession, TransactionTrait,
};
use serde::{Deserialize, Serialize};
use tenancy::{PlatformConnection, Tenant, TenantScope};

use super::{
    Auth, AuthError, audit_outbox,
    mailed_token::MailedToken,
    member::{self, conflict},
};
use crate::{
    mail::{self, Mail},
    plan::seats::{Seats, Taking},
};

pub use accept::Acceptance;
pub(crate) use first_owner::invite_first_owner;

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

/// A place in the list of invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationCursor {
    /// The invitation. Later ones come first.
    pub id: InvitationId,
}

/// Makes a token for an invitation whose mail is being sent, if it still is as it was when the mail was asked for. Those made
/// before for the same mail stay good: it may have arrived all the same.
pub(crate) async fn make_invitation_token(
    platform: &PlatformConnection,
    id: InvitationId,
    asked_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<(Model, String)>, DbErr> {
    let token = MailedToken::make();
    // Whoever sends the invitation again at this moment comes before, and then this is not sent, or after, and takes the token away.
    let sql = "INSERT INTO platform.invitation_tokens (token_hash, invitation_id, expires_at) \
               SELECT $1, id, expires_at FROM platform.invitations \
               WHERE id = $2 AND created_at = $3 AND expires_at > $4 FOR SHARE";
    let values = [token.hash.into(), id.uuid().into(), asked_at.into(), now.into()];
    let made = platform.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    if made.rows_affected() == 0 {
        return Ok(None);
    }
    Ok(Entity::find_by_id(id).one(platform).await?.map(|row| (row, token.text)))
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
        let transaction = self.platform.begin().await?;
        let seats = Seats::lock(&transaction, tenant.id).await?;
        if member::is_member(&transaction, tenant.id, &email).await? {
            return Err(conflict("email", "This address belongs to a member already."));
        }
        let row = Model {
            id: InvitationId::generate(),
            tenant_id: tenant.id.0,
            email,
            role: new.role,
            employee_id: new.employee_id,
            token_hash: None,
            invited_by: actor.name.clone(),
            created_at: context.now,
            expires_at: context.now + LIFETIME,
        };
        let Some(row) = insert(&transaction, row).await? else {
            return Err(conflict("email", "This address is invited already; the invitation can be sent again."));
        };
        seats.check(&transaction, Taking::Free, context.now).await?;
        mail.ask_for_invitation(&transaction, &row).await?;
        let changes = Changes::default().with("email", None::<String>, &row.email).with("role", None::<Role>, row.role).with(
            "employeeId",
            None::<EmployeeId>,
            row.employee_id,
        );
        let entry = note(&transaction, tenant, context, "invitation.sent", row.id, changes).await?;
        transaction.commit().await?;
        self.deliver(scope, [entry]).await;
        if let Some(employee) = row.employee_id {
            self.require_still_working(scope, context, tenant, employee).await?;
        }
        Ok(row)
    }

    /// Sends an invitation again, with another token: those sent before are of no use any more.
    pub async fn resend_invitation(
        &self,
        mail: &Mail,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        id: InvitationId,
    ) -> Result<Model, AuthError> {
        let actor = context.require(Permission::ManageMembers)?;
        let transaction = self.platform.begin().await?;
        let seats = Seats::lock(&transaction, tenant.id).await?;
        let found = Entity::find_by_id(id)
            .filter(Column::TenantId.eq(tenant.id.0))
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Error::NotFound("invitation"))?;
        if found.role == Role::Owner {
            member::require_owner(actor.role)?;
        }
        let wait = found.created_at + PAUSE - context.now;
        if let Ok(retry_after) = wait.to_std()
            && !retry_after.is_zero()
        {
            return Err(AuthError::RateLimited { retry_after });
        }
        let earlier = invitation_token::Column::InvitationId.eq(found.id);
        invitation_token::Entity::delete_many().filter(earlier).exec(&transaction).await?;
        let had_ended = found.expires_at <= context.now;
        let renewed = ActiveModel {
            token_hash: Set(None),
            created_at: Set(context.now),
            expires_at: Set(context.now + LIFETIME),
            ..found.into()
        };
        let row = renewed.update(&transaction).await?;
        if had_ended {
            // It kept no seat any more.
            seats.check(&transaction, Taking::Free, context.now).await?;
        }
        mail.ask_for_invitation(&transaction, &row).await?;
        let entry = note(&transaction, tenant, context, "invitation.sent", row.id, Changes::default()).await?;
        transaction.commit().await?;
        self.deliver(scope, [entry]).await;
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
        let transaction = self.platform.begin().await?;
        let row = one(&transaction, &sql, values).await?.ok_or(Error::NotFound("invitation"))?;
        let changes =
            Changes::default().with("email", Some(row.email), None::<String>).with("role", Some(row.role), None::<Role>);
        let entry = note(&transaction, tenant, context, "invitation.withdrawn", id, changes).await?;
        transaction.commit().await?;
        self.deliver(scope, [entry]).await;
        Ok(())
    }
}

/// Inserts an invitation in place of one that has expired. Nothing when the address has one that has not.
async fn insert<C: ConnectionTrait>(connection: &C, row: Model) -> Result<Option<Model>, DbErr> {
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
    one(connection, &sql, values).await
}

async fn one<C: ConnectionTrait, const N: usize>(
    connection: &C,
    sql: &str,
    values: [sea_orm::Value; N],
) -> Result<Option<Model>, DbErr> {
    Entity::find().from_raw_sql(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).one(connection).await
}

/// Writes down what was done with an invitation, for the tenant's audit.
async fn note<C: ConnectionTrait>(
    connection: &C,
    tenant: &Tenant,
    context: &Context,
    action: &'static str,
    id: InvitationId,
    changes: Changes,
) -> Result<Entry, Error> {
    let event = Event { action, subject_type: "invitation", subject_id: id.uuid(), changes };
    audit_outbox::put(connection, tenant.id, context, event).await
}
