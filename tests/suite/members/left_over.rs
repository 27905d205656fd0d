//! What a crash leaves behind between the control plane and the tenant's data is finished without anybody's help.

use chrono::TimeDelta;
use domain::Role;
use entities::{id::DepartureId, platform::operator::OperatorRole};
use migration::tenant::TenantMigrator;
use sea_orm::{EntityTrait as _, Set};
use serde_json::json;
use tests::{Server, TestClock, TestDatabase, opaque, run};

use super::{another, id_of, roles};

async fn start() -> (TestDatabase, TestClock, Server) {
    let (database, clock) = (TestDatabase::create().await, TestClock::start());
    let server = Server::start_on(database.tenants::<TenantMigrator>(), &[], clock.clock()).await;
    (database, clock, server)
}

#[tokio::test]
async fn an_audit_event_that_was_not_written_is_written_later_and_once() {
    let (database, clock, server) = start().await;
    let company = server.company().await;
    let (member, _) = another(&company, Role::Employee).await;
    let schema = company.tenant.schema.as_str();
    let mut connection = database.connect().await;
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".audit_events RENAME TO away")).await;
    let change = json!({ "accountId": id_of(&member), "role": "HR" });
    let changed = company.caller(Role::Owner).mutate("changeMemberRole", change, "member { role }").await;
    assert_eq!(changed.text("/changeMemberRole/member/role"), "HR", "the change itself is done");
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".away RENAME TO audit_events")).await;
    assert_eq!(company.deeds(member.account.uuid()).await, Vec::<String>::new());

    let second = Server::start_on(database.tenants::<TenantMigrator>(), &[], clock.clock()).await;
    let later = clock.now() + TimeDelta::minutes(2);
    let (one, two) = tokio::join!(server.app.auth.tidy(later), second.app.auth.tidy(later));
    one.and(two).unwrap();
    assert_eq!(company.deeds(member.account.uuid()).await, ["member.role_changed"]);
    let events = format!("{{ auditEvents(subjectId: \"{}\") {{ nodes {{ actorName occurredAt }} }} }}", opaque(member.account));
    let event = company.caller(Role::Owner).ask(&events).await.data("/auditEvents/nodes/0");
    let at: chrono::DateTime<chrono::Utc> = event["occurredAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(at, clock.now(), "when it was done, not when it was written");
    let left: i64 = tests::value(&mut connection, "SELECT count(*) FROM platform.audit_outbox").await;
    assert_eq!(left, 0);
}

/// What was left before, and what is done on the apex meanwhile.
#[tokio::test]
async fn an_audit_event_waits_for_the_end_of_maintenance() {
    let (database, clock, server) = start().await;
    let company = server.company().await;
    let (member, _) = another(&company, Role::Employee).await;
    let (schema, tenant) = (company.tenant.schema.as_str(), company.tenant.id);
    let mut connection = database.connect().await;
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".audit_events RENAME TO away")).await;
    let change = json!({ "accountId": id_of(&member), "role": "HR" });
    company.caller(Role::Owner).mutate("changeMemberRole", change, "member { role }").await.data("");
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".away RENAME TO audit_events")).await;
    server.tenants().set_maintenance(tenant, Some("Back at noon."), clock.now()).await.unwrap();
    let operator = server.operator(OperatorRole::Admin).await;
    let id = api::graphql::id::encode_tenant(tenant).to_string();
    let input = json!({ "id": id, "reason": "Something is to be looked at", "hours": 1 });
    operator.caller.mutate("requestSupport", input, "supportGrant { id }").await.data("");

    let deeds = "SELECT action FROM audit_events WHERE action IN ('member.role_changed', 'support.requested') ORDER BY action";
    server.app.auth.tidy(clock.now() + TimeDelta::minutes(2)).await.unwrap();
    assert_eq!(company.texts(deeds).await, Vec::<String>::new());

    server.tenants().set_maintenance(tenant, None, clock.now()).await.unwrap();
    server.app.auth.tidy(clock.now() + TimeDelta::minutes(2)).await.unwrap();
    assert_eq!(company.texts(deeds).await, ["member.role_changed", "support.requested"]);
    let left: i64 = tests::value(&mut connection, "SELECT count(*) FROM platform.audit_outbox").await;
    assert_eq!(left, 0);
}

/// The request ends between the two: it waits for the row of the membership, which somebody else has locked.
#[tokio::test]
async fn whoever_left_is_no_member_even_if_the_request_ended_in_between() {
    let (database, clock, server) = start().await;
    let company = server.company().await;
    let member = company.member_with(Role::Employee).account;
    let mut other = database.connect().await;
    run(&mut other, &format!("BEGIN; SELECT FROM platform.memberships WHERE account_id = '{member}' FOR UPDATE")).await;
    let hr = company.caller(Role::Hr);
    let leave = json!({ "id": opaque(company.member.id), "terminatedOn": "2025-06-30" });
    let mut request = Box::pin(hr.mutate("terminateEmployee", leave, "__typename"));
    let has_left = async || {
        let sql = format!("SELECT status FROM employees WHERE id = '{}'", company.member.id);
        company.texts(&sql).await == ["terminated"]
    };
    let begun = tests::until("the employment has ended", has_left);
    tokio::select! {
        answer = &mut request => panic!("it did not wait: {}", answer.body),
        () = begun => {}
    }
    drop(request);
    run(&mut other, "ROLLBACK").await;
    let is_member = async || roles(&company).await.get(member.to_string()).is_some();
    assert!(is_member().await);
    // The request may still be at work for all that anybody else knows.
    server.app.auth.tidy(clock.now() + TimeDelta::seconds(30)).await.unwrap();
    assert!(is_member().await);
    server.app.auth.tidy(clock.now() + TimeDelta::minutes(2)).await.unwrap();
    assert!(!is_member().await);
    assert_eq!(company.deeds(member.uuid()).await, ["member.removed"]);
    let left: i64 = tests::value(&mut other, "SELECT count(*) FROM platform.departures").await;
    assert_eq!(left, 0);
}

/// A departure that was written down but never carried out.
#[tokio::test]
async fn whoever_did_not_leave_after_all_stays_a_member() {
    let (database, clock, server) = start().await;
    let company = server.company().await;
    let member = company.member_with(Role::Employee).account;
    let row = entities::platform::departure::ActiveModel {
        id: Set(DepartureId::generate()),
        tenant_id: Set(company.tenant.id.0),
        employee_id: Set(company.member.id),
        actor: Set(json!({ "principal": { "account": company.member_with(Role::Hr).account }, "name": "Hana", "role": "hr" })),
        created_at: Set(clock.now()),
    };
    entities::platform::departure::Entity::insert(row).exec(&server.tenants().platform()).await.unwrap();
    let mut connection = database.connect().await;
    for (hours, expected) in [(1, 1_i64), (3, 0)] {
        server.app.auth.tidy(clock.now() + TimeDelta::hours(hours)).await.unwrap();
        assert!(roles(&company).await.get(member.to_string()).is_some());
        let left: i64 = tests::value(&mut connection, "SELECT count(*) FROM platform.departures").await;
        assert_eq!(left, expected);
    }
}

/// An employment that was ended, and a membership that was not; then the same person is hired again before anybody tidies up.
#[tokio::test]
async fn coming_back_is_no_membership_even_right_after_a_crash() {
    let (_database, clock, server) = start().await;
    let company = server.company().await;
    let member = company.member_with(Role::Employee).account;
    let (scope, context) = (company.scope(), tests::owner());
    let row = entities::platform::departure::ActiveModel {
        id: Set(DepartureId::generate()),
        tenant_id: Set(company.tenant.id.0),
        employee_id: Set(company.member.id),
        actor: Set(json!({ "principal": { "account": member }, "name": "Hana", "role": "hr" })),
        created_at: Set(clock.now()),
    };
    entities::platform::departure::Entity::insert(row).exec(&server.tenants().platform()).await.unwrap();
    let terminated_on = chrono::NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
    let leave = domain::employee::Terminate { id: company.member.id, terminated_on, reason: None, new_manager_id: None };
    domain::employee::terminate(&scope, &context, leave).await.unwrap();
    let back = json!({ "id": opaque(company.member.id), "hiredOn": "2025-09-01" });
    company.caller(Role::Hr).mutate("rehireEmployee", back, "__typename").await.data("");
    assert!(roles(&company).await.get(member.to_string()).is_none());
}
