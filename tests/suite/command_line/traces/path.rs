//! From the request to each statement.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{CollectedSpan, Collector};

use super::{super::Home, LIST, MUCH_LATER, Traced, hire, one, send, way_to};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_leads_from_the_request_to_each_statement() {
    let (home, collector) = (Home::new(), Collector::start().await);
    home.create_tenant("acme").await;
    let traced = Traced::to(&home, collector.endpoint())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-token=of%20the%20collector")
        .with("OTEL_SERVICE_NAME", "people")
        .with("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests")
        .with("OTEL_BSP_SCHEDULE_DELAY", MUCH_LATER)
        .with("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2000")
        .flags(&["--log-format", "json"]);
    let serving = traced.serve().await;
    let token = serving.sign_in("acme").await;
    hire(&serving, "acme", &token, 12).await;

    let ours = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let unrecorded = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-00";
    let malformed = "00-BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB-00f067aa0ba902b7-01";
    let body = json!({ "query": LIST, "variables": { "search": "somebodyprivate" } });
    let (answer, id) = send(&serving, "acme", &token, body.clone(), &[("traceparent", ours), ("tracestate", "a=1")]).await;
    assert_eq!(answer["data"]["employees"]["totalCount"], 12, "{answer}");
    let (_, unrecorded_id) = send(&serving, "acme", &token, body.clone(), &[("traceparent", unrecorded)]).await;
    let (_, malformed_id) = send(&serving, "acme", &token, body, &[("traceparent", malformed)]).await;

    assert!(collector.bytes().is_empty(), "something was sent at once");
    let log = serving.stop("INT").await;
    let spans = collector.spans();
    assert!(collector.header("x-collector-token").iter().all(|value| value == "of the collector"));

    let trace: Vec<CollectedSpan> =
        spans.iter().filter(|span| span.trace == "4bf92f3577b34da6a3ce929d0e0e4736").cloned().collect();
    let names: BTreeSet<&str> = trace.iter().map(|span| span.name.as_str()).collect();
    let expected = [
        "BEGIN",
        "EmployeeConnection.totalCount",
        "Loader.departments",
        "POST /graphql",
        "Query.employees",
        "ROLLBACK",
        "SELECT departments",
        "SELECT employees",
        "query",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    // Twelve employees, and no span for any of them.
    assert!(trace.len() <= 12, "{trace:#?}");

    let request = one(&trace, "POST /graphql");
    assert_eq!(request.parent, "00f067aa0ba902b7");
    for (name, value) in [
        ("service.name", "people"),
        ("deployment.environment.name", "tests"),
        ("http.request.method", "POST"),
        ("http.route", "/graphql"),
        ("url.path", "/graphql"),
        ("url.scheme", "http"),
        ("server.address", "acme.localhost"),
        ("network.protocol.version", "1.1"),
        ("http.response.status_code", "200"),
        ("graphql.operation.name", "List"),
        ("graphql.operation.type", "query"),
        ("tenantry.tenant", "acme"),
        ("tenantry.request_id", &id),
    ] {
        assert_eq!(request.attribute(name), value, "{name} of {request:#?}");
    }
    let operation = one(&trace, "query");
    assert_eq!(operation.parent, request.id);
    assert_eq!(
        (operation.attribute("graphql.operation.name"), operation.attribute("tenantry.request_id")),
        ("List", id.as_str())
    );
    let actor = request.attribute("tenantry.actor");
    assert!(actor.parse::<uuid::Uuid>().is_ok(), "{actor}");
    for span in &trace {
        assert_eq!(span.attribute("tenantry.tenant"), "acme", "{span:#?}");
        assert_eq!(span.attribute("tenantry.actor"), actor, "{span:#?}");
        assert!(!span.failed && span.links == 0 && span.events == 0, "{span:#?}");
        assert!(request.time.0 <= span.time.0 && span.time.1 <= request.time.1, "{span:#?}");
    }
    assert_statements(&trace);

    // One that is not to be recorded is not, and one that is malformed is none.
    assert!(!spans.iter().any(|span| span.trace.starts_with("aaaa") || span.attribute("tenantry.request_id") == unrecorded_id));
    let own = spans.iter().find(|span| span.attribute("tenantry.request_id") == malformed_id).unwrap();
    assert!(!own.trace.starts_with("bbbb"), "{own:#?}");
    let root = spans.iter().find(|span| span.trace == own.trace && span.name == "POST /graphql").unwrap();
    assert_eq!(root.parent, "");
    // What machines ask, and what the program does by itself, begins no trace.
    assert!(spans.iter().filter(|span| span.parent.is_empty()).all(|span| span.name == "POST /graphql"), "{spans:#?}");

    assert_logged(&log, &id);
}

/// Each statement is where it was executed, and has no values.
fn assert_statements(trace: &[CollectedSpan]) {
    let schemas: BTreeSet<&str> =
        trace.iter().map(|span| span.attribute("db.namespace")).filter(|schema| !schema.is_empty()).collect();
    assert!(schemas.len() == 1 && schemas.iter().all(|schema| schema.starts_with("tenant_")), "{schemas:?}");
    assert_eq!(way_to(trace, one(trace, "BEGIN")), ["POST /graphql", "query", "Query.employees", "BEGIN"]);
    assert_eq!(way_to(trace, one(trace, "ROLLBACK")), ["POST /graphql", "query", "ROLLBACK"]);
    let departments = one(trace, "SELECT departments");
    assert_eq!(way_to(trace, departments)[2..], ["Query.employees", "Loader.departments", "SELECT departments"]);
    let ways: BTreeSet<Vec<String>> =
        trace.iter().filter(|span| span.name == "SELECT employees").map(|span| way_to(trace, span)).collect();
    assert!(ways.iter().any(|way| way[2..] == ["Query.employees", "SELECT employees"]), "{ways:?}");
    assert!(
        ways.iter().any(|way| way[2..] == ["Query.employees", "EmployeeConnection.totalCount", "SELECT employees"]),
        "{ways:?}"
    );
    for span in trace.iter().filter(|span| span.name.starts_with("SELECT")) {
        let text = span.attribute("db.query.text");
        assert!(text.starts_with("SELECT") && text.contains("$1") && !text.contains("tenant_"), "{text}");
    }
}

/// The line of a request names its trace, and is otherwise as it always is.
fn assert_logged(log: &str, id: &str) {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["span"]["id"] == id).unwrap();
    assert_eq!((&line["trace_id"], &line["message"]), (&json!("4bf92f3577b34da6a3ce929d0e0e4736"), &json!("answered")));
    assert_eq!((&line["span"]["name"], &line["span"]["operation"]), (&json!("request"), &json!("List")));
}
