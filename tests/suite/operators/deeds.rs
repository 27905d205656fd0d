//! What operators do with tenants, and what is written down of it.

use api::{
    cli::Until,
    operators::{Deed, TermsChange},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tests::{Caller, Server, database_url, events_of, new_tenant, value};

use super::{by_id, tenant_id};

/// Does something with a tenant by a mutation that takes an input.
async fn set(caller: &Caller, name: &str, input: Value) -> Value {
    caller.mutate(name, input, "tenant { slug name state deleteAt paidUntil }").await.data(&format!("/{name}/tenant"))
}

#[tokio::test]
async fn every_deed_holds_at_once_and_is_written_down() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let (caller, member) = (&operator.caller, company.caller(Role::Hr));
    let (id, slug) = (tenant_id(&company.tenant), company.tenant.slug.to_string());

    assert_eq!(by_id(caller, "suspendTenant", &id).await.text("/suspendTenant/tenant/state"), "SUSPENDED");
    assert_eq!(member.ask("{ __typename }").await.code(), "TENANT_SUSPENDED");
    assert_eq!(by_id(caller, "resumeTenant", &id).await.text("/resumeTenant/tenant/state"), "ACTIVE");
    // What changes nothing is no event.
    by_id(caller, "resumeTenant", &id).await.data("");
    let maintenance = json!({ "id": id, "enabled": true, "message": "Back at noon." });
    assert_eq!(set(caller, "setTenantMaintenance", maintenance).await["state"], "MAINTENANCE");
    assert!(member.ask("{ __typename }").await.message().contains("Back at noon."));
    set(caller, "setTenantMaintenance", json!({ "id": id, "enabled": false })).await;
    let terms = json!({ "id": id, "paidUntil": Utc::now() - TimeDelta::days(3), "suspendAfterDays": 2, "readOnlyAfterDays": 1 });
    assert_eq!(set(caller, "setTenantTerms", terms).await["state"], "PAST_DUE");
    let back = json!({ "id": id, "paidUntil": null, "suspendAfterDays": null, "readOnlyAfterDays": null });
    assert_eq!(set(caller, "setTenantTerms", back).await["state"], "ACTIVE");
    let limits = json!({ "id": id, "limits": [{ "name": "DEPTH", "value": 1 }], "introspection": "OFF" });
    set(caller, "setTenantLimits", limits).await;
    assert_eq!(member.ask("{ tenant { slug } }").await.code(), "BAD_USER_INPUT");
    let details = "query($id: ID) { tenant(id: $id) { introspection earliestDeletionAt limits { name value isOwn } } }";
    let found = caller.ask_with(details, json!({ "id": id })).await.data("/tenant");
    assert_eq!(found["introspection"], "OFF");
    assert!(found["limits"].as_array().unwrap().contains(&json!({ "name": "DEPTH", "value": 1, "isOwn": true })), "{found}");
    set(caller, "setTenantLimits", json!({ "id": id, "limits": [{ "name": "DEPTH", "value": null }], "introspection": null }))
        .await;
    member.ask("{ tenant { slug } }").await.data("");
    let renamed = set(caller, "renameTenant", json!({ "id": id, "slug": format!("{slug}-new"), "name": "Renamed" })).await;
    assert_eq!((renamed["slug"].as_str(), renamed["name"].as_str()), (Some(&*format!("{slug}-new")), Some("Renamed")));
    let wrong = caller.mutate("requestTenantDeletion", json!({ "id": id, "slug": slug }), "tenant { id }").await;
    assert_eq!(wrong.field(), Some("slug"), "it has another slug by now");
    assert_eq!(by_id(caller, "keepTenant", &id).await.code(), "CONFLICT");
    let deleted = set(caller, "requestTenantDeletion", json!({ "id": id, "slug": format!("{slug}-new") })).await;
    assert_eq!(deleted["state"], "DELETING");
    let moment = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert!(moment(&deleted["deleteAt"]) >= moment(&found["earliestDeletionAt"]), "{deleted} {found}");
    assert_eq!(by_id(caller, "keepTenant", &id).await.text("/keepTenant/tenant/state"), "ACTIVE");

    let events = events_of(caller, &id).await;
    let actions: Vec<&str> = events.iter().rev().map(|(action, ..)| action.as_str()).collect();
    let expected = [
        "suspended",
        "resumed",
        "maintenance_begun",
        "maintenance_ended",
        "terms_set",
        "terms_set",
        "limits_set",
        "limits_set",
        "renamed",
        "deletion_requested",
        "deletion_withdrawn",
    ];
    assert_eq!(actions, expected.map(|deed| format!("tenant.{deed}")));
    assert!(events.iter().all(|(_, name, _)| name == "Olga Operator"), "{events:?}");
    let of = |action: &str| events.iter().rev().find(|(found, ..)| found == action).unwrap().2.clone();
    assert_eq!(of("tenant.suspended"), json!({ "status": { "from": "active", "to": "suspended" } }));
    assert_eq!(of("tenant.renamed")["slug"], json!({ "from": slug, "to": format!("{slug}-new") }));
    assert_eq!(of("tenant.limits_set")["depth"], json!({ "from": null, "to": 1 }));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_is_no_event() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let (caller, id) = (&operator.caller, tenant_id(&company.tenant));
    let refused = [
        ("setTenantLimits", json!({ "limits": [{ "name": "DEPTH", "value": 41 }] }), "depth"),
        ("setTenantLimits", json!({ "limits": [{ "name": "COST", "value": 1_000_001 }] }), "limits"),
        ("setTenantLimits", json!({ "limits": [{ "name": "ROOT_FIELDS", "value": 0 }] }), "rootFields"),
        ("setTenantLimits", json!({ "limits": [{ "name": "ALIASES", "value": 0 }, { "name": "TOKENS", "value": 9 }] }), "tokens"),
        ("setTenantLimits", json!({ "limits": [{ "name": "CHARACTERS", "value": 99 }] }), "characters"),
        ("setTenantLimits", json!({ "limits": [{ "name": "DEPTH", "value": 0 }] }), "depth"),
        ("setTenantLimits", json!({ "limits": [{ "name": "COST", "value": 0 }] }), "cost"),
        ("setTenantLimits", json!({ "limits": [{ "name": "STATEMENT_TIMEOUT_MS", "value": 0 }] }), "statementTimeoutMs"),
        ("setTenantTerms", json!({ "warningDays": 3_651 }), "warningDays"),
        ("setTenantTerms", json!({ "paidUntil": "-200000-01-01T00:00:00Z" }), "paidUntil"),
        ("setTenantTerms", json!({ "trialEndsAt": "9999-12-31T23:59:59-01:00" }), "trialEndsAt"),
        ("setTenantMaintenance", json!({ "enabled": true, "message": "x".repeat(501) }), "message"),
        ("setTenantMaintenance", json!({ "enabled": true, "message": "\0" }), "message"),
        ("renameTenant", json!({ "slug": "Not A Slug" }), "slug"),
        ("renameTenant", json!({ "name": "" }), "name"),
    ];
    for (name, mut input, field) in refused {
        input["id"] = json!(id);
        let answer = caller.mutate(name, input, "tenant { id }").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{name}: {}", answer.body);
    }
    for unknown in ["", "nonsense", &api::graphql::id::encode_tenant(new_tenant().id)] {
        assert_eq!(by_id(caller, "suspendTenant", unknown).await.code(), "NOT_FOUND", "{unknown}");
    }
    assert_eq!(by_id(caller, "retryTenantMigration", &id).await.code(), "CONFLICT");
    assert_eq!(events_of(caller, &id).await, []);
}

#[tokio::test]
async fn a_deed_follows_what_another_process_has_done_and_not_what_this_one_remembers() {
    let (here, there) = (Server::start().await, Server::start().await);
    let operator = here.operator(OperatorRole::Viewer).await;
    // As it was at first: whoever passes it on has heard of nothing since.
    let (remembered, now) = (here.tenant().await, Utc::now());
    let id = tenant_id(&remembered);
    here.act(&remembered, Deed::Suspend, now).await.unwrap();
    there.act(&remembered, Deed::Resume, now).await.unwrap();
    let [trial, paid] = [4_070_908_800, 4_102_444_800].map(|seconds| DateTime::from_timestamp_secs(seconds).unwrap());
    here.tenants().set_dates(remembered.id, None, Some(paid), now).await.unwrap();
    let terms = TermsChange { trial_ends_at: Some(Until::At(trial)), ..TermsChange::default() };
    there.act(&remembered, Deed::SetTerms(terms), now).await.unwrap();
    let found = there.tenants().directory().by_id(remembered.id).await.unwrap().unwrap();
    assert_eq!((found.trial_ends_at, found.paid_until), (Some(trial), Some(paid)));
    let changes: Vec<Value> = events_of(&operator.caller, &id).await.into_iter().map(|(_, _, details)| details).collect();
    let expected = [
        json!({ "trialEndsAt": { "from": null, "to": trial } }),
        json!({ "status": { "from": "suspended", "to": "active" } }),
        json!({ "status": { "from": "active", "to": "suspended" } }),
    ];
    assert_eq!(changes, expected);
}

#[tokio::test]
async fn nothing_is_done_to_a_tenant_whose_deletion_has_begun() {
    let server = Server::start().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let (tenant, now) = (server.tenant().await, Utc::now());
    let (caller, id) = (&operator.caller, tenant_id(&tenant));
    server.act(&tenant, Deed::Delete(now), now).await.unwrap();
    // Its first step was made.
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let begin = format!("UPDATE platform.tenants SET status = 'deleting' WHERE id = '{}'", tenant.id);
    tests::run(&mut connection, &begin).await;
    server.tenants().directory().forget(tenant.id);
    for name in ["suspendTenant", "resumeTenant", "keepTenant"] {
        assert_eq!(by_id(caller, name, &id).await.code(), "CONFLICT", "{name}");
    }
    let inputs = [
        ("setTenantTerms", json!({ "id": id, "paidUntil": null })),
        ("setTenantMaintenance", json!({ "id": id, "enabled": true })),
        ("renameTenant", json!({ "id": id, "name": "Renamed" })),
        ("setTenantLimits", json!({ "id": id, "limits": [{ "name": "DEPTH", "value": 10 }] })),
    ];
    for (name, input) in inputs {
        assert_eq!(caller.mutate(name, input, "tenant { id }").await.code(), "CONFLICT", "{name}");
    }
    // Whoever asks for its deletion again gets what there is.
    let again = json!({ "id": id, "slug": tenant.slug.as_str() });
    assert_eq!(set(caller, "requestTenantDeletion", again).await["state"], "DELETING");
    let actions: Vec<String> = events_of(caller, &id).await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(actions, ["tenant.deletion_requested"]);
    server.app.lifecycle.carry_out_deletion(tenant.id, || now).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_tenant_is_made_with_an_invitation_for_its_owner_or_not_at_all() {
    let server = Server::start().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let slug = new_tenant().slug.to_string();
    let create = async |slug: &str, email: &str| {
        let input = json!({ "slug": slug, "name": "Made by hand", "ownerEmail": email });
        operator.caller.mutate("createTenant", input, "tenant { id slug state memberCount url }").await
    };
    assert_eq!(create(&slug, "no address").await.field(), Some("ownerEmail"));
    assert_eq!(create("www", "owner@made.test").await.field(), Some("slug"));
    let email = format!("owner@{slug}.test");
    let made = create(&slug, &email).await.data("/createTenant/tenant");
    assert_eq!((made["slug"].as_str(), made["state"].as_str()), (Some(&*slug), Some("ACTIVE")));
    assert_eq!(create(&slug, &email).await.code(), "CONFLICT");
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let invited = format!(
        "SELECT i.role || ' ' || count(m.*) FROM platform.invitations i LEFT JOIN platform.outgoing_mail m ON m.invitation_id = i.id \
         WHERE i.email = '{email}' GROUP BY i.role"
    );
    assert_eq!(value::<String>(&mut connection, &invited).await, "owner 1");
    let events = events_of(&operator.caller, made["id"].as_str().unwrap()).await;
    assert_eq!(
        events,
        [(
            "tenant.created".to_owned(),
            "Olga Operator".to_owned(),
            json!({ "name": "Made by hand", "ownerInvited": true, "plan": null })
        )]
    );
}

#[tokio::test]
async fn what_was_done_is_known_when_the_tenant_is_gone() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Viewer).await;
    let (id, now) = (tenant_id(&company.tenant), Utc::now());
    server.act(&company.tenant, Deed::Suspend, now).await.unwrap();
    server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    server.app.lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();
    let events = events_of(&operator.caller, &id).await;
    let told: Vec<(&str, &str)> = events.iter().map(|(action, name, _)| (action.as_str(), name.as_str())).collect();
    assert_eq!(told, [("tenant.deletion_requested", "command line"), ("tenant.suspended", "command line")]);
    let certificates = "{ deletionCertificates(first: 100) { nodes { tenantId slug askedBy removed { what count } } } }";
    let certificates = operator.caller.ask(certificates).await.data("/deletionCertificates/nodes");
    let own = certificates.as_array().unwrap().iter().find(|certificate| certificate["tenantId"] == json!(id)).unwrap().clone();
    assert_eq!((own["slug"].as_str(), own["askedBy"].as_str()), (Some(company.tenant.slug.as_str()), Some("operator")));
    assert!(own["removed"].as_array().unwrap().contains(&json!({ "what": "schemas", "count": 1 })), "{own}");
    assert_eq!(
        operator.caller.ask_with("query($id: ID) { tenant(id: $id) { schemaName } }", json!({ "id": id })).await.code(),
        "NOT_FOUND"
    );
}
