//! Signing operators in and out.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    context::{OperatorContext, OperatorResolverContext as _},
    query::Operator,
};
use crate::{
    auth::{AuthError, OperatorSession},
    graphql::{cookie, session::SignOutPayload},
};

/// Who signs in, and how the session is kept.
#[derive(InputObject)]
pub struct OperatorSignInInput {
    /// The operator's e-mail address.
    email: String,
    /// The operator's password.
    #[graphql(secret)]
    password: String,
    /// The code that the authenticator app shows. It is good once.
    #[graphql(secret)]
    code: String,
    /// Keep the refresh token in an `HttpOnly` cookie of this host instead of returning it.
    #[graphql(default = false)]
    keep_in_cookie: bool,
}

/// An operator's session that was begun or renewed.
#[derive(SimpleObject)]
pub struct OperatorSessionPayload {
    /// The token for the header `Authorization: Bearer`; good for this API alone.
    access_token: String,
    /// When the access token ends; renew it by `refresh` before that.
    access_token_expires_at: DateTime<Utc>,
    /// The token for the next `refresh`, good for one use; null when it is kept in the cookie.
    refresh_token: Option<String>,
    /// When the session ends, however it is used.
    expires_at: DateTime<Utc>,
    /// The operator who is signed in now.
    viewer: Operator,
}

/// The mutations that begin, renew and end sessions.
#[derive(Default)]
pub struct OperatorSessionMutation;

#[Object]
impl OperatorSessionMutation {
    /// Begins a session, by password and code together. What was wrong is not told apart.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in, and how the session is kept.")] input: OperatorSignInInput,
    ) -> Result<OperatorSessionPayload> {
        let request = ctx.operator_request()?;
        request.check_may_sign_in()?;
        let (visitor, now) = (&request.visitor, request.now);
        let session = request.auth.sign_in_operator(&input.email, &input.password, &input.code, visitor, now).await?;
        Ok(begin(ctx, request, session, input.keep_in_cookie))
    }

    /// Renews the session: a new access token, and a new refresh token in place of the old one.
    async fn refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token; left out, that of the cookie is used.", secret)] refresh_token: Option<String>,
    ) -> Result<OperatorSessionPayload> {
        let request = ctx.operator_request()?;
        request.check_may_sign_in()?;
        let token = refresh_token.as_ref().or(request.refresh_cookie.as_ref()).ok_or(AuthError::InvalidRefreshToken)?;
        let session = request.auth.refresh_operator(token, request.now).await?;
        Ok(begin(ctx, request, session, refresh_token.is_none()))
    }

    /// Ends the session of the token and of the cookie, and removes the cookie.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let request = ctx.operator_request()?;
        let session = request.identity().map(|identity| identity.session_id);
        let signed_out = request.auth.sign_out_operator(request.refresh_cookie.as_deref(), session, request.now).await?;
        ctx.append_http_header("set-cookie", cookie::OPERATOR.clear(request.secure));
        Ok(SignOutPayload { signed_out })
    }
}

/// Answers with the session, and lets the rest of the request act as the operator.
pub(super) fn begin(
    ctx: &Context<'_>,
    request: &OperatorContext,
    session: OperatorSession,
    keep_in_cookie: bool,
) -> OperatorSessionPayload {
    let viewer = Operator::from(session.identity.as_ref());
    request.signed_in.get_or_init(|| session.identity);
    let (now, secure) = (request.now, request.secure);
    let refresh_token = cookie::OPERATOR.keep(ctx, session.refresh_token, session.expires_at, now, secure, keep_in_cookie);
    OperatorSessionPayload {
        access_token: session.access_token,
        access_token_expires_at: session.access_token_expires_at,
        refresh_token,
        expires_at: session.expires_at,
        viewer,
    }
}
