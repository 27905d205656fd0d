//! One's own sessions: listed, and ended.

use domain::Role;
use entities::platform::session;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use serde_json::{Value, json};
use tests::{Caller, Server, key_of, until};

const SESSIONS: &str = "{ security { sessions { id current tenantName tenantSlug method address userAgent } } }";

async fn sessions(caller: &Caller) -> Vec<Value> {
    caller.ask(SESSIONS).await.data("/security/sessions").as_array().unwrap().clone()
}

async fn current(caller: &Caller) -> String {
    let all = sessions(caller).await;
    let own: Vec<&Value> = all.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(own.len(), 1);
    own[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_sessions_of_an_account_are_listed_wherever_they_are() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = company.account(Role::Hr).await;
    account.join(&other, Role::Employee).await;
    other.account(Role::Hr).await.signed_in(&other.anonymous()).await;
    let apex = account.signed_in(&server.apex().from_address("203.0.113.7")).await;
    let there = account.signed_in(&other.anonymous().from_address("2001:db8::1")).await;
    let here = account.signed_in(&company.anonymous()).await;
    let mut expected = vec![
        json!({ "current": true, "tenantName": company.tenant.name, "tenantSlug": company.tenant.slug.as_str(),
                "method": "PASSWORD", "address": null, "userAgent": null }),
        json!({ "current": false, "tenantName": other.tenant.name, "tenantSlug": other.tenant.slug.as_str(),
                "method": "PASSWORD", "address": "2001:db8::1", "userAgent": "Browser at 2001:db8::1" }),
        json!({ "current": false, "tenantName": null, "tenantSlug": null,
                "method": "PASSWORD", "address": "203.0.113.7", "userAgent": "Browser at 203.0.113.7" }),
    ];
    let mut all = sessions(&here).await;
    let ids: Vec<Value> = all.iter_mut().map(|session| session.as_object_mut().unwrap().remove("id").unwrap()).collect();
    let key = |session: &Value| session.to_string();
    all.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(all, expected);
    assert_eq!(ids.len(), 3);
    // The same from the apex, with another current one.
    assert_eq!(sessions(&apex).await.len(), 3);
    assert_ne!(current(&apex).await, current(&there).await);
    for at in [company.anonymous(), server.apex()] {
        assert_eq!(at.ask("{ security { recoveryCodesLeft } }").await.data("/security"), Value::Null);
    }
}

#[tokio::test]
async fn a_session_is_ended_by_its_owner_alone() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = company.account(Role::Employee).await;
    let (one, two) = (account.signed_in(&company.anonymous()).await, account.signed_in(&company.anonymous()).await);
    let id = current(&one).await;
    // Neither the owner of the tenant, nor anybody elsewhere.
    let owner = company.account(Role::Owner).await.signed_in(&company.anonymous()).await;
    let stranger = other.account(Role::Owner).await.signed_in(&other.anonymous()).await;
    let stranger_on_apex = other.account(Role::Owner).await.signed_in(&server.apex()).await;
    for caller in [&owner, &stranger, &stranger_on_apex] {
        assert_eq!(caller.delete("endSession", &id).await.code(), "NOT_FOUND");
    }
    assert_eq!(company.anonymous().delete("endSession", &id).await.code(), "UNAUTHENTICATED");
    for wrong in ["nonsense", &tests::opaque(account.id)] {
        assert_eq!(one.delete("endSession", wrong).await.code(), "NOT_FOUND");
    }
    one.ask("{ viewer { role } }").await.data("");

    assert_eq!(two.delete("endSession", &id).await.text("/endSession/deletedId"), id);
    let ended = one.ask("{ viewer { role } }").await;
    assert_eq!((ended.status.as_u16(), ended.code()), (401, "UNAUTHENTICATED"), "at once in this process");
    assert_eq!(two.delete("endSession", &id).await.code(), "NOT_FOUND", "there is none any more");
    // One's own too.
    let own = current(&two).await;
    two.delete("endSession", &own).await.data("");
    assert_eq!(two.ask("{ viewer { role } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn all_other_sessions_are_ended_everywhere() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = company.account(Role::Hr).await;
    account.join(&other, Role::Employee).await;
    let apex = account.signed_in(&server.apex()).await;
    let here = account.signed_in(&company.anonymous()).await;
    let there = account.signed_in(&other.anonymous()).await;
    let bystander = company.account(Role::Owner).await.signed_in(&company.anonymous()).await;
    let end = "mutation { endOtherSessions { ended } }";
    assert_eq!(company.anonymous().ask(end).await.code(), "UNAUTHENTICATED");
    assert_eq!(apex.ask(end).await.data("/endOtherSessions/ended"), 2);
    for (caller, place) in [(&here, "here"), (&there, "there")] {
        assert_eq!(caller.ask("{ viewer { role } }").await.code(), "UNAUTHENTICATED", "{place}");
    }
    assert_eq!(sessions(&apex).await.len(), 1);
    assert_eq!(apex.ask(end).await.data("/endOtherSessions/ended"), 0);
    bystander.ask("{ viewer { role } }").await.data("");
}

/// Whoever runs a tenant's identity provider can sign in as its members. That must not reach into their other tenants.
#[tokio::test]
async fn what_an_identity_provider_vouched_for_counts_in_its_tenant_alone() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let account = company.account(Role::Hr).await;
    account.join(&other, Role::Owner).await;
    let elsewhere = account.signed_in(&other.anonymous()).await;
    let beside = account.signed_in(&company.anonymous()).await;
    let vouched = account.signed_in(&company.anonymous()).await;
    let id = current(&vouched).await;
    session::Entity::update_many()
        .col_expr(session::Column::Method, Expr::value("identity_provider"))
        .filter(session::Column::Id.eq(key_of(&id)))
        .exec(&server.tenants().platform())
        .await
        .unwrap();
    let seen = sessions(&vouched).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.iter().all(|session| session["tenantSlug"] == company.tenant.slug.as_str()));
    let there = current(&elsewhere).await;
    assert_eq!(vouched.delete("endSession", &there).await.code(), "NOT_FOUND");
    assert_eq!(vouched.delete("removePasskey", &tests::opaque(entities::id::PasskeyId::generate())).await.code(), "FORBIDDEN");
    assert_eq!(vouched.ask("mutation { endOtherSessions { ended } }").await.data("/endOtherSessions/ended"), 1);
    elsewhere.ask("{ viewer { role } }").await.data("");
    until("the session beside is over", async || beside.ask("{ viewer { role } }").await.first_code().is_some()).await;
}
