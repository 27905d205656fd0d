//! Signing in, renewing and signing out.

use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use entities::platform::membership;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tests::{Account, Answer, Caller, Company, Server, TestClock, opaque};

const WRONG: &str = "The e-mail address or the password is wrong.";

async fn refresh(caller: &Caller, token: &str) -> Answer {
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken viewer { role } } }";
    caller.ask_with(query, json!({ "token": token })).await
}

/// Sends an operation with a cookie.
async fn ask_with_cookie(company: &Company<'_>, cookie: &str, query: &str) -> Answer {
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie)
        .body(Body::from(json!({ "query": query }).to_string()))
        .unwrap();
    company.anonymous().send(request).await
}

async fn sign_in_with_cookie(company: &Company<'_>, account: &Account) -> Answer {
    let input = json!({ "email": account.email, "password": account.password, "keepInCookie": true });
    company.anonymous().mutate("signIn", input, "accessToken refreshToken").await
}

/// The one cookie that an answer sets.
fn set_cookie(answer: &Answer) -> &str {
    let mut cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let cookie = cookies.next().expect("no cookie is set").to_str().unwrap();
    assert!(cookies.next().is_none(), "two cookies are set");
    cookie
}

/// What a browser sends back of it.
fn cookie_pair(answer: &Answer) -> String {
    set_cookie(answer).split(';').next().unwrap().to_owned()
}

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
    let mut bodies = Vec::new();
    for (email, password) in [
        (here.email.as_str(), "wrong password"),
        ("nobody@example.test", here.password.as_str()),
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
async fn a_refresh_token_is_replaced_by_its_use() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let first = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let renewed = refresh(&anonymous, &first).await.data("/refresh");
    let second = renewed["refreshToken"].as_str().unwrap();
    assert_ne!(second, first);
    let token = renewed["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(anonymous.with_token(Some(token)).ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    refresh(&anonymous, second).await.data("");
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_the_session_once_the_overlap_is_over() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let first = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let untouched = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    refresh(&anonymous, &first).await.data("");
    // An answer that got lost: asked again within the overlap.
    clock.advance(TimeDelta::seconds(20));
    let latest = refresh(&anonymous, &first).await.text("/refresh/refreshToken");
    clock.advance(TimeDelta::seconds(5));
    let latest = refresh(&anonymous, &latest).await.text("/refresh/refreshToken");
    let used = {
        let next = refresh(&anonymous, &latest).await;
        clock.advance(TimeDelta::seconds(21));
        let stolen = refresh(&anonymous, &latest).await;
        assert_eq!(stolen.code(), "UNAUTHENTICATED");
        next.text("/refresh/refreshToken")
    };
    assert_eq!(refresh(&anonymous, &used).await.code(), "UNAUTHENTICATED", "the newest token ended with its session");
    refresh(&anonymous, &untouched).await.data("");
}

#[tokio::test]
async fn two_tabs_may_renew_at_the_same_moment() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    for round in 0..5 {
        let token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
        let (one, other) = tokio::join!(refresh(&anonymous, &token), refresh(&anonymous, &token));
        assert_eq!((one.first_code(), other.first_code()), (None, None), "round {round}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_for_long() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--session-days", "2"], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let mut token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    for _ in 0..3 {
        clock.advance(TimeDelta::hours(47));
        token = refresh(&anonymous, &token).await.text("/refresh/refreshToken");
    }
    clock.advance(TimeDelta::hours(48));
    assert_eq!(refresh(&anonymous, &token).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn renewing_looks_at_the_membership_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Employee).await;
    let platform = server.tenants().platform();
    let anonymous = company.anonymous();
    let token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let new = api::auth::NewAccount::parse(&account.email, None, None).unwrap();
    api::auth::join(&platform, &new, company.tenant.id, Role::Admin, None, Utc::now()).await.unwrap();
    let renewed = refresh(&anonymous, &token).await.data("/refresh");
    assert_eq!(renewed["viewer"]["role"], "ADMIN");

    membership::Entity::delete_many().filter(membership::Column::AccountId.eq(account.id)).exec(&platform).await.unwrap();
    let answer = refresh(&anonymous, renewed["refreshToken"].as_str().unwrap()).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    assert_eq!(anonymous.sign_in(&account.email, &account.password).await.message(), WRONG);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let access = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    for token in ["", " ", "nonsense", "\u{0}", &access, &"x".repeat(10_000), "' OR 1=1 --"] {
        let answer = refresh(&anonymous, token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, "UNAUTHENTICATED"), "{token:.20}");
    }
    assert_eq!(anonymous.ask("mutation { refresh { accessToken } }").await.code(), "UNAUTHENTICATED", "and none at all");
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let session = company.anonymous().sign_in(&account.email, &account.password).await.data("/signIn");
    let other = company.anonymous().sign_in(&account.email, &account.password).await.data("/signIn");
    let text = |session: &Value, name: &str| session[name].as_str().unwrap().to_owned();
    let caller = company.anonymous().with_token(Some(text(&session, "accessToken")));
    let out = caller.ask("mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), true);
    assert_eq!(refresh(&company.anonymous(), &text(&session, "refreshToken")).await.code(), "UNAUTHENTICATED");
    let again = caller.ask("mutation { signOut { signedOut } }").await;
    assert_eq!(again.data("/signOut/signedOut"), false);
    let nobody = company.anonymous().ask("mutation { signOut { signedOut } }").await;
    assert_eq!(nobody.data("/signOut/signedOut"), false);
    // Another session of the same account goes on.
    refresh(&company.anonymous(), &text(&other, "refreshToken")).await.data("");
}

#[tokio::test]
async fn a_session_in_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let signed_in = sign_in_with_cookie(&company, &account).await;
    assert_eq!(signed_in.data("/signIn/refreshToken"), Value::Null);
    let attributes = |cookie: &str| {
        let mut parts: Vec<String> = cookie.split(';').skip(1).map(|part| part.trim().to_owned()).collect();
        parts.sort_unstable();
        parts
    };
    let month = "Max-Age=2592000";
    assert_eq!(attributes(set_cookie(&signed_in)), ["HttpOnly", month, "Path=/graphql", "SameSite=Strict"]);

    let first = cookie_pair(&signed_in);
    assert!(first.starts_with("tenantry_refresh="));
    let renew = "mutation { refresh { accessToken refreshToken } }";
    let renewed = ask_with_cookie(&company, &format!("theme=dark; {first}; x=y"), renew).await;
    assert_eq!(renewed.data("/refresh/refreshToken"), Value::Null);
    let second = cookie_pair(&renewed);
    assert_ne!(first, second);
    let out = ask_with_cookie(&company, &second, "mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), true);
    assert!(set_cookie(&out).starts_with("tenantry_refresh=;"));
    assert_eq!(attributes(set_cookie(&out)), ["HttpOnly", "Max-Age=0", "Path=/graphql", "SameSite=Strict"]);
    assert_eq!(ask_with_cookie(&company, &second, renew).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn behind_https_the_cookie_is_for_https_alone() {
    let server = Server::start_with(&["--https"], api::app::system_clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let signed_in = sign_in_with_cookie(&company, &account).await;
    assert!(set_cookie(&signed_in).split(';').any(|part| part.trim() == "Secure"), "{}", set_cookie(&signed_in));
    assert!(signed_in.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    let renewed = ask_with_cookie(&company, &cookie_pair(&signed_in), "mutation { refresh { accessToken } }").await;
    assert!(set_cookie(&renewed).contains("; Secure"));
}

#[tokio::test]
async fn a_cookie_of_one_tenant_is_nothing_at_another() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    let renew = "mutation { refresh { accessToken } }";
    assert_eq!(ask_with_cookie(&other, &cookie, renew).await.code(), "UNAUTHENTICATED");
    let out = ask_with_cookie(&other, &cookie, "mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), false);
    // It was not ended there.
    ask_with_cookie(&company, &cookie, renew).await.data("");
}

#[tokio::test]
async fn a_cookie_alone_signs_nobody_in() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    let answer = ask_with_cookie(&company, &cookie, "{ viewer { role } }").await;
    assert_eq!(answer.data("/viewer"), Value::Null);
    assert_eq!(ask_with_cookie(&company, &cookie, "{ employees { totalCount } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_the_cookie() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
        let request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, &cookie)
            .header(name, value)
            .body(Body::from(json!({ "query": "mutation { refresh { accessToken } }" }).to_string()))
            .unwrap();
        let answer = company.anonymous().send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "FORBIDDEN"), "{name}: {value}");
    }
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

#[tokio::test]
async fn too_many_tries_for_one_address_have_to_wait() {
    let server = Server::start_with(&["--sign-ins-per-minute", "3"], api::app::system_clock()).await;
    let company = server.company().await;
    let other = server.company().await;
    let account = company.account(Role::Hr).await;
    let elsewhere = other.account(Role::Hr).await;
    for _ in 0..3 {
        assert_eq!(company.anonymous().sign_in(&account.email, "wrong password").await.code(), "UNAUTHENTICATED");
    }
    // The right password neither, and whatever the case of the address.
    for email in [account.email.clone(), account.email.to_uppercase(), format!(" {}", account.email)] {
        let answer = company.anonymous().sign_in(&email, &account.password).await;
        assert_eq!(answer.code(), "RATE_LIMITED");
        let wait = answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap();
        assert!((1..=60).contains(&wait), "{wait} seconds");
    }
    // Other addresses, and the same at another tenant, are tried as ever.
    assert_eq!(company.anonymous().sign_in("somebody@example.test", "wrong password").await.code(), "UNAUTHENTICATED");
    other.anonymous().sign_in(&elsewhere.email, &elsewhere.password).await.data("");
    assert_eq!(other.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
}
