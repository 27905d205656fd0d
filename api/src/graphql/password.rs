//! New passwords, at a tenant's host and on the apex alike.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{context::ResolverContext, passkey::Passkey};
use crate::auth::{NewPassword, PasswordChange};

/// Whose password is to be replaced.
#[derive(Debug, InputObject)]
pub struct RequestPasswordResetInput {
    /// The account's e-mail address.
    email: String,
}

/// What asking for a new password did.
#[derive(Debug, SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// Always true: if the address has an account, a mail is on its way.
    sent: bool,
}

/// A new password, by a token that was mailed.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token of the link in the mail.
    #[graphql(secret)]
    token: String,
    /// The new password, at least 10 characters.
    #[graphql(secret)]
    new_password: String,
    /// Removes the account's passkeys too: whoever got in before may have left one. The authenticator app stays in any case.
    #[graphql(default = true)]
    remove_passkeys: bool,
}

/// What setting a new password did.
#[derive(Debug, SimpleObject)]
pub struct ResetPasswordPayload {
    /// Whether the password was set; all sessions have ended then.
    reset: bool,
    /// How many passkeys were removed.
    passkeys_removed: u64,
    /// The passkeys that are left, the oldest first. Each signs in without the password.
    passkeys: Vec<Passkey>,
    /// When the authenticator app was confirmed that is still asked for besides the password; null without one.
    authenticator_confirmed_at: Option<DateTime<Utc>>,
}

/// A new password, by the present one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The present password.
    #[graphql(secret)]
    current_password: String,
    /// The new password, at least 10 characters.
    #[graphql(secret)]
    new_password: String,
}

/// What changing the password did.
#[derive(Debug, SimpleObject)]
pub struct ChangePasswordPayload {
    /// Whether the password was changed; the other sessions have ended then.
    changed: bool,
}

/// The mutations of passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Asks for a mail that leads to a new password. The answer is the same whether the address has an account or not.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose password is to be replaced.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        let door = ctx.front_door()?;
        door.auth.request_password_reset(&door.mail, door.tenant.as_deref(), &input.email, &door.visitor, door.now).await?;
        Ok(RequestPasswordResetPayload { sent: true })
    }

    /// Sets a new password by the token of a mail. The token works once, within an hour. All sessions of the account end; sign in
    /// with the new password afterwards, and with the second factor where there is one.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let door = ctx.front_door()?;
        let remove_passkeys = input.remove_passkeys;
        let input = NewPassword { token: &input.token, new: input.new_password.into(), remove_passkeys };
        let left = door.auth.reset_password(door.notice(), input, door.now).await?;
        Ok(ResetPasswordPayload {
            reset: true,
            passkeys_removed: left.passkeys_removed,
            passkeys: left.passkeys.into_iter().map(Passkey::from).collect(),
            authenticator_confirmed_at: left.authenticator_confirmed_at,
        })
    }

    /// Sets a new password in place of the present one. The account's other sessions end, on all hosts.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The present and the new password.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        let change = PasswordChange { current: input.current_password.into(), new: input.new_password.into() };
        door.auth.change_password(door.notice(), &owner, change, &door.visitor, door.now).await?;
        Ok(ChangePasswordPayload { changed: true })
    }
}
