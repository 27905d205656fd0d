//! Accepting an invitation.

use chrono::{DateTime, Utc};
use domain::{
    Actor, Context, Error, Role,
    audit::Changes,
    value::{FromText, PersonName},
};
use entities::{
    id::{AccountId, EmployeeId},
    platform::{
        account,
        invitation::{Column, Entity, Model},
        invitation_token,
    },
};
use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Set, TransactionSession, TransactionTrait,
};
use secrecy::SecretString;
use tenancy::{PlatformTransaction, Tenant, TenantId, TenantScope};

use super::{
    super::{
        Auth, AuthError, Method, Session, Visitor,
        account::{find_by_email, insert_unless_there, join_unless_member},
        mailed_token::MailedToken,
        member,
        password_reset::check_password,
    },
    COLUMNS, one,
};
use crate::plan::seats::{Seats, Taking};

/// Who accepts an invitation. Somebody who has an account already needs neither name nor password.
#[derive(Debug)]
pub struct Acceptance {
    /// The name of a new account.
    pub name: Option<String>,
    /// The password of a new account.
    pub password: Option<SecretString>,
}

impl Auth {
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
        let has_account = find_by_email(&self.platform, &row.email).await?.is_some();
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
        let new = match find_by_email(&self.platform, &row.email).await? {
            Some(_) => None,
            None => Some(self.account_of(&row.email, acceptance, now).await?),
        };
        let transaction = self.platform.begin().await?;
        let seats = Seats::lock(&transaction, tenant.id).await?;
        // Of two who accept at once, the second waits here, and finds nothing.
        let row = take(&transaction, tenant.id, token, now).await?.ok_or(Error::NotFound("invitation"))?;
        let is_new = match new {
            // Another invitation may have been faster to make the account; then it is no new one.
            Some(new) => insert_unless_there(&transaction, new).await?,
            None => false,
        };
        let account = find_by_email(&transaction, &row.email).await?.ok_or(Error::NotFound("invitation"))?;
        let mut entry = None;
        if join_unless_member(&transaction, account.id, tenant.id, row.role, row.employee_id, now).await? {
            seats.check(&transaction, Taking::Invited, now).await?;
            let actor = Actor::person(account.id, account.name.as_str(), row.role, row.employee_id);
            let context = Context { actor: Some(actor), now };
            let changes =
                Changes::default().with("role", None::<Role>, row.role).with("employeeId", None::<EmployeeId>, row.employee_id);
            entry = member::note(&transaction, tenant.id, &context, "member.joined", account.id, changes).await?;
        }
        transaction.commit().await?;
        self.deliver(scope, entry).await;
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
            .filter(has_token(hash))
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

/// The invitation that a token was made for.
fn has_token(hash: Vec<u8>) -> Condition {
    let ids = invitation_token::Entity::find()
        .select_only()
        .column(invitation_token::Column::InvitationId)
        .filter(invitation_token::Column::TokenHash.eq(hash.clone()));
    Condition::any().add(Column::TokenHash.eq(hash)).add(Column::Id.in_subquery(ids.into_query()))
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
        "DELETE FROM platform.invitations WHERE tenant_id = $1 AND expires_at > $3 AND (token_hash = $2 OR \
         id IN (SELECT invitation_id FROM platform.invitation_tokens WHERE token_hash = $2)) RETURNING {COLUMNS}"
    );
    one(transaction, &sql, [tenant.0.into(), hash.into(), now.into()]).await
}
