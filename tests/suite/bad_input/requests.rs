//! Requests that are no GraphQL, or none of this schema.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Company, Server, opaque};

const NEWER: &str = "application/graphql-response+json";

async fn send(company: &Company<'_>, method: Method, uri: &str, headers: &[(header::HeaderName, &str)], body: Body) -> Answer {
    let mut request = Request::builder().method(method).uri(uri).header(header::HOST, company.host());
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    company.anonymous().send(request.body(body).unwrap()).await
}

async fn post(company: &Company<'_>, body: impl Into<Body>) -> Answer {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::ACCEPT, NEWER)];
    send(company, Method::POST, "/graphql", &headers, body.into()).await
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.first_code()), (status, Some("BAD_USER_INPUT")), "{case}: {}", answer.body);
    assert!(answer.body.get("data").is_none(), "{case}");
    assert!(answer.message().len() > 10, "{case}: {}", answer.message());
}

#[tokio::test]
async fn a_body_is_one_json_object_with_a_query() {
    let server = Server::start().await;
    let company = server.company().await;
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("spaces", b"  \n".to_vec()),
        ("a text", b"query".to_vec()),
        ("half an object", b"{\"query\":\"{ __typename }\"".to_vec()),
        ("more than an object", b"{\"query\":\"{ __typename }\"}{}".to_vec()),
        ("null", b"null".to_vec()),
        ("a number", b"7".to_vec()),
        ("a batch", b"[{\"query\":\"{ __typename }\"}]".to_vec()),
        ("an empty batch", b"[]".to_vec()),
        ("no query", b"{}".to_vec()),
        ("a query of null", b"{\"query\":null}".to_vec()),
        ("a query that is a number", b"{\"query\":1}".to_vec()),
        ("a query that is a list", b"{\"query\":[\"{ __typename }\"]}".to_vec()),
        ("two queries", b"{\"query\":\"{ __typename }\",\"query\":\"{ __typename }\"}".to_vec()),
        ("a variable that is given twice", b"{\"query\":\"{ __typename }\",\"variables\":{\"x\":1,\"x\":2}}".to_vec()),
        ("variables that are a list", b"{\"query\":\"{ __typename }\",\"variables\":[]}".to_vec()),
        ("variables that are a text", b"{\"query\":\"{ __typename }\",\"variables\":\"{}\"}".to_vec()),
        ("a name that is a number", b"{\"query\":\"{ __typename }\",\"operationName\":1}".to_vec()),
        ("extensions that are a text", b"{\"query\":\"{ __typename }\",\"extensions\":\"x\"}".to_vec()),
        ("no UTF-8", b"{\"query\":\"{ __typename } # \xff\xfe\"}".to_vec()),
        ("half a surrogate", br#"{"query":"{ __typename } # \ud800"}"#.to_vec()),
        ("UTF-16", "{\"query\":\"{ __typename }\"}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a mark of the byte order", b"\xef\xbb\xbf{\"query\":\"{ __typename }\"}".to_vec()),
        ("a NUL behind it", b"{\"query\":\"{ __typename }\"}\0".to_vec()),
        ("single quotes", b"{'query':'{ __typename }'}".to_vec()),
        ("a form", b"query=%7B__typename%7D".to_vec()),
        ("zeroes", vec![0; 1_000]),
    ];
    for (case, body) in bodies {
        assert_refused(&post(&company, body).await, 400, case);
    }
    post(&company, "{\"query\":\"{ __typename }\",\"variables\":null,\"operationName\":null,\"extensions\":null,\"more\":1}")
        .await
        .data("");
}

#[tokio::test]
async fn an_object_of_which_nothing_is_selected_is_an_object() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    assert_eq!(hr.ask("{ tenant { id @skip(if: true) } }").await.data(""), json!({ "tenant": {} }));
    let node = format!("{{ node(id: \"{}\") {{ ... on Department {{ name }} }} }}", opaque(company.member.id));
    assert_eq!(hr.ask(&node).await.data(""), json!({ "node": {} }));
    let nodes = "{ employees(first: 2) { nodes { ...F } } } fragment F on Employee { department { name @include(if: false) } }";
    let expected = json!([{ "department": {} }, { "department": {} }]);
    assert_eq!(hr.ask(nodes).await.data("/employees/nodes"), expected);
}

#[tokio::test]
async fn what_cannot_be_parsed_is_said_in_one_line_with_its_place() {
    let server = Server::start().await;
    let company = server.company().await;
    let answer = company.anonymous().ask("{\n  tenant { slug\n  \"text\" }\n}").await;
    assert_refused(&answer, 400, "a text for a field");
    assert!(answer.message().starts_with("The document cannot be parsed: expected "), "{}", answer.message());
    assert!(!answer.message().contains('\n'), "{}", answer.message());
    assert_eq!(answer.body["errors"][0]["locations"], json!([{ "line": 3, "column": 3 }]));
}

#[tokio::test]
async fn a_document_fits_the_schema() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    let documents = [
        String::new(),
        "{".to_owned(),
        "{}".to_owned(),
        "query".to_owned(),
        "{ tenant }".to_owned(),
        "{ tenant { slug { x } } }".to_owned(),
        "{ nonsense }".to_owned(),
        "{ tenant { nonsense } }".to_owned(),
        "{ tenant(x: 1) { slug } }".to_owned(),
        "{ employee { id } }".to_owned(),
        "{ employee(id: null) { id } }".to_owned(),
        "{ employee(id: {}) { id } }".to_owned(),
        "{ employee(id: true) { id } }".to_owned(),
        format!("{{ employee(id: \"{id}\", id: \"{id}\") {{ id }} }}"),
        "{ employees(first: \"1\") { totalCount } }".to_owned(),
        "{ employees(first: 1.5) { totalCount } }".to_owned(),
        "{ employees(filter: { nonsense: 1 }) { totalCount } }".to_owned(),
        "{ employees(filter: { status: RETIRED }) { totalCount } }".to_owned(),
        "{ employees(orderBy: { field: SALARY }) { totalCount } }".to_owned(),
        "{ employees(filter: { status: \"ACTIVE\" }) { totalCount } }".to_owned(),
        "{ employees(filter: { status: ACTIVE, status: ACTIVE }) { totalCount } }".to_owned(),
        "query($x: EmploymentStatus = \"ACTIVE\") { employees(filter: { status: $x }) { totalCount } }".to_owned(),
        "query($x: String = \"ACTIVE\") { employees(filter: { status: $x }) { totalCount } }".to_owned(),
        "query($x: String) { employees(first: $x) { totalCount } }".to_owned(),
        "{ employees(orderBy: {}) { totalCount } }".to_owned(),
        "{ ...Missing }".to_owned(),
        "{ ...F } fragment F on Nonsense { id }".to_owned(),
        "{ ...F } fragment F on Employee { id }".to_owned(),
        "{ tenant { slug } } fragment Unused on Query { tenant { slug } }".to_owned(),
        "query A { __typename } query B { __typename }".to_owned(),
        "query A { __typename } query A { __typename }".to_owned(),
        "{ __typename } { __typename }".to_owned(),
        "query($x: Nonsense) { __typename }".to_owned(),
        "{ employees(first: $x) { totalCount } }".to_owned(),
        "{ tenant { slug @nonsense } }".to_owned(),
        "{ tenant { slug @include } }".to_owned(),
        "{ tenant { slug @include(if: \"yes\") } }".to_owned(),
        "{ a: tenant { slug } a: viewer { role } }".to_owned(),
        "subscription { tenant { slug } }".to_owned(),
        "mutation { nonsense }".to_owned(),
        "mutation { createPosition { position { id } } }".to_owned(),
        "mutation { createPosition(input: {}) { position { id } } }".to_owned(),
        "mutation { createPosition(input: { title: 7 }) { position { id } } }".to_owned(),
        "type Query { a: Int }".to_owned(),
        "{ tenant { slug } } type X { y: Int }".to_owned(),
        "{ \u{0} }".to_owned(),
        "{ ténant { slug } }".to_owned(),
        "{ tenant { slug } } \u{202e}".to_owned(),
    ];
    let before = company.contents().await;
    for document in documents {
        let answer = hr.ask(&document).await;
        assert_refused(&answer, 400, &document);
    }
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn variables_fit_their_types() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let hire = "mutation($input: HireEmployeeInput!) { hireEmployee(input: $input) { employee { id } } }";
    let list = "query($first: Int, $after: String, $filter: EmployeeFilter, $order: EmployeeOrder) {
        employees(first: $first, after: $after, filter: $filter, orderBy: $order) { totalCount } }";
    let newcomer = json!({
        "givenName": "A", "familyName": "B", "workEmail": "a@b.test", "departmentId": opaque(company.department.id),
        "positionId": opaque(company.position.id), "hiredOn": "2024-03-01",
    });
    let but = |field: &str, value: Value| {
        let mut input = newcomer.clone();
        input[field] = value;
        json!({ "input": input })
    };
    let mut without = newcomer.clone();
    without.as_object_mut().unwrap().remove("givenName");
    let cases = [
        (hire, json!({})),
        (hire, json!({ "input": null })),
        (hire, json!({ "input": [] })),
        (hire, json!({ "input": "x" })),
        (hire, json!({ "input": without })),
        (hire, but("givenName", json!(null))),
        (hire, but("givenName", json!(7))),
        (hire, but("givenName", json!(["A"]))),
        (hire, but("nonsense", json!(1))),
        (hire, but("employmentType", json!("full_time"))),
        (hire, but("employmentType", json!(null))),
        (hire, but("departmentId", json!(null))),
        (hire, but("departmentId", json!({ "id": 1 }))),
        (hire, but("personal", json!("x"))),
        (hire, but("personal", json!({ "nonsense": 1 }))),
        (hire, but("salary", json!({ "amount": "1" }))),
        (hire, but("salary", json!({ "amount": true, "currency": "EUR" }))),
        (hire, but("salary", json!({ "amount": 1.5, "currency": "EUR" }))),
        (hire, but("salary", json!({ "amount": "1e9", "currency": "EUR" }))),
        (hire, but("salary", json!({ "amount": "NaN", "currency": "EUR" }))),
        (hire, but("salary", json!({ "amount": "", "currency": "EUR" }))),
        (list, json!({ "first": "1" })),
        (list, json!({ "first": 1.5 })),
        (list, json!({ "first": true })),
        (list, json!({ "first": 3_000_000_000_u64 })),
        (list, json!({ "after": 7 })),
        (list, json!({ "filter": { "status": "RETIRED" } })),
        (list, json!({ "filter": { "includeSubdepartments": "yes" } })),
        (list, json!({ "filter": [] })),
        (list, json!({ "order": { "field": "NAME", "direction": "UP" } })),
        (list, json!({ "order": {} })),
        ("query($x: Int!) { employees(first: $x) { totalCount } }", json!({})),
        ("query($x: Int!) { employees(first: $x) { totalCount } }", json!({ "x": null })),
        ("query($x: String) { employees(first: $x) { totalCount } }", json!({ "x": "1" })),
        ("{ employees(first: 99999999999) { totalCount } }", json!({})),
        ("{ employees(first: -99999999999) { totalCount } }", json!({})),
    ];
    let before = company.contents().await;
    for (query, variables) in cases {
        let answer = hr.ask_with(query, variables.clone()).await;
        assert_eq!(answer.first_code(), Some("BAD_USER_INPUT"), "{variables} {}", answer.body);
        assert!(answer.body["data"].is_null(), "{variables}");
        assert!(answer.status.as_u16() < 500, "{variables}");
    }
    assert_eq!(company.contents().await, before);
    // A variable that the operation does not have is nobody's business.
    hr.ask_with("{ __typename }", json!({ "unused": { "deep": [1, 2, 3] } })).await.data("");
}

#[tokio::test]
async fn methods_and_media_types_are_those_of_graphql_over_http() {
    let server = Server::start().await;
    let company = server.company().await;
    let body = || Body::from("{\"query\":\"{ __typename }\"}");
    let json = (header::CONTENT_TYPE, "application/json");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let answer = send(&company, method.clone(), "/graphql", std::slice::from_ref(&json), body()).await;
        assert_refused(&answer, 405, method.as_str());
        assert_eq!(answer.headers[header::ALLOW], "GET, POST");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql", ""]
    {
        let answer = send(&company, Method::POST, "/graphql", &[(header::CONTENT_TYPE, kind)], body()).await;
        assert_refused(&answer, 415, kind);
    }
    assert_refused(&send(&company, Method::POST, "/graphql", &[], body()).await, 415, "no content type");
    let latin = (header::CONTENT_TYPE, "application/json; charset=iso-8859-1");
    assert_refused(&send(&company, Method::POST, "/graphql", &[latin], body()).await, 415, "another charset");
    for accept in ["text/html", "image/png", "application/xml"] {
        let headers = [json.clone(), (header::ACCEPT, accept)];
        assert_refused(&send(&company, Method::POST, "/graphql", &headers, body()).await, 406, accept);
    }
    // A refused document is answered with 200 to those who do not know the newer media type.
    let headers = [json, (header::ACCEPT, "application/json")];
    let answer = send(&company, Method::POST, "/graphql", &headers, Body::from("{\"query\":\"{ nonsense }\"}")).await;
    assert_refused(&answer, 200, "the older media type");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
}

#[tokio::test]
async fn a_mutation_is_not_sent_by_get() {
    let server = Server::start().await;
    let company = server.company().await;
    let before = company.contents().await;
    let mutation = "mutation%7BcreatePosition(input:%7Btitle:%22x%22%7D)%7Bposition%7Bid%7D%7D%7D";
    let both = format!("query%20A%7B__typename%7D%20{}&operationName=B", mutation.replacen("mutation", "mutation%20B", 1));
    for query in [mutation, &both] {
        let uri = format!("/graphql?query={query}");
        let request = Request::get(uri)
            .header(header::HOST, company.host())
            .header(header::AUTHORIZATION, format!("Bearer {}", company.token(Role::Hr)))
            .body(Body::empty())
            .unwrap();
        let answer = company.anonymous().send(request).await;
        assert_refused(&answer, 405, query);
        assert_eq!(answer.headers[header::ALLOW], "POST");
    }
    assert_eq!(company.contents().await, before);
    let answer = send(&company, Method::GET, "/graphql?query=%7Btenant%7Bslug%7D%7D", &[], Body::empty()).await;
    assert_eq!(answer.text("/tenant/slug"), company.tenant.slug.as_str());
    for uri in
        ["/graphql", "/graphql?query=", "/graphql?query=%ff", "/graphql?query=%7Ba%7D&query=%7Bb%7D", "/graphql?variables=%7B%7D"]
    {
        let answer = send(&company, Method::GET, uri, &[(header::ACCEPT, NEWER)], Body::empty()).await;
        assert_refused(&answer, 400, uri);
    }
}
