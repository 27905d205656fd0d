//! What a load balancer and a verifier of tokens ask.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sea_orm::ConnectionTrait;

use crate::app::App;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// The process can answer requests: the database is reached and has a control plane.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let platform = app.tenants.platform();
    let question = platform.execute_unprepared("SELECT 1 FROM platform.tenants LIMIT 1");
    match tokio::time::timeout(Duration::from_secs(2), question).await {
        Ok(Ok(_)) => "ready".into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is not ready").into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response(),
    }
}

/// The public keys of the tokens, as RFC 7517 has them.
pub(crate) async fn published_keys(State(app): State<Arc<App>>) -> Response {
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))];
    (cache, Json(app.auth.published_keys())).into_response()
}
