//! When one is told nothing more.

use chrono::Utc;
use domain::Role;
use entities::platform::{membership, session};
use sea_orm_migration::sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use serde_json::json;
use tenancy::TenantStatus;
use tests::{Server, TestDatabase, run, until, value};

use super::{EMPLOYEES, assert_ends, kind_and_name, rename, watching};

#[tokio::test]
async fn a_session_a_membership_and_a_tenant_end_what_they_allowed() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let listening = other_process.listen().await;
    let platform = server.tenants().platform();
    let (owner, hr, manager) = (
        watching(&company, &listening, Role::Owner).await,
        watching(&company, &listening, Role::Hr).await,
        watching(&company, &listening, Role::Manager).await,
    );
    let mut bystander = watching(&company, &listening, Role::Employee).await;

    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(Some(Utc::now())))
        .filter(session::Column::Id.eq(company.member_with(Role::Owner).session))
        .exec(&platform)
        .await
        .unwrap();
    assert_ends(owner, 4403, "UNAUTHENTICATED").await;
    membership::Entity::delete_many()
        .filter(membership::Column::AccountId.eq(company.member_with(Role::Hr).account))
        .exec(&platform)
        .await
        .unwrap();
    assert_ends(hr, 4403, "UNAUTHENTICATED").await;
    bystander.assert_silent().await;

    let mut renewed = manager;
    renewed.assert_silent().await;
    server.tenants().set_status(company.tenant.id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    assert_ends(renewed, 4403, "TENANT_SUSPENDED").await;
    assert_ends(bystander, 4403, "TENANT_SUSPENDED").await;
    assert_eq!(listening.open_with(&company.host(), &[]).await.err(), Some(403));
    until("nothing is left", async || other_process.app.live.counts() == api::live::Counts::default()).await;
}

#[tokio::test]
async fn an_api_key_ends_what_it_allowed() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let listening = other_process.listen().await;
    let owner = company.caller(Role::Owner);
    let make = async |expires_at: Option<chrono::DateTime<Utc>>| {
        let input = json!({ "name": "Payroll", "permissions": ["READ_DIRECTORY"], "expiresAt": expires_at });
        let made = owner.mutate("createApiKey", input, "apiKey { id } token").await;
        (made.text("/createApiKey/apiKey/id"), made.text("/createApiKey/token"))
    };
    let watch = async |token: &str| {
        let mut socket = listening.connect(&company.host(), token).await;
        socket.subscribe("a", EMPLOYEES).await;
        socket
    };
    let ((id, key), (_, lasting)) = (make(None).await, make(None).await);
    let (ended, mut bystander) = (watch(&key).await, watch(&lasting).await);
    let end = "mutation($id: ID!) { endApiKey(id: $id) { apiKey { endedAt } } }";
    owner.ask_with(end, json!({ "id": id })).await.data("");
    assert_ends(ended, 4403, "UNAUTHENTICATED").await;
    bystander.assert_silent().await;

    let (_, expiring) = make(Some(Utc::now() + chrono::TimeDelta::seconds(3))).await;
    let socket = watch(&expiring).await;
    assert_ends(socket, 4403, "UNAUTHENTICATED").await;
    bystander.assert_silent().await;
}

#[tokio::test]
async fn a_token_ends_when_it_says() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut forgery = server.signer.forgery_of(company.member_with(Role::Hr));
    forgery.claims["exp"] = json!(Utc::now().timestamp() + 2);
    let mut socket = listening.connect(&company.host(), &forgery.sign()).await;
    socket.subscribe("a", EMPLOYEES).await;
    assert_ends(socket, 4403, "UNAUTHENTICATED").await;
    // It does not let anyone in any more, either.
    let mut socket = listening.open(&company.host()).await;
    socket.initialise(&forgery.sign()).await;
    assert_ends(socket, 4403, "UNAUTHENTICATED").await;
}

#[tokio::test]
async fn who_may_have_missed_something_is_sent_away() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let socket = watching(&company, &listening, Role::Hr).await;
    let mut operator = database.connect().await;
    let lost = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE datname = current_database() AND query LIKE '%tenantry_changes%' AND pid <> pg_backend_pid()";
    assert_eq!(value::<i64>(&mut operator, lost).await, 1);
    assert_ends(socket, 1012, "CHANGES_MISSED").await;
    // Whoever comes back waits until changes are heard again, and then hears them.
    let mut socket = watching(&company, &listening, Role::Hr).await;
    rename(&company.caller(Role::Hr), company.chief.id, "Back").await;
    assert_eq!(kind_and_name(&socket.told("a").await).1, "Back");
}

/// A restore in place announces nothing of what it changes.
#[tokio::test]
async fn a_restore_in_place_sends_those_who_watch_away() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let (company, other) = (server.company().await, server.company().await);
    let archives = tempfile::tempdir().unwrap();
    let archive = archives.path().join("archive");
    server.tenants().backup(&company.tenant, &archive, None, Utc::now()).await.unwrap();
    let (here, there) = (server.listen().await, other_process.listen().await);
    let (near, far) = (watching(&company, &here, Role::Hr).await, watching(&company, &there, Role::Hr).await);
    let mut bystander = watching(&other, &there, Role::Hr).await;
    server.tenants().restore_in_place(&archive, None, Utc::now()).await.unwrap();
    assert_ends(near, 1012, "CHANGES_MISSED").await;
    assert_ends(far, 1012, "CHANGES_MISSED").await;
    // Whoever comes back watches what is there now.
    let mut socket = watching(&company, &there, Role::Hr).await;
    rename(&company.caller(Role::Hr), company.chief.id, "Back").await;
    assert_eq!(kind_and_name(&socket.told("a").await).1, "Back");
    bystander.assert_silent().await;
}

#[tokio::test]
async fn whoever_leaves_leaves_nothing_behind() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut sockets = Vec::new();
    for index in 0..12 {
        let mut socket = watching(&company, &listening, Role::Hr).await;
        if index % 3 == 0 {
            socket.complete("a").await;
            socket.assert_silent().await;
        }
        sockets.push(socket);
    }
    let (tenants, connections) = (1, 12);
    assert_eq!(server.app.live.counts(), api::live::Counts { tenants, subscriptions: 8, connections });
    let hr = company.caller(Role::Hr);
    for (index, socket) in sockets.into_iter().enumerate() {
        // In the midst of being told.
        rename(&hr, company.chief.id, &format!("Chris {index}")).await;
        socket.abandon();
    }
    until("nothing is left", async || server.app.live.counts() == api::live::Counts::default()).await;
    until("no transaction is left open", async || {
        let (size, idle) = server.tenants().pool_size();
        size as usize == idle
    })
    .await;
    hr.ask("{ employees { totalCount } }").await.data("");
}

#[tokio::test]
async fn a_program_that_stops_says_so() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let socket = watching(&company, &listening, Role::Hr).await;
    server.app.live.stop();
    assert_ends(socket, 1001, "STOPPING").await;
}

#[tokio::test]
async fn a_deleted_tenant_is_watched_no_more() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let socket = watching(&company, &listening, Role::Hr).await;
    let mut operator = database.connect().await;
    run(&mut operator, "DELETE FROM platform.tenants").await;
    assert_ends(socket, 4403, "TENANT_NOT_FOUND").await;
}
