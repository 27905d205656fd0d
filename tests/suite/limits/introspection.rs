//! Who is told the schema, and how much of it at a time.

use api::{
    app::system_clock,
    graphql::limits::{MAX_INTROSPECTION_DEPTH, MAX_INTROSPECTION_LISTS},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use serde_json::json;
use tests::Server;

use super::{change, exceeded};

#[tokio::test]
async fn the_schema_is_told_to_whom_it_may_be() {
    const SCHEMA: &str = "{ __schema { queryType { name } } }";
    for (mode, anonymous, member) in
        [("on", None, None), ("members", Some("UNAUTHENTICATED"), None), ("off", Some("BAD_USER_INPUT"), Some("BAD_USER_INPUT"))]
    {
        let server = Server::start_with(&["--introspection", mode], system_clock()).await;
        let company = server.company().await;
        assert_eq!(company.anonymous().ask(SCHEMA).await.first_code(), anonymous, "{mode}");
        assert_eq!(company.caller(Role::Employee).ask(SCHEMA).await.first_code(), member, "{mode}");
        let apex = company.anonymous().at("localhost");
        assert_eq!(apex.ask(SCHEMA).await.first_code(), anonymous, "{mode}");
        // The engine's own answers must not tell of it either.
        let typo = company.anonymous().ask("{ tenant { nam } }").await;
        assert!(!typo.message().contains("name"), "{mode}: {}", typo.message());
        company.anonymous().ask("{ __typename tenant { __typename } }").await.data("");
    }
}

#[tokio::test]
async fn a_tenant_says_who_is_told_its_schema() {
    const SCHEMA: &str = "{ __schema { queryType { name } } }";
    for (program, own, anonymous, member) in [
        ("on", "off", Some("BAD_USER_INPUT"), Some("BAD_USER_INPUT")),
        ("on", "members", Some("UNAUTHENTICATED"), None),
        ("off", "on", None, None),
    ] {
        let server = Server::start_with(&["--introspection", program], system_clock()).await;
        let (company, other) = (server.company().await, server.company().await);
        change(&company, json!({ "introspection": own })).await;
        assert_eq!(company.anonymous().ask(SCHEMA).await.first_code(), anonymous, "{own}");
        assert_eq!(company.caller(Role::Employee).ask(SCHEMA).await.first_code(), member, "{own}");
        assert_eq!(other.anonymous().ask(SCHEMA).await.first_code().is_none(), program == "on", "{own}");
    }
}

#[tokio::test]
async fn the_introspection_of_graphiql_passes() {
    let server = Server::start().await;
    let company = server.company().await;
    let schema = company.anonymous().introspect().await;
    assert!(schema.fields("Query").len() > 5);
    // As GraphiQL sends it.
    let body = json!({ "query": tests::INTROSPECTION, "operationName": "IntrospectionQuery" });
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, multipart/mixed")
        .body(Body::from(body.to_string()))
        .unwrap();
    company.anonymous().send(request).await.data("/__schema");
}

#[tokio::test]
async fn introspection_has_limits_of_its_own() {
    let server = Server::start().await;
    let company = server.company().await;
    let caller = company.anonymous();
    let lists = |count: usize| {
        let inner = "fields { type { ".repeat(count) + "name" + &" } }".repeat(count);
        format!("{{ __type(name: \"Query\") {{ {inner} }} }}")
    };
    assert_eq!(caller.ask(&lists(MAX_INTROSPECTION_LISTS)).await.first_code(), None);
    assert_eq!(exceeded(&caller.ask(&lists(MAX_INTROSPECTION_LISTS + 1)).await).0, "introspectionLists");
    let deep =
        |count: usize| format!("{{ __type(name: \"Query\") {{ {} name {} }} }}", "ofType { ".repeat(count), "} ".repeat(count));
    assert_eq!(caller.ask(&deep(MAX_INTROSPECTION_DEPTH - 2)).await.first_code(), None);
    assert_eq!(exceeded(&caller.ask(&deep(MAX_INTROSPECTION_DEPTH - 1)).await).0, "introspectionDepth");
    // An introspection field does not hide what stands beside it.
    let aliases: Vec<String> = (0..16).map(|n| format!("a{n}: __typename")).collect();
    let beside = format!("{{ __type(name: \"Query\") {{ name }} {} }}", aliases.join(" "));
    assert_eq!(exceeded(&caller.ask(&beside).await).0, "aliases");
}
