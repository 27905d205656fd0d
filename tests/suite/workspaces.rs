//! The apex: signing in there, one's own organisations, and the way into them.

use chrono::{TimeDelta, Utc};
use domain::Role;
use serde_json::{Value, json};
use tenancy::{Hostname, TenantId, TenantStatus};
use tests::{Account, Answer, Caller, Company, Server, TestClock};
use uuid::Uuid;

const WORKSPACES: &str = "{ account { email } workspaces { id name slug role url available } }";

fn workspace_id(company: &Company<'_>) -> String {
    api::graphql::id::encode_tenant(company.tenant.id).to_string()
}

/// What the page of an organisation keeps.
const NONCE: &str = "a nonce that the page has made";

/// Asks for the way into an organisation, and returns the code.
async fn code_for(apex: &Caller, company: &Company<'_>) -> String {
    let answer = apex.mutate("enterWorkspace", json!({ "id": workspace_id(company), "nonce": NONCE }), "url").await;
    answer.text("/enterWorkspace/url").split_once("/enter#").unwrap().1.to_owned()
}

async fn enter(caller: &Caller, code: &str) -> Answer {
    enter_with(caller, code, NONCE).await
}

async fn enter_with(caller: &Caller, code: &str, nonce: &str) -> Answer {
    let selection = "accessToken refreshToken viewer { role account { email } }";
    caller.mutate("enter", json!({ "code": code, "nonce": nonce }), selection).await
}

/// An account that is a member of both.
async fn member_of_both(company: &Company<'_>, other: &Company<'_>) -> Account {
    let account = company.account(Role::Hr).await;
    account.join(other, Role::Employee).await;
    account
}

#[tokio::test]
async fn the_apex_lists_ones_own_organisations_alone() {
    let server = Server::start().await;
    let (company, other, strange) = (server.company().await, server.company().await, server.company().await);
    let account = member_of_both(&company, &other).await;
    let custom = Hostname::parse(&format!("{}.example.test", Uuid::now_v7().simple())).unwrap();
    server.tenants().add_host(other.tenant.id, &custom, true, Utc::now()).await.unwrap();
    strange.account(Role::Owner).await;
    let apex = account.signed_in(&server.apex()).await;
    let answer = apex.ask(WORKSPACES).await.data("");
    assert_eq!(answer["account"]["email"], account.email);
    let expected = |company: &Company<'_>, role: &str, host: String| {
        json!({ "id": workspace_id(company), "name": company.tenant.name, "slug": company.tenant.slug.as_str(),
                "role": role, "url": format!("http://{host}:8000"), "available": true })
    };
    let mut all = [expected(&company, "HR", company.host()), expected(&other, "EMPLOYEE", other.host())];
    all.sort_by_key(|workspace| workspace["name"].to_string());
    assert_eq!(answer["workspaces"], json!(all));

    server.tenants().set_status(company.tenant.id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    let listed = apex.ask(WORKSPACES).await.data("/workspaces");
    let suspended = listed.as_array().unwrap().iter().find(|workspace| workspace["role"] == "HR").unwrap();
    assert_eq!(suspended["available"], false);
    let refused = apex.mutate("enterWorkspace", json!({ "id": workspace_id(&company), "nonce": NONCE }), "url").await;
    assert_eq!(refused.code(), "TENANT_SUSPENDED");

    let nobody = server.apex().ask(WORKSPACES).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
    assert_eq!(server.apex().ask("{ account { email } }").await.data("/account"), Value::Null);
}

#[tokio::test]
async fn whoever_is_not_let_in_on_the_apex_learns_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let unknown = format!("nobody@{}.test", company.tenant.slug);
    let mut bodies = Vec::new();
    for (email, password) in [(&account.email, "wrong password"), (&unknown, "wrong password"), (&unknown, "")] {
        let input = json!({ "email": email, "password": password });
        let answer = server.apex().mutate("signIn", input, "accessToken").await;
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn a_code_leads_into_one_organisation_once() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = member_of_both(&company, &other).await;
    let apex = account.signed_in(&server.apex()).await;
    let code = code_for(&apex, &company).await;
    // At another organisation of the same account it is nothing, and is not used up there.
    let elsewhere = enter(&other.anonymous(), &code).await;
    assert_eq!((elsewhere.code(), elsewhere.body["data"].clone()), ("UNAUTHENTICATED", Value::Null));
    let entered = enter(&company.anonymous(), &code).await.data("/enter");
    assert_eq!(entered["viewer"], json!({ "role": "HR", "account": { "email": account.email } }));
    let token = entered["accessToken"].as_str().unwrap().to_owned();
    let member = company.anonymous().with_token(Some(token.clone()));
    assert_eq!(member.ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    assert_eq!(member.at(other.host()).ask("{ viewer { role } }").await.code(), "TENANT_MISMATCH");
    assert_eq!(member.at("localhost").ask("{ account { email } }").await.code(), "TENANT_MISMATCH");
    let here = "{ security { sessions { current method tenantSlug } } }";
    let sessions = member.ask(here).await.data("/security/sessions");
    let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
    assert_eq!(current["method"], "ENTRY_CODE");
    assert_eq!(current["tenantSlug"], company.tenant.slug.as_str());
    for at in [&company, &other] {
        assert_eq!(enter(&at.anonymous(), &code).await.code(), "UNAUTHENTICATED", "a second use");
    }
    for code in ["", "nonsense", "\u{0}", &"x".repeat(10_000), &token] {
        assert_eq!(enter(&company.anonymous(), code).await.code(), "UNAUTHENTICATED", "{code:.20}");
    }
}

/// Otherwise a link could sign somebody in as another person, who then reads what they write there.
#[tokio::test]
async fn a_code_is_nothing_in_a_browser_that_did_not_ask_for_it() {
    let server = Server::start().await;
    let company = server.company().await;
    let apex = company.account(Role::Hr).await.signed_in(&server.apex()).await;
    let code = code_for(&apex, &company).await;
    for nonce in ["", "another nonce of another page", "\u{0}", &"x".repeat(10_000)] {
        let refused = enter_with(&company.anonymous(), &code, nonce).await;
        assert_eq!((refused.code(), refused.body["data"].clone()), ("UNAUTHENTICATED", Value::Null), "{nonce:.20}");
    }
    // Nobody else can use it up either.
    enter(&company.anonymous(), &code).await.data("");
    for nonce in ["", "short", &"x".repeat(21), &"x".repeat(129)] {
        let input = json!({ "id": workspace_id(&company), "nonce": nonce });
        let refused = apex.mutate("enterWorkspace", input, "url").await;
        assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("nonce")), "{nonce:.20}");
    }
}

#[tokio::test]
async fn of_two_who_use_a_code_at_once_one_gets_in() {
    let (server, second) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let apex = account.signed_in(&server.apex()).await;
    for round in 0..5 {
        let code = code_for(&apex, &company).await;
        let elsewhere = Caller::new(second.router.clone(), company.host(), None);
        let here = company.anonymous();
        let answers = tokio::join!(enter(&here, &code), enter(&elsewhere, &code), enter(&here, &code));
        let entered = [answers.0, answers.1, answers.2].iter().filter(|answer| answer.first_code().is_none()).count();
        assert_eq!(entered, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_a_minute_and_as_long_as_the_session_on_the_apex() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let apex = account.signed_in(&server.apex()).await;
    let (late, last, ended, left) = (
        code_for(&apex, &company).await,
        code_for(&apex, &company).await,
        code_for(&apex, &company).await,
        code_for(&apex, &company).await,
    );
    clock.advance(TimeDelta::seconds(59));
    enter(&company.anonymous(), &last).await.data("");
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(enter(&company.anonymous(), &late).await.code(), "UNAUTHENTICATED");
    drop((ended, left));

    let ended = code_for(&apex, &company).await;
    assert_eq!(apex.ask("mutation { signOut { signedOut } }").await.data("/signOut/signedOut"), true);
    assert_eq!(enter(&company.anonymous(), &ended).await.code(), "UNAUTHENTICATED");

    let apex = account.signed_in(&server.apex()).await;
    let left = code_for(&apex, &company).await;
    company.part_with(&account.email).await;
    assert_eq!(enter(&company.anonymous(), &left).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn nobody_is_led_into_an_organisation_of_others() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = company.account(Role::Owner).await;
    let apex = account.signed_in(&server.apex()).await;
    let nowhere = api::graphql::id::encode_tenant(TenantId(Uuid::now_v7())).to_string();
    let mut bodies = Vec::new();
    for id in [workspace_id(&other), nowhere, "nonsense".to_owned(), tests::opaque(account.id)] {
        let answer = apex.mutate("enterWorkspace", json!({ "id": id, "nonce": NONCE }), "url").await;
        assert_eq!(answer.code(), "NOT_FOUND", "{id}");
        bodies.push(answer.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "whether it is there is not told");
    let anonymous = server.apex().mutate("enterWorkspace", json!({ "id": workspace_id(&company), "nonce": NONCE }), "url").await;
    assert_eq!(anonymous.code(), "UNAUTHENTICATED");
    // A session of an organisation is none on the apex.
    let member = account.signed_in(&company.anonymous()).await;
    assert_eq!(member.at("localhost").ask(WORKSPACES).await.code(), "TENANT_MISMATCH");
    assert_eq!(apex.at(company.host()).ask("{ viewer { role } }").await.code(), "TENANT_MISMATCH");
}

#[tokio::test]
async fn a_session_on_the_apex_is_renewed_there_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let input = json!({ "email": account.email, "password": account.password });
    let token = server.apex().mutate("signIn", input, "refreshToken").await.text("/signIn/refreshToken");
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken } }";
    let refresh = async |caller: Caller, token: &str| caller.ask_with(query, json!({ "token": token })).await;
    assert_eq!(refresh(company.anonymous(), &token).await.code(), "UNAUTHENTICATED");
    let next = refresh(server.apex(), &token).await.text("/refresh/refreshToken");
    let there = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    assert_eq!(refresh(server.apex(), &there).await.code(), "UNAUTHENTICATED");
    refresh(server.apex(), &next).await.data("");
    // In a cookie of the apex's own host.
    let input = json!({ "email": account.email, "password": account.password, "keepInCookie": true });
    let kept = server.apex().mutate("signIn", input, "refreshToken").await;
    assert_eq!(kept.data("/signIn/refreshToken"), Value::Null);
    let cookie = kept.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("tenantry_refresh=") && !cookie.to_lowercase().contains("domain="), "{cookie}");
    let twice = "mutation($i: SignInInput!) { a: signIn(input: $i) { accessToken } b: signIn(input: $i) { accessToken } }";
    let input = json!({ "email": account.email, "password": account.password });
    assert_eq!(server.apex().ask_with(twice, json!({ "i": input })).await.code(), "BAD_USER_INPUT");
}
