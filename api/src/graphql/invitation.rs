//! Invitations: how somebody becomes a member.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Error;
use entities::{id::InvitationId, platform::invitation::Model};
use secrecy::SecretString;
use serde::Serialize;

use super::{
    DeletePayload,
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    employee::Employee,
    id, loaders,
    resolved::Resolved,
    selected::selects_more_than_id,
    session::{self, SessionPayload},
    viewer::Role,
};
use crate::auth::{Acceptance, InvitationCursor, NewInvitation};

/// The most invitations on a page.
const MOST: i32 = 500;

/// An invitation that was not accepted yet.
pub struct Invitation(pub Model);

/// An invitation that was not accepted yet.
#[Object]
impl Invitation {
    /// The invitation's opaque id.
    async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The e-mail address that was invited, in lower case.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What the member will be.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The employee record that will be the member's own; null when there is none.
    async fn employee(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Employee>>> {
        match self.0.employee_id {
            None => Ok(None),
            Some(id) if !selects_more_than_id(ctx) => Ok(Some(Resolved::Id(id::encode(id)))),
            Some(id) => Ok(loaders::employee(ctx.request()?, id).await?.map(Resolved::Shared)),
        }
    }

    /// The name of whoever invited.
    async fn invited_by(&self) -> &str {
        &self.0.invited_by
    }

    /// When the invitation was last sent.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Until when it can be accepted.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

impl Listed for Invitation {
    const CONNECTION: &'static str = "InvitationConnection";
    const EDGE: &'static str = "InvitationEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        InvitationCursor { id: self.0.id }
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        request.front_door.auth.count_invitations(request.domain(), &request.tenant).await
    }
}

/// What an invitation says to the one who was invited.
#[derive(Debug, SimpleObject)]
pub struct InvitationPreview {
    /// The e-mail address that was invited.
    email: String,
    /// What the member will be.
    role: Role,
    /// The name of whoever invited.
    invited_by: String,
    /// Whether the address has an account already. Then accepting takes the token alone, and signing in comes after it.
    has_account: bool,
    /// Until when the invitation can be accepted.
    expires_at: DateTime<Utc>,
}

/// The queries about invitations.
#[derive(Default)]
pub struct InvitationQuery;

#[Object]
impl InvitationQuery {
    /// The invitations that were not accepted yet, the newest first; at most 500 a page (default 100).
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Invitation>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging(MOST)?;
        let page = request.front_door.auth.invitations(request.domain(), &request.tenant, &paging).await?;
        Ok(Connection::new(page, (), Invitation).resolved())
    }

    /// The invitation of a token, for whoever has it; null when there is none, or when it has expired.
    async fn invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token of the link in the mail.", secret)] token: String,
    ) -> Option<InvitationPreview> {
        ctx.or_null(preview(ctx, &token).await).flatten()
    }
}

async fn preview(ctx: &Context<'_>, token: &str) -> Result<Option<InvitationPreview>> {
    let request = ctx.request()?;
    let door = &request.front_door;
    let found = door.auth.preview_invitation(&request.tenant, token, door.now).await?;
    Ok(found.map(|(row, has_account)| InvitationPreview {
        email: row.email,
        role: row.role.into(),
        invited_by: row.invited_by,
        has_account,
        expires_at: row.expires_at,
    }))
}

/// Who is invited, and as what.
#[derive(Debug, InputObject)]
pub struct InviteMemberInput {
    /// The e-mail address.
    email: String,
    /// What the member will be. Only owners invite owners.
    role: Role,
    /// The opaque id of the employee whose record will be the member's own.
    employee_id: Option<ID>,
}

/// Who accepts an invitation.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// The token of the link in the mail.
    #[graphql(secret)]
    token: String,
    /// The person's name; needed when the address has no account yet.
    name: Option<String>,
    /// The new account's password, at least 10 characters; needed when the address has no account yet.
    #[graphql(secret)]
    password: Option<String>,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    keep_in_cookie: bool,
}

/// The invitation as it was sent.
#[derive(SimpleObject)]
pub struct InvitationPayload {
    /// The invitation as it was sent.
    invitation: Resolved<'static, Invitation>,
}

impl InvitationPayload {
    fn of(row: Model) -> Resolved<'static, Self> {
        Resolved::made(Self { invitation: Resolved::made(Invitation(row)) })
    }
}

/// What accepting an invitation came to.
#[derive(SimpleObject)]
pub struct AcceptInvitationPayload {
    /// The session of the new account. Null when the address had one already: it is a member now, and signs in as always.
    session: Option<Resolved<'static, SessionPayload>>,
}

/// The mutations of invitations.
#[derive(Default)]
pub struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Invites somebody by mail. The invitation can be accepted once, within 7 days.
    async fn invite_member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is invited, and as what.")] input: InviteMemberInput,
    ) -> Result<Resolved<'_, InvitationPayload>> {
        let request = ctx.writer().await?;
        let door = &request.front_door;
        let employee_id = id::decode_optional(input.employee_id.as_ref())?;
        let new = NewInvitation { email: input.email, role: input.role.into(), employee_id };
        let invite = door.auth.invite(&door.mail, request.scope(), request.domain(), &request.tenant, new);
        Ok(InvitationPayload::of(invite.await?))
    }

    /// Sends an invitation again, for another 7 days and with another link. At most once a minute.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation's opaque id.")] id: ID,
    ) -> Result<Resolved<'_, InvitationPayload>> {
        let request = ctx.writer().await?;
        let (door, id) = (&request.front_door, id::decode(&id)?);
        let resend = door.auth.resend_invitation(&door.mail, request.scope(), request.domain(), &request.tenant, id);
        Ok(InvitationPayload::of(resend.await?))
    }

    /// Takes an invitation back: it cannot be accepted any more.
    async fn withdraw_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation's opaque id.")] id: ID,
    ) -> Result<DeletePayload> {
        let request = ctx.closer().await?;
        let invitation = id::decode::<InvitationId>(&id)?;
        let auth = &request.front_door.auth;
        auth.withdraw_invitation(&request.auditor(), request.domain(), &request.tenant, invitation).await?;
        Ok(DeletePayload { deleted_id: id })
    }

    /// Accepts an invitation by its token. A new account is made and signed in; an account that was there becomes a member.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token, and who accepts.")] input: AcceptInvitationInput,
    ) -> Result<Resolved<'_, AcceptInvitationPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        request.check_takes_changes()?;
        let door = &request.front_door;
        let acceptance = Acceptance { name: input.name, password: input.password.map(SecretString::from) };
        let accept =
            door.auth.accept_invitation(request.scope(), &request.tenant, &input.token, acceptance, &door.visitor, door.now);
        let session = match accept.await? {
            Some(session) => Some(session::begin(ctx, request, session, input.keep_in_cookie)?),
            None => None,
        };
        Ok(Resolved::made(AcceptInvitationPayload { session }))
    }
}
