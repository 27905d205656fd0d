//! How a visit ends: by the clock, by an owner, with the operator, and with the organisation.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::TimeDelta;
use domain::Role;
use entities::platform::operator::OperatorRole;
use migration::tenant::TenantMigrator;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy::TenantStatus;
use tests::{Server, TestClock, TestDatabase, database_url, opaque, refresh_operator, value};

use super::{Scene, VIEWER, decide, enter, refresh};

const EMPLOYEES: &str = "subscription { employeesChanged { kind employee { givenName } } }";

#[tokio::test]
async fn it_is_over_when_its_time_is_over() {
    let clock = TestClock::start();
    // Tidying up in the future concerns every tenant of a database.
    let database = TestDatabase::create().await;
    let start = async || Server::start_on(database.tenants::<TenantMigrator>(), &[], clock.clock()).await;
    let server = start().await;
    let company = server.company().await;
    let mut scene = Scene::of(&server, &company).await;
    scene.open().await;
    let ends = clock.now() + TimeDelta::hours(2);
    let entered = enter(&company.anonymous(), &scene.code().await).await.data("/enter");
    let text = |field: &str| entered[field].as_str().unwrap().to_owned();
    let (mut visitor, mut token) = (company.anonymous().with_token(Some(text("accessToken"))), text("refreshToken"));
    for _ in 0..8 {
        assert!(visitor.ask(VIEWER).await.first_code().is_none());
        let renewed = refresh(&company.anonymous(), &token).await.data("/refresh");
        visitor = visitor.with_token(renewed["accessToken"].as_str().map(str::to_owned));
        renewed["refreshToken"].as_str().unwrap().clone_into(&mut token);
        clock.advance(TimeDelta::minutes(14));
    }
    let renewed = refresh(&company.anonymous(), &token).await.data("/refresh");
    // The token ends with the consent, and not later.
    assert_eq!(renewed["accessTokenExpiresAt"], json!(ends.to_rfc3339()));
    visitor = visitor.with_token(renewed["accessToken"].as_str().map(str::to_owned));
    clock.advance(ends - clock.now() - TimeDelta::seconds(1));
    assert!(visitor.ask(VIEWER).await.first_code().is_none());
    let operator = refresh_operator(&server.console(), &scene.operator.refresh_token).await.text("/refresh/accessToken");
    scene.operator.caller = server.console().with_token(Some(operator));
    let code = scene.code().await;
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    let token = renewed["refreshToken"].as_str().unwrap();
    assert_eq!(refresh(&company.anonymous(), token).await.code(), "UNAUTHENTICATED");
    assert_eq!(enter(&company.anonymous(), &code).await.code(), "UNAUTHENTICATED");
    assert_eq!(scene.way_in().await.code(), "FORBIDDEN");

    // The end stands in the audit once, whoever tidies up, and as often as that may be.
    clock.advance(TimeDelta::minutes(5));
    let other = start().await;
    let tidied = tokio::join!(server.app.auth.tidy(clock.now()), other.app.auth.tidy(clock.now()));
    tidied.0.and(tidied.1).unwrap();
    clock.advance(TimeDelta::minutes(5));
    server.app.auth.tidy(clock.now()).await.unwrap();
    let rows = "SELECT action || ' ' || actor_name || ' ' || (changes #>> '{consentedBy,to}') FROM audit_events \
                WHERE action = 'support.expired'";
    assert_eq!(company.texts(rows).await, ["support.expired Olga Operator (support) the owner"]);
    let left = "SELECT count(*) FROM platform.support_sessions";
    assert_eq!(value::<i64>(&mut database.connect().await, left).await, 0);
}

/// In every process, also for what is being watched, and for nobody else.
#[tokio::test]
async fn an_owner_ends_it_at_once() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    let (visitor, refresh_token) = scene.enter().await;
    let listening = other_process.listen().await;
    let mut watching = listening.connect(&company.host(), visitor.token().unwrap()).await;
    watching.subscribe("a", EMPLOYEES).await;
    let mut bystander = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    bystander.subscribe("a", EMPLOYEES).await;
    let rename = json!({ "id": opaque(company.chief.id), "givenName": "Seen" });
    company.caller(Role::Hr).mutate("updateEmployee", rename, "__typename").await.data("");
    assert_eq!(watching.told("a").await["data"]["employeesChanged"]["employee"]["givenName"], "Seen");
    bystander.told("a").await;

    decide(&scene.owner, "endSupport", &id).await.data("");
    let closed = tokio::time::timeout(Duration::from_secs(15), watching.closed()).await;
    assert_eq!(closed.expect("it goes on"), (4403, "UNAUTHENTICATED".to_owned()));
    bystander.assert_silent().await;
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    let elsewhere = tests::Caller::new(other_process.router.clone(), company.host(), visitor.token().map(str::to_owned));
    assert_eq!(elsewhere.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&company.anonymous(), &refresh_token).await.code(), "UNAUTHENTICATED");
    assert_eq!(scene.way_in().await.code(), "FORBIDDEN");
    assert_eq!(decide(&scene.owner, "endSupport", &id).await.code(), "CONFLICT");
}

#[tokio::test]
async fn what_is_watched_ends_with_its_time() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let soon = format!(
        "UPDATE platform.support_grants SET expires_at = now() + interval '3 seconds' WHERE tenant_id = '{}'",
        company.tenant.id
    );
    tests::run(&mut connection, &soon).await;
    let (visitor, _) = scene.enter().await;
    let listening = server.listen().await;
    let mut watching = listening.connect(&company.host(), visitor.token().unwrap()).await;
    watching.subscribe("a", EMPLOYEES).await;
    assert_eq!(watching.closed().await, (4403, "UNAUTHENTICATED".to_owned()));
}

#[tokio::test]
async fn whoever_is_no_operator_any_more_is_out() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    let (visitor, refresh_token) = scene.enter().await;
    let platform = server.tenants().platform();
    api::auth::disable_operator(&platform, &scene.operator.email, chrono::Utc::now()).await.unwrap();
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&company.anonymous(), &refresh_token).await.code(), "UNAUTHENTICATED");
    // Whoever comes back later finds nothing open.
    let query = "{ supportGrants { state } }";
    assert_eq!(scene.owner.ask(query).await.data("/supportGrants/0/state"), "ENDED");
    server.app.auth.tidy(chrono::Utc::now() + TimeDelta::minutes(2)).await.unwrap();
    // It was not the operator who did it.
    let audit = scene.audit(&id).await;
    let last = audit.last().map(|(action, name, _)| (action.as_str(), name.as_str()));
    assert_eq!(last, Some(("support.revoked", "the operator of the platform")));
}

#[tokio::test]
async fn an_operator_who_is_reset_has_to_enter_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    let (platform, keys) = (server.tenants().platform(), tests::config(&[]).secret_keys().unwrap());
    api::auth::reset_operator(&platform, &keys, &scene.operator.email, chrono::Utc::now()).await.unwrap();
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
}

/// However the session at the console ends: by signing out, or because a used refresh token of it came again.
#[tokio::test]
async fn a_visit_ends_with_the_session_at_the_console() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let mut scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, refresh_token) = scene.enter().await;
    let listening = server.listen().await;
    let mut watching = listening.connect(&company.host(), visitor.token().unwrap()).await;
    watching.subscribe("a", EMPLOYEES).await;
    scene.operator.caller.ask("mutation { signOut { signedOut } }").await.data("");
    let closed = tokio::time::timeout(Duration::from_secs(15), watching.closed()).await;
    assert_eq!(closed.expect("it goes on"), (4403, "UNAUTHENTICATED".to_owned()));
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&company.anonymous(), &refresh_token).await.code(), "UNAUTHENTICATED");

    // The consent is as it was: whoever signs in again enters again.
    let signed_in = scene.operator.sign_in(&clock).await.data("/signIn");
    let text = |field: &str| signed_in[field].as_str().unwrap().to_owned();
    scene.operator.caller = server.console().with_token(Some(text("accessToken")));
    let (visitor, _) = scene.enter().await;
    assert!(visitor.ask(VIEWER).await.first_code().is_none());
    let used = text("refreshToken");
    refresh_operator(&server.console(), &used).await.data("");
    clock.advance(TimeDelta::seconds(21));
    assert_eq!(refresh_operator(&server.console(), &used).await.code(), "UNAUTHENTICATED");
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
}

/// A session of the time before sessions at the console were written down is over, and so is one that was begun at the very moment at
/// which the console's was ended.
#[tokio::test]
async fn a_visit_without_a_session_at_the_console_is_over() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let tenant = company.tenant.id;
    for change in [
        format!("UPDATE platform.support_sessions SET operator_session_id = NULL WHERE tenant_id = '{tenant}'"),
        format!(
            "UPDATE platform.operator_sessions SET ended_at = now() \
             WHERE id IN (SELECT operator_session_id FROM platform.support_sessions WHERE tenant_id = '{tenant}')"
        ),
    ] {
        let (visitor, refresh_token) = scene.enter().await;
        assert!(visitor.ask(VIEWER).await.first_code().is_none());
        tests::run(&mut connection, &change).await;
        assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED", "{change}");
        assert_eq!(refresh(&company.anonymous(), &refresh_token).await.code(), "UNAUTHENTICATED", "{change}");
    }
}

#[tokio::test]
async fn an_operator_gives_it_back_and_a_colleague_may_do_so_too() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    let (visitor, _) = scene.enter().await;
    scene.give_back(&id).await.data("");
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    let id = scene.open().await;
    let (visitor, _) = scene.enter().await;
    let colleague = Scene { operator: server.operator(OperatorRole::Admin).await, ..Scene::of(&server, &company).await };
    assert_eq!(colleague.give_back(&id).await.data("/endSupport/supportGrant/state"), "ENDED");
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_visit_is_served_no_longer_than_members_are() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    server.tenants().set_status(company.tenant.id, TenantStatus::Suspended, chrono::Utc::now()).await.unwrap();
    assert_eq!(visitor.ask(VIEWER).await.code(), "TENANT_SUSPENDED");
    assert_eq!(scene.way_in().await.code(), "TENANT_SUSPENDED");
}

#[tokio::test]
async fn signing_out_ends_the_visit_of_the_token_beside_the_session_of_the_cookie() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    let account = company.account(Role::Hr).await;
    let signed_in = company.anonymous().sign_in(&account.email, &account.password).await;
    let member = company.anonymous().with_token(Some(signed_in.text("/signIn/accessToken")));
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.token().unwrap()))
        .header(header::COOKIE, format!("tenantry_refresh={}", signed_in.text("/signIn/refreshToken")))
        .body(Body::from(json!({ "query": "mutation { signOut { signedOut } }" }).to_string()))
        .unwrap();
    assert_eq!(company.anonymous().send(request).await.data("/signOut/signedOut"), true);
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    assert_eq!(member.ask(VIEWER).await.code(), "UNAUTHENTICATED");
}

/// A copy of the refresh token that is used up ends the visit.
#[tokio::test]
async fn a_used_refresh_token_that_comes_again_ends_the_visit() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, token) = scene.enter().await;
    let next = refresh(&company.anonymous(), &token).await.text("/refresh/refreshToken");
    clock.advance(TimeDelta::seconds(21));
    assert_eq!(refresh(&company.anonymous(), &token).await.code(), "UNAUTHENTICATED");
    assert_eq!(refresh(&company.anonymous(), &next).await.code(), "UNAUTHENTICATED");
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
}
