//! Passkeys: registering, removing and being asked for. In both schemas; what a sign-in comes to differs, and is theirs.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use entities::{id::PasskeyId, platform::passkey};

use super::{DeletePayload, authenticator::OwnerProof, context::ResolverContext as _, id};
use crate::auth::{Challenge, NewPasskey, PasskeyStep};

/// A passkey of the account.
#[derive(Debug, SimpleObject)]
pub struct Passkey {
    /// The passkey's opaque id.
    id: ID,
    /// The name that its owner gave it.
    name: String,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When somebody last signed in by it.
    last_used_at: Option<DateTime<Utc>>,
    /// The domain that it is good for: this one, and the hosts under it.
    relying_party: String,
}

impl From<passkey::Model> for Passkey {
    fn from(row: passkey::Model) -> Self {
        Self {
            id: id::encode(row.id),
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            relying_party: row.relying_party,
        }
    }
}

/// What the browser asks a passkey.
#[derive(Debug, SimpleObject)]
pub struct PasskeyChallenge {
    /// Names the step; its completion asks for it. It takes one answer, and waits for five minutes.
    challenge: String,
    /// What `navigator.credentials.create` or `get` takes, as JSON: `{ publicKey: … }`, binary values in base64url.
    options: serde_json::Value,
}

impl From<PasskeyStep> for PasskeyChallenge {
    fn from(step: PasskeyStep) -> Self {
        Self { challenge: step.challenge.to_text(), options: step.options }
    }
}

/// Proof that the account's owner asks.
#[derive(InputObject)]
pub struct BeginPasskeyRegistrationInput {
    /// The proof.
    #[graphql(flatten)]
    proof: OwnerProof,
}

/// The answer of a new passkey.
#[derive(InputObject)]
pub struct CompletePasskeyRegistrationInput {
    /// The challenge of `beginPasskeyRegistration`.
    #[graphql(secret)]
    challenge: String,
    /// A name to know the passkey by, such as that of the device.
    name: String,
    /// What the browser's `navigator.credentials.create` came to, as JSON.
    #[graphql(secret)]
    credential: serde_json::Value,
}

/// The passkey that was registered.
#[derive(Debug, SimpleObject)]
pub struct CompletePasskeyRegistrationPayload {
    /// The passkey.
    passkey: Passkey,
}

/// The mutations of passkeys.
#[derive(Default)]
pub struct PasskeyMutation;

#[Object]
impl PasskeyMutation {
    /// Begins to register a passkey.
    async fn begin_passkey_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Proof that the account's owner asks.")] input: BeginPasskeyRegistrationInput,
    ) -> Result<PasskeyChallenge> {
        let door = ctx.front_door()?;
        let (owner, account) = door.owner_by_proof(ctx.identity(), &input.proof).await?;
        let party = door.relying_party()?;
        Ok(door.auth.begin_passkey_registration(&owner, &account, &party, door.now).await?.into())
    }

    /// Registers the passkey that answered. It signs in without a password and without a further factor.
    async fn complete_passkey_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey's answer, and a name for it.")] input: CompletePasskeyRegistrationInput,
    ) -> Result<CompletePasskeyRegistrationPayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        let (challenge, party) = (Challenge::parse(&input.challenge)?, door.relying_party()?);
        let new = NewPasskey { challenge, name: &input.name, answer: input.credential };
        let row = door.auth.complete_passkey_registration(door.notice(), &owner, &party, new, door.now).await?;
        Ok(CompletePasskeyRegistrationPayload { passkey: row.into() })
    }

    /// Removes one of one's own passkeys.
    async fn remove_passkey(&self, ctx: &Context<'_>, #[graphql(desc = "The passkey's id.")] id: ID) -> Result<DeletePayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        door.auth.remove_passkey(door.notice(), &owner, id::decode::<PasskeyId>(&id)?, door.now).await?;
        Ok(DeletePayload { deleted_id: id })
    }

    /// Begins to sign in by a passkey. Nobody has to say who they are.
    async fn begin_passkey_sign_in(&self, ctx: &Context<'_>) -> Result<PasskeyChallenge> {
        let door = ctx.front_door()?;
        let party = door.relying_party()?;
        Ok(door.auth.begin_passkey_sign_in(door.tenant_id(), &party, &door.visitor, door.now).await?.into())
    }
}
