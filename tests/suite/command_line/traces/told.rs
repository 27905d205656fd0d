//! What a subscription is told.

use serde_json::json;
use tests::{CollectedSpan, Collector};

use super::{super::Home, Traced, one, send};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_that_is_told_is_a_trace_of_its_own() {
    let (home, collector) = (Home::new(), Collector::start().await);
    home.create_tenant("acme").await;
    let serving = Traced::to(&home, collector.endpoint()).with("OTEL_BSP_SCHEDULE_DELAY", "50").serve().await;
    let token = serving.sign_in("acme").await;

    let query = "subscription Watching { departmentsChanged { __typename department { name } } }";
    let request = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{}/graphql", serving.port))
        .header("host", "acme.localhost")
        .header("accept", "text/event-stream")
        .bearer_auth(&token)
        .json(&json!({ "query": query }));
    let mut events = request.send().await.unwrap();
    let opening = events.headers()["x-request-id"].to_str().unwrap().to_owned();
    // The first piece says that changes are heard from now on.
    assert_eq!(events.chunk().await.unwrap().unwrap(), ":\n\n");

    let mut told = Vec::new();
    for name in ["Workshop", "Office"] {
        let create = "mutation($name: String!) { createDepartment(input: { name: $name }) { department { id } } }";
        let (_, id) = send(&serving, "acme", &token, json!({ "query": create, "variables": { "name": name } }), &[]).await;
        let mutation = collector.trace_with("the mutation", |span| is_of(span, "POST /graphql", &id)).await;
        let mut text = String::new();
        while !text.contains(name) {
            text.push_str(std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap());
        }
        let is_new = |span: &CollectedSpan| is_of(span, "subscription", &opening) && !told.contains(&span.trace);
        // The first is the check of the subscription itself, which tells nothing.
        let mut event = collector.trace_with("an execution", is_new).await;
        if !event.iter().any(CollectedSpan::is_statement) {
            told.push(event[0].trace.clone());
            event = collector
                .trace_with("the event", |span| is_of(span, "subscription", &opening) && !told.contains(&span.trace))
                .await;
        }
        let root = one(&event, "subscription");
        assert_eq!((root.parent.as_str(), root.links), ("", 0), "{root:#?}");
        assert_ne!(root.trace, mutation[0].trace);
        assert_eq!(root.attribute("graphql.operation.name"), "Watching");
        assert!(event.iter().all(|span| span.attribute("tenantry.tenant") == "acme" || !span.is_statement()), "{event:#?}");
        assert!(event.iter().any(|span| span.is_statement() && span.name == "SELECT departments"), "{event:#?}");
        told.push(root.trace.clone());
    }
    let spans = collector.spans();
    let opened = spans.iter().find(|span| is_of(span, "POST /graphql", &opening)).expect("the request that opened it has ended");
    assert!(!told.contains(&opened.trace));
    drop(events);
    serving.stop("INT").await;
}

fn is_of(span: &CollectedSpan, name: &str, request: &str) -> bool {
    span.name == name && span.attribute("tenantry.request_id") == request
}
