//! New passwords: by a token that was mailed, or by naming the present one.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Error,
    value::{EmailAddress, FromText},
};
use entities::{
    id::{AccountId, SessionId},
    platform::{account, passkey, password_reset, session, sign_in_challenge},
};
use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryTrait, Set, Statement, TransactionSession, TransactionTrait,
    sea_query::Expr,
};
use secrecy::{ExposeSecret, SecretString};
use tenancy::{PlatformConnection, PlatformTransaction, Tenant};

use super::{
    Auth, AuthError, Notice, Owner, Visitor, WaysIn,
    mailed_token::MailedToken,
    password::{self, PasswordRefusal},
};
use crate::mail::Mail;

/// For how long the way to a new password is good, from when it is sent.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Makes a way to a new password for the account of an address; none when the address has none. The ways made before stay good
/// for their hour: mail may arrive in another order.
pub(crate) async fn begin_password_reset(
    platform: &PlatformConnection,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<(account::Model, String)>, DbErr> {
    let Some(account) = account::Entity::find().filter(account::Column::Email.eq(email)).one(platform).await? else {
        return Ok(None);
    };
    let token = MailedToken::make();
    let row = password_reset::ActiveModel {
        token_hash: Set(token.hash),
        account_id: Set(account.id),
        created_at: Set(now),
        expires_at: Set(now + LIFETIME),
    };
    password_reset::Entity::delete_many()
        .filter(password_reset::Column::AccountId.eq(account.id))
        .filter(password_reset::Column::ExpiresAt.lte(now))
        .exec(platform)
        .await?;
    password_reset::Entity::insert(row).exec_without_returning(platform).await?;
    Ok(Some((account, token.text)))
}

/// A new password by a token that was mailed.
#[derive(Debug)]
pub struct NewPassword<'a> {
    /// The token.
    pub token: &'a str,
    /// The new password.
    pub new: SecretString,
    /// Whether the account's passkeys are removed too: whoever got in before may have left one.
    pub remove_passkeys: bool,
}

/// A new password in place of the present one.
#[derive(Debug)]
pub struct PasswordChange {
    /// The present one.
    pub current: SecretString,
    /// The new one.
    pub new: SecretString,
}

impl Auth {
    /// Asks for the way to a new password by mail. Whether the address has an account shows neither in the answer nor in its
    /// time: that is found out when the mail is sent.
    pub async fn request_password_reset(
        &self,
        mail: &Mail,
        tenant: Option<&Tenant>,
        email: &str,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let email = EmailAddress::from_text("email", email)?.into_text().to_lowercase();
        if let Some(address) = visitor.address {
            self.tries.ask_for_reset(address)?;
        }
        mail.ask_for_password_reset(tenant, &email, now).await?;
        Ok(())
    }

    /// Sets a new password by a token that was mailed, and ends all sessions of the account. The second factor stays: the mailbox
    /// alone does not stand in for it. Gives what lets in besides the new password.
    pub async fn reset_password(
        &self,
        notice: Notice<'_>,
        input: NewPassword<'_>,
        now: DateTime<Utc>,
    ) -> Result<WaysIn, AuthError> {
        check_password("newPassword", &input.new)?;
        let hash = MailedToken::hash_of(input.token).ok_or_else(not_good)?;
        // Looked at before the password is hashed, which costs more than anybody should get for nothing.
        let known = password_reset::Entity::find_by_id(hash.clone())
            .filter(password_reset::Column::ExpiresAt.gt(now))
            .one(&self.platform)
            .await?;
        if known.is_none() {
            return Err(not_good().into());
        }
        let new = self.passwords.hash(input.new).await.map_err(AuthError::of_passwords)?;
        let transaction = self.platform.begin().await?;
        // Of two who use a token at once, the second waits here, and finds nothing.
        let used = take(&transaction, hash, now).await?.ok_or_else(not_good)?;
        let account = account::Entity::find_by_id(used.account_id).one(&transaction).await?.ok_or_else(not_good)?;
        set_password(&transaction, account.id, None, new, now).await?;
        end_sessions(&transaction, account.id, None).await?;
        let mut removed = 0;
        if input.remove_passkeys {
            let of_account = passkey::Column::AccountId.eq(account.id);
            removed = passkey::Entity::delete_many().filter(of_account).exec(&transaction).await?.rows_affected;
        }
        let left = WaysIn { passkeys_removed: removed, ..WaysIn::of(&transaction, account.id).await? };
        notice.mail.write_password_changed(&transaction, notice.tenant, &account, &left, now).await?;
        transaction.commit().await?;
        Ok(left)
    }

    /// Sets a new password by naming the present one, and ends the account's other sessions.
    pub async fn change_password(
        &self,
        notice: Notice<'_>,
        owner: &Owner,
        change: PasswordChange,
        visitor: &Visitor,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        check_password("newPassword", &change.new)?;
        let current = change.current.expose_secret();
        let account = self.check_own_password(owner.account, "currentPassword", current, visitor, now).await?;
        let new = self.passwords.hash(change.new).await.map_err(AuthError::of_passwords)?;
        let transaction = self.platform.begin().await?;
        // Not if it was changed in the meantime: then the one who did wants this one's session to be over.
        if !set_password(&transaction, account.id, account.password_hash.clone(), new, now).await? {
            return Err(Error::bad_input("currentPassword", "The password is wrong.").into());
        }
        end_sessions(&transaction, account.id, Some(owner.session)).await?;
        let left = WaysIn::of(&transaction, account.id).await?;
        notice.mail.write_password_changed(&transaction, notice.tenant, &account, &left, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Refuses a password that may not be chosen.
pub(super) fn check_password(field: &str, password: &SecretString) -> Result<(), Error> {
    password::check(password.expose_secret()).map_err(|refusal: PasswordRefusal| Error::bad_input(field, refusal.to_string()))
}

fn not_good() -> Error {
    Error::bad_input("token", "This link is not good any more. Please ask for a new one.")
}

/// Uses a token up.
async fn take(
    transaction: &PlatformTransaction,
    hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<Option<password_reset::Model>, DbErr> {
    let sql = "DELETE FROM platform.password_resets WHERE token_hash = $1 AND expires_at > $2 \
               RETURNING token_hash, account_id, created_at, expires_at";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [hash.into(), now.into()]);
    password_reset::Entity::find().from_raw_sql(statement).one(transaction).await
}

/// Sets a password; where the one before is given, only if it still is the account's. Says whether it did. Other ways to a new
/// password are of no use any more.
async fn set_password(
    transaction: &PlatformTransaction,
    account: AccountId,
    before: Option<String>,
    new: String,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let set = account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(new))
        .col_expr(account::Column::PasswordChangedAt, Expr::value(now))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::Id.eq(account))
        .apply_if(before, |update, before| update.filter(account::Column::PasswordHash.eq(before)))
        .exec(transaction)
        .await?;
    password_reset::Entity::delete_many().filter(password_reset::Column::AccountId.eq(account)).exec(transaction).await?;
    Ok(set.rows_affected > 0)
}

/// Ends the account's sessions everywhere, but for one; and what was begun of signing in by the old password.
async fn end_sessions(transaction: &PlatformTransaction, account: AccountId, but: Option<SessionId>) -> Result<(), DbErr> {
    session::Entity::delete_many()
        .filter(session::Column::AccountId.eq(account))
        .apply_if(but, |delete, id| delete.filter(session::Column::Id.ne(id)))
        .exec(transaction)
        .await?;
    sign_in_challenge::Entity::delete_many().filter(sign_in_challenge::Column::AccountId.eq(account)).exec(transaction).await?;
    Ok(())
}
