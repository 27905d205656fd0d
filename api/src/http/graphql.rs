//! The route of the API: finds the request's place, hands it to GraphQL, and notes what it was for the log.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use tower_http::request_id::RequestId;
use tracing::{Span, field::display};

use super::{
    LARGEST_BODY, peer,
    place::{Place, place_of},
    refusal::Refusal,
};
use crate::{
    app::App,
    graphql::{
        context::{Caller, RequestContext},
        http::{Summary, execute},
        session::REFRESH_COOKIE,
    },
};

/// Answers at `/graphql`, within the time that a request may take.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let timeout = app.options.request_timeout;
    // Dropping the work rolls back what it had begun.
    let Ok(response) = tokio::time::timeout(timeout, find_and_execute(&app, request)).await else {
        return Refusal::Overrun(timeout.as_secs()).into_response();
    };
    note(&response);
    response
}

async fn find_and_execute(app: &App, request: Request) -> Response {
    let now = (app.clock)();
    let (parts, body) = request.into_parts();
    let (tenant, identity) = match place_of(app, &parts, peer(&parts), now).await {
        Ok(Place::Tenant { tenant, identity }) => (tenant, identity),
        // The control plane has no API of its own yet: there is no organisation at this address.
        Ok(Place::ControlPlane) => return Refusal::TenantNotFound.into_response(),
        Err(refusal) => return refusal.into_response(),
    };
    if let Some(identity) = &identity {
        Span::current().record("actor", display(&identity.actor.account_id));
    }
    let request_id =
        parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default().to_owned();
    let refresh_cookie = cookie(&parts.headers, REFRESH_COOKIE);
    let request = Request::from_parts(parts, Body::new(Limited::new(body, LARGEST_BODY)));

    let context = |kind: OperationType| {
        let scope = match kind {
            OperationType::Mutation => app.tenants.read_write(&tenant),
            OperationType::Query | OperationType::Subscription => app.tenants.read_only(&tenant),
        };
        let caller = Caller {
            domain: domain::Context { actor: identity.as_ref().map(|identity| identity.actor.clone()), now },
            email: identity.as_ref().map(|identity| identity.email.clone()),
            session_id: identity.as_ref().map(|identity| identity.session_id),
        };
        let mut context = RequestContext::new(Arc::clone(&tenant), scope, Arc::clone(&app.auth), request_id, caller);
        context.refresh_cookie = refresh_cookie;
        context.secure = app.options.https;
        context
    };
    execute(&app.schema, request, context).await
}

fn note(response: &Response) {
    let Some(summary) = response.extensions().get::<Summary>() else {
        return;
    };
    let name = summary.operation.as_deref().unwrap_or(summary.kind);
    // A name may be as long as a document.
    let end = name.floor_char_boundary(100);
    Span::current().record("operation", name.get(..end).unwrap_or_default());
    let outcome = summary.codes.first().copied().unwrap_or("ok");
    metrics::counter!("graphql_operations_total", "type" => summary.kind, "outcome" => outcome).increment(1);
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
