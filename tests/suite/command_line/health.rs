//! What machines ask: whether the program is alive and ready, and its counters.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Home, is_alive, signal};

async fn get(port: u16, path: &str, host: Option<&str>) -> Response {
    let request = Client::new().get(format!("http://127.0.0.1:{port}{path}"));
    host.map_or(request.try_clone().unwrap(), |host| request.header("host", host)).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_readiness_and_counters_are_told_and_no_tenant_is_named() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    let port = serving.port;
    let token = serving.sign_in("acme").await;
    serving.ask("acme", Some(&token), "{ employees { totalCount } }", json!({})).await;
    for host in [None, Some("localhost"), Some("acme.localhost"), Some("nobody.localhost")] {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(get(port, path, host).await.status(), 200, "{path} {host:?}");
        }
    }
    for host in [None, Some("localhost")] {
        let metrics = get(port, "/metrics", host).await;
        assert_eq!(metrics.status(), 200);
        let text = metrics.text().await.unwrap();
        for counter in [
            "http_requests_total{",
            "http_request_duration_seconds_bucket{",
            "graphql_operations_total{",
            "database_connections{",
        ] {
            assert!(text.contains(counter), "{counter} is not in {text}");
        }
        assert!(!text.contains("acme") && !text.contains("tenant_"), "{text}");
    }
    // They are the operator's, not a tenant's.
    for host in ["acme.localhost", "nobody.localhost", "acme.localhost.evil.example"] {
        let metrics = get(port, "/metrics", Some(host)).await;
        assert_eq!(metrics.status(), 404, "{host}");
        let body: Value = metrics.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "TENANT_NOT_FOUND");
    }
    serving.stop("INT").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_program_is_alive_and_not_ready() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let serving = home.serve().await;
    let port = serving.port;
    let token = serving.sign_in("acme").await;
    let postgres = home.postgres().unwrap();
    signal(postgres, "INT");
    while home.postgres().is_some() {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(get(port, "/healthz", None).await.status(), 200);
    assert_eq!(get(port, "/readyz", None).await.status(), 503);
    let answer = Client::new()
        .post(format!("http://127.0.0.1:{port}/graphql"))
        .header("host", "acme.localhost")
        .bearer_auth(&token)
        .json(&json!({ "query": "{ employees { totalCount } }" }))
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL", "{body}");
    assert!(!body.to_string().contains("socket"), "{body}");
    let process = serving.process();
    serving.stop("INT").await;
    assert!(!is_alive(process));
}
