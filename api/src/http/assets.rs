//! The web client, out of the binary.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts, uri::PathAndQuery},
    response::IntoResponse,
};
use tenancy::{HostTarget, Hostname, Tenant};

use super::{
    peer,
    place::target_of,
    refusal::{self, Refusal},
    standing,
};
use crate::{app::App, domains::redirects_to_primary, graphql::error::Code};

/// Styles of the app come from its files alone; only `style` attributes, which its components compute, stand inline.
const APP_POLICY: &str = "default-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// GraphiQL's editor writes style sheets at run time and runs its language services as workers.
const GRAPHIQL_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; img-src 'self' data:; \
    font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Answers with a file of the client; any path that is no file's gets the page of the app, which knows its own paths.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let (parts, _) = request.into_parts();
    let path = parts.uri.path().trim_start_matches('/');
    if path == "graphiql" {
        return page(&app, &parts, "graphiql.html", GRAPHIQL_POLICY).await;
    }
    let is_page = matches!(path, "" | "index.html" | "graphiql.html");
    match web_client::get(path).filter(|_| !is_page) {
        Some(asset) => file(&asset, &parts.headers, caching(path)),
        // A missing script must not be answered with a page.
        None if path.starts_with("assets/") || path.rsplit('/').next().is_some_and(|name| name.contains('.')) => {
            (StatusCode::NOT_FOUND, "There is no such file.").into_response()
        }
        None => page(&app, &parts, "index.html", APP_POLICY).await,
    }
}

/// A page is served on every host of the platform; on any other with the status 404, and the page tells why.
async fn page(app: &App, parts: &Parts, name: &str, policy: &'static str) -> Response<Body> {
    let status = match target_of(app, parts, peer(parts)).await {
        // What stands behind the `#` of an address goes along in the browser.
        Ok((_, Some(tenant), Some(host))) if standing::is_former(app, &host, &tenant) => {
            return lead_to(&app.lifecycle.address_of(&tenant), parts);
        }
        Ok((HostTarget::Unknown, ..)) => StatusCode::NOT_FOUND,
        Ok((_, Some(tenant), Some(host))) => match primary_address(app, &tenant, &host, parts) {
            Some(address) => return lead_to(&address, parts),
            None => StatusCode::OK,
        },
        Ok(_) => StatusCode::OK,
        Err(refusal) => return Refusal::into_response(refusal),
    };
    let Some(asset) = web_client::get(name) else {
        return refusal::refuse(Code::NotFound, "The web client is not part of this build; the API is at /graphql.");
    };
    let mut response = file(&asset, &parts.headers, "no-cache");
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Pages that get a secret behind the `#` of their address. A browser would carry it along to the primary host, which is for whoever
/// has that domain to read; and it may open an account that belongs to other tenants as well.
const PAGES_WITH_SECRETS: [&str; 3] = ["/enter", "/invitation", "/reset-password"];

/// The address of the tenant's primary host, if the page is to be opened there.
fn primary_address(app: &App, tenant: &Tenant, host: &Hostname, parts: &Parts) -> Option<String> {
    let primary = tenant.primary_host.as_ref()?;
    let has_secret = PAGES_WITH_SECRETS.contains(&parts.uri.path().trim_end_matches('/'));
    if primary == host || has_secret || !redirects_to_primary(&tenant.settings) {
        return None;
    }
    Some(app.options.addresses.of(primary.as_str()))
}

/// Leads to the same path at another address of the tenant, by a permanent redirection that no browser remembers: the primary host may
/// be another one tomorrow, and this one another tenant's.
pub(super) fn lead_to(address: &str, parts: &Parts) -> Response<Body> {
    let path = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let Ok(location) = HeaderValue::from_str(&format!("{address}{path}")) else {
        return Refusal::MalformedHost.into_response();
    };
    let no_store = HeaderValue::from_static("no-store");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location), (header::CACHE_CONTROL, no_store)]).into_response()
}

fn caching(path: &str) -> &'static str {
    if web_client::is_immutable(path) { "public, max-age=31536000, immutable" } else { "public, max-age=3600" }
}

fn file(asset: &web_client::Asset, headers: &HeaderMap, caching: &'static str) -> Response<Body> {
    let brotli = asset.brotli.as_ref().filter(|_| elements(headers, header::ACCEPT_ENCODING).any(takes_brotli));
    // Each form of a file has a tag of its own, as RFC 9110 wants it.
    let tag = if brotli.is_some() { format!("{}-br\"", asset.etag.trim_end_matches('"')) } else { asset.etag.clone() };
    let is_known = elements(headers, header::IF_NONE_MATCH).any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = brotli.unwrap_or(&asset.bytes).clone();
        let mut response = Body::from(bytes.into_owned()).into_response();
        if brotli.is_some() {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        if let Ok(kind) = HeaderValue::from_str(&asset.content_type) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    };
    let answer = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// The elements of a header that is a list.
fn elements(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

/// Whether an element of `Accept-Encoding` names brotli, and not with the weight 0, which refuses it (RFC 9110, 12.5.3).
fn takes_brotli(element: &str) -> bool {
    let mut parts = element.split(';').map(str::trim);
    let weight = |part: &str| part.strip_prefix("q=").map(|weight| weight.parse::<f32>().unwrap_or(0.0));
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"))
        && parts.all(|part| weight(part).is_none_or(|weight| weight > 0.0))
}
