//! Signing in by a password, and by a second factor where the account has one.

use chrono::{DateTime, Utc};
use entities::{
    id::AccountId,
    platform::{account, sign_in_challenge},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, TransactionSession, TransactionTrait, sea_query::Expr,
};
use secrecy::SecretString;
use tenancy::TenantId;

use super::{
    Auth, AuthError, Method, Session, Visitor, authenticator,
    challenge::{self, Awaited, Challenge, Place},
    password, recovery_code,
    session::membership_in,
    throttle::Attempt,
};
use crate::secret::SecretKeys;

/// After so many wrong answers a step of a sign-in waits no longer.
const MOST_TRIES: i32 = 5;

/// What proves the second factor.
#[derive(Debug)]
pub enum SecondFactor<'a> {
    /// A code of the app.
    Code(&'a str),
    /// One of the codes for those who have lost the app.
    RecoveryCode(&'a str),
}

impl SecondFactor<'_> {
    /// Uses the code up, or refuses it.
    async fn spend<C: ConnectionTrait>(
        &self,
        connection: &C,
        secret_keys: &SecretKeys,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let (field, is_right) = match self {
            Self::Code(code) => ("code", authenticator::spend(connection, secret_keys, account, code, now).await?),
            Self::RecoveryCode(code) => ("recoveryCode", recovery_code::spend(connection, account, code).await?),
        };
        if is_right {
            return Ok(());
        }
        Err(domain::Error::bad_input(field, "This code is wrong, or was used before.").into())
    }
}

impl Auth {
    /// Begins a session in a tenant, or on the apex. Unknown addresses, wrong passwords and accounts without a membership get
    /// one answer, after one time. Where the account has a second factor, the sign-in goes on with a challenge.
    pub async fn sign_in(
        &self,
        tenant: Option<TenantId>,
        email: &str,
        password: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let email = email.trim().to_lowercase();
        // Postgres takes no NUL in a text, so no stored address has one.
        if email.len() > 254 || email.contains('\0') || password.len() > password::LONGEST {
            return Err(AuthError::InvalidCredentials);
        }
        let attempt = self.throttle.begin(&email, visitor, now).await?;
        let found = account::Entity::find().filter(account::Column::Email.eq(&email)).one(&self.platform).await?;
        let hash = found.as_ref().and_then(|account| account.password_hash.clone());
        let (attempt, matches) = self.matches(attempt, password, hash).await?;
        let account = found.filter(|_| matches).ok_or(AuthError::InvalidCredentials)?;
        if let Some(tenant) = tenant {
            membership_in(&self.platform, tenant, &account).await?.ok_or(AuthError::InvalidCredentials)?;
        }
        if authenticator::confirmed(&self.platform, account.id).await?.is_some() {
            // The failures before are not forgiven: the sign-in is not over.
            self.throttle.take_back(attempt).await?;
            let place = Place { awaited: Awaited::SecondFactor, tenant, account: Some(account.id) };
            let challenge = challenge::begin(&self.platform, place, serde_json::Value::Null, now).await?;
            return Err(AuthError::SecondFactorRequired { challenge });
        }
        let session = match self.begin(tenant, &account, Method::Password, visitor, now).await {
            // The password was right.
            Err(AuthError::HostLetGo) => {
                self.throttle.take_back(attempt).await?;
                return Err(AuthError::HostLetGo);
            }
            session => session?,
        };
        self.throttle.succeeded(attempt).await?;
        Ok(session)
    }

    /// Goes on with a sign-in that waits for its second factor. Each code is good once, whoever uses it first.
    pub async fn complete_sign_in(
        &self,
        tenant: Option<TenantId>,
        challenge: &Challenge,
        factor: SecondFactor<'_>,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Session, AuthError> {
        let waiting = challenge::waiting(challenge, Awaited::SecondFactor, tenant, now)
            .add(sign_in_challenge::Column::Tries.lt(MOST_TRIES));
        let step = sign_in_challenge::Entity::find().filter(waiting.clone()).one(&self.platform).await?;
        let step = step.ok_or(AuthError::InvalidChallenge)?;
        let account = match step.account_id {
            Some(id) => self.account(id).await?,
            None => None,
        };
        // The password that was proved is no longer the account's.
        let account = account
            .filter(|account| account.password_changed_at.is_none_or(|changed| changed <= step.created_at))
            .ok_or(AuthError::InvalidChallenge)?;
        let attempt = self.throttle.begin(&account.email, visitor, now).await?;
        // Counted before the code is looked at, and for good: many at the same time are not more than one after another.
        let counted = sign_in_challenge::Entity::update_many()
            .col_expr(sign_in_challenge::Column::Tries, Expr::col(sign_in_challenge::Column::Tries).add(1))
            .filter(waiting)
            .exec(&self.platform)
            .await?;
        if counted.rows_affected == 0 {
            return Err(AuthError::InvalidChallenge);
        }
        let transaction = self.platform.begin().await?;
        challenge::take(&transaction, challenge, Awaited::SecondFactor, tenant, now).await?;
        if let Err(refused) = factor.spend(&transaction, &self.secret_keys, account.id, now).await {
            transaction.rollback().await?;
            return Err(refused);
        }
        transaction.commit().await?;
        let session = self.begin(tenant, &account, Method::SecondFactor, visitor, now).await?;
        self.throttle.succeeded(attempt).await?;
        Ok(session)
    }

    /// Lets somebody who is signed in prove that they are the account's owner, before what matters more than a session. The
    /// field is that of the input, for the error.
    pub async fn check_own_password(
        &self,
        account: AccountId,
        field: &str,
        password: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<account::Model, AuthError> {
        let account = self.account(account).await?.ok_or(domain::Error::Unauthenticated)?;
        let wrong = || domain::Error::bad_input(field, "The password is wrong.");
        if password.len() > password::LONGEST {
            return Err(wrong().into());
        }
        let attempt = self.throttle.begin(&account.email, visitor, now).await?;
        let (attempt, matches) = self.matches(attempt, password, account.password_hash.clone()).await?;
        if !matches {
            return Err(wrong().into());
        }
        self.throttle.take_back(attempt).await?;
        Ok(account)
    }

    /// The same for the second factor, where the account has one.
    pub async fn check_own_second_factor(
        &self,
        account: &account::Model,
        factor: Option<SecondFactor<'_>>,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        if authenticator::confirmed(&self.platform, account.id).await?.is_none() {
            return Ok(());
        }
        let missing = || domain::Error::bad_input("code", "Please give the code of your authenticator app, or a recovery code.");
        let factor = factor.ok_or_else(missing)?;
        let attempt = self.throttle.begin(&account.email, visitor, now).await?;
        factor.spend(&self.platform, &self.secret_keys, account.id, now).await?;
        Ok(self.throttle.take_back(attempt).await?)
    }

    /// The account of this id.
    pub(super) async fn account(&self, id: AccountId) -> Result<Option<account::Model>, sea_orm::DbErr> {
        account::Entity::find_by_id(id).one(&self.platform).await
    }

    /// Whether the password is right. A try that could not be made does not count.
    pub(super) async fn matches(
        &self,
        attempt: Attempt,
        password: &str,
        hash: Option<String>,
    ) -> Result<(Attempt, bool), AuthError> {
        match self.passwords.verify(SecretString::from(password), hash).await {
            Ok(matches) => Ok((attempt, matches)),
            Err(error) => {
                self.throttle.take_back(attempt).await?;
                Err(AuthError::of_passwords(error))
            }
        }
    }
}
