//! Who may ask, when, and how often.

use chrono::TimeDelta;
use domain::Role;
use serde_json::json;

use super::{LIST, Outlet, ask, asked, list, permit, states};

#[tokio::test]
async fn only_owners_ask_for_exports_and_see_them() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    outlet.make().await;
    for role in [Role::Admin, Role::Hr, Role::Manager, Role::Employee] {
        let member = company.caller(role);
        for refused in [ask(&member, "CSV").await, permit(&member, &id).await, member.ask(LIST).await] {
            assert_eq!(refused.code(), "FORBIDDEN", "{role}");
            assert!(!refused.headers.contains_key("set-cookie"));
        }
    }
    for refused in [ask(&company.anonymous(), "CSV").await, permit(&company.anonymous(), &id).await] {
        assert_eq!(refused.code(), "UNAUTHENTICATED");
    }
    assert_eq!(states(&owner).await, ["DONE"]);
}

#[tokio::test]
async fn one_is_made_at_a_time_also_when_two_are_asked_for_at_once() {
    let outlet = Outlet::open(&[]).await;
    let second = outlet.office.second(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let there = tests::Caller::new(second.router.clone(), company.host(), owner.token().map(str::to_owned));
    let (one, other) = tokio::join!(ask(&owner, "CSV"), ask(&there, "NDJSON"));
    let codes = [one.first_code(), other.first_code()];
    assert!(codes.contains(&None) && codes.contains(&Some("CONFLICT")), "{codes:?}");
    assert_eq!(ask(&owner, "CSV").await.code(), "CONFLICT");
    assert_eq!(states(&owner).await, ["WAITING"]);
    // Another organisation's is in nobody's way.
    let other = outlet.server().company().await;
    let (_, others) = outlet.owner(&other).await;
    asked(&others).await;
    outlet.make().await;
    assert_eq!((states(&owner).await, states(&others).await), (vec!["DONE".to_owned()], vec!["DONE".to_owned()]));
    asked(&owner).await;
}

#[tokio::test]
async fn so_many_are_made_within_a_day() {
    let outlet = Outlet::open(&["--exports-per-day", "2"]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    for _ in 0..2 {
        asked(&owner).await;
        outlet.make().await;
        outlet.office.clock.advance(TimeDelta::hours(1));
    }
    let refused = ask(&owner, "CSV").await;
    assert_eq!(refused.code(), "CONFLICT");
    assert!(refused.message().contains("2 times within a day"), "{}", refused.message());
    outlet.office.clock.advance(TimeDelta::hours(22));
    asked(&owner).await;
}

#[tokio::test]
async fn what_can_only_be_read_is_exported_and_the_audit_says_so() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (account, owner) = outlet.owner(&company).await;
    let now = outlet.office.clock.now();
    outlet.server().tenants().set_dates(company.tenant.id, None, Some(now - TimeDelta::days(10)), now).await.unwrap();
    assert_eq!(owner.mutate("createPosition", json!({ "title": "x" }), "__typename").await.code(), "TENANT_READ_ONLY");
    let id = asked(&owner).await;
    outlet.make().await;
    super::download(&company, &owner, &id).await;

    let events = owner.ask("{ auditEvents(first: 2) { nodes { action subjectId } } }").await.data("/auditEvents/nodes");
    let event = |action: &str| json!({ "action": action, "subjectId": id });
    assert_eq!(events, json!([event("export.downloaded"), event("export.requested")]));
    let names = company.texts("SELECT DISTINCT actor_name || actor_id FROM audit_events WHERE subject_type = 'export'").await;
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].ends_with(&account.id.to_string()), "{names:?}");
    assert_eq!(list(&owner).await[0]["id"], id);
}

#[tokio::test]
async fn an_organisation_of_another_owner_is_not_found() {
    let outlet = Outlet::open(&[]).await;
    let (company, other) = (outlet.server().company().await, outlet.server().company().await);
    let (_, owner) = outlet.owner(&company).await;
    let (_, stranger) = outlet.owner(&other).await;
    let id = asked(&owner).await;
    outlet.make().await;
    assert_eq!(permit(&stranger, &id).await.code(), "NOT_FOUND");
    assert_eq!(permit(&stranger, "nonsense").await.code(), "NOT_FOUND");
    assert!(list(&stranger).await.is_empty());
}
