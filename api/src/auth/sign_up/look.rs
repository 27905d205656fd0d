//! What is told of a sign-up: to whoever asked for it, and to whoever reads its mail.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::{
    id::SignUpId,
    platform::{
        sign_up::{Column, Entity, Model},
        sign_up_token,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect, QueryTrait, Statement,
};
use tenancy::{PlatformConnection, Tenant, TenantId};

use super::{ask::internal, digest};
use crate::auth::{Auth, AuthError, account::find_by_email, mailed_token::MailedToken};

/// A sign-up, as whoever asked for it may know it.
#[derive(Debug)]
pub struct SignUpProgress {
    /// Until when it can be confirmed.
    pub expires_at: DateTime<Utc>,
    /// The organisation, once it is there.
    pub tenant: Option<Arc<Tenant>>,
}

/// A sign-up, as whoever reads its mail may know it.
#[derive(Debug)]
pub struct OpenSignUp {
    /// What was wished for.
    pub row: Model,
    /// Whether the address has an account, whose owner then signs in as always.
    pub has_account: bool,
    /// The organisation, where it was made already.
    pub tenant: Option<Arc<Tenant>>,
}

/// Makes the token of a sign-up that waits, when its mail is sent; and says whether its address has an account.
pub(crate) async fn make_sign_up_token(
    platform: &PlatformConnection,
    id: SignUpId,
    now: DateTime<Utc>,
) -> Result<Option<(Model, bool, String)>, DbErr> {
    let token = MailedToken::make();
    let sql = "INSERT INTO platform.sign_up_tokens (token_hash, sign_up_id) \
               SELECT $1, id FROM platform.sign_ups WHERE id = $2 AND confirmed_at IS NULL AND expires_at > $3 FOR SHARE";
    let values = [token.hash.into(), id.uuid().into(), now.into()];
    let made = platform.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
    if made.rows_affected() == 0 {
        return Ok(None);
    }
    let Some(row) = Entity::find_by_id(id).one(platform).await? else { return Ok(None) };
    let has_account = find_by_email(platform, &row.email).await?.is_some();
    Ok(Some((row, has_account, token.text)))
}

impl Auth {
    /// What became of the sign-up that was asked for with this key; nothing where there is none, or not any more.
    pub async fn sign_up_progress(&self, key: &str, now: DateTime<Utc>) -> Result<Option<SignUpProgress>, AuthError> {
        let Some(row) = Entity::find().filter(Column::KeyHash.eq(digest(key))).one(&self.platform).await? else {
            return Ok(None);
        };
        let tenant = self.tenant_of_sign_up(&row).await?;
        let is_over = tenant.is_none() && (row.confirmed_at.is_some() || row.expires_at <= now);
        Ok((!is_over).then_some(SignUpProgress { expires_at: row.expires_at, tenant }))
    }

    /// The sign-up that a mail was about, if it can be confirmed, or was.
    pub async fn open_sign_up(&self, token: &str, now: DateTime<Utc>) -> Result<Option<OpenSignUp>, AuthError> {
        let Some(row) = self.sign_up_of(token, now).await? else { return Ok(None) };
        let has_account = find_by_email(&self.platform, &row.email).await?.is_some();
        let tenant = self.tenant_of_sign_up(&row).await?;
        // The organisation has been deleted since.
        if row.confirmed_at.is_some() && tenant.is_none() {
            return Ok(None);
        }
        Ok(Some(OpenSignUp { row, has_account, tenant }))
    }

    pub(super) async fn sign_up_of(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
        let Some(hash) = MailedToken::hash_of(token) else { return Ok(None) };
        let id = sign_up_token::Entity::find()
            .select_only()
            .column(sign_up_token::Column::SignUpId)
            .filter(sign_up_token::Column::TokenHash.eq(hash));
        let is_good = Column::ExpiresAt.gt(now).or(Column::ConfirmedAt.is_not_null());
        Entity::find().filter(Column::Id.in_subquery(id.into_query())).filter(is_good).one(&self.platform).await
    }

    pub(super) async fn tenant_of_sign_up(&self, row: &Model) -> Result<Option<Arc<Tenant>>, AuthError> {
        match row.tenant_id {
            Some(id) => self.tenants.directory().by_id(TenantId(id)).await.map_err(internal),
            None => Ok(None),
        }
    }
}
