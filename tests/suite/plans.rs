//! Plans: what an organisation may use, by its plan and by what was agreed with it alone.

mod features;
mod requests;
mod seats;
mod storage;
mod usage;
mod warnings;

use api::{
    operators::Doer,
    plan::{
        Plan, catalogue,
        exceptions::{Exceptions, OwnLimit},
    },
};
use axum::http::header;
use chrono::Utc;
use domain::plan::Quota;
use serde_json::Value;
use tenancy::TenantId;
use tests::{Answer, Company, Server};
use uuid::Uuid;

/// A plan that no other test has: without bounds, and without features.
fn new_plan() -> Plan {
    let id = format!("p{}", Uuid::now_v7().simple());
    let name = format!("Plan {id}");
    Plan { id, name, seats: None, storage_bytes: None, requests_per_day: None, features: std::collections::BTreeSet::new() }
}

/// Gives a tenant a plan that is made for it.
async fn give(server: &Server, tenant: TenantId, plan: &Plan) {
    server.set_plan(plan).await;
    server.give_plan(tenant, Some(&plan.id)).await;
}

/// Says how much of a quota one tenant has.
async fn own_limit(server: &Server, tenant: TenantId, quota: Quota, limit: OwnLimit) {
    server.except(tenant, Exceptions { limits: vec![(quota, limit)], features: Vec::new() }).await;
}

/// Checks a refusal, and returns what is used.
#[track_caller]
fn exceeded(answer: &Answer, quota: &str, limit: u64) -> u64 {
    assert_eq!(answer.code(), "QUOTA_EXCEEDED", "{}", answer.body);
    let extensions = &answer.body["errors"][0]["extensions"];
    assert_eq!((&extensions["quota"], &extensions["limit"]), (&Value::from(quota), &Value::from(limit)), "{}", answer.body);
    extensions["used"].as_u64().unwrap()
}

/// The seconds after which a refused request is worth another try.
#[track_caller]
fn retry_after(answer: &Answer) -> u64 {
    let seconds = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert_eq!(answer.body["errors"][0]["extensions"]["retryAfter"], seconds);
    seconds
}

/// What the organisation's page shows of a quota: its limit and its use.
async fn shown(company: &Company<'_>, quota: &str) -> (Option<f64>, Option<f64>) {
    let owner = company.caller(domain::Role::Owner);
    let quotas = owner.ask("{ tenant { plan { quotas { quota limit used } } } }").await.data("/tenant/plan/quotas");
    let row = quotas.as_array().unwrap().iter().find(|row| row["quota"] == quota).unwrap().clone();
    (row["limit"].as_f64(), row["used"].as_f64())
}

#[tokio::test]
async fn a_plan_is_changed_for_all_who_have_it_in_every_process() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let (company, second, without) = (server.company().await, server.company().await, server.company().await);
    let mut plan = Plan { seats: Some(9), ..new_plan() };
    give(&server, company.tenant.id, &plan).await;
    give(&server, second.tenant.id, &plan).await;
    own_limit(&server, second.tenant.id, Quota::Seats, OwnLimit::AtMost(20)).await;
    plan.seats = Some(7);
    plan.name = "Seven seats".to_owned();
    server.set_plan(&plan).await;
    let seats = async |company: &Company<'_>| {
        let tenant = other_process.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
        api::plan::Entitlements::of(&tenant).limit(Quota::Seats)
    };
    tests::until("the other process knows", async || seats(&company).await == Some(7)).await;
    assert_eq!((seats(&second).await, seats(&without).await), (Some(20), None));
    let query = "{ tenant { plan { name features quotas { quota } } } }";
    let seen = company.caller(domain::Role::Employee).ask(query).await.data("/tenant/plan");
    // Who is not concerned does not see how much is used.
    assert_eq!(seen, serde_json::json!({ "name": "Seven seats", "features": [], "quotas": null }));
    assert_eq!(company.anonymous().ask(query).await.data("/tenant/plan"), Value::Null);
    assert_eq!(without.caller(domain::Role::Owner).ask(query).await.data("/tenant/plan/name"), Value::Null);

    // It stays as long as anybody has it.
    let remove = async || server.app.operators.remove_plan(&Doer::command_line(), &plan.id, Utc::now()).await;
    assert!(remove().await.unwrap_err().to_string().contains("2 organisations"));
    for company in [&company, &second] {
        server.give_plan(company.tenant.id, None).await;
    }
    remove().await.unwrap();
    assert!(catalogue::find(&server.tenants().platform(), &plan.id).await.unwrap().is_none());
    // The exception is not the plan's.
    assert_eq!(shown(&second, "SEATS").await, (Some(20.0), Some(5.0)));
}

#[tokio::test]
async fn a_plan_that_is_given_while_it_is_changed_is_the_changed_one() {
    let server = Server::start().await;
    let company = server.company().await;
    let plan = Plan { seats: Some(1), ..new_plan() };
    server.set_plan(&plan).await;
    for seats in 2..12 {
        let changed = Plan { seats: Some(seats), ..plan.clone() };
        server.give_plan(company.tenant.id, None).await;
        tokio::join!(server.set_plan(&changed), server.give_plan(company.tenant.id, Some(&plan.id)));
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let expected = Some(seats as f64);
        tests::until("the change has arrived", async || shown(&company, "SEATS").await.0 == expected).await;
    }
}
