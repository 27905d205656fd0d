//! What a crash leaves behind between the control plane and the tenant's data is finished without anybody's help.

use chrono::TimeDelta;
use domain::Role;
use migration::tenant::TenantMigrator;
use serde_json::json;
use tests::{Server, TestClock, TestDatabase, opaque, run};

use super::{another, id_of};

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
