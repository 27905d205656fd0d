//! The second factor: apps that show a new code every thirty seconds (RFC 6238).

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use entities::{
    id::AccountId,
    platform::{account, authenticator},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect, Set,
    TransactionSession, TransactionTrait,
    sea_query::{Expr, OnConflict},
};
use totp_rs::{Algorithm, Builder, Totp};

use super::{Auth, AuthError, Notice, SecurityChange, Visitor, recovery_code};
use crate::secret::{SecretColumn, SecretKeys};

/// An authenticator that was set up and waits for its first code.
pub struct NewAuthenticator {
    /// The secret, for typing into the app.
    pub secret: String,
    /// The same as an address, for showing as a picture that the app reads.
    pub uri: String,
}

impl NewAuthenticator {
    /// For the holder of an account at this issuer.
    pub(super) fn of(secret: &[u8], account: &str, issuer: &str) -> anyhow::Result<Self> {
        let totp = totp(secret)
            .with_account_name(account)
            .with_issuer(Some(issuer))
            .build()
            .context("an authenticator cannot be set up")?;
        let uri = totp.to_url().context("an authenticator has no address")?;
        Ok(Self { secret: totp.secret().to_base32(), uri })
    }
}

impl Auth {
    /// Sets up an authenticator in place of one that was never confirmed. It asks nobody for a code before it is confirmed.
    pub async fn set_up_authenticator(
        &self,
        account: &account::Model,
        now: DateTime<Utc>,
    ) -> Result<NewAuthenticator, AuthError> {
        let secret = rand::random::<[u8; 20]>();
        let row = authenticator::ActiveModel {
            account_id: Set(account.id),
            secret: Set(self.secret_keys.encrypt(SecretColumn::Authenticator.of(&account.id.to_string()), &secret)?),
            last_step: Set(None),
            created_at: Set(now),
            confirmed_at: Set(None),
        };
        let replace = OnConflict::column(authenticator::Column::AccountId)
            .update_columns([authenticator::Column::Secret, authenticator::Column::LastStep, authenticator::Column::CreatedAt])
            .action_and_where(Expr::col((authenticator::Entity, authenticator::Column::ConfirmedAt)).is_null())
            .to_owned();
        let made = authenticator::Entity::insert(row).on_conflict(replace).exec_without_returning(&self.platform).await?;
        if made == 0 {
            return Err(refused("There is an authenticator already. Remove it before setting up another."));
        }
        Ok(NewAuthenticator::of(&secret, &account.email, self.hosts.base().as_str())?)
    }

    /// Confirms the authenticator by its first code; from then on each sign-in by password asks for one. Returns the recovery
    /// codes, which are shown this once.
    pub async fn confirm_authenticator(
        &self,
        notice: Notice<'_>,
        account: AccountId,
        code: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, AuthError> {
        let owner = self.account(account).await?.ok_or(domain::Error::Unauthenticated)?;
        let pending = authenticator::Entity::find_by_id(account)
            .filter(authenticator::Column::ConfirmedAt.is_null())
            .one(&self.platform)
            .await?
            .ok_or_else(|| refused("There is no authenticator to confirm. Set it up first."))?;
        let attempt = self.throttle.begin(&owner.email, visitor, now).await?;
        let Some(step) = step_of(&secret_of(&pending, &self.secret_keys)?, code, now) else {
            return Err(domain::Error::bad_input("code", "This code is wrong.").into());
        };
        let transaction = self.platform.begin().await?;
        let confirmed = authenticator::Entity::update_many()
            .col_expr(authenticator::Column::ConfirmedAt, Expr::value(Some(now)))
            .col_expr(authenticator::Column::LastStep, Expr::value(Some(step)))
            .filter(authenticator::Column::AccountId.eq(account))
            .filter(authenticator::Column::CreatedAt.eq(pending.created_at))
            .filter(authenticator::Column::ConfirmedAt.is_null())
            .exec(&transaction)
            .await?;
        if confirmed.rows_affected == 0 {
            return Err(refused("There is no authenticator to confirm. Set it up first."));
        }
        let codes = recovery_code::replace(&transaction, account, now).await?;
        notice.tell(&transaction, account, SecurityChange::AuthenticatorAdded, now).await?;
        transaction.commit().await?;
        self.throttle.take_back(attempt).await?;
        Ok(codes)
    }

    /// When the account's authenticator was confirmed.
    pub async fn authenticator_confirmed_at(&self, account: AccountId) -> Result<Option<DateTime<Utc>>, AuthError> {
        Ok(confirmed(&self.platform, account).await?.and_then(|authenticator| authenticator.confirmed_at))
    }

    /// How many recovery codes the account has left.
    pub async fn recovery_codes_left(&self, account: AccountId) -> Result<u64, AuthError> {
        Ok(recovery_code::left(&self.platform, account).await?)
    }

    /// Removes the authenticator and the recovery codes. Says whether there was one.
    pub async fn remove_authenticator(
        &self,
        notice: Notice<'_>,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<bool, AuthError> {
        let transaction = self.platform.begin().await?;
        let of_account = authenticator::Column::AccountId.eq(account);
        let removed = authenticator::Entity::delete_many().filter(of_account).exec_with_returning(&transaction).await?;
        recovery_code::forget(&transaction, account).await?;
        // One that was never confirmed has let nobody in.
        if removed.iter().any(|authenticator| authenticator.confirmed_at.is_some()) {
            notice.tell(&transaction, account, SecurityChange::AuthenticatorRemoved, now).await?;
        }
        transaction.commit().await?;
        Ok(!removed.is_empty())
    }

    /// Replaces the recovery codes by new ones, which are shown this once.
    pub async fn replace_recovery_codes(
        &self,
        notice: Notice<'_>,
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, AuthError> {
        let transaction = self.platform.begin().await?;
        // Of two at once the second waits, and replaces the first one's codes: only one set is good.
        let confirmed = authenticator::Entity::find().filter(is_confirmed(account)).lock_exclusive().one(&transaction).await?;
        if confirmed.is_none() {
            return Err(refused("There is no authenticator that recovery codes could stand in for."));
        }
        let codes = recovery_code::replace(&transaction, account, now).await?;
        notice.tell(&transaction, account, SecurityChange::RecoveryCodesReplaced, now).await?;
        transaction.commit().await?;
        Ok(codes)
    }
}

/// The account's authenticator, if it asks for codes.
pub(super) async fn confirmed<C: ConnectionTrait>(
    connection: &C,
    account: AccountId,
) -> Result<Option<authenticator::Model>, DbErr> {
    authenticator::Entity::find().filter(is_confirmed(account)).one(connection).await
}

/// Uses a code up. Says whether it was good: each is good once, and those before it are not any more.
pub(super) async fn spend<C: ConnectionTrait>(
    connection: &C,
    secret_keys: &SecretKeys,
    account: AccountId,
    code: &str,
    now: DateTime<Utc>,
) -> Result<bool, AuthError> {
    let Some(authenticator) = confirmed(connection, account).await? else {
        return Ok(false);
    };
    let Some(step) = step_of(&secret_of(&authenticator, secret_keys)?, code, now) else {
        return Ok(false);
    };
    let unused = Condition::any().add(authenticator::Column::LastStep.is_null()).add(authenticator::Column::LastStep.lt(step));
    // Of two who use it at once, the second waits for the first, and finds the step used.
    let spent = authenticator::Entity::update_many()
        .col_expr(authenticator::Column::LastStep, Expr::value(Some(step)))
        .filter(is_confirmed(account))
        .filter(authenticator::Column::CreatedAt.eq(authenticator.created_at))
        .filter(unused)
        .exec(connection)
        .await?;
    Ok(spent.rows_affected == 1)
}

/// What the codes are computed from.
fn secret_of(row: &authenticator::Model, secret_keys: &SecretKeys) -> anyhow::Result<Vec<u8>> {
    secret_keys.decrypt(SecretColumn::Authenticator.of(&row.account_id.to_string()), &row.secret)
}

fn is_confirmed(account: AccountId) -> Condition {
    Condition::all().add(authenticator::Column::AccountId.eq(account)).add(authenticator::Column::ConfirmedAt.is_not_null())
}

/// What every app knows: six digits by SHA-1, a new code every thirty seconds. A clock may be one step off.
fn totp(secret: &[u8]) -> Builder {
    Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30).with_secret(secret)
}

/// The time step that a code belongs to, if it is one of the present.
pub(super) fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> Option<i64> {
    // Longer texts are not worth reading.
    if code.len() > 20 {
        return None;
    }
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    let totp: Totp = totp(secret).build_noncompliant();
    let step = totp.check(&digits, u64::try_from(now.timestamp()).ok()?)?;
    i64::try_from(step).ok()
}

fn refused(message: &str) -> AuthError {
    domain::Error::Conflict { field: None, message: message.to_owned() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // The secret and the times of RFC 6238, appendix B, of whose eight digits the last six are shown.
        let secret = b"12345678901234567890";
        let at = |seconds: i64| DateTime::from_timestamp_secs(seconds).unwrap();
        assert_eq!(step_of(secret, "287082", at(59)), Some(1));
        assert_eq!(step_of(secret, "081804", at(1_111_111_109)), Some(37_037_036));
        assert_eq!(step_of(secret, " 081 804 ", at(1_111_111_109)), Some(37_037_036));
        assert_eq!(step_of(secret, "287082", at(59 + 30)), Some(1), "one step late");
        assert_eq!(step_of(secret, "287082", at(59 + 60)), None, "two steps late");
        for code in ["", "28708", "2870822", "+87082", "28708x", "\u{0662}87082", "0x1234", &"2".repeat(10_000)] {
            assert_eq!(step_of(secret, code, at(59)), None, "{code:.20}");
        }
    }
}
