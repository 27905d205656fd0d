//! The second factor: codes of an app, recovery codes, and the challenge that asks for them.

mod changed;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tests::{Account, Caller, CodeApp, Company, Server, TestClock};

const SECURITY: &str = "{ security { authenticatorConfirmedAt recoveryCodesLeft } }";

/// The length of a time step.
const STEP: TimeDelta = TimeDelta::seconds(30);

/// Somebody who signs in with a second factor, and the session that it was set up in.
async fn with_app(company: &Company<'_>, clock: &TestClock) -> (Account, CodeApp, Caller) {
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let app = CodeApp::set_up(&caller, &account.password, clock.now()).await;
    clock.advance(STEP);
    (account, app, caller)
}

async fn start() -> (Server, TestClock) {
    let clock = TestClock::start();
    (Server::start_with(&[], clock.clock()).await, clock)
}

fn is_in(answer: &tests::Answer) -> bool {
    answer.first_code().is_none()
}

#[tokio::test]
async fn a_confirmed_app_is_asked_for_a_code_in_each_tenant_and_on_the_apex() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    assert_eq!(caller.ask(SECURITY).await.data("/security/authenticatorConfirmedAt"), Value::Null);
    let made = caller.mutate("setUpAuthenticator", json!({ "password": account.password }), "secret uri").await;
    let app = CodeApp::of(&made.text("/setUpAuthenticator/uri"));
    // Nothing is asked before the app has shown that it works.
    account.signed_in(&company.anonymous()).await;
    let wrong = caller.mutate("confirmAuthenticator", json!({ "code": app.wrong_code(clock.now()) }), "__typename").await;
    assert_eq!((wrong.code(), wrong.field()), ("BAD_USER_INPUT", Some("code")));
    account.signed_in(&company.anonymous()).await;
    let code = app.code(clock.now());
    let confirmed = caller.mutate("confirmAuthenticator", json!({ "code": code }), "recoveryCodes").await;
    assert_eq!(confirmed.data("/confirmAuthenticator/recoveryCodes").as_array().unwrap().len(), 10);
    let security = caller.ask(SECURITY).await.data("/security");
    assert_eq!(security["recoveryCodesLeft"], 10);
    let confirmed: DateTime<Utc> = security["authenticatorConfirmedAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(confirmed, clock.now());

    clock.advance(STEP);
    for at in [company.anonymous(), server.apex()] {
        let challenge = at.challenge(&account.email, &account.password).await;
        let session = at.complete_by_code(&challenge, &app.code(clock.now())).await.data("/completeSignIn");
        let token = session["accessToken"].as_str().unwrap().to_owned();
        let sessions = at.with_token(Some(token)).ask("{ security { sessions { current method } } }").await;
        let sessions = sessions.data("/security/sessions");
        let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(current["method"], "SECOND_FACTOR");
        clock.advance(STEP);
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_those_before_it_are_not_any_more() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let (account, app, _) = with_app(&company, &clock).await;
    let anonymous = company.anonymous();
    let challenge = async || anonymous.challenge(&account.email, &account.password).await;
    let (earlier, code) = (app.code(clock.now() - STEP), app.code(clock.now()));
    // The code that confirmed the app is used up too, although its step is still near enough.
    let answer = anonymous.complete_by_code(&challenge().await, &earlier).await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("code")));
    assert!(is_in(&anonymous.complete_by_code(&challenge().await, &code).await));
    for code in [&code, &earlier] {
        let answer = anonymous.complete_by_code(&challenge().await, code).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("code")));
    }
    clock.advance(STEP);
    assert!(is_in(&anonymous.complete_by_code(&challenge().await, &app.code(clock.now())).await));
}

#[tokio::test]
async fn of_those_who_use_a_code_at_once_one_gets_in() {
    let (server, clock) = start().await;
    let second = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (account, app, _) = with_app(&company, &clock).await;
    let here = company.anonymous();
    let there = Caller::new(second.router.clone(), company.host(), None);
    for round in 0..3 {
        let code = app.code(clock.now());
        let (a, b) =
            (here.challenge(&account.email, &account.password).await, here.challenge(&account.email, &account.password).await);
        let (one, two, three) =
            tokio::join!(here.complete_by_code(&a, &code), there.complete_by_code(&b, &code), there.complete_by_code(&a, &code));
        let entered = [one, two, three].iter().filter(|answer| is_in(answer)).count();
        assert_eq!(entered, 1, "round {round}");
        clock.advance(STEP);
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once_also_for_two_at_the_same_time() {
    let (server, clock) = start().await;
    let second = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (account, app, caller) = with_app(&company, &clock).await;
    let here = company.anonymous();
    let there = Caller::new(second.router.clone(), company.host(), None);
    for (round, code) in app.recovery_codes.iter().take(3).enumerate() {
        let (a, b) =
            (here.challenge(&account.email, &account.password).await, here.challenge(&account.email, &account.password).await);
        let written = code.to_uppercase().replace('-', " ");
        let (one, other) = tokio::join!(here.complete_by_recovery_code(&a, code), there.complete_by_recovery_code(&b, &written));
        let entered = [&one, &other].into_iter().filter(|answer| is_in(answer)).count();
        assert_eq!(entered, 1, "round {round}: {} {}", one.body, other.body);
        let refused = if is_in(&one) { other } else { one };
        assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("recoveryCode")));
        let left = caller.ask(SECURITY).await.data("/security/recoveryCodesLeft");
        assert_eq!(left, 9 - round);
    }
}

#[tokio::test]
async fn a_challenge_is_good_for_its_account_in_its_place_until_it_is_answered() {
    let (server, clock) = start().await;
    let (company, other) = (server.company().await, server.company().await);
    let (account, app, _) = with_app(&company, &clock).await;
    account.join(&other, Role::Owner).await;
    let (stranger, strange_app, _) = with_app(&other, &clock).await;
    let challenge = company.anonymous().challenge(&account.email, &account.password).await;
    let code = app.code(clock.now());
    for (at, place) in [(other.anonymous(), "another tenant"), (server.apex(), "the apex")] {
        let answer = at.complete_by_code(&challenge, &code).await;
        assert_eq!((answer.code(), answer.body["data"].clone()), ("UNAUTHENTICATED", Value::Null), "{place}");
    }
    // Another account's code, and its recovery code.
    let anonymous = company.anonymous();
    let answer = anonymous.complete_by_code(&challenge, &strange_app.code(clock.now())).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    let answer = anonymous.complete_by_recovery_code(&challenge, &strange_app.recovery_codes[0]).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    // Theirs is not mine either.
    let theirs = other.anonymous().challenge(&stranger.email, &stranger.password).await;
    assert_eq!(other.anonymous().complete_by_code(&theirs, &code).await.code(), "BAD_USER_INPUT");

    assert!(is_in(&anonymous.complete_by_code(&challenge, &code).await));
    clock.advance(STEP);
    let again = anonymous.complete_by_code(&challenge, &app.code(clock.now())).await;
    assert_eq!(again.code(), "UNAUTHENTICATED", "it was answered");
    for challenge in ["", "nonsense", "AAAAAAAAAAAAAAAAAAAAAA", "\u{0}", &"x".repeat(10_000)] {
        let answer = anonymous.complete_by_code(challenge, &app.code(clock.now())).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{challenge:.20}");
    }
    for input in [json!({ "challenge": theirs }), json!({ "challenge": theirs, "code": "1", "recoveryCode": "1" })] {
        assert_eq!(other.anonymous().mutate("completeSignIn", input, "__typename").await.code(), "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn a_challenge_waits_for_five_minutes_and_not_past_a_new_password() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let (account, app, _) = with_app(&company, &clock).await;
    let anonymous = company.anonymous();
    let (last, late) = (
        anonymous.challenge(&account.email, &account.password).await,
        anonymous.challenge(&account.email, &account.password).await,
    );
    clock.advance(TimeDelta::seconds(299));
    assert!(is_in(&anonymous.complete_by_code(&last, &app.code(clock.now())).await));
    clock.advance(STEP);
    assert_eq!(anonymous.complete_by_code(&late, &app.code(clock.now())).await.code(), "UNAUTHENTICATED");

    let before = anonymous.challenge(&account.email, &account.password).await;
    clock.advance(STEP);
    let changed = format!("UPDATE platform.accounts SET password_changed_at = '{}' WHERE id = '{}'", clock.now(), account.id);
    server.tenants().platform().execute_unprepared(&changed).await.unwrap();
    assert_eq!(anonymous.complete_by_code(&before, &app.code(clock.now())).await.code(), "UNAUTHENTICATED");
}

/// A million codes, three of them good: whoever has the password must not be able to go through them.
#[tokio::test]
async fn codes_cannot_be_guessed() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let (account, app, _) = with_app(&company, &clock).await;
    let anonymous = company.anonymous();
    let first = anonymous.challenge(&account.email, &account.password).await;
    let wrong = app.wrong_code(clock.now());
    // At the same time, and still no more than five.
    let tries = (0..20).map(|_| anonymous.complete_by_code(&first, &wrong));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.code() == "BAD_USER_INPUT").count();
    assert_eq!(looked_at, 5);
    // Neither a right password nor another challenge makes the waiting shorter.
    assert_eq!(anonymous.sign_in(&account.email, &account.password).await.code(), "RATE_LIMITED");
    clock.advance(TimeDelta::seconds(1));
    let next = anonymous.challenge(&account.email, &account.password).await;
    for wait in [1, 2, 4] {
        let answer = anonymous.complete_by_code(&next, &wrong).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["retryAfter"], wait, "{}", answer.body);
        clock.advance(TimeDelta::seconds(wait));
        assert_eq!(anonymous.complete_by_code(&next, &wrong).await.code(), "BAD_USER_INPUT");
    }
    account.forgive(&company).await;
    let right = app.code(clock.now());
    let answer = anonymous.complete_by_code(&first, &right).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED", "after five wrong codes the right one is too late");
    let fresh = anonymous.challenge(&account.email, &account.password).await;
    assert!(is_in(&anonymous.complete_by_code(&fresh, &right).await));
}

#[tokio::test]
async fn the_second_factor_tells_nothing_to_those_who_are_not_let_in() {
    let (server, clock) = start().await;
    let (company, other) = (server.company().await, server.company().await);
    let (account, _, _) = with_app(&company, &clock).await;
    let wrong = company.anonymous().sign_in(&account.email, "wrong password").await;
    let elsewhere = other.anonymous().sign_in(&account.email, &account.password).await;
    assert_eq!(wrong.code(), "UNAUTHENTICATED");
    assert_eq!(wrong.body, elsewhere.body, "a member of another tenant, with the right password");
}
