//! Counters for operators, in the form that Prometheus reads. The recorder's name no tenant, for their number has no bound; those of
//! the tenants with the most requests come from [`usage`](crate::usage), where the operator wants them: nobody is asked for a password
//! here.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::{by_address_or_apex, refusal::Refusal};
use crate::app::App;

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count. Later calls change nothing.
pub(crate) fn install() {
    RECORDER.get_or_init(|| {
        let buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];
        let builder = PrometheusBuilder::new().set_buckets(&buckets).ok()?;
        let handle = builder.install_recorder().inspect_err(|error| tracing::error!(%error, "metrics are not counted")).ok()?;
        metrics::describe_histogram!("http_request_duration_seconds", metrics::Unit::Seconds, "Time to answer a request.");
        metrics::describe_counter!("http_requests_total", "Requests by route and status.");
        metrics::describe_counter!("graphql_operations_total", "Operations by type and outcome.");
        metrics::describe_gauge!("tenants", "Tenants by the state of their migrations.");
        metrics::describe_gauge!("standby_tenants", metrics::Unit::Count, "Schemas that are prepared for tenants to come.");
        metrics::describe_gauge!(
            "backup_oldest_seconds",
            metrics::Unit::Seconds,
            "Age of the oldest of the tenants' latest archives."
        );
        metrics::describe_gauge!("backups_late", metrics::Unit::Count, "Tenants whose latest archive is too old.");
        metrics::describe_counter!("backups_total", "Archives that were made by schedule, by outcome.");
        metrics::describe_counter!("backup_drills_total", "Archives that were restored for a test, by outcome.");
        metrics::describe_gauge!("database_connections", "Connections for requests, by state.");
        metrics::describe_gauge!("subscriptions", metrics::Unit::Count, "Subscriptions that are open.");
        metrics::describe_gauge!("subscription_connections", metrics::Unit::Count, "WebSockets and event streams that are open.");
        Some(handle)
    });
}

/// Served on the apex and to those who call by IP address, never on a tenant's host.
pub(crate) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(refusal) = by_address_or_apex(&app, &parts).await {
        return refusal.into_response();
    }
    let (size, idle) = app.tenants.pool_size();
    #[expect(clippy::cast_precision_loss, reason = "a pool has fewer connections than a float has whole numbers")]
    let idle_connections = idle as f64;
    metrics::gauge!("database_connections", "state" => "idle").set(idle_connections);
    metrics::gauge!("database_connections", "state" => "used").set(f64::from(size) - idle_connections);
    let watching = app.live.counts();
    #[expect(clippy::cast_precision_loss, reason = "there are bounds")]
    metrics::gauge!("subscriptions").set(watching.subscriptions as f64);
    #[expect(clippy::cast_precision_loss, reason = "there are bounds")]
    metrics::gauge!("subscription_connections").set(watching.connections as f64);
    count_tenants(&app).await;
    count_backups(&app).await;
    match RECORDER.get() {
        Some(Some(handle)) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render() + &app.usage.series()).into_response()
        }
        _ => Refusal::Internal(anyhow::anyhow!("no metrics are counted")).into_response(),
    }
}

/// Where the tenants stand. Left as it was while the database does not answer: the other figures are wanted all the more then.
async fn count_tenants(app: &App) {
    let counts = tokio::time::timeout(Duration::from_secs(1), app.tenants.fleet_counts()).await;
    let Ok(Ok(counts)) = counts else { return };
    for (state, count) in [("current", counts.current), ("behind", counts.behind), ("failed", counts.failed)] {
        #[expect(clippy::cast_precision_loss, reason = "there are fewer tenants than a float has whole numbers")]
        metrics::gauge!("tenants", "state" => state).set(count as f64);
    }
    let standby = tokio::time::timeout(Duration::from_secs(1), app.tenants.standby_status()).await;
    let Ok(Ok(standby)) = standby else { return };
    #[expect(clippy::cast_precision_loss, reason = "there are bounds")]
    metrics::gauge!("standby_tenants").set(standby.ready as f64);
}

/// How the archives stand, where they are made by schedule.
async fn count_backups(app: &App) {
    if app.backups.place().is_none() {
        return;
    }
    let status = tokio::time::timeout(Duration::from_secs(1), app.backups.status((app.clock)())).await;
    let Ok(Ok(status)) = status else { return };
    #[expect(clippy::cast_precision_loss, reason = "seconds of years")]
    metrics::gauge!("backup_oldest_seconds").set(status.oldest.map_or(0, |age| age.num_seconds()) as f64);
    #[expect(clippy::cast_precision_loss, reason = "there are fewer tenants than a float has whole numbers")]
    metrics::gauge!("backups_late").set(status.late as f64);
}
