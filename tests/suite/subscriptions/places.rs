//! How many may watch, and that none of them is in the way of the others.

use domain::Role;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tests::{Server, Socket, database_url, until};

use super::{EMPLOYEES, assert_ends, kind_and_name, rename, socket, watching};

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
