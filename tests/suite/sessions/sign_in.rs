//! Signing in by a password.

use axum::http::header;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use serde_json::json;
use tests::{Server, TestClock, opaque};

use super::{WRONG, refresh};

#[tokio::test]
async fn signing_in_gives_a_token_of_the_role_for_a_quarter_of_an_hour() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Manager).await;
    let answer = company.anonymous().sign_in(&account.email, &account.password).await;
    assert!(answer.headers.get(header::SET_COOKIE).is_none());
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let session = answer.data("/signIn");
    let expires: DateTime<Utc> = session["accessTokenExpiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires - clock.now(), TimeDelta::minutes(15));
    let expected =
        json!({ "role": "MANAGER", "account": { "email": account.email }, "employee": { "id": opaque(company.manager.id) } });
    assert_eq!(session["viewer"], expected);

    let token = session["accessToken"].as_str().unwrap().to_owned();
    let signed_in = company.anonymous().with_token(Some(token));
    assert_eq!(signed_in.ask("{ viewer { role } }").await.text("/viewer/role"), "MANAGER");
    clock.advance(TimeDelta::seconds(899));
    signed_in.ask("{ viewer { role } }").await.data("");
    clock.advance(TimeDelta::seconds(1));
    let late = signed_in.ask("{ viewer { role } }").await;
    assert_eq!((late.status.as_u16(), late.code()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn the_address_is_taken_in_any_case_and_the_password_is_not() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let shouted = format!("  {} ", account.email.to_uppercase());
    company.anonymous().sign_in(&shouted, &account.password).await.data("");
    let answer = company.anonymous().sign_in(&account.email, &account.password.to_uppercase()).await;
    assert_eq!((answer.code(), answer.message()), ("UNAUTHENTICATED", WRONG));
}

#[tokio::test]
async fn whoever_is_not_let_in_learns_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let here = company.account(Role::Owner).await;
    let there = other.account(Role::Owner).await;
    let long = "x".repeat(2_000);
    let nobody = format!("nobody@{}.test", company.tenant.slug);
    let mut bodies = Vec::new();
    for (email, password) in [
        (here.email.as_str(), "wrong password"),
        (nobody.as_str(), here.password.as_str()),
        // A member of another tenant, with the right password.
        (there.email.as_str(), there.password.as_str()),
        ("", ""),
        (here.email.as_str(), ""),
        (here.email.as_str(), long.as_str()),
        (long.as_str(), here.password.as_str()),
        ("a\u{0}b@example.test", "a\u{0}b"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ] {
        let answer = company.anonymous().sign_in(email, password).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, "UNAUTHENTICATED"), "{email}");
        assert_eq!(answer.message(), WRONG);
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "one answer for all");
}

#[tokio::test]
async fn a_member_of_two_tenants_has_a_role_in_each() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let account = company.account(Role::Employee).await;
    let new = api::auth::NewAccount::parse(&account.email, None, None).unwrap();
    api::auth::join(&server.tenants().platform(), &new, other.tenant.id, Role::Admin, None, Utc::now()).await.unwrap();
    for (company, role) in [(&company, "EMPLOYEE"), (&other, "ADMIN")] {
        let answer = company.anonymous().sign_in(&account.email, &account.password).await;
        assert_eq!(answer.text("/signIn/viewer/role"), role);
    }
    // A session of one is none of the other.
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    assert_eq!(refresh(&other.anonymous(), &token).await.code(), "UNAUTHENTICATED");
    refresh(&company.anonymous(), &token).await.data("");
}

#[tokio::test]
async fn the_rest_of_the_request_acts_as_whoever_signed_in() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let query = "mutation($input: SignInInput!) {
        signIn(input: $input) { viewer { role } }
        createPosition(input: { title: \"Made at once\" }) { position { title } } }";
    let input = json!({ "email": account.email, "password": account.password });
    let answer = company.anonymous().ask_with(query, json!({ "input": input })).await;
    assert_eq!(answer.text("/createPosition/position/title"), "Made at once");
    let twice =
        "mutation($input: SignInInput!) { a: signIn(input: $input) { accessToken } b: signIn(input: $input) { accessToken } }";
    assert_eq!(company.anonymous().ask_with(twice, json!({ "input": input })).await.code(), "BAD_USER_INPUT");
}
