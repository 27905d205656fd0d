//! What a browser goes to by itself, at a tenant's host or on the apex, that is no page.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Response, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use tenancy::{HostTarget, Standing, Tenant};

use super::{assets::lead_to, log::name_tenant, peer, place::target_of, refusal::Refusal, standing, visitor::visitor};
use crate::{app::App, graphql::limits::Limits, traffic::Sender};

/// A tenant, the address of its host, and what holds for the tenant.
pub(super) type Destination = (Arc<Tenant>, String, Standing);

/// Where the request goes, which is not the apex; else the answer.
pub(super) async fn tenant_of(app: &App, parts: &Parts, now: DateTime<Utc>) -> Result<Destination, Response<Body>> {
    destination(app, parts, now).await?.ok_or_else(|| Refusal::TenantNotFound.into_response())
}

/// Where the request goes: none for the apex; else the answer.
pub(super) async fn destination(app: &App, parts: &Parts, now: DateTime<Utc>) -> Result<Option<Destination>, Response<Body>> {
    // Not HEAD either: to look is to use up.
    if parts.method != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response());
    }
    let (tenant, host) = match target_of(app, parts, peer(parts)).await {
        Ok((_, Some(tenant), Some(host))) => (Some(tenant), host),
        Ok((HostTarget::Apex, _, Some(host))) => (None, host),
        Ok(_) => return Err(Refusal::TenantNotFound.into_response()),
        Err(refusal) => return Err(refusal.into_response()),
    };
    if let Some(tenant) = &tenant {
        name_tenant(&tenant.slug);
    }
    // Each try costs a look at the database.
    let sender = Sender::anonymous(visitor(parts, app).address);
    let limits = Limits::of(&app.options.limits, tenant.as_deref());
    if let Err(refused) = app.traffic.count(tenant.as_ref().map(|tenant| tenant.id), sender, &limits, (app.clock)()) {
        return Err(Refusal::TooMany(refused).into_response());
    }
    let Some(tenant) = tenant else { return Ok(None) };
    match standing::check(app, &host, &tenant, now) {
        Ok(standing) => Ok(Some((tenant, app.options.addresses.of(host.as_str()), standing))),
        // As pages are, for whoever comes here is a browser. What it has begun at the former address begins anew at the other.
        Err(Refusal::TenantMoved(address)) => Err(lead_to(&address, parts)),
        Err(refusal) => Err(refusal.into_response()),
    }
}
