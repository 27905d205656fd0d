//! Two processes on one database: what happens in one is known in the other within a moment.

use std::time::Duration;

use chrono::Utc;
use domain::Role;
use serde_json::json;
use tenancy::TenantStatus;
use tests::{Account, Caller, Company, Server, within};

/// Notifications take milliseconds; the bound is for a busy machine.
const A_MOMENT: Duration = Duration::from_secs(5);

const VIEWER: &str = "{ viewer { role } }";

/// Somebody who is signed in at the first process, and known to the second.
async fn known_to_both(company: &Company<'_>, second: &Server, role: Role) -> (Account, Caller, Caller) {
    let account = company.account(role).await;
    let here = account.signed_in(&company.anonymous()).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let there = Caller::new(second.router.clone(), company.host(), Some(token));
    there.ask(VIEWER).await.data("");
    (account, here, there)
}

async fn until_refused(caller: &Caller, code: &str) {
    within(A_MOMENT, code, async || caller.ask(VIEWER).await.first_code() == Some(code)).await;
}

#[tokio::test]
async fn an_ended_session_is_refused_by_every_process() {
    let (server, second) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let (account, here, there) = known_to_both(&company, &second, Role::Hr).await;
    assert_eq!(here.ask("mutation { endOtherSessions { ended } }").await.data("/endOtherSessions/ended"), 1);
    until_refused(&there, "UNAUTHENTICATED").await;

    // Signing out, and ending one session.
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let there = Caller::new(second.router.clone(), company.host(), Some(token.clone()));
    there.ask(VIEWER).await.data("");
    company.anonymous().with_token(Some(token)).ask("mutation { signOut { signedOut } }").await.data("");
    until_refused(&there, "UNAUTHENTICATED").await;

    let there = account.signed_in(&Caller::new(second.router.clone(), company.host(), None)).await;
    let current = "{ security { sessions { id current } } }";
    let sessions = there.ask(current).await.data("/security/sessions");
    let own = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap()["id"].clone();
    here.delete("endSession", own.as_str().unwrap()).await.data("");
    until_refused(&there, "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn another_role_counts_in_every_process() {
    let (server, second) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let (account, _, there) = known_to_both(&company, &second, Role::Owner).await;
    there.mutate("createPosition", json!({ "title": "Made as owner" }), "__typename").await.data("");
    account.join(&company, Role::Employee).await;
    within(A_MOMENT, "another role", async || there.ask(VIEWER).await.text("/viewer/role") == "EMPLOYEE").await;
    let refused = there.mutate("createPosition", json!({ "title": "Made as employee" }), "__typename").await;
    assert_eq!(refused.code(), "FORBIDDEN");
}

#[tokio::test]
async fn whoever_is_no_member_any_more_is_out_in_every_process() {
    let (server, second) = (Server::start().await, Server::start().await);
    let (company, other) = (server.company().await, server.company().await);
    let (account, here, there) = known_to_both(&company, &second, Role::Hr).await;
    account.join(&other, Role::Employee).await;
    let elsewhere = account.signed_in(&Caller::new(second.router.clone(), other.host(), None)).await;
    elsewhere.ask(VIEWER).await.data("");
    company.part_with(&account.email).await;
    until_refused(&there, "UNAUTHENTICATED").await;
    until_refused(&here, "UNAUTHENTICATED").await;
    elsewhere.ask(VIEWER).await.data("");
}

#[tokio::test]
async fn a_suspended_tenant_is_closed_in_every_process() {
    let (server, second) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let (account, here, there) = known_to_both(&company, &second, Role::Hr).await;
    server.tenants().set_status(company.tenant.id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    until_refused(&there, "TENANT_SUSPENDED").await;
    until_refused(&here, "TENANT_SUSPENDED").await;
    // The account itself goes on.
    let apex = account.signed_in(&Caller::new(second.router.clone(), "localhost", None)).await;
    let available = "{ workspaces { available } }";
    assert_eq!(apex.ask(available).await.data("/workspaces"), json!([{ "available": false }]));
    server.tenants().set_status(company.tenant.id, TenantStatus::Active, Utc::now()).await.unwrap();
    within(A_MOMENT, "resumed", async || there.ask(VIEWER).await.first_code().is_none()).await;
}
