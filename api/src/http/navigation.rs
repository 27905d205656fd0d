//! What a browser goes to by itself, at a tenant's host, that is no page.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Response, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use tenancy::{Standing, Tenant};

use super::{log::name_tenant, peer, place::target_of, refusal::Refusal, standing, visitor::visitor};
use crate::{app::App, graphql::limits::Limits, traffic::Sender};

/// The tenant of the request, the address of its host, and what holds for the tenant; else the answer.
pub(super) async fn tenant_of(
    app: &App,
    parts: &Parts,
    now: DateTime<Utc>,
) -> Result<(Arc<Tenant>, String, Standing), Response<Body>> {
    // Not HEAD either: to look is to use up.
    if parts.method != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response());
    }
    let (tenant, host) = match target_of(app, parts, peer(parts)).await {
        Ok((_, Some(tenant), Some(host))) => (tenant, host),
        Ok(_) => return Err(Refusal::TenantNotFound.into_response()),
        Err(refusal) => return Err(refusal.into_response()),
    };
    name_tenant(&tenant.slug);
    // Each try costs a look at the database.
    let sender = Sender::anonymous(visitor(parts, &app.options.trusted_proxies).address);
    let limits = Limits::of(&app.options.limits, Some(&tenant));
    if let Err(refused) = app.traffic.count(Some(tenant.id), sender, &limits, now) {
        return Err(Refusal::TooMany(refused).into_response());
    }
    match standing::check(app, &host, &tenant, now) {
        Ok(standing) => Ok((tenant, app.options.addresses.of(host.as_str()), standing)),
        Err(refusal) => Err(refusal.into_response()),
    }
}
