//! Requests from midnight to midnight.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Role, plan::Quota};
use serde_json::json;
use tests::{Answer, Caller, Company, PostOffice};

use super::{OwnLimit, exceeded, own_limit, retry_after};

fn noon(office: &PostOffice) -> DateTime<Utc> {
    let now = office.clock.now();
    let tomorrow = (now.date_naive() + TimeDelta::days(1)).and_hms_opt(12, 0, 0).unwrap().and_utc();
    office.clock.advance(tomorrow - now);
    tomorrow
}

async fn ask(caller: &Caller) -> Answer {
    caller.ask("{ __typename }").await
}

async fn answered(caller: &Caller, requests: usize) -> usize {
    let mut count = 0;
    for _ in 0..requests {
        count += usize::from(ask(caller).await.status.is_success());
    }
    count
}

#[tokio::test]
async fn a_day_has_so_many_requests_and_the_next_one_as_many() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    noon(&office);
    own_limit(&office.server, company.tenant.id, Quota::RequestsPerDay, OwnLimit::AtMost(10)).await;
    let hr = office.caller(&company, Role::Hr);
    assert_eq!(answered(&hr, 15).await, 10);
    let refused = ask(&office.caller(&company, Role::Employee)).await;
    assert_eq!((refused.status.as_u16(), exceeded(&refused, "requestsPerDay", 10)), (429, 10));
    assert_eq!(retry_after(&refused), 12 * 60 * 60);
    assert_eq!(answered(&office.caller(&other, Role::Hr), 15).await, 15);
    // Strangers are answered as always, so they cannot use anything up for the others.
    assert_eq!(answered(&company.anonymous(), 3).await, 3);
    // Refusals use nothing up, and are not counted.
    assert_eq!(office.server.app.usage.requests_of(company.tenant.id, office.clock.now().date_naive()), 10);

    office.clock.advance(TimeDelta::hours(12));
    assert_eq!(answered(&hr, 15).await, 10);
    own_limit(&office.server, company.tenant.id, Quota::RequestsPerDay, OwnLimit::Unlimited).await;
    assert_eq!(answered(&hr, 15).await, 15);
}

/// A program of a company, and its key's id.
async fn program(office: &PostOffice, company: &Company<'_>) -> (Caller, String) {
    let input = json!({ "name": "Loop", "permissions": ["READ_DIRECTORY"] });
    let made = office.caller(company, Role::Admin).mutate("createApiKey", input, "apiKey { id } token").await;
    (company.anonymous().with_token(Some(made.text("/createApiKey/token"))), made.text("/createApiKey/apiKey/id"))
}

#[tokio::test]
async fn a_program_that_has_used_up_the_day_can_be_ended() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    noon(&office);
    let (program, id) = program(&office, &company).await;
    own_limit(&office.server, company.tenant.id, Quota::RequestsPerDay, OwnLimit::AtMost(11)).await;
    // The key that was made is the eleventh.
    assert_eq!(answered(&program, 15).await, 10);
    assert_eq!(answered(&office.caller(&company, Role::Hr), 1).await, 0);
    let owner = office.caller(&company, Role::Owner);
    assert_eq!(owner.ask("{ apiKeys { nodes { id } } }").await.text("/apiKeys/nodes/0/id"), id);
    let end = "mutation($id: ID!) { endApiKey(id: $id) { apiKey { endedAt } } }";
    assert!(owner.ask_with(end, json!({ "id": id })).await.data("/endApiKey/apiKey/endedAt").is_string());
    assert_eq!(ask(&program).await.code(), "UNAUTHENTICATED");

    // A hundred, of their own, on each day.
    assert_eq!(answered(&owner, 105).await, 98);
    assert_eq!(exceeded(&ask(&owner).await, "requestsPerDay", 11), 111);
    assert_eq!(answered(&office.caller(&company, Role::Admin), 1).await, 1);
    office.clock.advance(TimeDelta::days(1));
    assert_eq!(answered(&owner, 115).await, 111);
}

#[tokio::test]
async fn processes_learn_of_one_another_whenever_they_write() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let company = office.server.company().await;
    let now = noon(&office);
    own_limit(&office.server, company.tenant.id, Quota::RequestsPerDay, OwnLimit::AtMost(20)).await;
    let here = office.caller(&company, Role::Hr);
    let there = Caller::new(second.router.clone(), company.host(), here.token().map(str::to_owned));
    assert_eq!((answered(&here, 12).await, answered(&there, 6).await), (12, 6));
    office.server.app.usage.write(now).await;
    second.app.usage.write(now).await;
    // The second knows of all eighteen; the first of its own, until it writes again.
    assert_eq!(answered(&there, 5).await, 2);
    assert_eq!(answered(&here, 1).await, 1);
    second.app.usage.write(now).await;
    office.server.app.usage.write(now).await;
    assert_eq!(exceeded(&ask(&here).await, "requestsPerDay", 20), 21);
    // A process that has only begun knows after its first writing.
    let third = office.second(&[]).await;
    let elsewhere = Caller::new(third.router.clone(), company.host(), here.token().map(str::to_owned));
    assert_eq!(answered(&elsewhere, 1).await, 1);
    third.app.usage.write(now).await;
    assert_eq!(answered(&elsewhere, 3).await, 0);
}

#[tokio::test]
async fn an_operation_of_a_websocket_is_a_request() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    own_limit(&office.server, company.tenant.id, Quota::RequestsPerDay, OwnLimit::AtMost(2)).await;
    let listening = office.server.listen().await;
    let mut socket = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    for id in ["a", "b"] {
        socket.subscribe(id, "subscription { employeesChanged { kind } }").await;
    }
    let query = json!({ "query": "{ viewer { role } }" });
    socket.send(json!({ "id": "c", "type": "subscribe", "payload": query })).await;
    let refused = socket.hear().await;
    assert_eq!((&refused["type"], &refused["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("QUOTA_EXCEEDED")));
}
