//! What a token claims: times, places, and roles.

use domain::Role;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tests::{Company, Server};

use super::{QUERY, ask, assert_refused, good, with_claims};

fn without_claim(company: &Company, name: &str) -> String {
    let mut forgery = good(company);
    forgery.claims.as_object_mut().unwrap().remove(name);
    forgery.sign()
}

#[tokio::test]
async fn a_token_is_good_between_its_times() {
    let server = Server::start().await;
    let company = server.company().await;
    let now = chrono::Utc::now().timestamp();
    for (claims, case) in [
        (json!({ "exp": now - 1 }), "expired"),
        (json!({ "exp": now - 100_000 }), "long expired"),
        (json!({ "exp": 0 }), "the beginning of time"),
        (json!({ "exp": -1 }), "before it"),
        (json!({ "nbf": now + 60, "exp": now + 600 }), "not yet"),
        (json!({ "exp": "tomorrow" }), "a text"),
        (json!({ "exp": null }), "null"),
        (json!({ "exp": i64::MIN }), "the smallest number"),
        (json!({ "nbf": i64::MAX }), "the largest number"),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &claims)).await, case);
    }
    // Clocks differ by a moment.
    ask(&company, &with_claims(&company, &json!({ "nbf": now + 3, "exp": now + 600 }))).await.data("");
}

#[tokio::test]
async fn a_token_names_one_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let (here, there) = (company.tenant.id.to_string(), other.tenant.id.to_string());
    for (audience, case) in [
        (json!([here]), "a list of one"),
        (json!([here, there]), "a list of two"),
        (json!([]), "an empty list"),
        (json!(""), "empty"),
        (json!(null), "null"),
        (json!(company.tenant.slug.as_str()), "a slug"),
        (json!(company.host()), "a host"),
        (json!("*"), "everything"),
        (json!({ "tenant": here }), "an object"),
        (json!("PLATFORM"), "the platform, nearly"),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &json!({ "aud": audience }))).await, case);
    }
    // Another place than that of the token's session, though rightly signed.
    for audience in [json!("platform"), json!(there), json!(uuid::Uuid::now_v7())] {
        assert_refused(&ask(&company, &with_claims(&company, &json!({ "aud": audience }))).await, &audience.to_string());
    }
    let platform = server.signer.platform_token(company.tenant.id).await;
    let globex = other.token(Role::Owner);
    let nowhere = server.signer.token(tenancy::TenantId(uuid::Uuid::now_v7()), Role::Owner, None).await;
    for token in [platform, globex, nowhere] {
        let answer = ask(&company, &token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "TENANT_MISMATCH"));
    }
    // A tenant that does not exist, at the host that believes the token.
    let stray = server.signer.token(tenancy::TenantId(uuid::Uuid::now_v7()), Role::Owner, None).await;
    let answer = company.anonymous().at("api.localhost").with_token(Some(stray)).ask(QUERY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "TENANT_NOT_FOUND"));
}

#[tokio::test]
async fn a_token_has_every_claim() {
    let server = Server::start().await;
    let company = server.company().await;
    for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "sid", "name", "email"] {
        assert_refused(&ask(&company, &without_claim(&company, name)).await, name);
    }
    for claims in [
        json!({ "iss": "https://elsewhere.example" }),
        json!({ "iss": ["localhost"] }),
        json!({ "role": ["owner"] }),
        json!({ "sub": uuid::Uuid::now_v7() }),
        json!({ "sid": uuid::Uuid::now_v7() }),
        json!({ "sub": "somebody" }),
        json!({ "sid": 7 }),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &claims)).await, &claims.to_string());
    }
}

/// What the owner may do is read from the membership; the claim is for display.
#[tokio::test]
async fn the_claim_of_a_role_gives_no_rights() {
    let server = Server::start().await;
    let company = server.company().await;
    let mut forgery = server.signer.forgery_of(company.member_with(Role::Employee));
    forgery.claims["role"] = json!("owner");
    assert_eq!(ask(&company, &forgery.sign()).await.text("/viewer/role"), "EMPLOYEE");
}

/// Whoever sets up an identity provider could otherwise become an owner by waiting for one.
#[tokio::test]
async fn a_session_of_an_identity_provider_is_never_an_owners() {
    let server = Server::start().await;
    let company = server.company().await;
    let member = server.signer.member(company.tenant.id, Role::Hr, None).await;
    let token = server.signer.forgery_of(&member).sign();
    let change = async |sql: &str| {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [member.account.uuid().into()]);
        server.tenants().platform().execute_raw(statement).await.unwrap();
    };
    change("UPDATE platform.sessions SET method = 'identity_provider' WHERE account_id = $1").await;
    assert_eq!(ask(&company, &token).await.text("/viewer/role"), "HR");
    change("UPDATE platform.memberships SET role = 'owner' WHERE account_id = $1").await;
    tests::until("the session is refused", async || ask(&company, &token).await.status == 401).await;
}
