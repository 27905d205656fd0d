//! Access tokens: good ones, and everything else.

mod claims;
mod forged;

use axum::http::header;
use domain::Role;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::{Value, json};
use tests::{Answer, Company, Forgery, Server};

const QUERY: &str = "{ viewer { role } employees { totalCount } }";

fn good(company: &Company) -> Forgery {
    company.server.signer.forgery_of(company.member_with(Role::Owner))
}

/// A token with its claims changed, and rightly signed.
fn with_claims(company: &Company, claims: &Value) -> String {
    let mut forgery = good(company);
    for (name, value) in claims.as_object().unwrap() {
        forgery.claims[name] = value.clone();
    }
    forgery.sign()
}

async fn ask(company: &Company<'_>, token: &str) -> Answer {
    company.anonymous().with_token(Some(token.to_owned())).ask(QUERY).await
}

#[track_caller]
fn assert_refused(answer: &Answer, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "UNAUTHENTICATED"), "{case}");
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{case}");
    assert!(answer.body.get("data").is_none(), "{case}");
    assert_eq!(answer.message(), "The sign-in is not valid or has expired. Please sign in again.", "{case}");
}

#[tokio::test]
async fn a_good_token_is_good_at_its_tenant_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let token = good(&company).sign();
    assert_eq!(ask(&company, &token).await.text("/viewer/role"), "OWNER");
    let answer = ask(&other, &token).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "TENANT_MISMATCH"));
    // The host of machine clients, which leaves the tenant to the token.
    let api = company.caller(Role::Hr).at("api.localhost");
    assert_eq!(api.ask("{ tenant { slug } }").await.text("/tenant/slug"), company.tenant.slug.as_str());
    let nobody = api.with_token(None).ask("{ tenant { slug } }").await;
    assert_eq!((nobody.status.as_u16(), nobody.code()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn without_a_token_a_request_is_anonymous() {
    let server = Server::start().await;
    let company = server.company().await;
    let answer = company.anonymous().ask(QUERY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (200, "UNAUTHENTICATED"));
    assert_eq!(answer.body["errors"][0]["path"], json!(["employees"]));
}

#[tokio::test]
async fn keys_outlive_the_process() {
    let before = Server::start().await;
    let company = before.company().await;
    let account = company.account(Role::Hr).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let keys = company.anonymous().get("/.well-known/jwks.json").await.body;

    let after = Server::start().await;
    let caller = tests::Caller::new(after.router.clone(), company.host(), Some(token));
    assert_eq!(caller.ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    assert_eq!(caller.get("/.well-known/jwks.json").await.body, keys);
}

#[tokio::test]
async fn the_published_keys_verify_a_token_and_say_nothing_more() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Owner).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");

    let published = company.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(published.status, 200);
    for key in published.body["keys"].as_array().unwrap() {
        assert!(key.get("d").is_none(), "the private half is published");
        let expected = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig" });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&key[name], value, "{key}");
        }
    }
    let keys: JwkSet = serde_json::from_value(published.body).unwrap();
    let head = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(head.alg, Algorithm::EdDSA);
    let key = keys.find(&head.kid.unwrap()).expect("the token's key is not published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[company.tenant.id.to_string()]);
    validation.set_issuer(&["localhost"]);
    let claims = decode::<Value>(&token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims;
    assert_eq!(claims["role"], "owner");
    assert_eq!(claims["email"], account.email);
}
