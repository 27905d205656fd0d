//! Plans at the console, and what tenants have of them.

use chrono::Utc;
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, PostOffice, Server, TestDatabase, events_of, new_tenant};
use uuid::Uuid;

use super::tenant_id;

const PLAN: &str = "plan { id name seats storageBytes requestsPerDay features forNewTenants tenantCount }";

/// An id that no other test has.
fn new_id() -> String {
    format!("p{}", Uuid::now_v7().simple())
}

async fn create(caller: &Caller, mut input: Value) -> Answer {
    input["isNew"] = json!(true);
    caller.mutate("setPlan", input, PLAN).await
}

async fn change(caller: &Caller, mut input: Value) -> Answer {
    input["isNew"] = json!(false);
    caller.mutate("setPlan", input, PLAN).await
}

/// Changes what a tenant may use, and gives the id of its plan then.
async fn give(caller: &Caller, company: &Company<'_>, mut input: Value) -> Answer {
    input["id"] = json!(tenant_id(&company.tenant));
    caller.mutate("setTenantPlan", input, "tenant { planId }").await
}

async fn plan_of(caller: &Caller, company: &Company<'_>) -> Value {
    let query = "query($id: ID) { tenant(id: $id) { plan {
        planId name quotas { quota limit isOwn used } features { feature isOn isOwn } } } }";
    caller.ask_with(query, json!({ "id": tenant_id(&company.tenant) })).await.data("/tenant/plan")
}

/// The events of a plan, the first one first: what was done, and the details.
async fn events_of_plan(caller: &Caller, plan: &str) -> Vec<(String, Value)> {
    let query = "query($after: String) { operatorEvents(first: 100, after: $after) {
        nodes { action tenantId details } pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = caller.ask_with(query, json!({ "after": after })).await.data("/operatorEvents");
        for event in page["nodes"].as_array().unwrap() {
            let action = event["action"].as_str().unwrap();
            if action.starts_with("plan.") && event["details"]["plan"] == plan {
                assert!(event["tenantId"].is_null());
                found.push((action.to_owned(), event["details"].clone()));
            }
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false || found.last().is_some_and(|(action, _)| action == "plan.created") {
            found.reverse();
            return found;
        }
    }
}

#[tokio::test]
async fn a_plan_is_made_changed_given_and_removed_and_each_is_an_event() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let caller = server.operator(OperatorRole::Admin).await.caller;
    let id = new_id();
    let input = json!({ "id": id, "name": " Team ", "seats": 9, "storageBytes": 3_000_000_000_u64, "features": ["API_KEYS"] });
    let made = create(&caller, input.clone()).await.data("/setPlan/plan");
    let expected = json!({ "id": id, "name": "Team", "seats": 9.0, "storageBytes": 3e9, "requestsPerDay": null,
        "features": ["API_KEYS"], "forNewTenants": false, "tenantCount": 0 });
    assert_eq!(made, expected);
    let again = create(&caller, input.clone()).await;
    assert_eq!((again.code(), again.field()), ("CONFLICT", Some("id")));

    let given = give(&caller, &company, json!({ "planId": id })).await;
    assert_eq!(given.text("/setTenantPlan/tenant/planId"), id);
    let exceptions = json!({ "planId": id, "quotas": [{ "quota": "SEATS", "own": "AT_MOST", "limit": 12 },
        { "quota": "STORAGE_BYTES", "own": "UNLIMITED" }], "features": [{ "feature": "API_KEYS", "isOn": false }] });
    give(&caller, &other, exceptions).await.data("");
    let key = json!({ "name": "Machine", "permissions": ["READ_DIRECTORY"] });
    let create_key = async |company: &Company<'_>| {
        company.caller(Role::Owner).mutate("createApiKey", key.clone(), "token").await.first_code().map(str::to_owned)
    };
    assert_eq!((create_key(&company).await, create_key(&other).await), (None, Some("FEATURE_NOT_INCLUDED".to_owned())));
    let shown = plan_of(&caller, &other).await;
    assert_eq!((&shown["planId"], &shown["name"]), (&json!(id), &json!("Team")));
    assert_eq!(shown["quotas"][0], json!({ "quota": "SEATS", "limit": 12.0, "isOwn": true, "used": 5.0 }));
    assert_eq!(shown["quotas"][1], json!({ "quota": "STORAGE_BYTES", "limit": null, "isOwn": true, "used": null }));
    assert_eq!((&shown["quotas"][2]["limit"], &shown["quotas"][2]["isOwn"]), (&json!(null), &json!(false)));
    assert_eq!(shown["features"][2], json!({ "feature": "API_KEYS", "isOn": false, "isOwn": true }));
    assert_eq!(shown["features"][0], json!({ "feature": "CUSTOM_DOMAINS", "isOn": false, "isOwn": false }));

    // What is left out stays, and all who have the plan feel what is given.
    let changed = change(&caller, json!({ "id": id, "seats": 5, "storageBytes": null })).await.data("/setPlan/plan");
    assert_eq!((&changed["name"], &changed["seats"], &changed["storageBytes"]), (&json!("Team"), &json!(5.0), &json!(null)));
    assert_eq!((&changed["features"], &changed["tenantCount"]), (&json!(["API_KEYS"]), &json!(2)));
    let invite = json!({ "email": "one@example.test", "role": "EMPLOYEE" });
    let refused = company.caller(Role::Owner).mutate("inviteMember", invite.clone(), "invitation { id }").await;
    assert_eq!(refused.code(), "QUOTA_EXCEEDED");
    other.caller(Role::Owner).mutate("inviteMember", invite, "invitation { id }").await.data("");
    // What changes nothing is no event.
    change(&caller, json!({ "id": id, "seats": 5, "name": "Team" })).await.data("");

    let back = json!({ "planId": null, "quotas": [{ "quota": "SEATS", "own": "AS_PLANNED" },
        { "quota": "STORAGE_BYTES", "own": "AS_PLANNED" }], "features": [{ "feature": "API_KEYS", "isOn": null }] });
    give(&caller, &other, back).await.data("");
    assert_eq!(create_key(&other).await, None);
    let kept = caller.delete("deletePlan", &id).await;
    assert!(kept.code() == "CONFLICT" && kept.message().contains("1 organisation"), "{}", kept.body);
    give(&caller, &company, json!({ "planId": null })).await.data("");
    assert_eq!(caller.delete("deletePlan", &id).await.text("/deletePlan/deletedId"), id);
    assert_eq!(caller.delete("deletePlan", &id).await.code(), "NOT_FOUND");
    let plans = caller.ask("{ plans { id } }").await.data("/plans");
    assert!(!plans.as_array().unwrap().contains(&json!({ "id": id })));

    let events = events_of_plan(&caller, &id).await;
    let actions: Vec<&str> = events.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["plan.created", "plan.changed", "plan.removed"]);
    assert_eq!(events[0].1["seats"], json!({ "from": null, "to": 9 }));
    let expected =
        json!({ "plan": id, "seats": { "from": 9, "to": 5 }, "storageBytes": { "from": 3_000_000_000_u64, "to": null } });
    assert_eq!(events[1].1, expected);
    let events = events_of(&caller, &tenant_id(&other.tenant)).await;
    let actions: Vec<&str> = events.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(actions, ["tenant.plan_set", "tenant.plan_set"]);
    assert_eq!(events[1].2["plan"], json!({ "from": null, "to": id }));
    assert_eq!(events[1].2["storageBytes"], json!({ "from": null, "to": "unlimited" }));
    assert_eq!(events[0].2["seats"], json!({ "from": 12, "to": null }));
    assert_eq!(events[0].2["api-keys"], json!({ "from": false, "to": null }));
}

#[tokio::test]
async fn what_makes_no_sense_of_plans_is_refused_and_is_no_event() {
    let server = Server::start().await;
    let company = server.company().await;
    let caller = server.operator(OperatorRole::Admin).await.caller;
    let id = new_id();
    create(&caller, json!({ "id": id })).await.data("");
    let refused = [
        (json!({ "id": "" }), "id"),
        (json!({ "id": "Big" }), "id"),
        (json!({ "id": "a\0b" }), "id"),
        (json!({ "id": "x".repeat(51) }), "id"),
        (json!({ "id": "none" }), "id"),
        (json!({ "id": new_id(), "name": " " }), "name"),
        (json!({ "id": new_id(), "name": "x".repeat(101) }), "name"),
        (json!({ "id": new_id(), "name": "a\0b" }), "name"),
        (json!({ "id": new_id(), "seats": -1 }), "seats"),
        (json!({ "id": new_id(), "seats": 1.5 }), "seats"),
        (json!({ "id": new_id(), "storageBytes": 1e30 }), "storageBytes"),
    ];
    for (input, field) in refused {
        let answer = create(&caller, input.clone()).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{input} {}", answer.body);
    }
    assert_eq!(change(&caller, json!({ "id": new_id(), "seats": 1 })).await.code(), "NOT_FOUND");
    for unknown in ["", "nothing-of-this-name", "a\0b", "none"] {
        assert_eq!(caller.delete("deletePlan", unknown).await.code(), "NOT_FOUND", "{unknown}");
        let answer = give(&caller, &company, json!({ "planId": unknown })).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("planId")), "{unknown}");
    }
    for (own, limit) in [("AT_MOST", json!(null)), ("UNLIMITED", json!(1)), ("AS_PLANNED", json!(1)), ("AT_MOST", json!(0.5))] {
        // The plan is not given either.
        let input = json!({ "planId": id, "quotas": [{ "quota": "SEATS", "own": own, "limit": limit }] });
        let answer = give(&caller, &company, input).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("seats")), "{own} {limit}");
    }
    assert_eq!(plan_of(&caller, &company).await["planId"], json!(null));
    for days in [0, -1, 401] {
        let query = "query($id: ID, $days: Int!) { tenant(id: $id) { usage(days: $days) { day } } }";
        let answer = caller.ask_with(query, json!({ "id": tenant_id(&company.tenant), "days": days })).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("days")), "{days}");
    }
    assert_eq!(events_of(&caller, &tenant_id(&company.tenant)).await, []);
    assert_eq!(events_of_plan(&caller, &id).await.len(), 1);
}

#[tokio::test]
async fn what_a_tenant_uses_is_shown_day_by_day_with_its_slow_operations() {
    let database = TestDatabase::create().await;
    let tenants = database.tenants::<migration::tenant::TenantMigrator>();
    let server = Server::start_on(tenants, &["--slow-operation-ms", "0"], api::app::system_clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    company.caller(Role::Hr).ask("query Who { departments { totalCount } }").await.data("");
    company.anonymous().ask("{ tenant { slug } }").await.data("");
    server.app.usage.write(Utc::now()).await;
    server.app.usage.measure(company.tenant.id, Utc::now()).await.unwrap();
    let query = "query($id: ID) { tenant(id: $id) {
        usage(days: 2) { day requests anonymousRequests errors operations milliseconds storageBytes members }
        slowOperations { documentHash operation kind rootFields count worstMilliseconds meanMilliseconds statements lastSeenAt } } }";
    let shown = caller.ask_with(query, json!({ "id": tenant_id(&company.tenant) })).await.data("/tenant");
    let day = &shown["usage"][0];
    assert_eq!((&day["requests"], &day["anonymousRequests"], &day["members"]), (&json!(1), &json!(1), &json!(5)));
    assert!(day["storageBytes"].as_f64().unwrap() > 100_000.0, "{day}");
    let slow = shown["slowOperations"].as_array().unwrap();
    let named = slow.iter().find(|slow| slow["operation"] == "Who").unwrap();
    assert_eq!((&named["kind"], &named["rootFields"], &named["count"]), (&json!("query"), &json!(["departments"]), &json!(1)));
    let nothing = caller.ask_with(query, json!({ "id": tenant_id(&other.tenant) })).await.data("/tenant");
    assert_eq!(nothing, json!({ "usage": [], "slowOperations": [] }));
}

#[tokio::test]
async fn new_tenants_get_the_plan_for_them_unless_one_is_named() {
    let office = PostOffice::open_with(&["--sign-up", "open"]).await;
    let server = &office.server;
    let caller = server.operator(OperatorRole::Admin).await.caller;
    let made = async |rest: Value| {
        let slug = new_tenant().slug.to_string();
        let mut input = json!({ "slug": slug, "name": "Made", "ownerEmail": format!("owner@{slug}.test") });
        input.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        caller.mutate("createTenant", input, "tenant { planId }").await
    };
    let plan = async |rest: Value| made(rest).await.data("/createTenant/tenant/planId");
    assert_eq!(plan(json!({})).await, json!(null), "there is no such plan yet");
    create(&caller, json!({ "id": "free", "seats": 3, "forNewTenants": true })).await.data("");
    create(&caller, json!({ "id": "team" })).await.data("");
    assert_eq!(plan(json!({})).await, "free");
    assert_eq!(plan(json!({ "planId": "team" })).await, "team");
    assert_eq!(plan(json!({ "planId": null })).await, json!(null));
    assert_eq!(made(json!({ "planId": "nothing" })).await.field(), Some("planId"));

    // Whoever signs up gets it with the organisation.
    let input = json!({ "organisation": "Signed up", "slug": "signed-up", "ownerName": "Ada Lovelace",
        "email": "ada@example.test", "password": "correct horse battery", "idempotencyKey": Uuid::now_v7() });
    server.apex().mutate("signUp", input.clone(), "email").await.data("");
    let token = office.last_mail_to("ada@example.test").await.token();
    let confirm = json!({ "token": token, "idempotencyKey": input["idempotencyKey"] });
    server.apex().mutate("confirmSignUp", confirm, "slug").await.data("");
    let query = "query($slug: String) { tenant(slug: $slug) { tenant { planId } plan { quotas { limit } } } }";
    let signed_up = caller.ask_with(query, json!({ "slug": "signed-up" })).await.data("/tenant");
    assert_eq!((&signed_up["tenant"]["planId"], &signed_up["plan"]["quotas"][0]["limit"]), (&json!("free"), &json!(3.0)));

    // One plan at most is that of new tenants.
    change(&caller, json!({ "id": "team", "forNewTenants": true })).await.data("");
    let plans = caller.ask("{ plans { id forNewTenants } }").await.data("/plans");
    assert_eq!(plans, json!([{ "id": "free", "forNewTenants": false }, { "id": "team", "forNewTenants": true }]));
    assert_eq!(plan(json!({})).await, "team");
    change(&caller, json!({ "id": "team", "forNewTenants": false })).await.data("");
    assert_eq!(plan(json!({})).await, json!(null));
}

/// Whoever makes a tenant while another plan becomes that of new ones gets one of the two, never none.
#[tokio::test]
async fn a_tenant_that_is_made_while_the_plan_for_new_ones_changes_has_a_plan() {
    let database = TestDatabase::create().await;
    let tenants = database.tenants::<migration::tenant::TenantMigrator>();
    let server = Server::start_on(tenants, &[], api::app::system_clock()).await;
    let caller = server.operator(OperatorRole::Admin).await.caller;
    for (id, is_first) in [("one", true), ("two", false)] {
        create(&caller, json!({ "id": id, "forNewTenants": is_first })).await.data("");
    }
    for round in 0..6 {
        let next = if round % 2 == 0 { "two" } else { "one" };
        let slug = new_tenant().slug.to_string();
        let input = json!({ "slug": slug, "name": "Made", "ownerEmail": "owner@made.test" });
        let (made, changed) = tokio::join!(
            caller.mutate("createTenant", input, "tenant { id planId }"),
            change(&caller, json!({ "id": next, "forNewTenants": true })),
        );
        changed.data("");
        let plan = made.text("/createTenant/tenant/planId");
        assert!(["one", "two"].contains(&plan.as_str()), "{plan}");
    }
}
