//! HTTP: the routes as one table, what every request passes as one list.

mod assets;
mod export;
mod graphql;
mod health;
mod host;
mod identity_provider;
pub(crate) mod log;
mod metrics;
mod navigation;
mod operator;
mod origin;
pub(crate) mod place;
pub(crate) mod refusal;
mod server;
pub(crate) mod standing;
mod tls_ask;
#[cfg(feature = "opentelemetry")]
mod trace;
pub(crate) mod visitor;

use std::{any::Any, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header},
    middleware,
    routing::{any, get},
};
use tenancy::HostTarget;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, Predicate as _, predicate::DefaultPredicate},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
};

use self::refusal::Refusal;
use crate::{
    app::App,
    graphql::error::{Code, INTERNAL_MESSAGE},
};

pub(crate) use identity_provider::CALLBACK;
pub(crate) use metrics::install as install_metrics;
pub(crate) use origin::ALLOWED_ORIGINS;
pub use origin::{Origin, allowed_origins};
pub use server::{Connections, serve};

/// The largest body that is read, in bytes. A document may have 15,000 characters; variables come on top.
pub(crate) const LARGEST_BODY: usize = 256 * 1024;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The program as a service.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/graphql", any(graphql::answer))
        .route("/operator/graphql", any(operator::answer))
        .route("/auth/sign-in", any(identity_provider::start))
        .route("/auth/callback", any(identity_provider::callback))
        .route("/exports/{id}", any(export::answer))
        .route("/.well-known/jwks.json", get(health::published_keys))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::answer))
        .route("/tls/ask", get(tls_ask::answer))
        // None of these is a page. The client's files, which are, have policies of their own.
        .route_layer(header_layer(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .fallback(assets::answer);

    // From the outermost to the innermost.
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn(discard_request_id))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(middleware::from_fn(log::log))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(has_no_tag)))
        .layer(header_layer(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_layer(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header_layer(header::REFERRER_POLICY, "same-origin"))
        .layer(header_layer(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header_layer(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"))
        .option_layer(app.options.https.then(|| header_layer(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")))
        .layer(header_layer(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), origin::check));
    let routes = routes.layer(layers);
    // Around all others: a trace is as long as its request.
    #[cfg(feature = "opentelemetry")]
    let routes = if crate::telemetry::traces::are_sent() {
        routes.layer(middleware::from_fn_with_state(Arc::clone(&app), trace::trace))
    } else {
        routes
    };
    routes.with_state(app)
}

/// The id of a request is made here. A client's own could be another request's, or a text for the log.
async fn discard_request_id(mut request: Request<Body>, next: middleware::Next) -> Response<Body> {
    request.headers_mut().remove(REQUEST_ID);
    next.run(request).await
}

/// A compressed form would need a tag of its own; the files that have one come compressed out of the build.
fn has_no_tag(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ETAG)
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// A panic is a fault of the program. It is logged, and ends one request only.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the panic's value")]
fn answer_panic(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("without a text"), "a request panicked");
    refusal::refuse(Code::Internal, INTERNAL_MESSAGE)
}

/// Refuses what is not sent to the apex or to an IP address: the operator's own, never a tenant's.
pub(crate) async fn by_address_or_apex(app: &App, parts: &axum::http::request::Parts) -> Result<(), Refusal> {
    let hostname = host::hostname(&parts.uri, &parts.headers, peer(parts), &app.options.trusted_proxies);
    if hostname == Err(host::HostRefusal::IpLiteral) {
        return Ok(());
    }
    match place::target_of(app, parts, peer(parts)).await? {
        (HostTarget::Apex, ..) => Ok(()),
        _ => Err(Refusal::TenantNotFound),
    }
}

/// The address of the other end of the connection, as far as the server knows it.
pub(crate) fn peer(parts: &axum::http::request::Parts) -> Option<std::net::IpAddr> {
    // An IPv4 peer of an IPv6 socket is written the IPv4 way, or it would not be found among the trusted proxies.
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical())
}
