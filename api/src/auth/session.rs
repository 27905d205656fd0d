//! Sessions: begun by whoever has proved to be an account's owner, renewed by a refresh token, ended by signing out.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{Actor, Principal, Role};
use entities::{
    id::SessionId,
    platform::{account, membership, session},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Set, TransactionSession, TransactionTrait,
    sea_query::{Expr, SimpleExpr},
};
use tenancy::{Audience, Host, TenantId};

use super::{
    Auth, AuthError, Identity, Method, Session, Visitor,
    refresh_token::{FIRST_GENERATION, RefreshToken, TokenUse},
    throttle::note_familiar,
    token::{Bearer, GoodFor},
};
use crate::{domains, secret::SecretColumn};

impl Auth {
    /// Begins a session of somebody who has proved to be the account's owner: in a tenant, or on the apex. In a tenant of which
    /// the account is no member it is refused as a wrong password is; at a host that the tenant has no more, as any request there is.
    pub(super) async fn begin(
        &self,
        tenant: Option<TenantId>,
        account: &account::Model,
        method: Method,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let transaction = self.platform.begin().await?;
        // First of all, for whoever lets the host go does that first and ends the sessions after it.
        if let (Some(tenant), Some(host)) = (tenant, &visitor.host)
            && let Host::Custom(host) = self.hosts.sort(host)
            && !domains::hold(&transaction, tenant, host.as_str()).await?
        {
            return Err(AuthError::HostLetGo);
        }
        // The password may have been changed since it was proved; then the sessions of that time have been ended, and this one must
        // not come after them. Whoever changes it waits for this lock, and ends what was begun under it.
        let unchanged = account::Entity::find_by_id(account.id)
            .lock_shared()
            .one(&transaction)
            .await?
            .is_some_and(|present| present.password_hash == account.password_hash);
        if !unchanged {
            return Err(AuthError::InvalidCredentials);
        }
        let membership = match tenant {
            Some(tenant) => Some(membership_in(&transaction, tenant, account).await?.ok_or(AuthError::InvalidCredentials)?),
            None => None,
        };
        // The account's sessions that are over are of no use to anyone.
        let over = Condition::any().add(session::Column::ExpiresAt.lt(now)).add(session::Column::EndedAt.is_not_null());
        session::Entity::delete_many().filter(session::Column::AccountId.eq(account.id)).filter(over).exec(&transaction).await?;
        let id = SessionId::generate();
        let secret = rand::random::<[u8; 32]>();
        let refresh_token = RefreshToken::make(id, FIRST_GENERATION, &secret);
        let expires_at = now + self.lifetimes.session;
        let row = session::ActiveModel {
            id: Set(id),
            account_id: Set(account.id),
            tenant_id: Set(tenant.map(|tenant| tenant.0)),
            refresh_secret: Set(self.secret_keys.encrypt(SecretColumn::Session.of(&id.to_string()), &secret)?),
            generation: Set(FIRST_GENERATION),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(expires_at),
            ended_at: Set(None),
            method: Set(method.as_str().to_owned()),
            address: Set(visitor.address.map(|address| address.to_string())),
            user_agent: Set(visitor.user_agent.clone()),
            host: Set(visitor.host.as_ref().map(ToString::to_string)),
        };
        row.insert(&transaction).await?;
        // Not what a tenant's identity provider says: it would make any network familiar to any of its members.
        if let Some(address) = visitor.address.filter(|_| method != Method::IdentityProvider) {
            note_familiar(&transaction, account.id, address, now).await?;
        }
        transaction.commit().await?;
        self.issue(tenant, id, account, membership.as_ref(), refresh_token, expires_at, now)
    }

    /// Renews a session: the token given is used up, and the next one takes its place.
    pub async fn refresh(
        &self,
        tenant: Option<TenantId>,
        refresh_token: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let token = RefreshToken::parse(refresh_token).ok_or(AuthError::InvalidRefreshToken)?;
        let transaction = self.platform.begin().await?;
        let row = session::Entity::find_by_id(token.session_id)
            .filter(of_place(tenant))
            // Of two tabs that renew at once, the second waits, and finds its token to be the one before the current.
            .lock_exclusive()
            .one(&transaction)
            .await?;
        if let (None, Some(tenant)) = (&row, tenant) {
            drop(transaction);
            return self.refresh_support(tenant, &token, visitor, now).await;
        }
        let row = row.filter(|row| row.ended_at.is_none() && row.expires_at > now).ok_or(AuthError::InvalidRefreshToken)?;
        let secret = self.refresh_secret(&row)?;
        if !token.is_genuine(&secret) {
            return Err(AuthError::InvalidRefreshToken);
        }
        let use_of_token = token.use_in(row.generation, row.rotated_at, now);
        if use_of_token == TokenUse::Stolen {
            let mut ended = session::ActiveModel::from(row);
            ended.ended_at = Set(Some(now));
            ended.update(&transaction).await?;
            transaction.commit().await?;
            tracing::warn!(session = %token.session_id, "a used refresh token came again; the session is ended");
            return Err(AuthError::InvalidRefreshToken);
        }
        let account =
            account::Entity::find_by_id(row.account_id).one(&transaction).await?.ok_or(AuthError::InvalidRefreshToken)?;
        let membership = match tenant {
            Some(tenant) => Some(membership_in(&transaction, tenant, &account).await?.ok_or(AuthError::InvalidRefreshToken)?),
            None => None,
        };

        // The provider vouches for no owner, also not for somebody who has become one since.
        let is_owner = membership.as_ref().is_some_and(|membership| membership.role == Role::Owner);
        if is_owner && row.method == Method::IdentityProvider.as_str() {
            return Err(AuthError::InvalidRefreshToken);
        }

        let next = RefreshToken::make(row.id, token.generation + 1, &secret);
        let mut expires_at = row.expires_at;
        if use_of_token == TokenUse::Current {
            expires_at = now + self.lifetimes.session;
            let mut renewed = session::ActiveModel::from(row);
            renewed.generation = Set(token.generation + 1);
            renewed.rotated_at = Set(Some(now));
            renewed.expires_at = Set(expires_at);
            renewed.update(&transaction).await?;
        }
        transaction.commit().await?;
        self.issue(tenant, token.session_id, &account, membership.as_ref(), next, expires_at, now)
    }

    /// Ends the session of a refresh token or of an access token. Says whether there was one.
    pub async fn sign_out(
        &self,
        tenant: Option<TenantId>,
        refresh_token: Option<&str>,
        session_id: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let mut ids: Vec<SessionId> = session_id.into_iter().collect();
        // Any token of the session will do, also one that another tab has just used up.
        if let Some(token) = refresh_token.and_then(RefreshToken::parse)
            && let Some(row) = session::Entity::find_by_id(token.session_id).one(&self.platform).await?
            && token.is_genuine(&self.refresh_secret(&row)?)
        {
            ids.push(row.id);
        }
        let has_ended = self.end_sessions(tenant, &ids, now).await?;
        // The cookie may be a member's, and the token an operator's: both are signed out.
        let has_left = match tenant {
            Some(tenant) => self.leave_support(tenant, refresh_token, session_id, now).await?,
            None => false,
        };
        Ok(has_ended || has_left)
    }

    /// Ends sessions of accounts. Says whether there was one.
    async fn end_sessions(&self, tenant: Option<TenantId>, ids: &[SessionId], now: DateTime<Utc>) -> Result<bool, AuthError> {
        if ids.is_empty() {
            return Ok(false);
        }
        let ended = session::Entity::update_many()
            .col_expr(session::Column::EndedAt, Expr::value(Some(now)))
            .filter(of_place(tenant))
            .filter(session::Column::EndedAt.is_null())
            .filter(session::Column::Id.is_in(ids.iter().copied()))
            .exec(&self.platform)
            .await?;
        // The other processes are notified; this one need not wait for that.
        for id in ids {
            self.changes.note(id.uuid());
        }
        Ok(ended.rows_affected > 0)
    }

    /// What the refresh tokens of a session are made with.
    fn refresh_secret(&self, row: &session::Model) -> anyhow::Result<Vec<u8>> {
        self.secret_keys.decrypt(SecretColumn::Session.of(&row.id.to_string()), &row.refresh_secret)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a different fact of the session, and there is one caller a kind")]
    fn issue(
        &self,
        tenant: Option<TenantId>,
        id: SessionId,
        account: &account::Model,
        membership: Option<&membership::Model>,
        refresh_token: String,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let audience = tenant.map_or(Audience::Platform, Audience::Tenant);
        let role = membership.map(|membership| membership.role.as_str());
        let access_token_expires_at = now + self.lifetimes.access_token;
        let bearer = Bearer {
            subject: account.id.uuid(),
            session_id: id,
            good_for: GoodFor::Audience(audience),
            name: &account.name,
            email: &account.email,
            role,
        };
        let access_token = self.verifier.issue(&bearer, now, access_token_expires_at)?;
        let actor = membership
            .map(|membership| Actor::person(account.id, account.name.as_str(), membership.role, membership.employee_id));
        let identity = Arc::new(Identity {
            principal: Principal::Account(account.id),
            name: account.name.clone(),
            email: Some(account.email.clone()),
            session_id: Some(id),
            audience,
            expires_at: Some(access_token_expires_at),
            actor,
            support: None,
        });
        Ok(Session { access_token, access_token_expires_at, refresh_token, expires_at, identity })
    }
}

/// The sessions of a tenant, or of the apex.
fn of_place(tenant: Option<TenantId>) -> SimpleExpr {
    match tenant {
        Some(tenant) => session::Column::TenantId.eq(tenant.0),
        None => session::Column::TenantId.is_null(),
    }
}

pub(super) async fn membership_in<C: sea_orm::ConnectionTrait>(
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
