//! Each state is enforced on the next request, in every process.

use api::operators::Deed;
use chrono::{TimeDelta, Utc};
use domain::Role;
use serde_json::{Value, json};
use tenancy::TenantStatus;
use tests::{Company, Server, TestClock, until};

use super::{READ_ONLY_AFTER, SUSPENDED_AFTER, paid_until, paid_until_days_ago, through};

const STANDING: &str = "{ tenant { standing { state isTrial dueAt readOnlyFrom suspendedFrom trialEndsAt paidUntil billingContact deletionGraceDays } } }";

/// Waits until a request is answered with this code and status in both processes.
async fn until_refused(servers: [&Server; 2], company: &Company<'_>, code: &str, status: u16) {
    for server in servers {
        for token in [None, Some(company.token(Role::Owner))] {
            let caller = through(server, company, token);
            until(code, async || {
                let answer = caller.ask("{ tenant { slug } }").await;
                answer.first_code() == Some(code) && answer.status == status && answer.body.get("data").is_none()
            })
            .await;
        }
    }
}

async fn until_served(servers: [&Server; 2], company: &Company<'_>) {
    for server in servers {
        let caller = through(server, company, Some(company.token(Role::Owner)));
        until("it is served", async || caller.ask("{ employees { totalCount } }").await.first_code().is_none()).await;
    }
}

#[tokio::test]
async fn what_is_decided_holds_from_the_next_request_on_in_every_process() {
    let (here, there) = (Server::start().await, Server::start().await);
    let company = here.company().await;
    let (servers, tenants, id) = ([&here, &there], here.tenants(), company.tenant.id);
    until_served(servers, &company).await;

    paid_until_days_ago(&company, SUSPENDED_AFTER + 1).await;
    until_refused(servers, &company, "TENANT_PAST_DUE", 402).await;
    // What comes first: maintenance before the dates, a suspension before that, the deletion before all.
    tenants.set_maintenance(id, Some("Back at noon."), Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_MAINTENANCE", 503).await;
    tenants.set_status(id, TenantStatus::Suspended, Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_SUSPENDED", 403).await;
    let in_a_day = Utc::now() + TimeDelta::days(1);
    here.act(&company.tenant, Deed::Delete(in_a_day), Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_DELETING", 403).await;

    // Each is taken back by itself, and nothing of the others is lost.
    here.act(&company.tenant, Deed::Keep, Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_SUSPENDED", 403).await;
    tenants.set_status(id, TenantStatus::Active, Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_MAINTENANCE", 503).await;
    tenants.set_maintenance(id, None, Utc::now()).await.unwrap();
    until_refused(servers, &company, "TENANT_PAST_DUE", 402).await;
    paid_until(&company, None, Utc::now()).await;
    until_served(servers, &company).await;
}

/// No job and no change: the moment comes by itself.
#[tokio::test]
async fn a_date_takes_effect_when_it_has_come() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--read-only-after-days", "10", "--suspend-after-days", "20"], clock.clock()).await;
    let company = server.company().await;
    paid_until(&company, Some(clock.now() + TimeDelta::days(1)), clock.now()).await;
    let anonymous = company.anonymous();
    anonymous.ask("{ tenant { slug } }").await.data("");
    clock.advance(TimeDelta::days(21) - TimeDelta::seconds(1));
    anonymous.ask("{ tenant { slug } }").await.data("");
    clock.advance(TimeDelta::seconds(1));
    let refused = anonymous.ask("{ tenant { slug } }").await;
    assert_eq!(refused.code(), "TENANT_PAST_DUE");
    // Where its owners export and delete it.
    assert_eq!(refused.body["errors"][0]["extensions"]["url"], "http://localhost:8000");
    // Other terms for this tenant alone, in force at once.
    let own = |settings: &mut serde_json::Map<String, Value>| {
        settings.insert("terms".to_owned(), json!({ "suspendAfterDays": 50 }));
    };
    server.tenants().change_settings(company.tenant.id, clock.now(), own).await.unwrap();
    anonymous.ask("{ tenant { slug } }").await.data("");
}

#[tokio::test]
async fn a_tenant_that_can_only_be_read_changes_nothing_and_goes_on_reading() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.account(Role::Owner).await;
    let made = company.caller(Role::Owner);
    let key = json!({ "name": "x", "permissions": ["READ_DIRECTORY"] });
    let key = made.mutate("createApiKey", key, "apiKey { id }").await.text("/createApiKey/apiKey/id").clone();
    let invitation = json!({ "email": "invited@example.test", "role": "EMPLOYEE" });
    let invitation = made.mutate("inviteMember", invitation, "invitation { id }").await;
    let invitation = invitation.text("/inviteMember/invitation/id").clone();
    paid_until_days_ago(&company, READ_ONLY_AFTER + 1).await;

    // Signing in, reading and one's own security go on.
    let caller = owner.signed_in(&company.anonymous()).await;
    assert_eq!(caller.ask("{ employees { totalCount } }").await.data("/employees/totalCount"), 4);
    let change = json!({ "currentPassword": owner.password, "newPassword": "another long password" });
    caller.mutate("changePassword", change, "__typename").await.data("");
    caller.ask("{ security { sessions { id } } auditEvents { nodes { id } } }").await.data("");

    // Nothing else does, whether it would be in the tenant's schema or in the control plane.
    let count =
        async || caller.ask("{ positions { totalCount } invitations { totalCount } members { totalCount } }").await.data("");
    let before = count().await;
    let member = tests::opaque(company.member_with(Role::Employee).account);
    for (mutation, input) in [
        ("createPosition", json!({ "title": "Painter" })),
        ("inviteMember", json!({ "email": "new@example.test", "role": "EMPLOYEE" })),
        ("changeMemberRole", json!({ "accountId": member, "role": "HR" })),
        ("createApiKey", json!({ "name": "x", "permissions": ["READ_DIRECTORY"] })),
        ("renameTenant", json!({ "name": "Other" })),
        ("acceptInvitation", json!({ "token": "x", "name": "New", "password": "a long password" })),
    ] {
        let answer = caller.mutate(mutation, input, "__typename").await;
        assert_eq!((answer.code(), answer.status.as_u16()), ("TENANT_READ_ONLY", 200), "{mutation}");
    }
    assert_eq!(count().await, before);

    // What is open can be closed.
    let gone = format!("mutation {{ removeMember(accountId: \"{member}\") {{ deletedId }} }}");
    caller.ask(&gone).await.data("");
    caller.ask(&format!("mutation {{ endApiKey(id: \"{key}\") {{ __typename }} }}")).await.data("");
    caller.ask(&format!("mutation {{ withdrawInvitation(id: \"{invitation}\") {{ deletedId }} }}")).await.data("");
    caller.ask("mutation { removeIdentityProvider { removed } }").await.data("");
    let events = caller.ask("{ auditEvents(first: 3) { nodes { action } } }").await.body.to_string();
    for action in ["member.removed", "api_key.ended", "invitation.withdrawn"] {
        assert!(events.contains(action), "{action} is not in {events}");
    }

    paid_until(&company, Some(Utc::now() + TimeDelta::days(90)), Utc::now()).await;
    caller.mutate("createPosition", json!({ "title": "Painter" }), "__typename").await.data("");
}

/// The second wall: Postgres itself, whatever the program has let through.
#[tokio::test]
async fn postgres_refuses_what_would_write_in_a_protected_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    let scope = server.tenants().write_protected(&company.tenant);
    let refused = domain::position::create(&scope, &tests::owner(), "Painter".to_owned()).await.unwrap_err();
    assert!(matches!(refused, domain::Error::ReadOnly), "{refused:?}");
    let statement = sea_orm::ConnectionTrait::execute_unprepared(&scope, "UPDATE positions SET title = 'x'").await.unwrap_err();
    assert!(statement.to_string().contains("read-only transaction"), "{statement}");
    let found = domain::position::list(&scope, &tests::owner(), &domain::Paging::default()).await.unwrap();
    assert_eq!(found.rows.len(), 1);
}

#[tokio::test]
async fn owners_see_the_dates_and_the_others_what_concerns_them() {
    let server = Server::start_with(&["--billing-contact", "billing@example.test"], tests::TestClock::start().clock()).await;
    let company = server.company().await;
    let now = Utc::now();
    let ask = async |role: Role| company.caller(role).ask(STANDING).await.data("/tenant/standing");
    server.tenants().set_dates(company.tenant.id, Some(now + TimeDelta::days(60)), None, now).await.unwrap();
    let owner = ask(Role::Owner).await;
    assert_eq!(
        (&owner["state"], &owner["isTrial"], &owner["billingContact"]),
        (&json!("TRIAL"), &json!(true), &json!("billing@example.test"))
    );
    assert_eq!(owner["deletionGraceDays"], 30);
    for (role, contact) in [(Role::Owner, json!("billing@example.test")), (Role::Admin, Value::Null)] {
        let apex = company.account(role).await.signed_in(&server.apex()).await;
        let own = apex.ask("{ workspaces { billingContact deletionGraceDays } }").await.data("/workspaces/0");
        assert_eq!(own, json!({ "billingContact": contact, "deletionGraceDays": 30 }));
    }
    assert!(owner["dueAt"].is_string() && owner["trialEndsAt"].is_string() && owner["paidUntil"].is_null(), "{owner}");
    for role in [Role::Admin, Role::Employee] {
        let member = ask(role).await;
        let hidden = ["dueAt", "readOnlyFrom", "suspendedFrom", "trialEndsAt", "paidUntil", "billingContact"];
        assert!(member["state"] == "TRIAL" && hidden.iter().all(|field| member[field].is_null()), "{member}");
    }
    assert_eq!(company.anonymous().ask(STANDING).await.data("/tenant/standing"), Value::Null);

    paid_until(&company, Some(now + TimeDelta::days(3)), now).await;
    let member = ask(Role::Employee).await;
    assert_eq!((&member["state"], &member["isTrial"]), (&json!("WARNED"), &json!(false)));
    assert!(member["dueAt"].is_string() && member["suspendedFrom"].is_string(), "{member}");
    assert!(member["paidUntil"].is_null() && member["billingContact"].is_null(), "{member}");
    assert!(ask(Role::Owner).await["paidUntil"].is_string());
}
