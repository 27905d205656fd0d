//! Signing in by the tenant's identity provider: the two addresses that a browser goes to. Every end is a redirection.

use std::sync::Arc;

use super::{graphql::cookie, navigation::tenant_of, visitor::visitor};
use crate::{
    app::App,
    auth::{
        Problem,
        identity_provider::{ProviderAnswer, ProviderRefusal},
    },
    graphql::cookie as refresh_cookie,
};
use axum::{
    body::Body,
    extract::{Query, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};

/// Where the provider sends the browser back to.
pub(crate) const CALLBACK: &str = "/auth/callback";

/// Sends the browser to the provider.
pub(crate) async fn start(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let now = (app.clock)();
    let (parts, _) = request.into_parts();
    let (tenant, address, _) = match tenant_of(&app, &parts, now).await {
        Ok(place) => place,
        Err(response) => return response,
    };
    let providers = app.auth.identity_providers();
    match within(&app, providers.begin(tenant.id, format!("{address}{CALLBACK}"), now)).await {
        Ok(start) => {
            let mut response = redirect(start.address.as_str());
            set_cookie(&mut response, &kept(&app, &start.browser, start.lifetime.num_seconds()));
            response
        }
        Err(refusal) => refuse(&refusal),
    }
}

/// Takes the browser back from the provider.
pub(crate) async fn callback(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    let now = (app.clock)();
    let (parts, _) = request.into_parts();
    let (tenant, _, standing) = match tenant_of(&app, &parts, now).await {
        Ok(place) => place,
        Err(response) => return response,
    };
    let answer = Query::<ProviderAnswer>::try_from_uri(&parts.uri).map(|Query(answer)| answer).unwrap_or_default();
    let browser = cookie(&parts.headers, cookie_name(&app));
    let visitor = visitor(&parts, &app);
    let work =
        app.auth.complete_provider_sign_in(&tenant, answer, browser.as_deref(), standing.state.takes_changes(), &visitor, now);
    let mut response = match within(&app, work).await {
        Ok(session) => {
            let mut response = redirect("/");
            set_cookie(
                &mut response,
                &refresh_cookie::ACCOUNT.set(&session.refresh_token, session.expires_at, now, app.options.https),
            );
            response
        }
        Err(refusal) => refuse(&refusal),
    };
    set_cookie(&mut response, &kept(&app, "", 0));
    response
}

async fn within<T>(app: &App, work: impl Future<Output = Result<T, ProviderRefusal>>) -> Result<T, ProviderRefusal> {
    match tokio::time::timeout(app.options.request_timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(Problem::Unreachable.because("it took too long")),
    }
}

fn refuse(refusal: &ProviderRefusal) -> Response<Body> {
    if refusal.problem == Problem::Failed {
        tracing::error!(reason = %refusal, "signing in by an identity provider failed");
    } else {
        tracing::info!(reason = %refusal, "signing in by an identity provider was refused");
    }
    redirect(&format!("/sign-in?problem={}", refusal.problem.as_str()))
}

fn redirect(address: &str) -> Response<Body> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(address) = HeaderValue::from_str(address) {
        headers.insert(header::LOCATION, address);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The address that the browser comes from has the code in it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The cookie that binds a sign-in to its browser. With the prefix no other host, such as that of another tenant, can set it.
fn cookie_name(app: &App) -> &'static str {
    if app.options.https { "__Host-tenantry_sign_in" } else { "tenantry_sign_in" }
}

/// Lax, since the provider's page leads back here.
fn kept(app: &App, value: &str, seconds: i64) -> String {
    let secure = if app.options.https { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={seconds}", cookie_name(app))
}

fn set_cookie(response: &mut Response<Body>, cookie: &str) {
    let headers: &mut HeaderMap = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}
