//! Signing in and out.

use std::sync::OnceLock;

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    context::{RequestContext, ResolverContext},
    cookie,
    resolved::Resolved,
    viewer::Viewer,
    visit::Caller,
};
use crate::auth::{AuthError, Challenge, SecondFactor, Session};

/// Who signs in, and how the session is kept.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's e-mail address.
    pub(super) email: String,
    /// The account's password.
    #[graphql(secret)]
    pub(super) password: String,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    pub(super) keep_in_cookie: bool,
}

/// The second factor of a sign-in that waits for it. Give the code or the recovery code.
#[derive(InputObject)]
pub struct CompleteSignInInput {
    /// The challenge of the error `SECOND_FACTOR_REQUIRED`; it takes five tries, and waits for five minutes.
    #[graphql(secret)]
    pub(super) challenge: String,
    /// The code that the authenticator app shows.
    #[graphql(secret)]
    code: Option<String>,
    /// One of the recovery codes, which is then used up.
    #[graphql(secret)]
    recovery_code: Option<String>,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    pub(super) keep_in_cookie: bool,
}

impl CompleteSignInInput {
    /// What proves the second factor.
    pub(super) fn factor(&self) -> Result<SecondFactor<'_>, domain::Error> {
        match (&self.code, &self.recovery_code) {
            (Some(code), None) => Ok(SecondFactor::Code(code)),
            (None, Some(code)) => Ok(SecondFactor::RecoveryCode(code)),
            _ => Err(domain::Error::bad_input("code", "Give either the code of your authenticator app or a recovery code.")),
        }
    }
}

/// The answer of a passkey that signs in.
#[derive(InputObject)]
pub struct CompletePasskeySignInInput {
    /// The challenge of `beginPasskeySignIn`; it takes one answer, and waits for five minutes.
    #[graphql(secret)]
    pub(super) challenge: String,
    /// What the browser's `navigator.credentials.get` came to, as JSON.
    #[graphql(secret)]
    pub(super) credential: serde_json::Value,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    pub(super) keep_in_cookie: bool,
}

/// A code of the apex with its nonce, and how the session is kept.
#[derive(InputObject)]
pub struct EnterInput {
    /// The code behind the `#` of the address that `enterWorkspace`, or operators' `enterTenant`, gave; good once, for a minute, in this organisation.
    #[graphql(secret)]
    code: String,
    /// The nonce that the code was made with.
    #[graphql(secret)]
    nonce: String,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    keep_in_cookie: bool,
}

/// A session that was begun or renewed.
#[derive(SimpleObject)]
pub struct SessionPayload {
    /// The token for the header `Authorization: Bearer`.
    access_token: String,
    /// When the access token ends; renew it by `refresh` before that.
    access_token_expires_at: DateTime<Utc>,
    /// The token for the next `refresh`, good for one use; null when it is kept in the cookie.
    refresh_token: Option<String>,
    /// Who is signed in now.
    viewer: Resolved<'static, Viewer>,
}

/// What signing out did.
#[derive(Debug, SimpleObject)]
pub struct SignOutPayload {
    /// Whether there was a session to end.
    pub(super) signed_out: bool,
}

/// The mutations that begin, renew and end sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Begins a session in this organisation. Where the account has a second factor, the error `SECOND_FACTOR_REQUIRED` carries
    /// the challenge that `completeSignIn` takes.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and how the session is kept.")] input: SignInInput,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let session = door.auth.sign_in(door.tenant_id(), &input.email, &input.password, &door.visitor, door.now).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Goes on with a sign-in that waits for its second factor.
    async fn complete_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The second factor, and how the session is kept.")] input: CompleteSignInInput,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let (door, challenge) = (&request.front_door, Challenge::parse(&input.challenge)?);
        let factor = input.factor()?;
        let session = door.auth.complete_sign_in(door.tenant_id(), &challenge, factor, &door.visitor, door.now).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Begins a session in this organisation by the answer of a passkey. No second factor is asked for.
    async fn complete_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passkey's answer, and how the session is kept.")] input: CompletePasskeySignInInput,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let session = request.front_door.complete_passkey_sign_in(&input.challenge, input.credential).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Begins a session in this organisation by a code that was made on the apex, or for an operator who was let in.
    async fn enter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code, and how the session is kept.")] input: EnterInput,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let session = door.auth.enter(&request.tenant, &input.code, &input.nonce, &door.visitor, door.now).await?;
        begin(ctx, request, session, input.keep_in_cookie)
    }

    /// Renews the session: a new access token, and a new refresh token in place of the old one.
    async fn refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token; left out, that of the cookie is used.", secret)] refresh_token: Option<String>,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let token = refresh_token.as_ref().or(door.refresh_cookie.as_ref()).ok_or(AuthError::InvalidRefreshToken)?;
        let session = door.auth.refresh(door.tenant_id(), token, &door.visitor, door.now).await?;
        begin(ctx, request, session, refresh_token.is_none())
    }

    /// Ends the session of the token and of the cookie, and removes the cookie.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let request = ctx.request()?;
        let door = &request.front_door;
        let token = door.refresh_cookie.as_deref();
        let session_id = request.visit().caller.identity.as_ref().and_then(|identity| identity.session_id);
        let signed_out = door.auth.sign_out(door.tenant_id(), token, session_id, door.now).await?;
        ctx.append_http_header("set-cookie", cookie::ACCOUNT.clear(door.secure));
        Ok(SignOutPayload { signed_out })
    }
}

/// Refuses a second sign-in in a request, whichever schema it is of: what one may see of an answer, another may not.
pub(super) fn check_is_first_sign_in<T>(signed_in: &OnceLock<T>) -> Result<(), domain::Error> {
    match signed_in.get() {
        None => Ok(()),
        Some(_) => Err(domain::Error::bad_input("input", "Only one sign-in is possible in a request.")),
    }
}

/// Answers with the session, and lets the rest of the request act as its owner.
pub fn begin(
    ctx: &Context<'_>,
    request: &RequestContext,
    session: Session,
    keep_in_cookie: bool,
) -> Result<Resolved<'static, SessionPayload>> {
    let now = request.domain().now;
    let caller = Caller::new(Some(session.identity), now);
    let viewer = Viewer::of(&caller).ok_or(domain::Error::Unauthenticated)?;
    request.become_signed_in(caller);
    let (now, secure) = (request.front_door.now, request.front_door.secure);
    let refresh_token = cookie::ACCOUNT.keep(ctx, session.refresh_token, session.expires_at, now, secure, keep_in_cookie);
    Ok(Resolved::made(SessionPayload {
        access_token: session.access_token,
        access_token_expires_at: session.access_token_expires_at,
        refresh_token,
        viewer: Resolved::made(viewer),
    }))
}
