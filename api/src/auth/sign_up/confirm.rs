//! Confirming a sign-up: the tenant is made, with its owner, in one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Actor, Context, Error, Role, audit::Changes};
use entities::{
    id::AccountId,
    platform::{
        account,
        sign_up::{Entity, Model},
        sign_up_invitation,
    },
};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use tenancy::{NewTenant, Slug, Tenant, TenantId, change};

use super::{
    ask::{TAKEN, check_tenants_of_day, internal},
    digest,
};
use crate::{
    auth::{
        Auth, AuthError, Method, Session, Visitor,
        account::{find_by_email, insert_unless_there, join_unless_member},
        member::{self, conflict},
    },
    plan::catalogue::{FirstPlan, assign_first},
};

/// What a confirmation gives.
#[derive(Debug)]
pub struct Confirmation<'a> {
    /// The token of the mail.
    pub token: &'a str,
    /// The key that the sign-up was asked for with.
    pub key: Option<&'a str>,
    /// The password that was chosen, in place of the key.
    pub password: Option<&'a str>,
    /// Another address than the one that was wished for.
    pub slug: Option<&'a str>,
}

/// What a confirmation did.
#[derive(Debug)]
pub struct Confirmed {
    /// The organisation, which was made now or by the same confirmation before.
    pub tenant: Arc<Tenant>,
    /// A session on the apex, for whoever got a new account by it. Others sign in as always: the token proves the mailbox, not a
    /// password or a second factor.
    pub session: Option<Session>,
}

impl Auth {
    /// Makes the tenant of a sign-up and its owner, and signs a new account in. A second confirmation finds the tenant of the first,
    /// and signs nobody in. Where the address has been taken since, another one may be given with the same token.
    pub async fn confirm_sign_up(
        &self,
        confirmation: &Confirmation<'_>,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Confirmed, AuthError> {
        self.sign_up.require_offered()?;
        let row = self.sign_up_of(confirmation.token, now).await?.ok_or_else(not_good)?;
        if row.tenant_id.is_some() {
            return self.made_before(&row).await;
        }
        if find_by_email(&self.platform, &row.email).await?.is_none() {
            self.check_asker(&row, confirmation, visitor, now).await?;
        }
        let slug = Slug::parse(confirmation.slug.unwrap_or(&row.slug));
        let slug = slug.map_err(|error| Error::bad_input("slug", error.to_string()))?;

        let mut provisioning = self.tenants.begin_provisioning().await.map_err(internal)?;
        let connection = provisioning.connection();
        // Of two that confirm at once, the second waits here, and finds what the first has made.
        let row = Entity::find_by_id(row.id).lock_exclusive().one(connection).await?.ok_or_else(not_good)?;
        if row.tenant_id.is_some() {
            return self.made_before(&row).await;
        }
        check_tenants_of_day(connection, &self.sign_up, now).await?;
        use_invitation(connection, &row, now).await?;
        let id = TenantId(uuid::Uuid::now_v7());
        let new = NewTenant { id, slug, name: row.organisation.clone(), hostnames: Vec::new(), now };
        let refused = |error| match error {
            tenancy::Error::SlugTaken(_) => conflict("slug", TAKEN).into(),
            other => internal(other),
        };
        let tenant = provisioning.make(&new).await.map_err(refused)?;
        provisioning.refuse_lately_deleted(&tenant.slug, now).await.map_err(refused)?;
        let connection = provisioning.connection();
        if let Some(trial) = self.sign_up.trial {
            change::set_dates(connection, tenant.id, Some(now + trial), None, now).await.map_err(internal)?;
        }
        assign_first(connection, tenant.id, &FirstPlan::ForNewTenants, now).await?;
        let is_new = insert_unless_there(connection, account_of(&row, now)).await?;
        let account = find_by_email(connection, &row.email).await?.ok_or_else(not_good)?;
        join_unless_member(connection, account.id, tenant.id, Role::Owner, None, now).await?;
        let context = Context { actor: Some(Actor::person(account.id, account.name.as_str(), Role::Owner, None)), now };
        let changes = Changes::default().with("role", None::<Role>, Role::Owner);
        let entry = member::note(connection, tenant.id, &context, "member.joined", account.id, changes).await?;
        let mut confirmed = row.into_active_model();
        confirmed.slug = Set(tenant.slug.to_string());
        confirmed.password_hash = Set(None);
        confirmed.confirmed_at = Set(Some(now));
        confirmed.tenant_id = Set(Some(tenant.id.0));
        confirmed.update(connection).await?;
        provisioning.commit().await.map_err(internal)?;

        self.deliver(&self.tenants.read_write(&tenant), entry).await;
        let session = if is_new { Some(self.begin(None, &account, Method::SignUp, visitor, now).await?) } else { None };
        Ok(Confirmed { tenant, session })
    }

    async fn made_before(&self, row: &Model) -> Result<Confirmed, AuthError> {
        let tenant = self.tenant_of_sign_up(row).await?.ok_or_else(not_good)?;
        Ok(Confirmed { tenant, session: None })
    }

    /// Refuses whoever has not asked for the sign-up, where it makes an account: they would get one whose password another knows.
    async fn check_asker(
        &self,
        row: &Model,
        confirmation: &Confirmation<'_>,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        if confirmation.key.is_some_and(|key| digest(key) == row.key_hash) {
            return Ok(());
        }
        let refused = |message: &str| AuthError::from(Error::bad_input("password", message));
        let password =
            confirmation.password.ok_or_else(|| refused("Please give the password that you chose when you signed up."))?;
        let attempt = self.throttle.begin(&row.email, visitor, now).await?;
        let (attempt, matches) = self.matches(attempt, password, row.password_hash.clone()).await?;
        if !matches {
            return Err(refused("This is not the password that was chosen. If it was not you who signed up, go no further."));
        }
        Ok(self.throttle.take_back(attempt).await?)
    }
}

fn not_good() -> Error {
    Error::bad_input("token", "This link is not good any more. Please sign up again.")
}

fn account_of(row: &Model, now: DateTime<Utc>) -> account::ActiveModel {
    account::ActiveModel {
        id: Set(AccountId::generate()),
        email: Set(row.email.clone()),
        name: Set(row.owner_name.clone()),
        password_hash: Set(row.password_hash.clone()),
        password_changed_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}

/// Uses the operator's invitation up, where the sign-up came by one.
async fn use_invitation<C: ConnectionTrait>(connection: &C, row: &Model, now: DateTime<Utc>) -> Result<(), AuthError> {
    let Some(hash) = &row.invitation_hash else { return Ok(()) };
    let used = sign_up_invitation::Entity::delete_many()
        .filter(sign_up_invitation::Column::CodeHash.eq(hash.clone()))
        .filter(sign_up_invitation::Column::ExpiresAt.gt(now))
        .exec(connection)
        .await?;
    match used.rows_affected {
        0 => Err(Error::Forbidden("The invitation has expired, or was used for another organisation.").into()),
        _ => Ok(()),
    }
}
