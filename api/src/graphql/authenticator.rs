//! The second factor: authenticator apps and recovery codes. In both schemas.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::Error;

use super::context::ResolverContext as _;
use crate::auth::{NewAuthenticator, SecondFactor};

/// Proof that the account's owner asks.
#[derive(InputObject)]
pub struct SetUpAuthenticatorInput {
    /// The account's password.
    #[graphql(secret)]
    password: String,
}

/// What an authenticator app is told.
#[derive(SimpleObject)]
pub struct SetUpAuthenticatorPayload {
    /// The secret, in base 32, for typing into the app.
    secret: String,
    /// The same as an `otpauth:` address, for showing as a picture that the app reads.
    uri: String,
}

impl From<NewAuthenticator> for SetUpAuthenticatorPayload {
    fn from(made: NewAuthenticator) -> Self {
        Self { secret: made.secret, uri: made.uri }
    }
}

/// Proof that the app works.
#[derive(InputObject)]
pub struct ConfirmAuthenticatorInput {
    /// The code that the app shows.
    #[graphql(secret)]
    code: String,
}

/// Codes for the case that the app is lost.
#[derive(SimpleObject)]
pub struct RecoveryCodesPayload {
    /// The codes, each good once. They are shown now and never again.
    recovery_codes: Vec<String>,
}

/// Proof that the account's owner asks.
#[derive(InputObject)]
pub struct OwnerProof {
    /// The account's password.
    #[graphql(secret)]
    pub(super) password: String,
    /// The code that the authenticator app shows; this or a recovery code where the account has an app.
    #[graphql(secret)]
    code: Option<String>,
    /// One of the recovery codes, which is then used up.
    #[graphql(secret)]
    recovery_code: Option<String>,
}

impl OwnerProof {
    /// What proves the second factor, if it was given.
    pub(super) fn factor(&self) -> Result<Option<SecondFactor<'_>>, Error> {
        match (&self.code, &self.recovery_code) {
            (Some(code), None) => Ok(Some(SecondFactor::Code(code))),
            (None, Some(code)) => Ok(Some(SecondFactor::RecoveryCode(code))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => {
                Err(Error::bad_input("code", "Give either the code of your authenticator app or a recovery code."))
            }
        }
    }
}

/// Proof that the account's owner asks.
#[derive(InputObject)]
pub struct RemoveAuthenticatorInput {
    /// The proof.
    #[graphql(flatten)]
    proof: OwnerProof,
}

/// What removing the authenticator did.
#[derive(Debug, SimpleObject)]
pub struct RemoveAuthenticatorPayload {
    /// Whether there was one.
    removed: bool,
}

/// Proof that the account's owner asks.
#[derive(InputObject)]
pub struct ReplaceRecoveryCodesInput {
    /// The proof.
    #[graphql(flatten)]
    proof: OwnerProof,
}

/// The mutations of the second factor.
#[derive(Default)]
pub struct AuthenticatorMutation;

#[Object]
impl AuthenticatorMutation {
    /// Sets up an authenticator app. It asks for no code until it is confirmed.
    async fn set_up_authenticator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Proof that the account's owner asks.")] input: SetUpAuthenticatorInput,
    ) -> Result<SetUpAuthenticatorPayload> {
        let door = ctx.front_door()?;
        let (_, account) = door.owner_by_password(ctx.identity(), &input.password).await?;
        let new = door.auth.set_up_authenticator(&account, door.now).await?;
        Ok(SetUpAuthenticatorPayload { secret: new.secret, uri: new.uri })
    }

    /// Confirms the authenticator app by its first code. From then on each sign-in by password asks for a code.
    async fn confirm_authenticator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Proof that the app works.")] input: ConfirmAuthenticatorInput,
    ) -> Result<RecoveryCodesPayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        let recovery_codes =
            door.auth.confirm_authenticator(door.notice(), owner.account, &input.code, &door.visitor, door.now).await?;
        Ok(RecoveryCodesPayload { recovery_codes })
    }

    /// Removes the authenticator app and the recovery codes.
    async fn remove_authenticator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Proof that the account's owner asks.")] input: RemoveAuthenticatorInput,
    ) -> Result<RemoveAuthenticatorPayload> {
        let door = ctx.front_door()?;
        let (owner, _) = door.owner_by_proof(ctx.identity(), &input.proof).await?;
        Ok(RemoveAuthenticatorPayload { removed: door.auth.remove_authenticator(door.notice(), owner.account, door.now).await? })
    }

    /// Replaces the recovery codes; those before are not good any more.
    async fn replace_recovery_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Proof that the account's owner asks.")] input: ReplaceRecoveryCodesInput,
    ) -> Result<RecoveryCodesPayload> {
        let door = ctx.front_door()?;
        let (owner, _) = door.owner_by_proof(ctx.identity(), &input.proof).await?;
        let recovery_codes = door.auth.replace_recovery_codes(door.notice(), owner.account, door.now).await?;
        Ok(RecoveryCodesPayload { recovery_codes })
    }
}
