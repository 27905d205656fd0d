//! Sessions: begun by a password, renewed by a refresh token, ended by signing out.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Actor;
use entities::{
    id::SessionId,
    platform::{account, membership, session},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set, TransactionSession, TransactionTrait,
    sea_query::Expr,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tenancy::{Audience, Tenant, TenantId};

use super::{
    Auth, AuthError, Identity, Session,
    password::{self, Busy},
};

/// For how long the refresh token before the current one is still taken: two tabs may renew at once, and an answer may
/// get lost. After that, its use means that somebody has a copy, and ends the session.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);

impl Auth {
    /// Begins a session in `tenant`. Unknown addresses, wrong passwords and accounts without a membership get one answer,
    /// after one time.
    pub async fn sign_in(&self, tenant: &Tenant, email: &str, password: &str, now: DateTime<Utc>) -> Result<Session, AuthError> {
        let email = email.trim().to_lowercase();
        // Postgres takes no NUL in a text, so no stored address has one.
        if email.len() > 254 || email.contains('\0') || password.len() > password::LONGEST {
            return Err(AuthError::InvalidCredentials);
        }
        self.throttle.check(tenant.id, &email)?;
        let found = account::Entity::find().filter(account::Column::Email.eq(&email)).one(&self.platform).await?;
        let hash = found.as_ref().map(|account| account.password_hash.clone());
        let matches =
            self.passwords.verify(SecretString::from(password), hash).await.map_err(|error| match error.downcast::<Busy>() {
                Ok(Busy) => AuthError::RateLimited { retry_after: Duration::from_secs(5) },
                Err(error) => AuthError::Internal(error),
            })?;
        let account = found.filter(|_| matches).ok_or(AuthError::InvalidCredentials)?;
        let membership = self.membership(tenant.id, &account).await?.ok_or(AuthError::InvalidCredentials)?;

        // The account's sessions that are over are of no use to anyone.
        let over = Condition::any().add(session::Column::ExpiresAt.lt(now)).add(session::Column::EndedAt.is_not_null());
        session::Entity::delete_many()
            .filter(session::Column::AccountId.eq(account.id))
            .filter(over)
            .exec(&self.platform)
            .await?;
        let refresh_token = new_refresh_token();
        let id = SessionId::generate();
        let expires_at = now + self.lifetimes.session;
        let row = session::ActiveModel {
            id: Set(id),
            account_id: Set(account.id),
            tenant_id: Set(tenant.id.0),
            refresh_hash: Set(hash_of(&refresh_token)),
            previous_refresh_hash: Set(None),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(expires_at),
            ended_at: Set(None),
        };
        row.insert(&self.platform).await?;
        self.issue(tenant.id, id, account, &membership, refresh_token, expires_at, now)
    }

    /// Renews a session: the token given is used up, and a new one takes its place.
    pub async fn refresh(&self, tenant: &Tenant, refresh_token: &str, now: DateTime<Utc>) -> Result<Session, AuthError> {
        let hash = hash_of(refresh_token);
        let transaction = self.platform.begin().await?;
        let row = session::Entity::find()
            .filter(session::Column::TenantId.eq(tenant.id.0))
            .filter(
                Condition::any()
                    .add(session::Column::RefreshHash.eq(hash.clone()))
                    .add(session::Column::PreviousRefreshHash.eq(hash.clone())),
            )
            // Of two tabs that renew at once, the second waits, and finds its token to be the one before the current.
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|row| row.ended_at.is_none() && row.expires_at > now)
            .ok_or(AuthError::InvalidRefreshToken)?;
        let id = row.id;
        let is_current = row.refresh_hash == hash;
        if !is_current && row.rotated_at.is_none_or(|rotated_at| now - rotated_at > OVERLAP) {
            let mut ended = session::ActiveModel::from(row);
            ended.ended_at = Set(Some(now));
            ended.update(&transaction).await?;
            transaction.commit().await?;
            tracing::warn!(session = %id, "a used refresh token came again; the session is ended");
            return Err(AuthError::InvalidRefreshToken);
        }
        let account =
            account::Entity::find_by_id(row.account_id).one(&transaction).await?.ok_or(AuthError::InvalidRefreshToken)?;
        let membership = membership_in(&transaction, tenant.id, &account).await?.ok_or(AuthError::InvalidRefreshToken)?;

        let next = new_refresh_token();
        let expires_at = now + self.lifetimes.session;
        // On the condition that nobody renewed in between; two renewals at once must not both replace the same token.
        let renewed = session::Entity::update_many()
            .col_expr(session::Column::PreviousRefreshHash, Expr::value(Some(row.refresh_hash.clone())))
            .col_expr(session::Column::RefreshHash, Expr::value(hash_of(&next)))
            .col_expr(session::Column::RotatedAt, Expr::value(Some(now)))
            .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
            .filter(session::Column::Id.eq(id))
            .filter(session::Column::RefreshHash.eq(row.refresh_hash))
            .filter(session::Column::EndedAt.is_null())
            .exec(&transaction)
            .await?;
        if renewed.rows_affected == 0 {
            return Err(AuthError::InvalidRefreshToken);
        }
        transaction.commit().await?;
        self.issue(tenant.id, id, account, &membership, next, expires_at, now)
    }

    /// Ends the session of a refresh token or of an access token. Says whether there was one.
    pub async fn sign_out(
        &self,
        tenant: &Tenant,
        refresh_token: Option<&str>,
        session_id: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let mut whose = Condition::any();
        if let Some(token) = refresh_token {
            // Another tab may have renewed a moment ago.
            let hash = hash_of(token);
            whose = whose.add(session::Column::RefreshHash.eq(hash.clone())).add(session::Column::PreviousRefreshHash.eq(hash));
        }
        if let Some(id) = session_id {
            whose = whose.add(session::Column::Id.eq(id));
        }
        if whose.is_empty() {
            return Ok(false);
        }
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(Some(now)))
            .filter(session::Column::TenantId.eq(tenant.id.0))
            .filter(session::Column::EndedAt.is_null())
            .filter(whose)
            .exec(&self.platform)
            .await?;
        Ok(ended.rows_affected > 0)
    }

    async fn membership(&self, tenant: TenantId, account: &account::Model) -> Result<Option<membership::Model>, AuthError> {
        Ok(membership_in(&self.platform, tenant, account).await?)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a different fact of the session, and there is one caller a kind")]
    fn issue(
        &self,
        tenant: TenantId,
        id: SessionId,
        account: account::Model,
        membership: &membership::Model,
        refresh_token: String,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let actor =
            Actor { account_id: account.id, name: account.name, role: membership.role, employee_id: membership.employee_id };
        let identity = Identity { actor, email: account.email, session_id: id, audience: Audience::Tenant(tenant) };
        let access_token_expires_at = now + self.lifetimes.access_token;
        let access_token = self.verifier.issue(&identity, now, access_token_expires_at)?;
        let Identity { actor, email, .. } = identity;
        Ok(Session { access_token, access_token_expires_at, refresh_token, expires_at, actor, email })
    }
}

async fn membership_in<C: sea_orm::ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    account: &account::Model,
) -> Result<Option<membership::Model>, sea_orm::DbErr> {
    membership::Entity::find()
        .filter(membership::Column::AccountId.eq(account.id))
        .filter(membership::Column::TenantId.eq(tenant.0))
        .one(connection)
        .await
}

/// 256 random bits. Only their hash is stored: a copy of the table signs nobody in.
fn new_refresh_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn hash_of(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
