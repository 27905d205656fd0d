//! Signing in and out on the apex.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::context::{PlatformContext, PlatformResolverContext as _};
use crate::{
    auth::{AuthError, Challenge, Session},
    graphql::{
        cookie,
        session::{CompletePasskeySignInInput, CompleteSignInInput, SignInInput, SignOutPayload},
        viewer::Account,
    },
};

/// A session on the apex that was begun or renewed.
#[derive(SimpleObject)]
pub struct PlatformSessionPayload {
    /// The token for the header `Authorization: Bearer`; good on the apex alone.
    access_token: String,
    /// When the access token ends; renew it by `refresh` before that.
    access_token_expires_at: DateTime<Utc>,
    /// The token for the next `refresh`, good for one use; null when it is kept in the cookie.
    refresh_token: Option<String>,
    /// The account that is signed in now.
    account: Account,
}

/// The mutations that begin, renew and end sessions on the apex.
#[derive(Default)]
pub struct PlatformSessionMutation;

#[Object]
impl PlatformSessionMutation {
    /// Begins a session on the apex, from which `enterWorkspace` leads to the organisations that the account belongs to. Where the
    /// account has a second factor, the error `SECOND_FACTOR_REQUIRED` carries the challenge that `completeSignIn` takes.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and how the session is kept.")] input: SignInInput,
    ) -> Result<PlatformSessionPayload> {
        let request = ctx.platform()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let session = door.auth.sign_in(None, &input.email, &input.password, &door.visitor, door.now).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Goes on with a sign-in that waits for its second factor.
    async fn complete_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The second factor, and how the session is kept.")] input: CompleteSignInInput,
    ) -> Result<PlatformSessionPayload> {
        let request = ctx.platform()?;
        request.check_may_sign_in()?;
        let (door, challenge) = (&request.front_door, Challenge::parse(&input.challenge)?);
        let session = door.auth.complete_sign_in(None, &challenge, input.factor()?, &door.visitor, door.now).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Begins a session on the apex by the answer of a passkey. No second factor is asked for.
    async fn complete_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey's answer, and how the session is kept.")] input: CompletePasskeySignInInput,
    ) -> Result<PlatformSessionPayload> {
        let request = ctx.platform()?;
        request.check_may_sign_in()?;
        let session = request.front_door.complete_passkey_sign_in(&input.challenge, input.credential).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Renews the session: a new access token, and a new refresh token in place of the old one.
    async fn refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token; left out, that of the cookie is used.", secret)] refresh_token: Option<String>,
    ) -> Result<PlatformSessionPayload> {
        let request = ctx.platform()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let token = refresh_token.as_ref().or(door.refresh_cookie.as_ref()).ok_or(AuthError::InvalidRefreshToken)?;
        let session = door.auth.refresh(None, token, &door.visitor, door.now).await?;
        begin(ctx, request, session, refresh_token.is_none())
    }

    /// Ends the session of the token and of the cookie, and removes the cookie. Sessions in organisations go on.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let request = ctx.platform()?;
        let door = &request.front_door;
        let session_id = request.identity().and_then(|identity| identity.session_id);
        let signed_out = door.auth.sign_out(None, door.refresh_cookie.as_deref(), session_id, door.now).await?;
        ctx.append_http_header("set-cookie", cookie::ACCOUNT.clear(door.secure));
        Ok(SignOutPayload { signed_out })
    }
}

/// Answers with the session, and lets the rest of the request act as its owner.
pub(super) fn begin(
    ctx: &Context<'_>,
    request: &PlatformContext,
    session: Session,
    keep_in_cookie: bool,
) -> Result<PlatformSessionPayload> {
    let account = Account::of(&session.identity).ok_or(domain::Error::Unauthenticated)?;
    request.become_signed_in(session.identity);
    let (now, secure) = (request.front_door.now, request.front_door.secure);
    let refresh_token = cookie::ACCOUNT.keep(ctx, session.refresh_token, session.expires_at, now, secure, keep_in_cookie);
    Ok(PlatformSessionPayload {
        access_token: session.access_token,
        access_token_expires_at: session.access_token_expires_at,
        refresh_token,
        account,
    })
}
