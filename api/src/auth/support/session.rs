//! Sessions of operators in tenants: renewed by a refresh token, left, and over with the consent and with the session at the console in
//! any case.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::{
    id::{SessionId, SupportGrantId},
    platform::{
        operator, operator_session, support_grant,
        support_session::{ActiveModel, Column, Entity, Model},
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set, TransactionSession, TransactionTrait,
};
use tenancy::{PlatformTransaction, TenantId};

use super::Standing;
use crate::{
    auth::{
        Auth, AuthError, Session, Visitor, audit_outbox,
        audit_outbox::Place,
        refresh_token::{RefreshToken, TokenUse},
        token::Bearer,
    },
    secret::SecretColumn,
    support::{SupportState, event, let_go, operator_context, state},
};

impl Auth {
    /// Renews a visit: the token given is used up, and the next one takes its place.
    pub(in crate::auth) async fn refresh_support(
        &self,
        tenant: TenantId,
        token: &RefreshToken,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        // Before the token is used up: it is not theirs who are outside.
        if !visitor.is_from_operators {
            return Err(AuthError::InvalidRefreshToken);
        }
        let transaction = self.platform.begin().await?;
        let row = Entity::find_by_id(token.session_id)
            .filter(Column::TenantId.eq(tenant.0))
            // Of two tabs that renew at once, the second waits, and finds its token to be the one before the current.
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|row| row.ended_at.is_none() && row.expires_at > now)
            .ok_or(AuthError::InvalidRefreshToken)?;
        let secret = self.support_refresh_secret(&row)?;
        if !token.is_genuine(&secret) {
            return Err(AuthError::InvalidRefreshToken);
        }
        let use_of_token = token.use_in(row.generation, row.rotated_at, now);
        if use_of_token == TokenUse::Stolen {
            let operator = row.operator_id;
            ActiveModel { ended_at: Set(Some(now)), ..row.into() }.update(&transaction).await?;
            let_go(&transaction, operator).await?;
            transaction.commit().await?;
            tracing::warn!(session = %token.session_id, "a used refresh token of support access came again; the session is ended");
            return Err(AuthError::InvalidRefreshToken);
        }
        let open = open_grant(&transaction, row.grant_id, now).await?;
        let (grant, operator) = open.ok_or(AuthError::InvalidRefreshToken)?;
        open_console(&transaction, row.operator_session_id, now).await?.ok_or(AuthError::InvalidRefreshToken)?;
        let next = token.generation + 1;
        let row = if use_of_token == TokenUse::Current {
            ActiveModel { generation: Set(next), rotated_at: Set(Some(now)), ..row.into() }.update(&transaction).await?
        } else {
            row
        };
        transaction.commit().await?;
        self.issue_support(&grant, &operator, &row, RefreshToken::make(row.id, next, &secret), now)
    }

    /// Ends the visit of a refresh token or of an access token. Says whether there was one. The consent stays: the operator may come
    /// again.
    pub(in crate::auth) async fn leave_support(
        &self,
        tenant: TenantId,
        refresh_token: Option<&str>,
        session: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let token = refresh_token.and_then(RefreshToken::parse);
        let ids: Vec<SessionId> = session.into_iter().chain(token.iter().map(|token| token.session_id)).collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let transaction = self.platform.begin().await?;
        let found = Entity::find()
            .filter(Column::Id.is_in(ids))
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::EndedAt.is_null())
            .lock_exclusive()
            .all(&transaction)
            .await?;
        let mut entries = Vec::new();
        for row in found {
            let secret = self.support_refresh_secret(&row)?;
            let is_token = token.as_ref().is_some_and(|token| token.session_id == row.id && token.is_genuine(&secret));
            if session != Some(row.id) && !is_token {
                continue;
            }
            let grant = support_grant::Entity::find_by_id(row.grant_id).one(&transaction).await?;
            let Some(grant) = grant else { continue };
            let operator = row.operator_id;
            ActiveModel { ended_at: Set(Some(now)), ..row.into() }.update(&transaction).await?;
            let context = operator_context(operator, &grant.operator_name, now);
            entries.push(audit_outbox::put(&transaction, tenant, &context, event(&grant, "support.left")).await?);
            let_go(&transaction, operator).await?;
        }
        transaction.commit().await?;
        let has_left = !entries.is_empty();
        if has_left && let Place::Open(_, scope) = self.place_of(tenant).await.map_err(anyhow::Error::from)? {
            self.deliver(&scope, entries).await;
        }
        Ok(has_left)
    }

    /// The session as its holder gets it.
    pub(super) fn issue_support(
        &self,
        grant: &support_grant::Model,
        operator: &operator::Model,
        row: &Model,
        refresh_token: String,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let mut standing = Standing::of(grant, operator).ok_or(AuthError::InvalidEntryCode)?;
        // Where the session at the console ends before the consent, the visit ends with that.
        standing.expires_at = standing.expires_at.min(row.expires_at);
        let access_token_expires_at = (now + self.lifetimes.access_token).min(standing.expires_at);
        let bearer = Bearer {
            subject: operator.id.uuid(),
            session_id: row.id,
            good_for: standing.good_for(),
            name: &operator.name,
            email: &operator.email,
            role: None,
        };
        let access_token = self.verifier.issue(&bearer, now, access_token_expires_at)?;
        let identity = Arc::new(standing.identity(row.id, access_token_expires_at));
        Ok(Session { access_token, access_token_expires_at, refresh_token, expires_at: row.expires_at, identity })
    }

    /// What the refresh tokens of a visit are made with.
    fn support_refresh_secret(&self, row: &Model) -> anyhow::Result<Vec<u8>> {
        self.secret_keys.decrypt(SecretColumn::SupportSession.of(&row.id.to_string()), &row.refresh_secret)
    }
}

/// The session at the console that a visit was begun from, if it is not over.
pub(super) async fn open_console(
    transaction: &PlatformTransaction,
    id: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<Option<operator_session::Model>, DbErr> {
    let Some(id) = id else { return Ok(None) };
    operator_session::Entity::find_by_id(id)
        .filter(operator_session::Column::EndedAt.is_null())
        .filter(operator_session::Column::ExpiresAt.gt(now))
        .one(transaction)
        .await
}

/// A consent that is good now, with its operator. Whoever ends it waits, or has done so.
pub(super) async fn open_grant(
    transaction: &PlatformTransaction,
    id: SupportGrantId,
    now: DateTime<Utc>,
) -> Result<Option<(support_grant::Model, operator::Model)>, DbErr> {
    let grant = support_grant::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    let Some(grant) = grant.filter(|grant| state(grant, now) == SupportState::Open) else {
        return Ok(None);
    };
    let operator = operator::Entity::find_by_id(grant.operator_id).one(transaction).await?;
    Ok(operator.filter(|operator| operator.disabled_at.is_none()).map(|operator| (grant, operator)))
}
