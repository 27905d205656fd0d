//! The link by which an operator chooses a password and sets up the authenticator app. It is good once.

use chrono::{DateTime, Utc};
use domain::Error;
use entities::platform::operator::{Column, Entity, Model};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, TransactionSession, TransactionTrait, sea_query::Expr};
use secrecy::SecretString;
use serde_json::json;

use super::{OperatorSession, account::end_sessions};
use crate::{
    auth::{Auth, AuthError, NewAuthenticator, Visitor, authenticator::step_of, mailed_token::MailedToken, password_reset},
    operators::{Doer, Event, write_event},
    secret::SecretColumn,
};

/// An account that waits to be set up.
pub struct OpenSetup {
    /// The operator's name.
    pub name: String,
    /// The operator's e-mail address.
    pub email: String,
    /// What the app is told.
    pub authenticator: NewAuthenticator,
}

/// What an operator has chosen.
#[derive(Debug)]
pub struct ChosenAccess<'a> {
    /// The token of the link.
    pub token: &'a str,
    /// The password.
    pub password: SecretString,
    /// The code that the app shows.
    pub code: &'a str,
}

impl Auth {
    /// What the link of this token sets up.
    pub async fn operator_setup(&self, token: &str, now: DateTime<Utc>) -> Result<OpenSetup, AuthError> {
        let found = self.waiting(token, now).await?;
        let secret = self.operator_secret(&found)?;
        let issuer = format!("{} operators", self.hosts.base());
        let authenticator = NewAuthenticator::of(&secret, &found.email, &issuer)?;
        Ok(OpenSetup { name: found.name, email: found.email, authenticator })
    }

    /// Sets an account up, and signs the operator in. The code is used up by it.
    pub async fn complete_operator_setup(
        &self,
        chosen: ChosenAccess<'_>,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<OperatorSession, AuthError> {
        password_reset::check_password("password", &chosen.password)?;
        let found = self.waiting(chosen.token, now).await?;
        let attempt = self.throttle.begin_operator(&found.email, visitor, now).await?;
        let Some(step) = step_of(&self.operator_secret(&found)?, chosen.code, now) else {
            return Err(Error::bad_input("code", "This code is wrong.").into());
        };
        let hash = self.passwords.hash(chosen.password).await.map_err(AuthError::of_passwords)?;
        let transaction = self.platform.begin().await?;
        // Of two who use the link at once, the second waits here, and finds that it is not good any more.
        let set = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(Some(hash)))
            .col_expr(Column::AuthenticatorLastStep, Expr::value(Some(step)))
            .col_expr(Column::SetupHash, Expr::value(None::<Vec<u8>>))
            .col_expr(Column::SetupExpiresAt, Expr::value(None::<DateTime<Utc>>))
            .filter(Column::Id.eq(found.id))
            .filter(is_waiting(found.setup_hash.clone().unwrap_or_default(), now))
            .exec(&transaction)
            .await?;
        if set.rows_affected == 0 {
            return Err(not_good().into());
        }
        end_sessions(&transaction, found.id, now).await?;
        let doer = Doer { operator: Some(found.id), name: found.name.clone(), address: visitor.address };
        write_event(&transaction, &doer, Event::of_platform("operator.set_up", json!({})), now).await?;
        let session = self.begin_operator_session(&transaction, &found, visitor, now).await?;
        transaction.commit().await?;
        self.throttle.succeeded(attempt).await?;
        Ok(session)
    }

    async fn waiting(&self, token: &str, now: DateTime<Utc>) -> Result<Model, AuthError> {
        let hash = MailedToken::hash_of(token).ok_or_else(not_good)?;
        let found = Entity::find().filter(is_waiting(hash, now)).one(&self.platform).await?;
        Ok(found.ok_or_else(not_good)?)
    }

    /// What the codes of the operator's app are computed from.
    pub(super) fn operator_secret(&self, operator: &Model) -> anyhow::Result<Vec<u8>> {
        self.secret_keys.decrypt(SecretColumn::Operator.of(&operator.id.to_string()), &operator.authenticator_secret)
    }
}

fn is_waiting(hash: Vec<u8>, now: DateTime<Utc>) -> Condition {
    Condition::all().add(Column::SetupHash.eq(hash)).add(Column::SetupExpiresAt.gt(now)).add(Column::DisabledAt.is_null())
}

fn not_good() -> Error {
    Error::bad_input("token", "This link is not good, or not any more. Please ask for a new one.")
}
