//! The route of the API: finds the request's place, hands it to GraphQL, and notes what it was for the log.

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::Limited;
use tower_http::request_id::RequestId;
use tracing::Span;

use super::{
    LARGEST_BODY,
    log::name_actor,
    peer,
    place::{Place, bearer, check_network, place_of, target_of},
    refusal::Refusal,
    visitor::visitor,
};
use crate::{
    app::App,
    graphql::{
        self,
        admission::Admission,
        context::RequestContext,
        cookie::ACCOUNT,
        front_door::FrontDoor,
        http::{Summary, execute},
        limits::Limits,
        platform::{self, PlatformContext},
        visit::Caller,
    },
    live::{client::Client, events, upgrade},
    traffic::Sender,
    usage::{Counting, slow::Recorder, until_tomorrow},
};

/// Answers at `/graphql`, within the time that a request may take.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    if upgrade::is_wanted(request.method(), request.headers()) {
        return upgrade::open(app, request).await;
    }
    let timeout = app.options.request_timeout;
    // Dropping the work rolls back what it had begun.
    let Ok(response) = tokio::time::timeout(timeout, find_and_execute(&app, request)).await else {
        return Refusal::Overrun(timeout.as_secs()).into_response();
    };
    note(&response);
    response
}

/// Names the request in the log.
pub(super) fn request_id(parts: &Parts) -> String {
    parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default().to_owned()
}

async fn find_and_execute(app: &Arc<App>, request: Request) -> Response {
    let now = (app.clock)();
    let (parts, body) = request.into_parts();
    let (place, host) = match place_of(app, &parts, peer(&parts), now).await {
        Ok(found) => found,
        Err(refusal) => {
            drain(body).await;
            return refusal.into_response();
        }
    };
    let (tenant, standing, identity) = match place {
        Place::Tenant { tenant, standing, identity } => (Some(tenant), Some(standing), identity),
        Place::ControlPlane { identity } => (None, None, identity),
    };
    if let Some(identity) = &identity {
        name_actor(identity.principal.uuid());
    }
    let request_id = request_id(&parts);
    let visitor = visitor(&parts, app);
    if let Err(refusal) = check_network(identity.as_deref(), &visitor) {
        drain(body).await;
        return refusal.into_response();
    }
    let limits = Limits::of(&app.options.limits, tenant.as_deref());
    let sender = Sender::of(identity.as_deref(), visitor.address);
    // By the time of this moment: who had to wait for the database would be counted beside those who came long after.
    if let Err(refused) = app.traffic.count(tenant.as_ref().map(|tenant| tenant.id), sender, &limits, (app.clock)()) {
        drain(body).await;
        return Refusal::TooMany(refused).into_response();
    }
    let counting = match tenant.as_ref().map(|tenant| app.usage.request(tenant, identity.as_deref(), now)).transpose() {
        Ok(counting) => counting,
        Err(exceeded) => {
            drain(body).await;
            return Refusal::UsedUp(exceeded, until_tomorrow(now)).into_response();
        }
    };
    let admission = Admission {
        limits: &limits,
        types: if tenant.is_some() { graphql::types() } else { platform::types() },
        documents: app.documents.as_ref(),
        signed_in: identity.is_some(),
        lane: tenant.as_ref().and_then(|tenant| app.traffic.lane(tenant.id, &limits)),
        body_timeout: app.options.body_timeout,
        slow: tenant.as_ref().map(|tenant| Recorder::new(&app.usage, tenant.id, now)),
    };
    let front_door = FrontDoor {
        auth: Arc::clone(&app.auth),
        tenants: app.tenants.clone(),
        hosts: app.hosts.clone(),
        mail: Arc::clone(&app.mail),
        domains: Arc::clone(&app.domains),
        exports: Arc::clone(&app.exports),
        lifecycle: Arc::clone(&app.lifecycle),
        usage: Arc::clone(&app.usage),
        tenant: tenant.clone(),
        addresses: app.options.addresses,
        address: app.options.addresses.of(host.as_str()),
        host,
        visitor,
        refresh_cookie: cookie(&parts.headers, ACCOUNT.name),
        secure: app.options.https,
        now,
    };
    let watching = if tenant.is_some() && events::may_be_wanted(&parts) {
        watcher(app, &parts, &front_door, &request_id).await
    } else {
        None
    };
    let mut request = Request::from_parts(parts, Body::new(Limited::new(body, LARGEST_BODY)));
    if let Some(client) = watching {
        request = match events::answer(client, request).await {
            Ok(response) => {
                count_answer(counting, &response);
                return response;
            }
            Err(request) => request,
        };
    }
    let response = match tenant.zip(standing) {
        Some((tenant, standing)) => {
            let context = |kind: OperationType| {
                // Whatever a resolver lets through: who is in the organisation to look writes nothing.
                let is_visit = identity.as_ref().is_some_and(|identity| identity.support.is_some());
                let scope = match kind {
                    OperationType::Mutation if standing.state.takes_changes() && !is_visit => app.tenants.read_write(&tenant),
                    OperationType::Mutation => app.tenants.write_protected(&tenant),
                    OperationType::Query | OperationType::Subscription => app.tenants.read_only(&tenant),
                };
                RequestContext::new(Arc::clone(&tenant), standing, scope, front_door, request_id, Caller::new(identity, now))
            };
            execute(&app.schema, request, &admission, context).await
        }
        None => {
            let context = |_| PlatformContext::new(front_door, app.options.addresses, request_id, identity);
            execute(&app.platform_schema, request, &admission, context).await
        }
    };
    count_answer(counting, &response);
    response
}

/// Notes for the tenant what became of its request.
fn count_answer(counting: Option<Counting>, response: &Response) {
    let Some(counting) = counting else { return };
    let summary = response.extensions().get::<Summary>();
    let is_operation = response.status().is_success() && summary.is_none_or(|summary| summary.kind != "refused");
    let is_error = !response.status().is_success() || summary.is_some_and(|summary| !summary.codes.is_empty());
    counting.answered(is_operation, is_error);
}

/// Takes in the body of a request that is refused without it. Otherwise the connection would have to be closed, and the answer might be
/// lost with it.
pub(super) async fn drain(body: Body) {
    const PATIENCE: Duration = Duration::from_secs(1);
    let taken = axum::body::to_bytes(body, LARGEST_BODY);
    // A body that is too long, or too slow, is not worth the connection.
    let _rest = tokio::time::timeout(PATIENCE, taken).await;
}

/// Who watches, should the request want an event stream.
async fn watcher(app: &Arc<App>, parts: &Parts, front_door: &FrontDoor, request_id: &str) -> Option<Client> {
    let (target, ..) = target_of(app, parts, peer(parts)).await.ok()?;
    Some(Client {
        app: Arc::clone(app),
        target,
        host: front_door.host.clone(),
        visitor: front_door.visitor.clone(),
        request_id: request_id.to_owned(),
        token: bearer(&parts.headers).ok()?.map(str::to_owned),
    })
}

pub(super) fn note(response: &Response) {
    let Some(summary) = response.extensions().get::<Summary>() else {
        return;
    };
    Span::current().record("operation", summary.operation.as_deref().unwrap_or(summary.kind));
    let outcome = summary.codes.first().copied().unwrap_or("ok");
    metrics::counter!("graphql_operations_total", "type" => summary.kind, "outcome" => outcome).increment(1);
}

pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
