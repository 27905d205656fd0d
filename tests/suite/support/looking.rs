//! The whole way, and what an operator sees and does not see.

use api::plan::exceptions::{Exceptions, OwnLimit};
use domain::{Role, plan::Quota};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tests::{Server, database_url, events_of, opaque, value};

use super::{NONCE, REASON, Scene, VIEWER, decide};

#[tokio::test]
async fn an_operator_looks_in_by_an_owners_leave_and_both_stand_in_the_audit() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.asked().await;
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let mail = format!(
        "SELECT string_agg(recipient || '|' || text_body, '') FROM platform.outgoing_mail \
         WHERE tenant_id = '{}' AND kind = 'support_request'",
        company.tenant.id
    );
    let mail: String = value(&mut connection, &mail).await;
    let owner = company.member_with(Role::Owner).email();
    assert!(mail.starts_with(&format!("{owner}|")) && !mail.contains(&company.member_with(Role::Admin).email()), "{mail}");
    assert!(mail.contains(REASON) && mail.contains("2 hours") && mail.contains("Olga Operator"), "{mail}");
    assert!(mail.contains(&format!("http://{}:8000/settings/support", company.host())), "{mail}");

    let grants = "{ supportGrants { id state operatorName operatorEmail reason hours decidedBy } }";
    let expected = json!([{
        "id": id, "state": "ASKED", "operatorName": "Olga Operator", "operatorEmail": scene.operator.email, "reason": REASON,
        "hours": 2, "decidedBy": null,
    }]);
    assert_eq!(scene.owner.ask(grants).await.data("/supportGrants"), expected);
    let consented = decide(&scene.owner, "consentToSupport", &id).await.data("/consentToSupport/supportGrant");
    assert_eq!((consented["state"].as_str(), consented["decidedBy"].as_str()), (Some("OPEN"), Some("the owner")));

    let (visitor, _) = scene.enter().await;
    let expected = json!({
        "name": "Olga Operator", "role": null, "account": null, "employee": null,
        "support": { "reason": REASON, "consentedBy": "the owner", "expiresAt": consented["expiresAt"] },
    });
    assert_eq!(visitor.ask(VIEWER).await.data("/viewer"), expected);
    assert_eq!(scene.owner.ask(VIEWER).await.data("/viewer/support"), Value::Null);
    let employee = "query($id: ID!) { employee(id: $id) { name salary { amount } personal { phone } } }";
    let employee = visitor.ask_with(employee, json!({ "id": opaque(company.chief.id) })).await.data("/employee");
    assert_eq!(employee["salary"]["amount"], "52000.00");
    assert_eq!(employee["personal"]["phone"], "+49 30 5550100");
    assert!(visitor.ask("{ auditEvents { nodes { action } } }").await.first_code().is_none());

    let left = visitor.ask("mutation { signOut { signedOut } }").await;
    assert_eq!(left.data("/signOut/signedOut"), true);
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");
    // The consent is as it was.
    let (visitor, _) = scene.enter().await;
    decide(&scene.owner, "endSupport", &id).await.data("");
    assert_eq!(visitor.ask(VIEWER).await.code(), "UNAUTHENTICATED");

    let (operator, owner) = ("Olga Operator (support)", "the owner");
    let audit = scene.audit(&id).await;
    let told: Vec<(&str, &str)> = audit.iter().map(|(action, name, _)| (action.as_str(), name.as_str())).collect();
    let expected = [
        ("support.requested", operator),
        ("support.consented", owner),
        ("support.entered", operator),
        ("support.left", operator),
        ("support.entered", operator),
        ("support.ended", owner),
    ];
    assert_eq!(told, expected);
    for (action, _, changes) in audit.iter().skip(1) {
        assert_eq!(changes["operator"]["to"], format!("Olga Operator <{}>", scene.operator.email), "{action}");
        assert_eq!(changes["consentedBy"]["to"], "the owner", "{action}");
        assert_eq!(changes["reason"]["to"], REASON, "{action}");
    }
    let kinds =
        "SELECT actor_type || ' ' || (actor_account_id IS NULL) FROM audit_events WHERE action LIKE 'support.%' ORDER BY id";
    let kinds = company.texts(kinds).await;
    assert_eq!(kinds, ["operator true", "account false", "operator true", "operator true", "operator true", "account false"]);

    let events = events_of(&scene.operator.caller, &scene.tenant_id()).await;
    // These stay when the organisation is deleted, and so name nobody of its people, nor what was told of them.
    let details: String = events.iter().map(|(.., details)| details.to_string()).collect();
    assert!(!details.contains(REASON) && !details.contains(owner), "{details}");
    let events: Vec<(&str, &str)> = events.iter().rev().map(|(action, name, _)| (action.as_str(), name.as_str())).collect();
    let by = "Olga Operator";
    assert_eq!(events, [("support.requested", by), ("support.entered", by), ("support.entered", by)]);
}

#[tokio::test]
async fn what_is_seen_only_by_who_may_change_it_is_not_seen() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    for query in [
        "{ members { totalCount } }",
        "{ invitations { totalCount } }",
        "{ apiKeys { totalCount } }",
        "{ identityProvider { name } }",
        "{ domains { nodes { hostname } } }",
        "{ supportGrants { id } }",
    ] {
        assert_eq!(visitor.ask(query).await.code(), "FORBIDDEN", "{query}");
    }
    assert_eq!(visitor.ask("{ security { sessions { id } } }").await.data("/security"), Value::Null);
    let permissions =
        visitor.ask("{ viewer { permissions { manageEmployees manageOrganisation readAudit manageTenant } } }").await;
    let expected = json!({ "manageEmployees": false, "manageOrganisation": false, "readAudit": true, "manageTenant": false });
    assert_eq!(permissions.data("/viewer/permissions"), expected);
}

/// The history does not tell what the lists do not show.
#[tokio::test]
async fn the_history_is_that_of_the_directory_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    let (visitor, _) = scene.enter().await;
    let invitation = json!({ "email": "invited@example.test", "role": "ADMIN" });
    let invited = scene.owner.mutate("inviteMember", invitation, "invitation { id }").await.text("/inviteMember/invitation/id");
    let chief = opaque(company.chief.id);
    let rename = json!({ "id": chief, "givenName": "Seen" });
    company.caller(Role::Hr).mutate("updateEmployee", rename, "__typename").await.data("");

    let history = "query($id: ID) { auditEvents(first: 100, subjectId: $id) { nodes { action } } }";
    let told = async |caller: &tests::Caller, subject: Option<&str>| {
        let nodes = caller.ask_with(history, json!({ "id": subject })).await.data("/auditEvents/nodes");
        let nodes = nodes.as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap().to_owned());
        nodes.collect::<Vec<String>>()
    };
    let seen = told(&visitor, None).await;
    assert!(seen.contains(&"employee.updated".to_owned()), "{seen:?}");
    let kinds = ["employee.", "department.", "position.", "location."];
    assert!(seen.iter().all(|action| kinds.iter().any(|kind| action.starts_with(kind))), "{seen:?}");
    assert_eq!(told(&visitor, Some(chief.as_str())).await.first().map(String::as_str), Some("employee.updated"));
    for subject in [invited.as_str(), id.as_str()] {
        assert_eq!(told(&visitor, Some(subject)).await, [""; 0]);
        assert!(!told(&scene.owner, Some(subject)).await.is_empty());
    }
}

#[tokio::test]
async fn nothing_can_be_changed_by_a_visit() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    let id = scene.open().await;
    let (visitor, _) = scene.enter().await;
    let before = company.contents().await;
    let refused = [
        ("updateEmployee", json!({ "id": opaque(company.chief.id), "phone": "1" })),
        ("createDepartment", json!({ "name": "Made by a visitor" })),
        ("renameTenant", json!({ "name": "Taken" })),
        ("inviteMember", json!({ "email": "friend@operators.test", "role": "ADMIN" })),
        ("createApiKey", json!({ "name": "Mine", "permissions": ["READ_DIRECTORY"] })),
        ("requestExport", json!({ "format": "CSV" })),
    ];
    for (mutation, input) in refused {
        let answer = visitor.mutate(mutation, input, "__typename").await;
        assert_eq!(answer.code(), "FORBIDDEN", "{mutation}: {}", answer.body);
        assert!(answer.message().contains("Support access is for looking"), "{mutation}: {}", answer.body);
    }
    for mutation in ["consentToSupport", "refuseSupport", "endSupport"] {
        assert_eq!(decide(&visitor, mutation, &id).await.code(), "FORBIDDEN", "{mutation}");
    }
    let download = visitor.ask_with("mutation($id: ID!) { downloadExport(id: $id) { url } }", json!({ "id": id })).await;
    assert!(download.message().contains("Support access is for looking"), "{}", download.body);
    assert_eq!(company.contents().await, before);
    // Nor by who comes in with the same request, of which nothing but the visit itself is written down.
    let both = "mutation($enter: EnterInput!, $make: CreateDepartmentInput!) {
        enter(input: $enter) { accessToken } createDepartment(input: $make) { __typename }
    }";
    let code = scene.code().await;
    let variables = json!({ "enter": { "code": code, "nonce": NONCE }, "make": { "name": "Made by a visitor" } });
    let answer = company.anonymous().ask_with(both, variables).await;
    assert!(answer.message().contains("Support access is for looking"), "{}", answer.body);
    let made = "SELECT name FROM departments WHERE name = 'Made by a visitor'";
    assert_eq!(company.texts(made).await, [""; 0]);
}

#[tokio::test]
async fn a_visit_uses_up_no_requests_of_the_organisation() {
    let server = Server::start().await;
    let company = server.company().await;
    let scene = Scene::of(&server, &company).await;
    scene.open().await;
    let (visitor, _) = scene.enter().await;
    let none_left = (Quota::RequestsPerDay, OwnLimit::AtMost(0));
    server.except(company.tenant.id, Exceptions { limits: vec![none_left], features: Vec::new() }).await;
    let today = (server.app.clock)().date_naive();
    let before = server.app.usage.requests_of(company.tenant.id, today);
    assert_eq!(company.caller(Role::Employee).ask(VIEWER).await.code(), "QUOTA_EXCEEDED");
    visitor.ask(VIEWER).await.data("/viewer");
    assert_eq!(server.app.usage.requests_of(company.tenant.id, today), before);
}

/// Past the API, the domain and the database each refuse it as well.
#[tokio::test]
async fn an_operator_has_no_permission_that_changes_anything() {
    use domain::{Actor, Context, Permission};
    let actor = Actor::operator(entities::id::OperatorId::generate(), "Olga");
    let context = Context { actor: Some(actor), now: chrono::Utc::now() };
    let held: Vec<&str> =
        Permission::ALL.iter().filter(|permission| context.may(**permission)).map(|permission| permission.as_str()).collect();
    let expected = ["read_directory", "read_terminated_employees", "read_private_details", "read_salaries", "read_audit"];
    assert_eq!(held, expected);
    assert!(context.account_id().is_err());
}
