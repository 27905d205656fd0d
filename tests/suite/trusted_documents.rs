//! With a list of trusted documents nothing else is executed.

use std::io::Write as _;

use api::{app::system_clock, graphql::documents::hash_of};
use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, Server};

const SLUG: &str = "query Slug { tenant { slug } }";
const BY_ID: &str = "query One($id: ID!) { employee(id: $id) { id } }";

async fn send(company: &Company<'_>, caller: &Caller, body: &Value) -> Answer {
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/graphql-response+json")
        .header(header::AUTHORIZATION, format!("Bearer {}", company.token(Role::Hr)))
        .body(Body::from(body.to_string()))
        .unwrap();
    caller.send(request).await
}

/// The program with a list of two documents.
async fn server() -> Server {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let list = json!({ hash_of(SLUG): SLUG, hash_of(BY_ID): BY_ID });
    file.write_all(list.to_string().as_bytes()).unwrap();
    Server::start_with(&["--trusted-documents", file.path().to_str().unwrap()], system_clock()).await
}

#[tokio::test]
async fn a_trusted_document_runs_by_its_text_or_its_id() {
    let server = server().await;
    let company = server.company().await;
    let caller = company.anonymous();
    let slug = company.tenant.slug.as_str();
    for body in [
        json!({ "query": SLUG }),
        json!({ "documentId": hash_of(SLUG) }),
        json!({ "documentId": format!("sha256:{}", hash_of(SLUG)), "operationName": "Slug" }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash_of(SLUG) } } }),
    ] {
        assert_eq!(send(&company, &caller, &body).await.text("/tenant/slug"), slug, "{body}");
    }
    let address = format!("/graphql?documentId={}", hash_of(SLUG));
    assert_eq!(caller.get(&address).await.text("/tenant/slug"), slug);
    // An id does not carry another tenant's rows.
    let other = server.company().await;
    let body = json!({ "documentId": hash_of(BY_ID), "variables": { "id": tests::opaque(other.member.id) } });
    assert_eq!(send(&company, &caller, &body).await.first_code(), Some("NOT_FOUND"));
}

#[tokio::test]
async fn nothing_else_runs() {
    let server = server().await;
    let company = server.company().await;
    let caller = company.anonymous();
    for body in [
        json!({ "query": "{ tenant { slug } }" }),
        json!({ "query": format!("{SLUG} ") }),
        json!({ "query": "mutation { signOut { signedOut } }" }),
        json!({ "query": "{ __schema { types { name } } }" }),
        json!({ "query": "{ tenant { name } }", "documentId": hash_of(SLUG) }),
        json!({ "documentId": hash_of("{ tenant { name } }") }),
        json!({ "documentId": "" }),
        json!({ "documentId": "../../etc/passwd" }),
    ] {
        let answer = send(&company, &caller, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_USER_INPUT"), "{body} {}", answer.body);
        assert!(answer.body.get("data").is_none());
    }
    assert_eq!(caller.at("localhost").ask("{ account { email } }").await.first_code(), Some("BAD_USER_INPUT"));
}

#[tokio::test]
async fn an_id_alone_says_nothing_where_there_is_no_list() {
    let server = Server::start().await;
    let company = server.company().await;
    let answer = send(&company, &company.anonymous(), &json!({ "documentId": hash_of(SLUG) })).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_USER_INPUT"));
}
