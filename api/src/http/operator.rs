//! The route of the API of operators: on the apex alone, from their networks alone, and with their tokens alone.

use std::sync::{Arc, OnceLock};

use axum::{
    body::Body,
    extract::{Request, State},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use tenancy::HostTarget;

use super::{
    LARGEST_BODY,
    graphql::{cookie, drain, note, request_id},
    log::name_actor,
    peer,
    place::{bearer, target_of},
    refusal::Refusal,
    visitor::visitor,
};
use crate::{
    app::App,
    auth::{OperatorIdentity, TokenError, Visitor},
    graphql::{
        admission::Admission,
        cookie::OPERATOR,
        http::execute,
        limits::Limits,
        operator::{self, OperatorContext},
    },
    traffic::Sender,
};

/// Answers at `/operator/graphql`, within the time that a request may take.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let timeout = app.options.request_timeout;
    // Dropping the work rolls back what it had begun.
    let Ok(response) = tokio::time::timeout(timeout, find_and_execute(&app, request)).await else {
        return Refusal::Overrun(timeout.as_secs()).into_response();
    };
    note(&response);
    response
}

async fn find_and_execute(app: &Arc<App>, request: Request) -> Response {
    let now = (app.clock)();
    let (parts, body) = request.into_parts();
    let visitor = visitor(&parts, app);
    let identity = match admit(app, &parts, &visitor, now).await {
        Ok(identity) => identity,
        Err(refusal) => {
            drain(body).await;
            return refusal.into_response();
        }
    };
    let sender = match &identity {
        Some(identity) => Sender::Principal(identity.id.uuid()),
        None => Sender::anonymous(visitor.address),
    };
    let limits = Limits::of(&app.options.limits, None);
    if let Err(refused) = app.traffic.count(None, sender, &limits, (app.clock)()) {
        drain(body).await;
        return Refusal::TooMany(refused).into_response();
    }
    let admission = Admission {
        limits: &limits,
        types: operator::types(),
        documents: app.documents.as_ref(),
        signed_in: identity.is_some(),
        lane: None,
        body_timeout: app.options.body_timeout,
        slow: None,
    };
    let context = OperatorContext {
        auth: Arc::clone(&app.auth),
        tenants: app.tenants.clone(),
        operators: Arc::clone(&app.operators),
        lifecycle: Arc::clone(&app.lifecycle),
        visitor,
        refresh_cookie: cookie(&parts.headers, OPERATOR.name),
        secure: app.options.https,
        now,
        request_id: request_id(&parts),
        identity,
        signed_in: OnceLock::new(),
    };
    let request = Request::from_parts(parts, Body::new(Limited::new(body, LARGEST_BODY)));
    execute(&app.operator_schema, request, &admission, |_| context).await
}

/// Finds out which operator asks, or nobody. At another host, or from another network, there is nothing here.
async fn admit(
    app: &App,
    parts: &Parts,
    visitor: &Visitor,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Option<Arc<OperatorIdentity>>, Refusal> {
    let (target, ..) = target_of(app, parts, peer(parts)).await?;
    if target != HostTarget::Apex || !visitor.is_from_operators {
        return Err(Refusal::NothingHere);
    }
    let Some(token) = bearer(&parts.headers)? else {
        return Ok(None);
    };
    let identity = app.auth.identify_operator(token, now).await.map_err(|error| match error {
        TokenError::Invalid(reason) => Refusal::InvalidToken(reason),
        TokenError::Internal(cause) => Refusal::of_failure(cause),
    })?;
    name_actor(identity.id.uuid());
    Ok(Some(identity))
}
