//! From a request to its tenant and its actor: the host, the token, and the rule that both must agree.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use chrono::{DateTime, Utc};
use tenancy::{Host, HostTarget, Hostname, Resolution, Standing, Tenant, resolve};

use super::{host, log::name_tenant, refusal::Refusal, standing};
use crate::{
    app::App,
    auth::{Identity, TokenError, Visitor},
};

/// Where a request goes, and who sends it.
#[derive(Debug)]
pub(crate) enum Place {
    /// To the control plane.
    ControlPlane {
        /// Who is signed in; nobody, for an anonymous request.
        identity: Option<Arc<Identity>>,
    },
    /// To a tenant that can be served.
    Tenant {
        /// The tenant.
        tenant: Arc<Tenant>,
        /// What holds for it now.
        standing: Standing,
        /// Who is signed in; nobody, for an anonymous request.
        identity: Option<Arc<Identity>>,
    },
}

/// Finds the place of a request, and the host that it was sent to. The database is not touched when the tenant is remembered.
pub(crate) async fn place_of(
    app: &App,
    parts: &Parts,
    peer: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<(Place, Hostname), Refusal> {
    let (target, tenant, host) = target_of(app, parts, peer).await?;
    if let Some(tenant) = &tenant {
        // Before anything can be refused, so that a refusal is logged with the tenant that it concerns.
        name_tenant(&tenant.slug);
    }
    // An address that is nobody's is refused before the token is looked at.
    let Some(host) = host.filter(|_| target != HostTarget::Unknown) else {
        return Err(Refusal::TenantNotFound);
    };
    if let Some(tenant) = &tenant
        && standing::is_former(app, &host, tenant)
    {
        return Err(Refusal::TenantMoved(app.lifecycle.address_of(tenant)));
    }
    let place = admit(app, target, &host, tenant, bearer(&parts.headers)?, now).await?;
    Ok((place, host))
}

/// Finds out whether the bearer of a token, or nobody, may be at what a host names, and with which rights. Also asked again and
/// again of those who stay: what is not at hand of the tenant is looked up.
pub(crate) async fn admit(
    app: &App,
    target: HostTarget,
    host: &Hostname,
    tenant: Option<Arc<Tenant>>,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Place, Refusal> {
    let identity = match token {
        Some(token) => Some(app.auth.identify_at(target, token, now).await.map_err(|error| match error {
            TokenError::Invalid(reason) => Refusal::InvalidToken(reason),
            TokenError::Internal(cause) => Refusal::of_failure(cause),
        })?),
        None => None,
    };
    match resolve(target, identity.as_ref().map(|identity| identity.audience))? {
        Resolution::ControlPlane => Ok(Place::ControlPlane { identity }),
        Resolution::Tenant(id) => {
            let tenant = match tenant {
                Some(tenant) => tenant,
                // As at the host of machine clients: the tenant is the token's, and may have been deleted since.
                None => {
                    let tenant = app.tenants.directory().by_id(id).await?.ok_or(Refusal::TenantNotFound)?;
                    name_tenant(&tenant.slug);
                    tenant
                }
            };
            let standing = standing::check(app, host, &tenant, now)?;
            Ok(Place::Tenant { tenant, standing, identity })
        }
    }
}

/// Operators are operators from their own networks alone, also where an owner has let them in.
pub(crate) fn check_network(identity: Option<&Identity>, visitor: &Visitor) -> Result<(), Refusal> {
    let is_visit = identity.is_some_and(|identity| identity.support.is_some());
    if !is_visit || visitor.is_from_operators {
        return Ok(());
    }
    Err(Refusal::InvalidToken(anyhow::anyhow!("support access comes from outside the operators' networks")))
}

/// What the host names, the tenant if it names one, and the host itself unless it is an IP address.
pub(crate) async fn target_of(
    app: &App,
    parts: &Parts,
    peer: Option<IpAddr>,
) -> Result<(HostTarget, Option<Arc<Tenant>>, Option<Hostname>), Refusal> {
    let hostname = match host::hostname(&parts.uri, &parts.headers, peer, &app.options.trusted_proxies) {
        Ok(hostname) => hostname,
        Err(host::HostRefusal::Malformed) => return Err(Refusal::MalformedHost),
        Err(host::HostRefusal::IpLiteral) => return Ok((HostTarget::Unknown, None, None)),
    };
    let (target, tenant) = target_at(app, &hostname).await?;
    Ok((target, tenant, Some(hostname)))
}

/// What a host names, and the tenant if it names one.
pub(crate) async fn target_at(app: &App, hostname: &Hostname) -> Result<(HostTarget, Option<Arc<Tenant>>), tenancy::Error> {
    let host = app.hosts.sort(hostname);
    Ok(match host {
        Host::Apex => (HostTarget::Apex, None),
        Host::Api => (HostTarget::Api, None),
        Host::Impossible => (HostTarget::Unknown, None),
        Host::Slug(_) | Host::Custom(_) => match app.tenants.directory().by_host(&host).await? {
            Some(tenant) => (HostTarget::Tenant(tenant.id), Some(tenant)),
            None => (HostTarget::Unknown, None),
        },
    })
}

/// The bearer token of the `Authorization` header. Anything else in it is refused rather than taken for no token.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let invalid = |reason: &'static str| Refusal::InvalidToken(anyhow::anyhow!(reason));
    if values.next().is_some() {
        return Err(invalid("there are two Authorization headers"));
    }
    let value = value.to_str().map_err(|_| invalid("the Authorization header is no text"))?;
    bearer_of(value).map(Some)
}

/// The bearer token of a value of `Authorization`, wherever that was written.
pub(crate) fn bearer_of(value: &str) -> Result<&str, Refusal> {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(Refusal::InvalidToken(anyhow::anyhow!("the Authorization header holds no bearer token"))),
    }
}
