//! How many requests and operations there may be, and that one tenant's do not take another's.

use std::time::Duration;

use api::app::system_clock;
use axum::{
    body::Body,
    http::{Request, header},
};
use chrono::{TimeDelta, Utc};
use domain::Role;
use migration::tenant::TenantMigrator;
use sea_orm::{TransactionSession as _, TransactionTrait as _};
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, PgConnection};
use tenancy::{PoolOptions, Tenants};
use tests::{
    Answer, Caller, Company, PostOffice, Server, TestClock, TestDatabase, database_url, one_connection, run, until, value,
    waiters,
};

async fn set(company: &Company<'_>, name: &str, value: Value) {
    let change = |settings: &mut Map<String, Value>| drop(settings.insert(name.to_owned(), value));
    company.server.tenants().change_settings(company.tenant.id, Utc::now(), change).await.unwrap();
}

/// Checks a refusal, and returns the limit and the seconds to wait.
#[track_caller]
fn too_many(answer: &Answer) -> (String, u64) {
    assert_eq!((answer.status.as_u16(), answer.code()), (429, "RATE_LIMITED"), "{}", answer.body);
    assert!(answer.body.get("data").is_none());
    let extensions = &answer.body["errors"][0]["extensions"];
    let seconds: u64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert_eq!(extensions["retryAfter"], seconds);
    assert!(answer.message().contains(&extensions["allowed"].to_string()), "{}", answer.message());
    (extensions["limit"].as_str().unwrap().to_owned(), seconds)
}

/// How many of so many requests are answered.
async fn answered(caller: &Caller, requests: usize) -> usize {
    let mut count = 0;
    for _ in 0..requests {
        count += usize::from(caller.ask("{ __typename }").await.status.is_success());
    }
    count
}

#[tokio::test]
async fn a_tenant_has_so_many_requests_in_a_second() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--tenant-requests-per-second", "5"], clock.clock()).await;
    let (loud, quiet) = (server.company().await, server.company().await);
    let hr = loud.caller(Role::Hr);
    // Two seconds' worth are saved up.
    assert_eq!(answered(&hr, 15).await, 10);
    assert_eq!(too_many(&hr.ask("{ __typename }").await), ("requestsPerSecond".to_owned(), 1));
    // So is everyone else of this tenant, and nobody of another.
    too_many(&loud.anonymous().ask("{ __typename }").await);
    assert_eq!(answered(&quiet.caller(Role::Hr), 10).await, 10);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(answered(&hr, 15).await, 5);
}

#[tokio::test]
async fn a_sender_has_so_many_requests_in_a_second() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--actor-requests-per-second", "2"], clock.clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let hr = company.caller(Role::Hr);
    assert_eq!(answered(&hr, 10).await, 4);
    assert_eq!(too_many(&hr.ask("{ __typename }").await), ("requestsPerSecondPerActor".to_owned(), 1));
    assert_eq!(answered(&company.caller(Role::Owner), 4).await, 4);
    // Those who are not signed in are one sender an address, at one tenant.
    assert_eq!(answered(&company.anonymous(), 10).await, 4);
    assert_eq!(answered(&other.anonymous(), 10).await, 4);
    assert_eq!(answered(&company.anonymous().at("localhost"), 10).await, 4);
}

#[tokio::test]
async fn opening_a_websocket_counts_as_a_request() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--actor-requests-per-second", "2"], clock.clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    // Until they are named they are the same sender, at one tenant; then they are whoever they name.
    for _ in 0..4 {
        listening.connect(&company.host(), &company.token(Role::Hr)).await;
    }
    assert_eq!(listening.open_with(&company.host(), &[]).await.err(), Some(429));
    too_many(&company.caller(Role::Hr).ask("{ __typename }").await);
    assert_eq!(answered(&company.caller(Role::Owner), 4).await, 4);
    let mut socket = listening.open(&other.host()).await;
    assert_eq!(answered(&other.caller(Role::Hr), 4).await, 4);
    socket.initialise(&other.token(Role::Hr)).await;
    assert_eq!(socket.closed().await, (1013, "RATE_LIMITED".to_owned()));
    clock.advance(TimeDelta::seconds(1));
    listening.connect(&company.host(), &company.token(Role::Hr)).await;
}

#[tokio::test]
async fn a_tenants_own_rate_holds_in_every_process_from_the_next_request() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let second = Server::start_with(&[], clock.clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let there = Caller::new(second.router.clone(), company.host(), Some(company.token(Role::Hr)));
    assert_eq!(answered(&there, 20).await, 20);
    set(&company, "limits", json!({ "requestsPerSecond": 1 })).await;
    clock.advance(TimeDelta::minutes(1));
    assert_eq!(answered(&company.caller(Role::Hr), 5).await, 2);
    until("the other process knows", async || answered(&there, 5).await < 5).await;
    assert_eq!(answered(&other.caller(Role::Hr), 20).await, 20);
}

/// Holds the organisation's departments, so that operations which read them have to wait.
async fn reading_waits<'a>(connection: &'a mut PgConnection, company: &Company<'_>) -> sqlx::Transaction<'a, sqlx::Postgres> {
    let mut blocker = connection.begin().await.unwrap();
    let lock = format!("LOCK TABLE {}.departments IN ACCESS EXCLUSIVE MODE", company.tenant.schema);
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *blocker).await.unwrap();
    blocker
}

#[tokio::test]
async fn a_tenant_has_so_many_operations_at_a_time_and_the_next_one_waits() {
    let server = Server::start_with(&["--tenant-operations", "2"], api::app::system_clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let blocker = reading_waits(&mut connection, &company).await;
    let hr = company.caller(Role::Hr);
    let slow = async || hr.ask("{ departments { totalCount } }").await;
    let third = async {
        // Both places are taken: this one waits a second, then is refused, and only then the others get on.
        let refused = until_refused(&hr).await;
        let free = other.caller(Role::Hr).ask("{ departments { totalCount } }").await;
        blocker.rollback().await.unwrap();
        (refused, free)
    };
    let (first, second, (refused, free)) = tokio::join!(slow(), slow(), third);
    first.data("");
    second.data("");
    assert_eq!(too_many(&refused), ("concurrentOperations".to_owned(), 1));
    free.data("");
    // Within the wait, a turn comes.
    let many = futures::future::join_all((0..20).map(|_| hr.ask("{ departments { totalCount } }"))).await;
    for answer in many {
        answer.data("");
    }
}

async fn until_refused(hr: &Caller) -> Answer {
    loop {
        let answer = hr.ask("{ __typename }").await;
        if !answer.status.is_success() {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_tenants_statements_have_so_much_time() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    set(&company, "statementTimeoutMs", json!(200)).await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let blocker = reading_waits(&mut connection, &company).await;
    let answer = company.caller(Role::Hr).ask("{ departments { totalCount } }").await;
    blocker.rollback().await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code()), (200, "RATE_LIMITED"), "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["extensions"]["limit"], "statementTimeoutMs");
    company.caller(Role::Hr).ask("{ departments { totalCount } }").await.data("");
    let time = "SELECT current_setting('statement_timeout')";
    assert_eq!(company_time(&company, time).await, "200ms");
    assert_eq!(company_time(&other, time).await, "15s");
}

/// Whoever asks over a WebSocket is told the same as by POST: the fields behind the one that failed failed for its reason.
#[tokio::test]
async fn fields_behind_a_statement_that_took_too_long_say_so_too() {
    let server = Server::start().await;
    let company = server.company().await;
    set(&company, "statementTimeoutMs", json!(200)).await;
    let listening = server.listen().await;
    let mut socket = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let blocker = reading_waits(&mut connection, &company).await;
    let query = "{ a: departments { totalCount } b: departments { totalCount } }";
    assert_eq!(company.caller(Role::Hr).ask(query).await.codes(), ["RATE_LIMITED", "RATE_LIMITED"]);
    socket.send(json!({ "type": "subscribe", "id": "a", "payload": { "query": query } })).await;
    let answer = socket.told("a").await;
    blocker.rollback().await.unwrap();
    let errors = answer["errors"].as_array().unwrap();
    let codes: Vec<&Value> = errors.iter().map(|error| &error["extensions"]["code"]).collect();
    assert_eq!(codes, ["RATE_LIMITED", "RATE_LIMITED"], "{answer}");
}

async fn company_time(company: &Company<'_>, sql: &str) -> String {
    use sea_orm::ConnectionTrait as _;
    let tenants = company.server.tenants();
    let tenant = tenants.directory().by_id(company.tenant.id).await.unwrap().unwrap();
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
    let row = tenants.read_only(&tenant).query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start_with(&["--body-timeout", "1"], api::app::system_clock()).await;
    let company = server.company().await;
    let halves = futures::stream::iter([Ok::<_, std::io::Error>("{\"query\":")]);
    let endless = futures::StreamExt::chain(halves, futures::stream::pending());
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(endless))
        .unwrap();
    let answer = company.anonymous().send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (408, "BAD_USER_INPUT"));
    assert_eq!(answer.headers[header::CONNECTION], "close");
}

/// By the time at which it came, those who came while it waited for the database would be held against it.
#[tokio::test]
async fn a_request_that_waited_is_counted_by_the_time_at_which_it_goes_on() {
    let office = PostOffice::open_with(&["--tenant-requests-per-second", "5"]).await;
    let company = office.server.company().await;
    let anonymous = company.anonymous();
    anonymous.ask("{ __typename }").await.data("");
    let (mut blocker, mut observer) = (office.database.connect().await, office.database.connect().await);
    run(&mut blocker, "BEGIN; LOCK TABLE platform.sessions").await;
    let later = async {
        until("the session is looked up", async || waiters(&mut observer).await > 0).await;
        office.clock.advance(TimeDelta::seconds(10));
        anonymous.ask("{ __typename }").await.data("");
        run(&mut blocker, "ROLLBACK").await;
    };
    let member = company.caller(Role::Hr);
    let (answer, ()) = tokio::join!(member.ask("{ __typename }"), later);
    answer.data("");
}

/// Nobody is asked to report that Postgres is started anew.
#[tokio::test]
async fn while_the_database_is_away_everybody_is_told_to_come_again() {
    const QUERY: &str = "{ employees { totalCount } }";
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let company = server.company().await;
    let known = company.caller(Role::Hr);
    known.ask(QUERY).await.data("");
    let stranger = Caller::new(server.router.clone(), "nobody.localhost".to_owned(), None);
    assert_eq!(stranger.ask(QUERY).await.code(), "TENANT_NOT_FOUND");

    let name: String = value(&mut database.connect().await, "SELECT current_database()::text").await;
    let mut other = PgConnection::connect(&database_url()).await.unwrap();
    run(&mut other, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    run(&mut other, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;
    let field = known.ask(QUERY).await;
    assert_eq!((field.status.as_u16(), field.code()), (200, "INTERNAL"), "{}", field.body);
    assert_eq!(field.body["errors"][0]["extensions"]["retryAfter"], 5);
    assert!(field.message().starts_with("The database cannot be reached"), "{}", field.body);
    let stranger = Caller::new(server.router.clone(), "somebody.localhost".to_owned(), None);
    let refused = stranger.ask(QUERY).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "INTERNAL"), "{}", refused.body);
    assert_eq!(refused.headers[header::RETRY_AFTER], "5");
    assert!(refused.message().starts_with("The database cannot be reached"), "{}", refused.body);

    run(&mut other, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    // Each connection of the pool is found to be broken when it is used.
    until("the database is there again", async || stranger.ask(QUERY).await.code() == "TENANT_NOT_FOUND").await;
    until("tenants are served again", async || known.ask(QUERY).await.first_code().is_none()).await;
    server.tenants().close().await;
}

/// Wherever the lack is met: where the tenant is looked up, its session, or its data.
#[tokio::test]
async fn whoever_finds_no_connection_free_is_told_to_come_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let options = PoolOptions { acquire_timeout: Duration::from_secs(3), ..one_connection(&database_url()) };
    let small = Server::start_on(Tenants::connect::<TenantMigrator>(&options).unwrap(), &[], system_clock()).await;
    let stranger = Caller::new(small.router.clone(), company.host(), None);
    let member = stranger.with_token(Some(company.token(Role::Hr)));

    let taken = small.tenants().platform().begin().await.unwrap();
    let refused = stranger.ask("{ tenant { slug } }").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "RATE_LIMITED"), "{}", refused.body);
    assert_eq!(refused.headers[header::RETRY_AFTER], "5");
    assert_eq!(refused.body["errors"][0]["extensions"]["limit"], "connections");
    assert_eq!(refused.body["errors"][0]["extensions"]["retryAfter"], 5);
    taken.rollback().await.unwrap();
    until("the tenant is known", async || stranger.ask("{ tenant { slug } }").await.first_code().is_none()).await;

    let taken = small.tenants().platform().begin().await.unwrap();
    let refused = member.ask("{ employees { totalCount } }").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "RATE_LIMITED"), "{}", refused.body);
    assert_eq!(refused.headers[header::RETRY_AFTER], "5");
    taken.rollback().await.unwrap();
    until("the session is known", async || member.ask("{ __typename }").await.first_code().is_none()).await;

    let taken = small.tenants().platform().begin().await.unwrap();
    let refused = member.ask("{ employees { totalCount } }").await;
    assert_eq!(refused.code(), "RATE_LIMITED", "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["extensions"]["limit"], "connections");
    taken.rollback().await.unwrap();
    member.ask("{ employees { totalCount } }").await.data("");
    small.tenants().close().await;
}
