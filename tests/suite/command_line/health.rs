//! What machines ask: whether the program is alive and ready, and its counters.

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tests::until;

use super::{Home, Serving, command, free_port, signal};

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
        for line in text.lines() {
            assert!(!line.contains("acme") && !line.contains("tenant_"), "{line}");
        }
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

/// A database that somebody named may come back; the private one comes back when its program is started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_program_is_not_ready_and_without_its_private_one_it_ends() {
    let home = Home::new();
    home.create_tenant("acme").await;
    let owner = home.serve().await;
    let url = api::local_postgres::url_of_running(&home.data()).await.unwrap();
    let port = free_port();
    let mut command = command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    command.env("DATABASE_URL", url).env("TENANTRY_SECRET_KEY_FILE", home.data().join("secret-key"));
    let guest = Serving::start(&mut command, port).await;
    let token = guest.sign_in("acme").await;

    signal(home.postgres().unwrap(), "INT");
    let (status, log) = owner.end().await;
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("tenantry: The private Postgres has ended"), "{log}");

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

    let again = home.serve().await;
    until("the database is found again", async || get(port, "/readyz", None).await.status() == 200).await;
    guest.stop("INT").await;
    again.stop("INT").await;
}
