//! From a request to a WebSocket.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, Request, ws::WebSocketUpgrade},
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
};
use tenancy::HostTarget;
use tower_http::request_id::RequestId;
use tracing::{Instrument as _, Span};

use super::{
    client::Client,
    protocol::PROTOCOL,
    socket::{self, Connection},
};
use crate::{
    app::App,
    graphql::limits::Limits,
    http::{
        log::name_tenant,
        peer,
        place::{bearer, target_of},
        refusal::Refusal,
        standing,
        visitor::visitor,
    },
    traffic::Sender,
};

/// Whether a request asks for a WebSocket.
pub(crate) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    method == Method::GET && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens a WebSocket. Who it is for, it says itself; until then it counts as a request of its network address.
pub(crate) async fn open(app: Arc<App>, request: Request) -> Response {
    match prepare(app, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn prepare(app: Arc<App>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    let (target, tenant, host) = target_of(&app, &parts, peer(&parts)).await?;
    let Some(host) = host.filter(|_| target != HostTarget::Unknown) else {
        return Err(Refusal::TenantNotFound);
    };
    if target == HostTarget::Apex {
        return Err(Refusal::NothingToWatch);
    }
    if let Some(tenant) = &tenant {
        name_tenant(&tenant.slug);
        standing::check(&app, &host, tenant, (app.clock)())?;
    }
    let visitor = visitor(&parts, &app);
    let limits = Limits::of(&app.options.limits, tenant.as_deref());
    let sender = Sender::anonymous(visitor.address);
    let counted = app.traffic.count(tenant.map(|tenant| tenant.id), sender, &limits, (app.clock)());
    counted.map_err(Refusal::TooMany)?;
    let hearing = app.live.ready().await.ok_or(Refusal::Deaf)?;
    let request_id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let client = Client {
        target,
        host,
        visitor,
        request_id: request_id.unwrap_or_default().to_owned(),
        // Programs may name themselves by a header; the pages of a browser cannot.
        token: bearer(&parts.headers)?.map(str::to_owned),
        app: Arc::clone(&app),
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => return Ok(rejection.into_response()),
    };
    if upgrade.selected_protocol().is_none() {
        return Err(Refusal::OtherProtocol);
    }
    let span = Span::current();
    let upgrade = socket::within_bounds(upgrade);
    Ok(upgrade.on_upgrade(move |socket| Connection::new(client, hearing, socket).run().instrument(span)))
}
