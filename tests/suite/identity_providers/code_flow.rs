//! Signing in by the provider: the code flow.

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use tests::{Browser, FakeProvider, TestClock, query, until};

use super::{LOCAL, back, person, problem, server, set, set_up, sign_in, usual};

#[tokio::test]
async fn an_answer_belongs_to_one_try_of_one_browser_and_is_used_once() {
    let server = server().await;
    let company = server.company().await;
    let other = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    set_up(&other, &provider).await;
    let claims = person(&company.member_with(Role::Hr).email());
    let mut browser = Browser::at(&company);
    let address = browser.follow("/auth/sign-in").await;
    let path = back(&address, &provider.code(&address, &claims));
    // Another browser, without a try and with one.
    assert_eq!(Browser::at(&company).follow(&path).await, problem("expired"));
    let mut stranger = Browser::at(&company);
    let foreign = stranger.follow("/auth/sign-in").await;
    assert_eq!(stranger.follow(&path).await, problem("expired"));
    // The same browser, but at another tenant.
    let mut there = Browser::at(&other);
    there.cookies.clone_from(&browser.cookies);
    assert_eq!(there.follow(&path).await, problem("expired"));
    // A state that is none.
    for state in ["", "x", "x.y", "01910f3c5a7e70008000000000000001.x", &"x".repeat(9_000)] {
        let mut again = Browser::at(&company);
        again.cookies.clone_from(&browser.cookies);
        assert_eq!(again.follow(&format!("/auth/callback?code=1&state={state}")).await, problem("expired"), "{state}");
    }
    // None of this used up the try. It works once.
    let mut twin = Browser::at(&company);
    twin.cookies.clone_from(&browser.cookies);
    assert_eq!(browser.follow(&path).await, "/");
    assert_eq!(twin.follow(&path).await, problem("expired"));
    // A code of another try: the verifier does not fit.
    let mut thief = Browser::at(&company);
    let own = thief.follow("/auth/sign-in").await;
    let stolen = provider.code(&foreign, &claims);
    assert_eq!(thief.follow(&back(&own, &stolen)).await, problem("provider_refused"));
    // To look is not to use up, and not allowed.
    let request = axum::http::Request::head("/auth/sign-in").header("host", company.host()).body(axum::body::Body::empty());
    assert_eq!(company.anonymous().send(request.unwrap()).await.status, 405);
    assert_eq!(company.anonymous().at("nobody.localhost").get("/auth/sign-in").await.code(), "TENANT_NOT_FOUND");
    assert_eq!(company.anonymous().at("localhost").get("/auth/sign-in").await.code(), "TENANT_NOT_FOUND");
}

#[tokio::test]
async fn a_try_lasts_ten_minutes() {
    let clock = TestClock::start();
    let server = tests::Server::start_with(&[LOCAL], clock.clock()).await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let claims = person(&company.member_with(Role::Hr).email());
    for (minutes, end) in [(9, "/".to_owned()), (10, problem("expired"))] {
        let mut browser = Browser::at(&company);
        let address = browser.follow("/auth/sign-in").await;
        clock.advance(TimeDelta::minutes(minutes));
        let mut claims = claims.clone();
        claims["exp"] = json!(clock.now().timestamp() + 60);
        assert_eq!(browser.follow(&back(&address, &provider.code(&address, &claims))).await, end);
    }
}

/// Each ID token is signed by the provider's own key, and wrong in one thing.
#[tokio::test]
async fn an_id_token_is_believed_when_all_of_it_is_right() {
    let server = server().await;
    let company = server.company().await;
    let (provider, stranger) = (FakeProvider::start().await, FakeProvider::start().await);
    set_up(&company, &provider).await;
    let email = company.member_with(Role::Hr).email();
    let now = chrono::Utc::now().timestamp();
    let try_with = async |more: Value| {
        let mut claims = person(&email);
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        sign_in(&mut Browser::at(&company), &provider, claims).await
    };
    assert_eq!(try_with(json!({})).await, "/");
    for more in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another" }),
        json!({ "aud": null }),
        json!({ "aud": "https://api.acme.test" }),
        json!({ "aud": ["another"] }),
        json!({ "aud": ["tenantry", "another"] }),
        json!({ "aud": ["tenantry", "another"], "azp": "another" }),
        json!({ "azp": "another" }),
        json!({ "iss": stranger.issuer }),
        json!({ "iss": format!("{}/", provider.issuer) }),
        json!({ "iss": null }),
        json!({ "exp": now - 1 }),
        json!({ "exp": null }),
        json!({ "exp": "tomorrow" }),
        json!({ "iat": now + 600 }),
        json!({ "iat": null }),
        json!({ "nbf": now + 600 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
        json!({ "sub": "x".repeat(256) }),
        json!({ "sub": "a\0b" }),
    ] {
        assert_eq!(try_with(more.clone()).await, problem("provider_untrusted"), "{more}");
    }
    assert_eq!(try_with(json!({ "aud": ["tenantry", "another"], "azp": "tenantry" })).await, "/");
    // Signed by somebody else, under the same key id.
    let mut browser = Browser::at(&company);
    let address = browser.follow("/auth/sign-in").await;
    let mut claims = person(&email);
    claims["iss"] = json!(provider.issuer);
    claims["aud"] = json!("tenantry");
    claims["nonce"] = json!(query(&address)["nonce"]);
    let code = provider.code_for(&address, stranger.token(&claims));
    assert_eq!(browser.follow(&back(&address, &code)).await, problem("provider_untrusted"));
}

#[tokio::test]
async fn claims_that_are_not_in_the_token_are_asked_for() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let member = company.member_with(Role::Manager).email();
    provider.tell(json!({ "sub": "5", "email": member, "email_verified": true, "groups": ["leads"] }));
    // What the provider publishes was read before it said so.
    let later = tests::Server::start_with(&[LOCAL], api::app::system_clock()).await;
    let company = tests::Company { server: &later, ..company };
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, json!({ "sub": "6" })).await, problem("provider_untrusted"));
    let mut browser = Browser::at(&company);
    assert_eq!(sign_in(&mut browser, &provider, json!({ "sub": "5" })).await, "/");
    let caller = company.anonymous().with_token(Some(browser.access_token().await));
    assert_eq!(caller.ask("{ viewer { account { email } } }").await.text("/viewer/account/email"), member);
}

#[tokio::test]
async fn an_answer_of_another_issuer_and_a_refusal() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    provider.say("authorization_response_iss_parameter_supported", json!(true));
    set_up(&company, &provider).await;
    let claims = person(&company.member_with(Role::Hr).email());
    let issuer = provider.issuer.as_str();
    for (more, end) in [
        (String::new(), problem("provider_untrusted")),
        ("&iss=https://evil.example".to_owned(), problem("provider_untrusted")),
        (format!("&iss={issuer}&error=access_denied"), problem("provider_refused")),
        (format!("&iss={issuer}"), "/".to_owned()),
    ] {
        let mut browser = Browser::at(&company);
        let address = browser.follow("/auth/sign-in").await;
        let path = back(&address, &provider.code(&address, &claims));
        assert_eq!(browser.follow(&format!("{path}{more}")).await, end, "{more}");
    }
}

#[tokio::test]
async fn a_provider_that_goes_or_changes_ends_what_it_vouched_for() {
    let server = server().await;
    let company = server.company().await;
    let (provider, next) = (FakeProvider::start().await, FakeProvider::start().await);
    set_up(&company, &provider).await;
    let claims = person(&company.member_with(Role::Hr).email());
    for removal in [true, false] {
        let mut browser = Browser::at(&company);
        assert_eq!(sign_in(&mut browser, &provider, claims.clone()).await, "/");
        let caller = company.anonymous().with_token(Some(browser.access_token().await));
        let address = browser.follow("/auth/sign-in").await;
        let path = back(&address, &provider.code(&address, &claims));
        if removal {
            company.caller(Role::Owner).ask("mutation { removeIdentityProvider { removed } }").await.data("");
            assert_eq!(browser.follow(&path).await, problem("no_provider"));
            set_up(&company, &provider).await;
        } else {
            set(&company, usual(&next.issuer, &json!({}))).await.data("");
            assert_eq!(browser.follow(&path).await, problem("expired"));
        }
        until("the session is over", async || caller.ask("{ __typename }").await.status == 401).await;
    }
    // Those who signed in by a password stay.
    company.caller(Role::Hr).ask("{ viewer { role } }").await.data("");
}

#[tokio::test]
async fn a_suspended_tenant_lets_nobody_in() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let mut browser = Browser::at(&company);
    let address = browser.follow("/auth/sign-in").await;
    let path = back(&address, &provider.code(&address, &person(&company.member_with(Role::Hr).email())));
    server.tenants().set_status(company.tenant.id, tenancy::TenantStatus::Suspended, chrono::Utc::now()).await.unwrap();
    until("it is suspended", async || browser.go("/auth/sign-in").await.status == 403).await;
    assert_eq!(browser.go(&path).await.code(), "TENANT_SUSPENDED");
}
