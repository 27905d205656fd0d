//! Signing in and out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    context::{Caller, RequestContext, ResolverContext},
    cookie,
    resolved::Resolved,
    viewer::Viewer,
};
use crate::auth::{AuthError, Session};

/// The name of the cookie that keeps a refresh token.
pub const REFRESH_COOKIE: &str = "tenantry_refresh";

/// Who signs in, and how the session is kept.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's e-mail address.
    email: String,
    /// The account's password.
    #[graphql(secret)]
    password: String,
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
    signed_out: bool,
}

/// The mutations that begin, renew and end sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Begins a session in this organisation.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and how the session is kept.")] input: SignInInput,
    ) -> Result<Resolved<'_, SessionPayload>> {
        let request = ctx.request()?;
        request.check_may_sign_in()?;
        let door = &request.front_door;
        let session = door.auth.sign_in(&request.tenant, &input.email, &input.password, &door.visitor, door.now).await?;
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
        let session = door.auth.refresh(door.tenant_id(), token, door.now).await?;
        begin(ctx, request, session, refresh_token.is_none())
    }

    /// Ends the session of the token and of the cookie, and removes the cookie.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let request = ctx.request()?;
        let door = &request.front_door;
        let token = door.refresh_cookie.as_deref();
        let session_id = request.visit().caller.identity.as_ref().and_then(|identity| identity.session_id);
        let signed_out = door.auth.sign_out(door.tenant_id(), token, session_id, door.now).await?;
        ctx.append_http_header("set-cookie", cookie::clear(door.secure));
        Ok(SignOutPayload { signed_out })
    }
}

/// Answers with the session, and lets the rest of the request act as its owner.
fn begin(
    ctx: &Context<'_>,
    request: &RequestContext,
    session: Session,
    keep_in_cookie: bool,
) -> Result<Resolved<'static, SessionPayload>> {
    let now = request.domain().now;
    let caller = Caller::new(Some(session.identity), now);
    let viewer = Viewer::of(&caller).ok_or(domain::Error::Unauthenticated)?;
    request.become_signed_in(caller);
    let refresh_token = if keep_in_cookie {
        ctx.append_http_header(
            "set-cookie",
            cookie::set(&session.refresh_token, session.expires_at, now, request.front_door.secure),
        );
        None
    } else {
        Some(session.refresh_token)
    };
    Ok(Resolved::made(SessionPayload {
        access_token: session.access_token,
        access_token_expires_at: session.access_token_expires_at,
        refresh_token,
        viewer: Resolved::made(viewer),
    }))
}
