//! One's own sessions, and what one signs in with. In both schemas: it belongs to the account, not to an organisation.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Principal;
use entities::{id::SessionId, platform::session};
use tenancy::TenantId;

use super::{DeletePayload, context::ResolverContext as _, error::Fault, front_door::FrontDoor, id, passkey::Passkey};
use crate::auth::Owner;

/// One's own sessions, and what one signs in with.
pub struct Security {
    owner: Owner,
}

/// One's own sessions, and what one signs in with.
#[Object]
impl Security {
    /// The account's sessions that are not over, the newest first; at most 200. Whoever came in by an organisation's identity provider
    /// sees those in that organisation.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<AccountSession>> {
        let door = ctx.front_door()?;
        let mut sessions = Vec::new();
        for row in door.auth.own_sessions(&self.owner, door.now).await? {
            sessions.push(AccountSession::of(door, &self.owner, row).await?);
        }
        Ok(sessions)
    }

    /// When the authenticator app was confirmed; null without one.
    async fn authenticator_confirmed_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let door = ctx.front_door()?;
        // The session that an identity provider vouches for counts in its tenant alone; these belong to the account.
        if !self.owner.is_proven {
            return Ok(None);
        }
        Ok(door.auth.authenticator_confirmed_at(self.owner.account).await?)
    }

    /// How many recovery codes are left.
    async fn recovery_codes_left(&self, ctx: &Context<'_>) -> Result<u64> {
        let door = ctx.front_door()?;
        if !self.owner.is_proven {
            return Ok(0);
        }
        Ok(door.auth.recovery_codes_left(self.owner.account).await?)
    }

    /// The account's passkeys, the oldest first.
    async fn passkeys(&self, ctx: &Context<'_>) -> Result<Vec<Passkey>> {
        let door = ctx.front_door()?;
        if !self.owner.is_proven {
            return Ok(Vec::new());
        }
        Ok(door.auth.passkeys(self.owner.account).await?.into_iter().map(Passkey::from).collect())
    }
}

/// A session of the account.
#[derive(Debug, SimpleObject)]
pub struct AccountSession {
    /// The session's opaque id.
    id: ID,
    /// Whether it is the one that asks.
    current: bool,
    /// The name of the organisation that it is in; null on the apex.
    tenant_name: Option<String>,
    /// The label of the organisation that it is in; null on the apex.
    tenant_slug: Option<String>,
    /// How it was begun.
    method: SignInMethod,
    /// The network address that it was begun from, as far as it is known.
    address: Option<String>,
    /// What the browser said of itself when it was begun.
    user_agent: Option<String>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it was last renewed, or begun.
    last_used_at: DateTime<Utc>,
    /// When it ends if it is not renewed.
    expires_at: DateTime<Utc>,
}

impl AccountSession {
    async fn of(door: &FrontDoor, owner: &Owner, row: session::Model) -> Result<Self> {
        let tenant = match row.tenant_id {
            Some(id) => door.tenants.directory().by_id(TenantId(id)).await?,
            None => None,
        };
        Ok(Self {
            id: id::encode(row.id),
            current: row.id == owner.session,
            tenant_name: tenant.as_ref().map(|tenant| tenant.name.clone()),
            tenant_slug: tenant.as_ref().map(|tenant| tenant.slug.to_string()),
            method: SignInMethod::read(&row.method).ok_or_else(|| Fault::new("a session has an unknown method"))?,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.rotated_at.unwrap_or(row.created_at),
            expires_at: row.expires_at,
        })
    }
}

/// How a session was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::auth::Method")]
pub enum SignInMethod {
    /// By a password alone.
    Password,
    /// By a password and a second factor.
    SecondFactor,
    /// By a passkey.
    Passkey,
    /// From the apex, by choosing a workspace.
    EntryCode,
    /// By accepting an invitation.
    Invitation,
    /// By the organisation's identity provider.
    IdentityProvider,
    /// By confirming that an organisation signs up.
    SignUp,
}

impl SignInMethod {
    fn read(stored: &str) -> Option<Self> {
        use crate::auth::Method;
        Method::ALL.into_iter().find(|method| method.as_str() == stored).map(Self::from)
    }
}

/// How many sessions were ended.
#[derive(Debug, SimpleObject)]
pub struct EndOtherSessionsPayload {
    /// How many there were.
    ended: u64,
}

/// The part of the queries that is about one's own account.
#[derive(Default)]
pub struct SecurityQuery;

#[Object]
impl SecurityQuery {
    /// One's own sessions, and what one signs in with; null for an anonymous request, and for a program.
    async fn security(&self, ctx: &Context<'_>) -> Result<Option<Security>> {
        match ctx.identity() {
            Some(identity) if matches!(identity.principal, Principal::Account(_)) && identity.session_id.is_some() => {
                let owner = ctx.front_door()?.auth.owner(identity).await?;
                Ok(Some(Security { owner }))
            }
            _ => Ok(None),
        }
    }
}

/// The mutations that end one's own sessions.
#[derive(Default)]
pub struct SecurityMutation;

#[Object]
impl SecurityMutation {
    /// Ends one of one's own sessions, on every server within a moment.
    async fn end_session(&self, ctx: &Context<'_>, #[graphql(desc = "The session's id.")] id: ID) -> Result<DeletePayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        door.auth.end_session(&owner, id::decode::<SessionId>(&id)?, door.now).await?;
        Ok(DeletePayload { deleted_id: id })
    }

    /// Ends all of one's own sessions but this one.
    async fn end_other_sessions(&self, ctx: &Context<'_>) -> Result<EndOtherSessionsPayload> {
        let door = ctx.front_door()?;
        let owner = door.owner(ctx.identity()).await?;
        Ok(EndOtherSessionsPayload { ended: door.auth.end_other_sessions(&owner, door.now).await? })
    }
}
