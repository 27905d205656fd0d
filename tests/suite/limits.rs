//! What an operation may ask for.

mod introspection;

use std::time::{Duration, Instant};

use api::{
    app::system_clock,
    graphql::limits::{Introspection, Limits, MAX_NESTING},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use serde_json::json;
use tests::{Answer, Caller, Company, Server, opaque};

/// The limit that an operation exceeds, with what was counted and what is allowed.
#[track_caller]
fn exceeded(answer: &Answer) -> (String, u64, u64) {
    assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_USER_INPUT"), "{}", answer.body);
    assert!(answer.body.get("data").is_none());
    let extensions = &answer.body["errors"][0]["extensions"];
    let number = |name: &str| extensions[name].as_u64().unwrap_or_else(|| panic!("no {name} in {extensions}"));
    (extensions["limit"].as_str().unwrap().to_owned(), number("actual"), number("allowed"))
}

/// Asks what is just allowed, and what is just too much.
async fn check(caller: &Caller, limit: &str, most: u64, operation: impl Fn(usize) -> String) {
    let most = usize::try_from(most).unwrap();
    let answer = caller.ask(&operation(most)).await;
    assert_eq!(answer.first_code(), None, "{limit} {most}: {}", answer.body);
    let answer = caller.ask(&operation(most + 1)).await;
    assert_eq!(exceeded(&answer), (limit.to_owned(), most as u64 + 1, most as u64));
}

/// Asks for each limit what is just allowed, and what is just too much.
async fn check_all(company: &Company<'_>, limits: &Limits) {
    let caller = company.caller(Role::Hr);
    check(&caller, "characters", limits.characters, |bytes| {
        let operation = "{ tenant { slug } } #";
        format!("{operation}{}", "x".repeat(bytes - operation.len()))
    })
    .await;
    // Two braces each, and the name.
    check(&caller, "tokens", limits.tokens, |tokens| format!("{{ tenant {{ {} }} }}", "id ".repeat(tokens - 5))).await;
    check(&caller, "aliases", limits.aliases, |aliases| {
        let fields: Vec<String> = (0..aliases).map(|index| format!("a{index}: __typename")).collect();
        format!("{{ {} }}", fields.join(" "))
    })
    .await;
    check(&caller, "directives", limits.directives, |directives| {
        format!("{{ tenant {{ {} }} }}", "slug @include(if: true) ".repeat(directives))
    })
    .await;
    let member = opaque(company.member.id);
    check(&caller, "depth", limits.depth, |depth| {
        let managers = depth - 2;
        format!("{{ employee(id: \"{member}\") {{ {} id {} }} }}", "manager { ".repeat(managers), "} ".repeat(managers))
    })
    .await;
    check(&caller, "rootFields", limits.root_fields, |fields| format!("{{ {} }}", "__typename ".repeat(fields))).await;
    // The connection, and for each employee the node and its id.
    let nodes = usize::try_from((limits.cost - 2) / 100).unwrap();
    let fields = |count: usize| "id ".repeat(count);
    caller.ask(&format!("{{ employees(first: 100) {{ nodes {{ {} }} }} }}", fields(nodes - 1))).await.data("");
    let answer = caller.ask(&format!("{{ employees(first: 100) {{ nodes {{ {} }} }} }}", fields(nodes + 1))).await;
    assert_eq!(exceeded(&answer).0, "cost");
    assert!(answer.message().contains(&limits.cost.to_string()), "{}", answer.message());
}

#[tokio::test]
async fn each_limit_allows_so_much_and_no_more() {
    let server = Server::start().await;
    check_all(&server.company().await, &Limits::default()).await;
}

const SMALL: Limits = Limits {
    characters: 900,
    tokens: 150,
    depth: 5,
    aliases: 3,
    directives: 4,
    root_fields: 6,
    cost: 700,
    introspection: Introspection::On,
    requests_per_second: None,
    requests_per_second_per_actor: None,
    concurrent_operations: None,
};

#[tokio::test]
async fn limits_are_set_for_the_whole_program() {
    let flags = [
        "--max-characters=900",
        "--max-tokens=150",
        "--max-depth=5",
        "--max-aliases=3",
        "--max-directives=4",
        "--max-root-fields=6",
        "--max-cost=700",
    ];
    let server = Server::start_with(&flags, system_clock()).await;
    check_all(&server.company().await, &SMALL).await;
}

async fn change(company: &Company<'_>, limits: serde_json::Value) {
    let set = |settings: &mut serde_json::Map<_, _>| drop(settings.insert("limits".to_owned(), limits));
    company.server.tenants().change_settings(company.tenant.id, chrono::Utc::now(), set).await.unwrap();
}

#[tokio::test]
async fn a_tenant_has_limits_of_its_own() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let own = json!({
        "characters": 900, "tokens": 150, "depth": 5, "aliases": 3, "directives": 4, "rootFields": 6, "cost": 700
    });
    change(&company, own).await;
    check_all(&company, &SMALL).await;
    check_all(&other, &Limits::default()).await;
    // What cannot be read does not open the door.
    change(&company, json!({ "depth": "deep" })).await;
    check_all(&company, &Limits::default()).await;
}

#[tokio::test]
async fn the_cost_looks_through_fragments_and_variables() {
    let server = Server::start().await;
    let company = server.company().await;
    let caller = company.caller(Role::Hr);
    let nested = "{ employees(first: 100) { nodes { ...Person } } }
        fragment Person on Employee { directReports(first: 100) { nodes { id name workEmail } } }";
    assert_eq!(exceeded(&caller.ask(nested).await).0, "cost");
    let by_variable = "query($n: Int!) { employees(first: $n) { nodes { directReports(first: $n) { nodes { id } } } } }";
    assert_eq!(exceeded(&caller.ask_with(by_variable, json!({ "n": 100 })).await).0, "cost");
    caller.ask_with(by_variable, json!({ "n": 10 })).await.data("");
    let by_default = "query($n: Int = 100) { employees(first: $n) { nodes { directReports(first: $n) { nodes { id } } } } }";
    assert_eq!(exceeded(&caller.ask(by_default).await).0, "cost");
    let many_lists: Vec<String> =
        (0..15).map(|n| format!("a{n}: employees(first: 100) {{ nodes {{ id name hiredOn status }} }}")).collect();
    let many_lists = format!("{{ {} }}", many_lists.join(" "));
    assert_eq!(exceeded(&caller.ask(&many_lists).await).0, "cost");
    let tree = "{ departments(first: 500) { nodes { children { children { id } } } } }";
    assert_eq!(exceeded(&caller.ask(tree).await).0, "cost");
}

#[tokio::test]
async fn what_is_hostile_is_refused_at_once() {
    let server = Server::start().await;
    let company = server.company().await;
    let caller = company.caller(Role::Hr);
    let fragments: Vec<String> = (0..60).map(|n| format!("fragment F{n} on Query {{ ...F{0} ...F{0} }}", n + 1)).collect();
    let doubling = format!("{{ ...F0 }} {} fragment F60 on Query {{ __typename }}", fragments.join(" "));
    let variables: Vec<String> = (0..300).map(|n| format!("$v{n}: Int")).collect();
    let queries: Vec<String> = (0..200).map(|n| format!("query Q{n} {{ __typename }}")).collect();
    let operations = [
        "{a".repeat(7_000),
        "{".repeat(15_000),
        "[".repeat(15_000),
        format!("{{ employee(id: {}1{}) {{ id }} }}", "[".repeat(400), "]".repeat(400)),
        format!("{{ employee(id: {}1{}) {{ id }} }}", "{a:".repeat(300), "}".repeat(300)),
        format!("query($x: {}Int{}) {{ __typename }}", "[".repeat(400), "]".repeat(400)),
        "{ __typename }".repeat(200),
        format!("{{ {} }}", "__typename @include(if: true) ".repeat(150)),
        format!("{{ {} }}", "... on Query { ".repeat(100) + "__typename" + &"}".repeat(100)),
        format!("{{ tenant(x: \"{}\") {{ id }} }}", "x".repeat(100_000)),
        "\"".repeat(15_000),
        "\"\"\"".repeat(5_000),
        "#".repeat(15_000),
        "\\u0000".repeat(2_000),
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
        "{ ...A } fragment A on Query { tenant { ...A } }".to_owned(),
        doubling,
        queries.join(" "),
        format!("query({}) {{ __typename }}", variables.join(" ")),
    ];
    for operation in operations {
        let started = Instant::now();
        let answer = caller.ask(&operation).await;
        let start: String = operation.chars().take(40).collect();
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_USER_INPUT"), "{start} {}", answer.body);
        assert!(started.elapsed() < Duration::from_secs(2), "{start} took {:?}", started.elapsed());
        assert!(answer.body.to_string().len() < 1_000, "{start} has a long answer");
    }
    const { assert!(MAX_NESTING < 100, "the parser recurses") }
}

#[tokio::test]
async fn a_body_has_a_size() {
    let server = Server::start().await;
    let company = server.company().await;
    let send = async |bytes: usize| {
        let start = "{\"query\":\"{ tenant { slug } }\",\"variables\":{\"x\":\"";
        let body = format!("{start}{}\"}}}}", "x".repeat(bytes - start.len() - 3));
        let request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        company.anonymous().send(request).await
    };
    send(256 * 1024).await.data("");
    for bytes in [256 * 1024 + 1, 300 * 1024, 5 * 1024 * 1024] {
        let answer = send(bytes).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "BAD_USER_INPUT"), "{bytes}");
    }
}

#[tokio::test]
async fn deep_variables_are_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    for depth in [200, 50_000] {
        let body = format!(
            "{{\"query\":\"{{ tenant {{ slug }} }}\",\"variables\":{{\"x\":{}{}}}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        let request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = company.anonymous().send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_USER_INPUT"), "{depth}");
    }
}
