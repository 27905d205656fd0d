//! What fails.

use std::collections::BTreeMap;

use serde_json::json;
use tests::Collector;

use super::{super::Home, Traced, one, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_marked() {
    let (home, collector) = (Home::new(), Collector::start().await);
    home.create_tenant("acme").await;
    let serving = Traced::to(&home, collector.endpoint()).with("OTEL_BSP_SCHEDULE_DELAY", "50").serve().await;
    let token = serving.sign_in("acme").await;
    let create = r#"mutation { createPosition(input: { title: "Mechanic" }) { position { id } } }"#;
    serving.ask("acme", Some(&token), create, json!({})).await;
    let (answer, id) = send(&serving, "acme", &token, json!({ "query": create }), &[]).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
    let trace = collector
        .trace_with("the conflict", |span| span.name == "POST /graphql" && span.attribute("tenantry.request_id") == id)
        .await;
    let failed: BTreeMap<&str, &str> =
        trace.iter().filter(|span| span.failed).map(|span| (span.name.as_str(), span.attribute("error.type"))).collect();
    // The request itself was answered as it should be.
    let expected = [("INSERT positions", "23505"), ("Mutation.createPosition", ""), ("mutation", "CONFLICT")];
    assert_eq!(failed, BTreeMap::from(expected), "{trace:#?}");

    let nobody = r#"{ employee(id: "RW1wbG95ZWU6MDAwMDAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAw") { name } }"#;
    let (_, id) = send(&serving, "acme", &token, json!({ "query": nobody }), &[]).await;
    let trace =
        collector.trace_with("nobody", |span| span.name == "POST /graphql" && span.attribute("tenantry.request_id") == id).await;
    assert!(one(&trace, "query").failed && one(&trace, "Query.employee").failed, "{trace:#?}");

    // A method that nobody knows is no part of a name.
    let client = reqwest::Client::new();
    let address = format!("http://127.0.0.1:{}/graphql", serving.port);
    let request = client.request("SECRET".parse().unwrap(), address).header("host", "acme.localhost");
    assert_eq!(request.send().await.unwrap().status(), 405);
    let trace = collector.trace_with("the unknown method", |span| span.name == "HTTP /graphql").await;
    assert_eq!(trace[0].attribute("http.request.method"), "_OTHER");
    serving.stop("INT").await;
}
