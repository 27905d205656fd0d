//! The error codes: each is produced by a real request, documented, and says no more than it should.

use api::operators::Deed;
use std::{collections::BTreeMap, fs, path::Path};

use api::{
    graphql::error::{Code, INTERNAL_MESSAGE},
    plan::exceptions::{Exceptions, OwnFeature, OwnLimit},
};
use chrono::{TimeDelta, Utc};
use domain::{
    Role,
    plan::{Feature, Quota},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tenancy::{TenantId, TenantStatus};
use tests::{Answer, CodeApp, Company, Server, database_url, opaque};

/// Runs a statement as the owner of all schemas.
async fn execute(sql: String) {
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

/// Gives a tenant a single seat and no API keys.
async fn give_the_least(server: &Server, tenant: TenantId) {
    let limits = vec![(Quota::Seats, OwnLimit::AtMost(1))];
    let features = vec![(Feature::ApiKeys, OwnFeature::Own(false))];
    server.except(tenant, Exceptions { limits, features }).await;
}

/// One answer for each code.
async fn one_of_each(server: &Server) -> BTreeMap<String, Answer> {
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let mut answers = Vec::new();
    answers.push(company.anonymous().with_token(Some("nonsense".to_owned())).ask("{ __typename }").await);
    answers.push(company.caller(Role::Employee).mutate("createPosition", json!({ "title": "x" }), "__typename").await);
    answers.push(hr.ask(&format!("{{ employee(id: \"{}\") {{ id }} }}", opaque(other.member.id))).await);
    answers.push(hr.ask("{ nonsense }").await);
    answers.push(hr.mutate("createPosition", json!({ "title": "Mechanic" }), "__typename").await);
    answers.push(company.anonymous().at("nobody.localhost").ask("{ __typename }").await);
    answers.push(hr.at(other.host()).ask("{ __typename }").await);
    for _ in 0..6 {
        let nobody = format!("nobody@{}.test", company.tenant.slug);
        answers.push(company.anonymous().sign_in(&nobody, "wrong password").await);
    }
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    CodeApp::set_up(&caller, &account.password, Utc::now()).await;
    answers.push(company.anonymous().sign_in(&account.email, &account.password).await);

    let suspended = server.company().await;
    server.tenants().set_status(suspended.tenant.id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    answers.push(suspended.caller(Role::Owner).ask("{ __typename }").await);

    let now = Utc::now();
    let days_ago = |days| Some(now - TimeDelta::days(days));
    let unpaid = server.company().await;
    server.tenants().set_dates(unpaid.tenant.id, None, days_ago(10), now).await.unwrap();
    answers.push(unpaid.caller(Role::Hr).mutate("createPosition", json!({ "title": "Painter" }), "__typename").await);
    server.tenants().set_dates(unpaid.tenant.id, None, days_ago(40), now).await.unwrap();
    answers.push(unpaid.caller(Role::Hr).ask("{ __typename }").await);
    server.tenants().set_maintenance(unpaid.tenant.id, Some("Back at noon."), now).await.unwrap();
    answers.push(unpaid.caller(Role::Hr).ask("{ __typename }").await);
    server.act(&unpaid.tenant, Deed::Delete(now + TimeDelta::days(1)), now).await.unwrap();
    answers.push(unpaid.caller(Role::Hr).ask("{ __typename }").await);
    let moved = server.company().await;
    let slug = format!("{}-new", moved.tenant.slug.as_str());
    server.act(&moved.tenant, Deed::Rename { slug: Some(slug), name: None }, now).await.unwrap();
    answers.push(moved.caller(Role::Hr).ask("{ __typename }").await);

    let planned = server.company().await;
    give_the_least(server, planned.tenant.id).await;
    let owner = planned.caller(Role::Owner);
    let key = json!({ "name": "Payroll", "permissions": ["READ_DIRECTORY"] });
    answers.push(owner.mutate("createApiKey", key, "token").await);
    let invitation = json!({ "email": "somebody@example.test", "role": "EMPLOYEE" });
    answers.push(owner.mutate("inviteMember", invitation, "__typename").await);

    let behind = server.tenant().await;
    let version = format!("UPDATE platform.tenants SET schema_version = 'm0' WHERE id = '{}'", behind.id);
    server.tenants().platform().execute_unprepared(&version).await.unwrap();
    answers.push(company.anonymous().at(server.app.hosts.of_slug(&behind.slug)).ask("{ __typename }").await);

    let broken = server.company().await;
    execute(format!("DROP TABLE {}.audit_events", broken.tenant.schema)).await;
    answers.push(broken.caller(Role::Hr).mutate("createPosition", json!({ "title": "Painter" }), "__typename").await);
    answers.into_iter().map(|answer| (answer.code().to_owned(), answer)).collect()
}

#[tokio::test]
async fn every_code_is_produced_by_a_request() {
    let server = Server::start().await;
    let answers = Box::pin(one_of_each(&server)).await;
    let mut expected = Code::ALL.map(Code::as_str).to_vec();
    expected.sort_unstable();
    assert_eq!(answers.keys().collect::<Vec<_>>(), expected);
    for (code, answer) in &answers {
        let errors = answer.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{code}");
        let message = answer.message();
        assert!(message.ends_with('.') && message.len() > 10, "{code}: {message:?} is no sentence");
        assert_eq!(answer.headers["cache-control"], "no-store", "{code}");
        assert!(answer.headers.contains_key("x-request-id"), "{code}");
    }
    // Refused as a whole, with the status of the code and without data.
    for code in [
        Code::TenantNotFound,
        Code::TenantMismatch,
        Code::TenantSuspended,
        Code::TenantPastDue,
        Code::TenantMaintenance,
        Code::TenantDeleting,
        Code::TenantMoved,
        Code::TenantMigrating,
        Code::BadUserInput,
    ] {
        let answer = &answers[code.as_str()];
        assert_eq!(answer.status, code.status(), "{}", code.as_str());
        assert!(answer.body.get("data").is_none(), "{}", code.as_str());
    }
    // A field that failed.
    for code in [
        Code::SecondFactorRequired,
        Code::Forbidden,
        Code::NotFound,
        Code::Conflict,
        Code::TenantReadOnly,
        Code::RateLimited,
        Code::Internal,
    ] {
        let answer = &answers[code.as_str()];
        assert_eq!(answer.status, 200, "{}", code.as_str());
        assert!(answer.body.pointer("/errors/0/path/0").is_some(), "{}", code.as_str());
    }
    assert_eq!(answers["CONFLICT"].field(), Some("title"));
    assert_eq!(answers["TENANT_MIGRATING"].headers["retry-after"], "5");
    assert_eq!(answers["TENANT_MAINTENANCE"].headers["retry-after"], "60");
    assert!(answers["TENANT_MAINTENANCE"].message().ends_with("Back at noon."));
    // An operator has asked for it, so there is nowhere to take it back.
    assert!(answers["TENANT_DELETING"].body["errors"][0]["extensions"].get("url").is_none());
    assert!(answers["SECOND_FACTOR_REQUIRED"].body["errors"][0]["extensions"]["challenge"].is_string());
    assert!(answers["RATE_LIMITED"].body["errors"][0]["extensions"]["retryAfter"].is_u64());
}

#[test]
fn every_code_is_documented_with_its_status() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let text = fs::read_to_string(path).expect("docs/errors.md is missing");
    let documented: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{line}");
            (cells[0].trim_matches('`'), cells[2])
        })
        .collect();
    let statuses: Vec<String> = Code::ALL.iter().map(|code| code.status().as_u16().to_string()).collect();
    let expected: Vec<(&str, &str)> =
        Code::ALL.iter().map(|code| code.as_str()).zip(statuses.iter().map(String::as_str)).collect();
    assert_eq!(documented, expected);
}

/// Checks that an internal error leads to the log and tells nothing else.
#[track_caller]
fn assert_silent(answer: &Answer, company: &Company) {
    assert_eq!(answer.code(), "INTERNAL");
    assert_eq!(answer.message(), INTERNAL_MESSAGE);
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer.body["errors"][0]["extensions"], json!({ "code": "INTERNAL", "requestId": id }));
    let text = answer.body.to_string();
    for cause in ["relation", "exist", "audit_events", "SELECT", "INSERT", "sqlx", "Postgres", company.tenant.schema.as_str()] {
        assert!(!text.contains(cause), "{cause} is in {text}");
    }
}

#[tokio::test]
async fn an_internal_error_tells_its_request_and_not_its_cause() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let schema = &company.tenant.schema;
    let before = company.texts("SELECT title FROM positions").await;
    execute(format!("DROP TABLE {schema}.audit_events")).await;
    // The change is made before the event is written, and taken back.
    let answer = hr.mutate("createPosition", json!({ "title": "Painter" }), "position { id }").await;
    assert_silent(&answer, &company);
    assert_eq!(answer.body["data"], Value::Null);
    assert_eq!(company.texts("SELECT title FROM positions").await, before);

    let answer = hr.ask("{ auditEvents { nodes { id } } }").await;
    assert_silent(&answer, &company);
    // It ended nothing but itself: the connection serves the next request.
    assert_eq!(hr.ask("{ positions { totalCount } }").await.data("/positions/totalCount"), 1);

    execute(format!("DROP TABLE {schema}.locations CASCADE")).await;
    // A field that may be null leaves the rest of the answer.
    let answer = hr.ask("{ tenant { slug } node(id: \"TDoBkQ88Wn5wAIAAAAAAAAAB\") { id } viewer { role } }").await;
    if answer.first_code() == Some("INTERNAL") {
        assert_silent(&answer, &company);
        assert_eq!(answer.body["data"]["node"], Value::Null);
        assert_eq!(answer.body["data"]["tenant"]["slug"], company.tenant.slug.as_str());
    }
}

#[tokio::test]
async fn a_schema_that_is_gone_is_an_error_and_not_another_schema() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    hr.ask("{ employees { totalCount } }").await.data("");
    execute(format!("ALTER SCHEMA {0} RENAME TO gone_{0}", company.tenant.schema)).await;
    let answer = hr.ask("{ employees { nodes { id } } }").await;
    assert_silent(&answer, &company);
    assert_eq!(answer.body["data"], Value::Null);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_broken_off() {
    let server = Server::start_with(&["--request-timeout", "1"], api::app::system_clock()).await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let mut blocker = connection.begin().await.unwrap();
    let lock = format!("LOCK TABLE {}.number_sequences", company.tenant.schema);
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *blocker).await.unwrap();
    let input = json!({ "id": opaque(company.department.id), "name": "Late" });
    let answer = hr.mutate("renameDepartment", input.clone(), "__typename").await;
    blocker.rollback().await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code()), (503, "INTERNAL"));
    assert_eq!(answer.headers["retry-after"], "5");
    let id = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer.body["errors"][0]["extensions"]["requestId"], id);
    assert!(answer.body.get("data").is_none());
    // It was not done after all, and can be done again.
    assert_eq!(company.texts("SELECT name FROM departments").await, ["Workshop"]);
    hr.mutate("renameDepartment", input, "__typename").await.data("");
}

#[tokio::test]
async fn the_id_of_a_request_is_the_servers_own() {
    let server = Server::start().await;
    let company = server.company().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let request = axum::http::Request::post("/graphql")
            .header("host", company.host())
            .header("content-type", "application/json")
            .header("x-request-id", "chosen\u{20}by the client")
            .body(axum::body::Body::from("{\"query\":\"{ __typename }\"}"))
            .unwrap();
        let answer = company.anonymous().send(request).await;
        ids.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.parse::<uuid::Uuid>().is_ok()), "{ids:?}");
}
