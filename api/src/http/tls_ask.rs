//! Whether a host may have a certificate: asked by proxies that get certificates when the first visitor comes, such as Caddy with
//! `on_demand_tls`.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Query, Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tenancy::{HostTarget, Hostname};

use super::{
    by_address_or_apex,
    place::target_at,
    refusal::{Refusal, refuse},
    visitor::visitor,
};
use crate::{app::App, graphql::error::Code};

#[derive(Deserialize)]
struct Question {
    domain: String,
}

/// Answers 200 for a host that is served and 404 for any other, from what is remembered of the tenants, to those who may ask. Says
/// nothing of whose host it is.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(refusal) = by_address_or_apex(&app, &parts).await {
        return refusal.into_response();
    }
    if !may_ask(&app, &parts) {
        let message = "Only the proxies of this service may ask this; the operator names them by --tls-ask-from.";
        return refuse(Code::Forbidden, message);
    }
    let asked = Query::<Question>::try_from_uri(&parts.uri).ok().and_then(|Query(asked)| Hostname::parse(&asked.domain).ok());
    let Some(hostname) = asked else {
        return Refusal::TenantNotFound.into_response();
    };
    match target_at(&app, &hostname).await {
        Ok((HostTarget::Unknown, _)) => Refusal::TenantNotFound.into_response(),
        Ok(_) => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], "This host is served.").into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// This machine, the proxies, and whom else the operator has named. A proxy that only hands on the question of a stranger does not
/// speak for itself.
fn may_ask(app: &App, parts: &Parts) -> bool {
    let named = |address: IpAddr| app.options.trusted_proxies.contains(&address) || app.options.tls_ask_from.contains(&address);
    let is_handed_on = parts.headers.contains_key("x-forwarded-for") || parts.headers.contains_key("forwarded");
    let asker = visitor(parts, app).address;
    !is_handed_on && asker.is_some_and(|address| address.is_loopback() || named(address))
}
