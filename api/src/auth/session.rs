//! Sessions: begun by a password, renewed by a refresh token, ended by signing out.

use std::time::Duration;

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
use tenancy::{Audience, Tenant, TenantId};

use super::{
    Auth, AuthError, Identity, Session,
    password::{self, Busy},
    refresh_token::RefreshToken,
};

/// The number of a session's first refresh token.
const FIRST_GENERATION: i32 = 1;

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
        let id = SessionId::generate();
        let secret = rand::random::<[u8; 32]>();
        let refresh_token = RefreshToken::make(id, FIRST_GENERATION, &secret);
        let expires_at = now + self.lifetimes.session;
        let row = session::ActiveModel {
            id: Set(id),
            account_id: Set(account.id),
            tenant_id: Set(tenant.id.0),
            refresh_secret: Set(secret.to_vec()),
            generation: Set(FIRST_GENERATION),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(expires_at),
            ended_at: Set(None),
        };
        row.insert(&self.platform).await?;
        self.issue(tenant.id, id, account, &membership, refresh_token, expires_at, now)
    }

    /// Renews a session: the token given is used up, and the next one takes its place.
    pub async fn refresh(&self, tenant: &Tenant, refresh_token: &str, now: DateTime<Utc>) -> Result<Session, AuthError> {
        let token = RefreshToken::parse(refresh_token).ok_or(AuthError::InvalidRefreshToken)?;
        let transaction = self.platform.begin().await?;
        let row = session::Entity::find_by_id(token.session_id)
            .filter(session::Column::TenantId.eq(tenant.id.0))
            // Of two tabs that renew at once, the second waits, and finds its token to be the one before the current.
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|row| token.is_genuine(&row.refresh_secret) && row.ended_at.is_none() && row.expires_at > now)
            .ok_or(AuthError::InvalidRefreshToken)?;
        let is_current = token.generation == row.generation;
        let is_repeated = token.generation + 1 == row.generation && row.rotated_at.is_some_and(|at| now - at <= OVERLAP);
        if !is_current && !is_repeated {
            let mut ended = session::ActiveModel::from(row);
            ended.ended_at = Set(Some(now));
            ended.update(&transaction).await?;
            transaction.commit().await?;
            tracing::warn!(session = %token.session_id, "a used refresh token came again; the session is ended");
            return Err(AuthError::InvalidRefreshToken);
        }
        let account =
            account::Entity::find_by_id(row.account_id).one(&transaction).await?.ok_or(AuthError::InvalidRefreshToken)?;
        let membership = membership_in(&transaction, tenant.id, &account).await?.ok_or(AuthError::InvalidRefreshToken)?;

        let next = RefreshToken::make(row.id, token.generation + 1, &row.refresh_secret);
        let mut expires_at = row.expires_at;
        if is_current {
            expires_at = now + self.lifetimes.session;
            let mut renewed = session::ActiveModel::from(row);
            renewed.generation = Set(token.generation + 1);
            renewed.rotated_at = Set(Some(now));
            renewed.expires_at = Set(expires_at);
            renewed.update(&transaction).await?;
        }
        transaction.commit().await?;
        self.issue(tenant.id, token.session_id, account, &membership, next, expires_at, now)
    }

    /// Ends the session of a refresh token or of an access token. Says whether there was one.
    pub async fn sign_out(
        &self,
        tenant: &Tenant,
        refresh_token: Option<&str>,
        session_id: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let mut ids: Vec<SessionId> = session_id.into_iter().collect();
        // Any token of the session will do, also one that another tab has just used up.
        if let Some(token) = refresh_token.and_then(RefreshToken::parse)
            && let Some(row) = session::Entity::find_by_id(token.session_id).one(&self.platform).await?
            && token.is_genuine(&row.refresh_secret)
        {
            ids.push(row.id);
        }
        if ids.is_empty() {
            return Ok(false);
        }
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(Some(now)))
            .filter(session::Column::TenantId.eq(tenant.id.0))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::Id.is_in(ids))
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
