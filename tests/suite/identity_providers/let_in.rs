//! Who is let in by the provider, and as whom.

use domain::Role;
use serde_json::{Value, json};
use tests::{Browser, FakeProvider, query, until};

use super::{back, person, problem, server, set, set_up, sign_in, usual};

#[tokio::test]
async fn a_member_signs_in_and_is_linked() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let mut browser = Browser::at(&company);
    let address = browser.follow("/auth/sign-in").await;
    assert!(address.starts_with(&format!("{}/authorize?", provider.issuer)), "{address}");
    let asked = query(&address);
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), ("tenantry", "openid email profile"));
    assert_eq!(asked["redirect_uri"], format!("http://{}:8000/auth/callback", company.host()));

    // The address is that of a member; the role is what the provider says.
    let member = company.member_with(Role::Employee);
    let claims = json!({ "sub": "7", "email": member.email().to_uppercase(), "email_verified": true, "groups": ["people"] });
    let code = provider.code(&address, &claims);
    let answer = browser.go(&back(&address, &code)).await;
    assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (303, "/"));
    assert_eq!(
        (&answer.headers["cache-control"], &answer.headers["referrer-policy"]),
        (&"no-store".parse().unwrap(), &"no-referrer".parse().unwrap())
    );
    let cookie =
        answer.headers.get_all("set-cookie").iter().find(|cookie| cookie.to_str().unwrap().starts_with("tenantry_refresh="));
    let cookie = cookie.unwrap().to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains("Domain"), "{cookie}");
    assert!(!browser.cookies.contains_key("tenantry_sign_in"), "the cookie of the try is taken back");
    let caller = company.anonymous().with_token(Some(browser.access_token().await));
    let viewer = caller.ask("{ viewer { role account { email } employee { id } } }").await;
    assert_eq!((viewer.text("/viewer/role"), viewer.text("/viewer/account/email")), ("HR".to_owned(), member.email()));
    // From now on the subject counts, whatever the address is.
    let claims = json!({ "sub": "7", "email": "other@example.test", "email_verified": false, "groups": ["people"] });
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, claims).await, "/");
    // An address that goes to the next person does not give away the account.
    let claims = json!({ "sub": "8", "email": member.email(), "email_verified": true, "groups": ["people"] });
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, claims).await, problem("linked_otherwise"));
    // The secret went into the header, each half encoded as a form's values are.
    assert!(
        provider.secrets().iter().all(|secret| secret == "Basic dGVuYW50cnk6YStzZWNyZXQrJTI2K21vcmU="),
        "{:?}",
        provider.secrets()
    );
}

#[tokio::test]
async fn a_new_person_becomes_a_member_by_a_role_alone() {
    let server = server().await;
    let company = server.company().await;
    let other = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let email = format!("nora@{}.test", company.tenant.slug);
    let mut claims = person(&email);
    claims["groups"] = json!(["visitors"]);
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, claims).await, problem("no_role"));
    let mut browser = Browser::at(&company);
    assert_eq!(sign_in(&mut browser, &provider, person(&email)).await, "/");
    let caller = company.anonymous().with_token(Some(browser.access_token().await));
    let viewer = caller.ask("{ viewer { name role account { email } } }").await;
    assert_eq!(viewer.data("/viewer"), json!({ "name": "Nora New", "role": "HR", "account": { "email": email } }));
    let audit = company.caller(Role::Owner).ask("{ auditEvents(first: 1) { nodes { action actorName } } }").await;
    assert_eq!(audit.data("/auditEvents/nodes/0"), json!({ "action": "member.joined", "actorName": "Nora New" }));
    // The session is this tenant's.
    let there = caller.at(other.host()).ask("{ viewer { role } }").await;
    assert_eq!(there.code(), "TENANT_MISMATCH");
    // Whoever was removed does not come back by the provider.
    company.part_with(&email).await;
    until("the session is over", async || caller.ask("{ __typename }").await.status == 401).await;
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, person(&email)).await, problem("not_a_member"));
}

/// Whoever loses their group at the provider must not keep here what it stood for.
#[tokio::test]
async fn the_provider_decides_about_the_role_at_each_sign_in() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let email = format!("nora@{}.test", company.tenant.slug);
    let with = |email: &str, groups: Value| {
        let mut claims = person(email);
        claims["groups"] = groups;
        claims
    };
    let role_of = async |claims: Value| {
        let mut browser = Browser::at(&company);
        assert_eq!(sign_in(&mut browser, &provider, claims).await, "/");
        let caller = company.anonymous().with_token(Some(browser.access_token().await));
        caller.ask("{ viewer { role account { id } } }").await.data("/viewer")
    };
    let viewer = role_of(with(&email, json!(["people"]))).await;
    assert_eq!(viewer["role"], "HR");
    assert_eq!(role_of(with(&email, json!(["leads"]))).await["role"], "MANAGER");
    let events =
        format!("{{ auditEvents(subjectId: {}, first: 1) {{ nodes {{ action actorName }} }} }}", viewer["account"]["id"]);
    let event = company.caller(Role::Owner).ask(&events).await.data("/auditEvents/nodes/0");
    assert_eq!(event, json!({ "action": "member.role_changed", "actorName": "Nora New (Acme accounts)" }));
    // A group that is mapped no more, or none.
    for groups in [json!(["visitors"]), json!([]), Value::Null] {
        let claims = with(&email, groups.clone());
        assert_eq!(sign_in(&mut Browser::at(&company), &provider, claims).await, problem("no_role"), "{groups}");
    }
    // Somebody who was a member before, linked by the address.
    let member = company.member_with(Role::Employee).email();
    assert_eq!(role_of(with(&member, json!(["leads"]))).await["role"], "MANAGER");
    // With a default, whoever loses the group falls back to it.
    set(&company, usual(&provider.issuer, &json!({ "defaultRole": "EMPLOYEE" }))).await.data("");
    assert_eq!(role_of(with(&member, json!([]))).await["role"], "EMPLOYEE");
    // Where no claim is mapped, the provider says who somebody is, and the organisation what they may do.
    let unmapped = json!({ "roleClaim": null, "roles": [], "defaultRole": "EMPLOYEE" });
    set(&company, usual(&provider.issuer, &unmapped)).await.data("");
    let hr = company.member_with(Role::Hr).email();
    assert_eq!(role_of(with(&hr, json!(["leads"]))).await["role"], "HR");
}

#[tokio::test]
async fn who_is_not_let_in() {
    let server = server().await;
    let company = server.company().await;
    let other = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let try_as = async |claims: Value| sign_in(&mut Browser::at(&company), &provider, claims).await;
    let owner = company.member_with(Role::Owner).email();
    assert_eq!(try_as(person(&owner)).await, problem("owner"));
    // An account of another tenant is not this tenant's provider's to give.
    assert_eq!(try_as(person(&other.member_with(Role::Employee).email())).await, problem("not_a_member"));
    let mut unverified = person("new@example.test");
    unverified["email_verified"] = json!(false);
    assert_eq!(try_as(unverified).await, problem("email_not_verified"));
    assert_eq!(try_as(json!({ "sub": "9" })).await, problem("email_not_verified"));
    // A tenant without a provider.
    assert_eq!(Browser::at(&other).follow("/auth/sign-in").await, problem("no_provider"));
    // One that became an owner after the link.
    let admin = company.member_with(Role::Admin);
    assert_eq!(try_as(person(&admin.email())).await, "/");
    let sql = format!("UPDATE platform.memberships SET role = 'owner' WHERE account_id = '{}'", admin.account);
    sea_orm::ConnectionTrait::execute_unprepared(&server.tenants().platform(), &sql).await.unwrap();
    assert_eq!(try_as(person(&admin.email())).await, problem("owner"));
}
