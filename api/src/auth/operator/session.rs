//! Sessions of operators: renewed by a refresh token, ended by signing out, and over after half a day in any case. Visits to tenants that
//! were begun from one end with it; whoever ends it tells those who watch.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::id::SessionId;
use entities::platform::{
    operator,
    operator_session::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect as _, Set, TransactionSession, TransactionTrait,
    sea_query::Expr,
};

use super::{OperatorIdentity, OperatorSession};
use crate::{
    auth::{
        Auth, AuthError,
        refresh_token::{RefreshToken, TokenUse},
        token::{Bearer, GoodFor},
    },
    secret::SecretColumn,
    support::let_go,
};

impl Auth {
    /// Renews a session: the token given is used up, and the next one takes its place.
    pub async fn refresh_operator(&self, refresh_token: &str, now: DateTime<Utc>) -> Result<OperatorSession, AuthError> {
        let token = RefreshToken::parse(refresh_token).ok_or(AuthError::InvalidRefreshToken)?;
        let transaction = self.platform.begin().await?;
        let row = Entity::find_by_id(token.session_id)
            // Of two tabs that renew at once, the second waits, and finds its token to be the one before the current.
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|row| row.ended_at.is_none() && row.expires_at > now)
            .ok_or(AuthError::InvalidRefreshToken)?;
        let secret = self.operator_refresh_secret(&row)?;
        if !token.is_genuine(&secret) {
            return Err(AuthError::InvalidRefreshToken);
        }
        let use_of_token = token.use_in(row.generation, row.rotated_at, now);
        if use_of_token == TokenUse::Stolen {
            let ended = ActiveModel { ended_at: Set(Some(now)), ..row.into() }.update(&transaction).await?;
            let_go(&transaction, ended.operator_id).await?;
            transaction.commit().await?;
            tracing::warn!(session = %token.session_id, "a used refresh token of an operator came again; the session is ended");
            return Err(AuthError::InvalidRefreshToken);
        }
        let operator = operator::Entity::find_by_id(row.operator_id).one(&transaction).await?;
        let operator = operator.filter(|operator| operator.disabled_at.is_none()).ok_or(AuthError::InvalidRefreshToken)?;
        let next = token.generation + 1;
        let row = if use_of_token == TokenUse::Current {
            ActiveModel { generation: Set(next), rotated_at: Set(Some(now)), ..row.into() }.update(&transaction).await?
        } else {
            row
        };
        transaction.commit().await?;
        issue(self, &operator, &row, RefreshToken::make(row.id, next, &secret), now)
    }

    /// Ends the session of a refresh token or of an access token, and the visits that were begun from it. Says whether there was one.
    pub async fn sign_out_operator(
        &self,
        refresh_token: Option<&str>,
        session_id: Option<SessionId>,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let mut ids: Vec<SessionId> = session_id.into_iter().collect();
        // Any token of the session will do, also one that another tab has just used up.
        if let Some(token) = refresh_token.and_then(RefreshToken::parse)
            && let Some(row) = Entity::find_by_id(token.session_id).one(&self.platform).await?
            && token.is_genuine(&self.operator_refresh_secret(&row)?)
        {
            ids.push(row.id);
        }
        if ids.is_empty() {
            return Ok(false);
        }
        let transaction = self.platform.begin().await?;
        let ended = Entity::update_many()
            .col_expr(Column::EndedAt, Expr::value(Some(now)))
            .filter(Column::EndedAt.is_null())
            .filter(Column::Id.is_in(ids))
            .exec_with_returning(&transaction)
            .await?;
        for session in &ended {
            let_go(&transaction, session.operator_id).await?;
        }
        transaction.commit().await?;
        Ok(!ended.is_empty())
    }

    /// What the refresh tokens of a session are made with.
    fn operator_refresh_secret(&self, row: &Model) -> anyhow::Result<Vec<u8>> {
        self.secret_keys.decrypt(SecretColumn::OperatorSession.of(&row.id.to_string()), &row.refresh_secret)
    }
}

/// The session as its holder gets it.
pub(super) fn issue(
    auth: &Auth,
    operator: &operator::Model,
    row: &Model,
    refresh_token: String,
    now: DateTime<Utc>,
) -> Result<OperatorSession, AuthError> {
    let bearer = Bearer {
        subject: operator.id.uuid(),
        session_id: row.id,
        good_for: GoodFor::Operators,
        name: &operator.name,
        email: &operator.email,
        role: Some(operator.role.as_str()),
    };
    let access_token_expires_at = (now + auth.lifetimes.access_token).min(row.expires_at);
    let access_token = auth.verifier.issue(&bearer, now, access_token_expires_at)?;
    let identity = OperatorIdentity {
        id: operator.id,
        name: operator.name.clone(),
        email: operator.email.clone(),
        role: operator.role,
        session_id: row.id,
    };
    let (expires_at, identity) = (row.expires_at, Arc::new(identity));
    Ok(OperatorSession { access_token, access_token_expires_at, refresh_token, expires_at, identity })
}
