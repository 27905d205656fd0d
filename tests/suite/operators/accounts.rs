//! Accounts and sessions of operators.

use api::auth::{disable_operator, reset_operator};
use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::{TimeDelta, Utc};
use entities::platform::operator::OperatorRole;
use serde_json::json;
use tests::{OPERATOR_PASSWORD, Server, TestClock, complete_setup, config, refresh_operator, setup_app, sign_in_operator};

use super::refusal;

#[tokio::test]
async fn the_link_of_an_account_is_good_once_and_for_a_day() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let console = server.console();
    let (email, token) = server.invited_operator(OperatorRole::Admin).await;
    let app = setup_app(&console, &token).await;
    // Neither a wrong code nor a short password uses it up.
    assert_eq!(complete_setup(&console, &token, &app.wrong_code(clock.now())).await.field(), Some("code"));
    let short = json!({ "token": token, "password": "short", "code": app.code(clock.now()) });
    assert_eq!(console.mutate("completeOperatorSetup", short, "accessToken").await.field(), Some("password"));
    // Nobody signs in before it was used.
    let early = sign_in_operator(&console, &email, OPERATOR_PASSWORD, &app.code(clock.now())).await;
    assert_eq!(early.code(), "UNAUTHENTICATED");
    let code = app.code(clock.now());
    let (first, second) = tokio::join!(complete_setup(&console, &token, &code), complete_setup(&console, &token, &code));
    let (used, refused) = if first.first_code().is_none() { (first, second) } else { (second, first) };
    assert_eq!(used.text("/completeOperatorSetup/viewer/email"), email);
    assert_eq!(refused.field(), Some("token"), "{}", refused.body);
    assert_eq!(complete_setup(&console, &token, &code).await.field(), Some("token"));

    let (_, late) = server.invited_operator(OperatorRole::Admin).await;
    let app = setup_app(&console, &late).await;
    clock.advance(TimeDelta::days(1));
    assert_eq!(complete_setup(&console, &late, &app.code(clock.now())).await.field(), Some("token"));
    for nonsense in ["", "nonsense", &"A".repeat(10_000)] {
        assert_eq!(complete_setup(&console, nonsense, "123456").await.field(), Some("token"));
    }
}

#[tokio::test]
async fn signing_in_tells_neither_what_was_wrong_nor_who_is_an_operator() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let console = server.console();
    let operator = server.operator(OperatorRole::Viewer).await;
    let (waiting, _) = server.invited_operator(OperatorRole::Viewer).await;
    clock.advance(TimeDelta::minutes(1));
    let code = operator.app.code(clock.now());
    let wrong_code = operator.app.wrong_code(clock.now());
    let wrong_password = sign_in_operator(&console, &operator.email, "wrong password", &code).await;
    let answers = [
        sign_in_operator(&console, &operator.email, OPERATOR_PASSWORD, &wrong_code).await,
        sign_in_operator(&console, &waiting, OPERATOR_PASSWORD, &code).await,
        sign_in_operator(&console, "nobody@operators.test", OPERATOR_PASSWORD, &code).await,
        sign_in_operator(&console, "\0", OPERATOR_PASSWORD, &code).await,
        sign_in_operator(&console, &operator.email, &"x".repeat(2_000), &code).await,
    ];
    assert_eq!(wrong_password.code(), "UNAUTHENTICATED");
    for answer in answers {
        assert_eq!(refusal(&answer), refusal(&wrong_password));
    }
    // Not even a wrong password used the code up; signing in does.
    let signed_in = sign_in_operator(&console, &operator.email.to_uppercase(), OPERATOR_PASSWORD, &code).await;
    signed_in.text("/signIn/accessToken");
    let again = sign_in_operator(&console, &operator.email, OPERATOR_PASSWORD, &code).await;
    assert_eq!(refusal(&again), refusal(&wrong_password));
}

#[tokio::test]
async fn tries_of_operators_are_counted_apart_from_those_of_accounts() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let console = server.console();
    let operator = server.operator(OperatorRole::Admin).await;
    for email in [operator.email.as_str(), &format!("nobody.{}", operator.email)] {
        for _ in 0..5 {
            assert_eq!(sign_in_operator(&console, email, "wrong password", "123456").await.code(), "UNAUTHENTICATED");
        }
        assert_eq!(sign_in_operator(&console, email, "wrong password", "123456").await.code(), "RATE_LIMITED", "{email}");
        // An account of the same address is not concerned.
        let account = json!({ "email": email, "password": "wrong password" });
        assert_eq!(server.apex().mutate("signIn", account, "accessToken").await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(
        sign_in_operator(&console, &operator.email, OPERATOR_PASSWORD, &operator.app.code(clock.now())).await.code(),
        "RATE_LIMITED"
    );
    operator.sign_in(&clock).await.text("/signIn/accessToken");
}

#[tokio::test]
async fn sessions_are_renewed_by_turns_and_end_after_half_a_day() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let console = server.console();
    let operator = server.operator(OperatorRole::Admin).await;
    let renewed = refresh_operator(&console, &operator.refresh_token).await;
    let ends = renewed.text("/refresh/expiresAt");
    // Two tabs at once get the same.
    let other_tab = refresh_operator(&console, &operator.refresh_token).await;
    assert_eq!(other_tab.text("/refresh/refreshToken"), renewed.text("/refresh/refreshToken"));
    clock.advance(TimeDelta::hours(11));
    let later = refresh_operator(&console, &renewed.text("/refresh/refreshToken")).await;
    assert_eq!(later.text("/refresh/expiresAt"), ends, "renewing prolongs nothing");
    let access = console.with_token(Some(later.text("/refresh/accessToken")));
    access.ask("{ fleet { head } }").await.text("/fleet/head");
    // A token of long ago: somebody has a copy.
    assert_eq!(refresh_operator(&console, &operator.refresh_token).await.code(), "UNAUTHENTICATED");
    assert_eq!(access.ask("{ fleet { head } }").await.code(), "UNAUTHENTICATED", "the session is over");
    assert_eq!(refresh_operator(&console, &later.text("/refresh/refreshToken")).await.code(), "UNAUTHENTICATED");

    let second = operator.sign_in(&clock).await;
    clock.advance(TimeDelta::hours(12));
    assert_eq!(refresh_operator(&console, &second.text("/signIn/refreshToken")).await.code(), "UNAUTHENTICATED");
    let third = operator.sign_in(&clock).await;
    let caller = console.with_token(Some(third.text("/signIn/accessToken")));
    assert_eq!(caller.ask("mutation { signOut { signedOut } }").await.data("/signOut/signedOut"), true);
    assert_eq!(caller.ask("{ viewer { email } }").await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh_operator(&console, &third.text("/signIn/refreshToken")).await.code(), "UNAUTHENTICATED");
}

/// As the console does it: its access token may have ended, and a request with one that has is refused as a whole.
#[tokio::test]
async fn the_cookie_alone_ends_the_session() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let operator = server.operator(OperatorRole::Viewer).await;
    let sign_out = async |token: Option<&str>| {
        let mut request = Request::post("/operator/graphql")
            .header(header::HOST, server.app.hosts.base().as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, format!("tenantry_operator={}", operator.refresh_token));
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = json!({ "query": "mutation { signOut { signedOut } }" }).to_string();
        server.console().send(request.body(Body::from(body)).unwrap()).await
    };
    clock.advance(TimeDelta::hours(1));
    assert_eq!(sign_out(operator.caller.token()).await.code(), "UNAUTHENTICATED");
    let renewed = refresh_operator(&server.console(), &operator.refresh_token).await;
    let access = server.console().with_token(Some(renewed.text("/refresh/accessToken")));
    access.ask("{ viewer { email } }").await.text("/viewer/email");
    // The cookie of a tab that has not heard of the renewal will do.
    let signed_out = sign_out(None).await;
    assert_eq!(signed_out.data("/signOut/signedOut"), true);
    assert!(signed_out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(access.ask("{ viewer { email } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn who_is_disabled_or_reset_is_out_at_once_in_every_process() {
    let server = Server::start().await;
    let elsewhere = Server::start().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let there = elsewhere.console().with_token(operator.caller.token().map(str::to_owned));
    there.ask("{ viewer { email } }").await.text("/viewer/email");
    let platform = server.tenants().platform();
    disable_operator(&platform, &operator.email, Utc::now()).await.unwrap();
    for caller in [&there, &operator.caller] {
        assert_eq!(caller.ask("{ viewer { email } }").await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(refresh_operator(&server.console(), &operator.refresh_token).await.code(), "UNAUTHENTICATED");
    assert!(disable_operator(&platform, &operator.email, Utc::now()).await.is_err(), "there is nothing left to disable");

    let keys = config(&[]).secret_keys().unwrap();
    let link = reset_operator(&platform, &keys, &operator.email, Utc::now()).await.unwrap();
    let app = setup_app(&server.console(), &link.token).await;
    assert_ne!(app.code(Utc::now()), operator.app.code(Utc::now()), "the former app is of no use");
    let set_up = complete_setup(&server.console(), &link.token, &app.code(Utc::now())).await;
    set_up.text("/completeOperatorSetup/accessToken");
    assert_eq!(there.ask("{ viewer { email } }").await.code(), "UNAUTHENTICATED", "the former session stays over");
}

#[tokio::test]
async fn the_refresh_token_is_kept_in_a_cookie_of_its_own() {
    let server = Server::start_with(&["--https"], api::app::system_clock()).await;
    let (_, token) = server.invited_operator(OperatorRole::Viewer).await;
    let code = setup_app(&server.console(), &token).await.code(Utc::now());
    let input = json!({ "token": token, "password": OPERATOR_PASSWORD, "code": code, "keepInCookie": true });
    let answer = server.console().mutate("completeOperatorSetup", input, "refreshToken").await;
    assert!(answer.data("/completeOperatorSetup/refreshToken").is_null());
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("tenantry_operator="), "{cookie}");
    assert!(cookie.contains("; Path=/operator/graphql; HttpOnly; SameSite=Strict; Secure; Max-Age="), "{cookie}");
}
