//! Signing operators in: password and code in one step, so that no answer tells which of them was wrong, or whether the address
//! is an operator's.

use chrono::{DateTime, TimeDelta, Utc};
use entities::{
    id::SessionId,
    platform::{
        operator::{Column, Entity, Model},
        operator_session,
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, Set, TransactionSession, TransactionTrait,
    sea_query::Expr,
};
use serde_json::json;
use tenancy::PlatformTransaction;

use super::{OperatorSession, session::issue};
use crate::{
    auth::{
        Auth, AuthError, Visitor, authenticator, password,
        refresh_token::{FIRST_GENERATION, RefreshToken},
    },
    operators::{Doer, Event, write_event},
    secret::SecretColumn,
};

/// How long a session lives, however it is used.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

impl Auth {
    /// Begins a session of an operator. Unknown addresses, operators who are disabled or not set up, wrong passwords and wrong codes
    /// get one answer, after one time. A code is good once.
    pub async fn sign_in_operator(
        &self,
        email: &str,
        password: &str,
        code: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<OperatorSession, AuthError> {
        let email = email.trim().to_lowercase();
        // Postgres takes no NUL in a text, so no stored address has one.
        if email.len() > 254 || email.contains('\0') || password.len() > password::LONGEST {
            return Err(AuthError::InvalidOperatorCredentials);
        }
        let attempt = self.throttle.begin_operator(&email, visitor, now).await?;
        let found = Entity::find().filter(Column::Email.eq(&email)).one(&self.platform).await?;
        let found = found.filter(|operator| operator.disabled_at.is_none());
        let hash = found.as_ref().and_then(|operator| operator.password_hash.clone());
        let (attempt, matches) = self.matches(attempt, password, hash).await?;
        let operator = found.filter(|_| matches).ok_or(AuthError::InvalidOperatorCredentials)?;
        let step = authenticator::step_of(&self.operator_secret(&operator)?, code, now);
        let step = step.ok_or(AuthError::InvalidOperatorCredentials)?;
        let transaction = self.platform.begin().await?;
        // Also against whoever uses the code, disables or resets the operator at the same time: one waits for the other.
        let unused = Condition::any().add(Column::AuthenticatorLastStep.is_null()).add(Column::AuthenticatorLastStep.lt(step));
        let spent = Entity::update_many()
            .col_expr(Column::AuthenticatorLastStep, Expr::value(Some(step)))
            .filter(Column::Id.eq(operator.id))
            .filter(Column::PasswordHash.eq(operator.password_hash.clone()))
            .filter(Column::AuthenticatorSecret.eq(operator.authenticator_secret.clone()))
            .filter(Column::DisabledAt.is_null())
            .filter(unused)
            .exec(&transaction)
            .await?;
        if spent.rows_affected == 0 {
            return Err(AuthError::InvalidOperatorCredentials);
        }
        let doer = Doer { operator: Some(operator.id), name: operator.name.clone(), address: visitor.address };
        write_event(&transaction, &doer, Event::of_platform("operator.signed_in", json!({})), now).await?;
        let session = self.begin_operator_session(&transaction, &operator, visitor, now).await?;
        transaction.commit().await?;
        self.throttle.succeeded(attempt).await?;
        Ok(session)
    }

    /// Begins a session of an operator whose row the transaction has changed, so that nobody else does meanwhile.
    pub(super) async fn begin_operator_session(
        &self,
        transaction: &PlatformTransaction,
        operator: &Model,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<OperatorSession, AuthError> {
        use operator_session::Column as Field;
        // Those that are over are of no use to anyone.
        let over = Condition::any().add(Field::ExpiresAt.lt(now)).add(Field::EndedAt.is_not_null());
        let own = Field::OperatorId.eq(operator.id);
        operator_session::Entity::delete_many().filter(own).filter(over).exec(transaction).await?;
        let (id, secret) = (SessionId::generate(), rand::random::<[u8; 32]>());
        let row = operator_session::ActiveModel {
            id: Set(id),
            operator_id: Set(operator.id),
            refresh_secret: Set(self.secret_keys.encrypt(SecretColumn::OperatorSession.of(&id.to_string()), &secret)?),
            generation: Set(FIRST_GENERATION),
            rotated_at: Set(None),
            created_at: Set(now),
            expires_at: Set(now + LIFETIME),
            ended_at: Set(None),
            address: Set(visitor.address.map(|address| address.to_string())),
            user_agent: Set(visitor.user_agent.clone()),
        };
        let row = row.insert(transaction).await?;
        issue(self, operator, &row, RefreshToken::make(id, FIRST_GENERATION, &secret), now)
    }
}
