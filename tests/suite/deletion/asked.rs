//! Who may ask for a deletion, and who takes it back.

use api::operators::Deed;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use serde_json::json;
use tests::{CodeApp, Server, TestClock, until};

use super::{keep, request, typed};
use crate::standing::through;

const WORKSPACES: &str = "{ workspaces { state deleteAt available canBeKept } }";

#[tokio::test]
async fn an_owner_asks_by_slug_and_password_and_takes_it_back_on_the_apex() {
    let clock = TestClock::start();
    let (here, there) = (Server::start_with(&[], clock.clock()).await, Server::start_with(&[], clock.clock()).await);
    let company = here.company().await;
    let (owner, hr) = (company.account(Role::Owner).await, company.account(Role::Hr).await);
    let answer = request(&company, &owner).await;
    let at: DateTime<Utc> = answer.text("/requestTenantDeletion/deleteAt").parse().unwrap();
    assert_eq!(at, clock.now() + TimeDelta::days(30));
    assert_eq!(answer.text("/requestTenantDeletion/url"), "http://localhost:8000");

    // Nobody is served any more, in no process.
    for server in [&here, &there] {
        let caller = through(server, &company, Some(company.token(Role::Owner)));
        until("it is not served", async || caller.ask("{ tenant { slug } }").await.first_code() == Some("TENANT_DELETING")).await;
        assert_eq!(caller.with_token(None).sign_in(&owner.email, &owner.password).await.code(), "TENANT_DELETING");
    }
    let (owners, hrs) = (owner.signed_in(&here.apex()).await, hr.signed_in(&here.apex()).await);
    let mine = owners.ask(WORKSPACES).await.data("/workspaces/0");
    assert_eq!(mine, json!({ "state": "DELETING", "deleteAt": at.to_rfc3339(), "available": false, "canBeKept": true }));
    assert_eq!(hrs.ask(WORKSPACES).await.data("/workspaces/0/canBeKept"), false);
    assert_eq!(keep(&hrs, &company).await.code(), "FORBIDDEN");
    let stranger = here.company().await.account(Role::Owner).await.signed_in(&here.apex()).await;
    assert_eq!(keep(&stranger, &company).await.code(), "NOT_FOUND");
    assert_eq!(keep(&here.apex(), &company).await.code(), "UNAUTHENTICATED");

    let kept = keep(&owners, &company).await.data("/keepWorkspace/workspace");
    assert_eq!(kept, json!({ "state": "ACTIVE", "deleteAt": null, "available": true, "canBeKept": false }));
    assert_eq!(keep(&owners, &company).await.code(), "CONFLICT");
    for server in [&here, &there] {
        let caller = through(server, &company, Some(company.token(Role::Owner)));
        until("it is served again", async || caller.ask("{ employees { totalCount } }").await.first_code().is_none()).await;
        let events = caller.ask("{ auditEvents(first: 2) { nodes { action } } }").await.data("/auditEvents/nodes");
        assert_eq!(events, json!([{ "action": "tenant.deletion_withdrawn" }, { "action": "tenant.deletion_requested" }]));
    }
}

#[tokio::test]
async fn nobody_asks_by_mistake_or_for_others() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (owner, admin) = (company.account(Role::Owner).await, company.account(Role::Admin).await);
    let caller = owner.signed_in(&company.anonymous()).await;
    let ask = async |input| caller.mutate("requestTenantDeletion", input, "deleteAt").await;
    let wrong_slug = ask(json!({ "slug": "other", "password": owner.password })).await;
    assert_eq!((wrong_slug.code(), wrong_slug.field()), ("BAD_USER_INPUT", Some("slug")));
    let wrong_password = ask(typed(&company, "wrong password")).await;
    assert_eq!((wrong_password.code(), wrong_password.field()), ("BAD_USER_INPUT", Some("password")));
    // The right is looked at before the proof.
    let admins = admin.signed_in(&company.anonymous()).await;
    assert_eq!(admins.mutate("requestTenantDeletion", typed(&company, "wrong"), "deleteAt").await.code(), "FORBIDDEN");

    // Whoever has a second factor proves that, too.
    let app = CodeApp::set_up(&caller, &owner.password, clock.now()).await;
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(ask(typed(&company, &owner.password)).await.field(), Some("code"));
    caller.ask("{ tenant { slug } }").await.data("");
    let mut input = typed(&company, &owner.password);
    input["code"] = json!(app.code(clock.now()));
    ask(input).await.data("");
    assert_eq!(caller.ask("{ tenant { slug } }").await.code(), "TENANT_DELETING");
}

/// An organisation that can only be read is deleted all the same, and its audit says so.
#[tokio::test]
async fn what_is_read_only_can_be_deleted_and_taken_back() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.account(Role::Owner).await;
    let now = Utc::now();
    server.tenants().set_dates(company.tenant.id, None, Some(now - TimeDelta::days(10)), now).await.unwrap();
    request(&company, &owner).await.data("");
    let apex = owner.signed_in(&server.apex()).await;
    assert_eq!(keep(&apex, &company).await.data("/keepWorkspace/workspace/state"), "READ_ONLY");
    let caller = owner.signed_in(&company.anonymous()).await;
    let events = caller.ask("{ auditEvents(first: 1) { nodes { action } } }").await;
    assert_eq!(events.text("/auditEvents/nodes/0/action"), "tenant.deletion_withdrawn");
}

#[tokio::test]
async fn an_owner_does_not_take_back_what_an_operator_has_decided() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.account(Role::Owner).await;
    let apex = owner.signed_in(&server.apex()).await;
    let (now, month) = (Utc::now(), TimeDelta::days(30));
    request(&company, &owner).await.data("");
    assert_eq!(apex.ask(WORKSPACES).await.data("/workspaces/0/canBeKept"), true);
    server.act(&company.tenant, Deed::Delete(now + month + month), now).await.unwrap();
    let mine = apex.ask(WORKSPACES).await;
    assert_eq!((mine.data("/workspaces/0/canBeKept"), mine.data("/workspaces/0/state")), (json!(false), json!("DELETING")));
    assert_eq!(keep(&apex, &company).await.code(), "CONFLICT");
    let refused = company.anonymous().ask("{ __typename }").await;
    assert_eq!((refused.code(), refused.body["errors"][0]["extensions"].get("url")), ("TENANT_DELETING", None));
    assert!(refused.message().contains("it is going to be deleted. Please ask the operator"), "{}", refused.message());
    server.act(&company.tenant, Deed::Keep, now).await.unwrap();
    company.anonymous().ask("{ __typename }").await.data("");
}

/// The door of the apex says why, as the organisation's own address does.
#[tokio::test]
async fn who_enters_from_the_apex_is_told_the_state() {
    let server = Server::start().await;
    let company = server.company().await;
    let apex = company.account(Role::Employee).await.signed_in(&server.apex()).await;
    let id = api::graphql::id::encode_tenant(company.tenant.id).to_string();
    let enter = async || apex.mutate("enterWorkspace", json!({ "id": id, "nonce": "n".repeat(22) }), "url").await;
    enter().await.data("");
    let (tenants, now) = (server.tenants(), Utc::now());
    tenants.set_dates(company.tenant.id, None, Some(now - TimeDelta::days(100)), now).await.unwrap();
    assert_eq!(enter().await.code(), "TENANT_PAST_DUE");
    tenants.set_maintenance(company.tenant.id, Some("Back at noon."), now).await.unwrap();
    let refused = enter().await;
    assert_eq!(refused.code(), "TENANT_MAINTENANCE");
    assert!(refused.message().contains("Back at noon."), "{}", refused.message());
    server.act(&company.tenant, Deed::Delete(now + TimeDelta::days(1)), now).await.unwrap();
    assert_eq!(enter().await.code(), "TENANT_DELETING");
}
