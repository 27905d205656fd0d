//! Keys that have ended, that cannot be made, and that are none.

use chrono::TimeDelta;
use domain::{Permission, Role};
use serde_json::json;
use tests::{Caller, Server, TestClock, opaque, until};

use super::{assert_refused, end, make, program};

#[tokio::test]
async fn a_key_that_ends_is_refused_in_every_process_at_once() {
    let one = Server::start().await;
    let two = Server::start().await;
    let company = one.company().await;
    let (id, token) = make(&company, &[Permission::ReadDirectory], None).await;
    let elsewhere = Caller::new(two.router.clone(), company.host(), Some(token.clone()));
    program(&company, &token).ask("{ employees { totalCount } }").await.data("");
    elsewhere.ask("{ employees { totalCount } }").await.data("");
    let ended = end(&company.caller(Role::Owner), &id).await.text("/endApiKey/apiKey/endedAt");
    assert_refused(&program(&company, &token).ask("{ __typename }").await, "where it was ended");
    until("the other process refuses the key", async || elsewhere.ask("{ __typename }").await.status == 401).await;
    // Once more changes nothing, not even the time.
    assert_eq!(end(&company.caller(Role::Owner), &id).await.text("/endApiKey/apiKey/endedAt"), ended);
    assert_eq!(company.texts("SELECT action FROM audit_events WHERE action LIKE 'api_key.%' ORDER BY id").await.len(), 2);
    assert_refused(&Caller::new(two.router.clone(), "api.localhost", Some(token)).ask("{ __typename }").await, "api");
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let clock = TestClock::start();
    let one = Server::start_with(&[], clock.clock()).await;
    let two = Server::start_with(&[], clock.clock()).await;
    let company = one.company().await;
    let input = json!({ "name": "Late", "permissions": ["READ_DIRECTORY"], "expiresAt": clock.now().to_rfc3339() });
    let answer = company.caller(Role::Owner).mutate("createApiKey", input, "token").await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("expiresAt")));
    let end = clock.now() + TimeDelta::hours(1);
    let (_, token) = make(&company, &[Permission::ReadDirectory], Some(end.to_rfc3339())).await;
    let callers = [program(&company, &token), Caller::new(two.router.clone(), company.host(), Some(token))];
    clock.advance(TimeDelta::minutes(59));
    for caller in &callers {
        caller.ask("{ employees { totalCount } }").await.data("");
    }
    clock.advance(TimeDelta::minutes(1));
    for caller in &callers {
        assert_refused(&caller.ask("{ __typename }").await, "expired");
    }
}

#[tokio::test]
async fn what_a_key_cannot_be_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.caller(Role::Owner);
    for (input, field) in [
        (json!({ "name": " ", "permissions": ["READ_DIRECTORY"] }), "name"),
        (json!({ "name": "x".repeat(101), "permissions": ["READ_DIRECTORY"] }), "name"),
        (json!({ "name": "a\0b", "permissions": ["READ_DIRECTORY"] }), "name"),
        (json!({ "name": "x", "permissions": [] }), "permissions"),
        (json!({ "name": "x", "permissions": ["READ_DIRECTORY", "MANAGE_MEMBERS"] }), "permissions"),
        (json!({ "name": "x", "permissions": ["MANAGE_API_KEYS"] }), "permissions"),
        (json!({ "name": "x", "permissions": ["MANAGE_SIGN_IN"] }), "permissions"),
        (json!({ "name": "x", "permissions": ["READ_DIRECTORY"], "expiresAt": "1999-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "name": "x", "permissions": ["READ_DIRECTORY"], "expiresAt": "+262142-12-31T23:59:60Z" }), "expiresAt"),
        (json!({ "name": "x", "permissions": ["READ_DIRECTORY"], "expiresAt": "2999-01-01T00:00:00Z" }), "expiresAt"),
    ] {
        let answer = owner.mutate("createApiKey", input.clone(), "token").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{input}");
    }
    assert_eq!(end(&owner, &opaque(company.member.id)).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let (_, token) = make(&company, &[Permission::ReadDirectory], None).await;
    let mut other = token.clone().into_bytes();
    other.swap(10, 11);
    let swapped = String::from_utf8(other).unwrap();
    for text in
        ["tnt_", "tnt_x", &token[..52], &format!("{token}0"), &token.to_uppercase(), &format!("tnt_{}", "0".repeat(49)), &swapped]
    {
        if *text != *token {
            assert_refused(&program(&company, text).ask("{ __typename }").await, text);
        }
    }
    // A right held back later than it was given: what is stored for people alone is not given to a program.
    let sql = format!(
        "UPDATE platform.api_keys SET permissions = '[\"manage_members\", \"manage_sign_in\", \"emperor\", 7]' WHERE tenant_id = '{}'",
        company.tenant.id
    );
    sea_orm::ConnectionTrait::execute_unprepared(&server.tenants().platform(), &sql).await.unwrap();
    let key = program(&company, &token);
    until("the key is read again", async || key.ask("{ employees { totalCount } }").await.first_code() == Some("FORBIDDEN"))
        .await;
    assert_eq!(key.ask("{ identityProvider { name } }").await.code(), "FORBIDDEN");
}
