//! When one is told nothing more.

use std::time::{Duration, Instant};

use chrono::Utc;
use domain::Role;
use entities::platform::{membership, session};
use sea_orm_migration::sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy::TenantStatus;
use tests::{Company, Listening, Server, Socket, TestDatabase, database_url, run, until, value};

use super::{EMPLOYEES, kind_and_name, rename, socket};

/// How soon the other process has to end what is over.
const AT_ONCE: Duration = Duration::from_secs(5);

async fn watching(company: &Company<'_>, listening: &Listening, role: Role) -> Socket {
    let mut socket = socket(company, listening, role).await;
    socket.subscribe("a", EMPLOYEES).await;
    socket
}

async fn assert_ends(mut socket: Socket, code: u16, reason: &str) {
    let begin = Instant::now();
    assert_eq!(socket.closed().await, (code, reason.to_owned()));
    assert!(begin.elapsed() < AT_ONCE, "{reason} took {:?}", begin.elapsed());
}

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
async fn who_is_too_slow_is_sent_away_and_holds_nobody_up() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let mut slow = socket(&company, &listening, Role::Hr).await;
    slow.subscribe("a", "subscription { employeesChanged { employee { directReports { nodes { id name workEmail } } } } }").await;
    let mut quick = watching(&other, &listening, Role::Hr).await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let chief = company.chief.id.uuid();
    let notify = format!(
        "SELECT pg_notify('tenantry_changes', '{} [{{\"a\":\"employee.updated\",\"s\":\"{chief}\"}}]') WHERE $1::int IS NOT NULL",
        company.tenant.id
    );
    for number in 0..3_000 {
        sqlx::query(AssertSqlSafe(notify.as_str())).bind(number).execute(&mut connection).await.unwrap();
    }
    rename(&other.caller(Role::Hr), other.chief.id, "Quick").await;
    assert_eq!(kind_and_name(&quick.told("a").await).1, "Quick");
    assert_eq!(slow.closed().await, (1013, "TOO_SLOW".to_owned()));
    until("nothing is left of it", async || server.app.live.counts().subscriptions == 1).await;
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
async fn a_tenant_has_so_many_connections_and_no_more() {
    let server = Server::start_with(&["--subscriptions-per-tenant", "2"], api::app::system_clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let mut first = watching(&company, &listening, Role::Hr).await;
    first.subscribe("b", EMPLOYEES).await;
    first.send(json!({ "type": "subscribe", "id": "c", "payload": { "query": EMPLOYEES } })).await;
    let refused = first.hear().await;
    assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("RATE_LIMITED")));
    let _second = socket(&company, &listening, Role::Hr).await;
    let mut third = listening.open(&company.host()).await;
    third.initialise(&company.token(Role::Hr)).await;
    assert_ends(third, 1013, "RATE_LIMITED").await;
    watching(&other, &listening, Role::Hr).await.assert_silent().await;
}

#[tokio::test]
async fn one_member_does_not_take_all_places() {
    let flags = ["--subscriptions-per-tenant", "3", "--subscriptions-per-actor", "2"];
    let server = Server::start_with(&flags, api::app::system_clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let refused = async |socket: &mut Socket| {
        socket.send(json!({ "type": "subscribe", "id": "more", "payload": { "query": EMPLOYEES } })).await;
        let refused = socket.hear().await;
        let extensions = &refused["payload"][0]["extensions"];
        assert_eq!((&refused["type"], &extensions["code"]), (&json!("error"), &json!("RATE_LIMITED")), "{refused}");
        (extensions["limit"].clone(), extensions["allowed"].clone())
    };
    let mut loud = watching(&company, &listening, Role::Hr).await;
    let mut second = watching(&company, &listening, Role::Hr).await;
    assert_eq!(refused(&mut loud).await, (json!("subscriptionsPerActor"), json!(2)));
    assert_eq!(refused(&mut second).await, (json!("subscriptionsPerActor"), json!(2)));
    let mut third = listening.open(&company.host()).await;
    third.initialise(&company.token(Role::Hr)).await;
    assert_ends(third, 1013, "RATE_LIMITED").await;
    let stream = reqwest::Client::new().post(listening.url()).json(&json!({ "query": EMPLOYEES }));
    let stream = stream.header("host", company.host()).header("accept", "text/event-stream");
    let answer = stream.bearer_auth(company.token(Role::Hr)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "5"));
    let body: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(body["errors"][0]["extensions"]["limit"], "subscriptionsPerActor", "{body}");

    // Others have what is left.
    let mut quiet = watching(&company, &listening, Role::Employee).await;
    assert_eq!(refused(&mut quiet).await, (json!("subscriptionsPerTenant"), json!(3)));
    let mut elsewhere = watching(&other, &listening, Role::Hr).await;
    elsewhere.assert_silent().await;
    let before = server.app.live.counts().subscriptions;
    loud.complete("a").await;
    until("the place is free", async || server.app.live.counts().subscriptions < before).await;
    loud.subscribe("b", EMPLOYEES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_watch_one_change_do_not_use_up_the_connections() {
    let server = Server::start_with(&["--database-connections", "4"], api::app::system_clock()).await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        let mut socket = socket(&company, &listening, Role::Hr).await;
        for id in 0..10 {
            let payload = json!({ "query": EMPLOYEES });
            socket.send(json!({ "type": "subscribe", "id": id.to_string(), "payload": payload })).await;
        }
        socket.assert_silent().await;
        sockets.push(socket);
    }
    let hr = company.caller(Role::Hr);
    for name in ["One", "Two", "Three"] {
        rename(&hr, company.chief.id, name).await;
        // Requests are answered meanwhile.
        hr.ask("{ employees { totalCount } }").await.data("");
    }
    for socket in &mut sockets {
        let mut told = 0;
        while told < 30 {
            let message = socket.hear().await;
            assert_eq!(message["type"], "next", "{message}");
            kind_and_name(&message["payload"]);
            told += 1;
        }
    }
    assert_eq!(server.app.live.counts().subscriptions, 80);
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
