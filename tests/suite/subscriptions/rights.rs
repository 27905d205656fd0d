//! Who is told what.

use domain::Role;
use entities::platform::membership;
use sea_orm_migration::sea_orm::{ActiveEnum as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr};
use serde_json::{Value, json};
use tests::{Server, opaque};

use super::{EMPLOYEES, change, kind_and_name, rename, socket};

const SALARIES: &str = "subscription { employeesChanged { kind employee { givenName salary { amount } personal { phone } } } }";

#[tokio::test]
async fn everyone_is_told_what_they_may_see() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let (mut hr, mut employee) =
        (socket(&company, &listening, Role::Hr).await, socket(&company, &listening, Role::Employee).await);
    for socket in [&mut hr, &mut employee] {
        socket.subscribe("a", SALARIES).await;
    }
    let caller = company.caller(Role::Hr);
    rename(&caller, company.colleague.id, "Cleopatra").await;
    let seen = hr.told("a").await;
    let seen = &change(&seen, "employeesChanged")["employee"];
    assert!(seen["salary"]["amount"].is_string() && seen["personal"]["phone"].is_string(), "{seen}");
    let seen = employee.told("a").await;
    let expected = json!({ "givenName": "Cleopatra", "salary": null, "personal": null });
    assert_eq!(change(&seen, "employeesChanged")["employee"], expected);

    // The end of an employment is told to those who may see former employees, and so is whatever happens to those later.
    let leave = json!({ "id": opaque(company.colleague.id), "terminatedOn": "2025-06-30" });
    caller.mutate("terminateEmployee", leave, "__typename").await.data("");
    rename(&caller, company.colleague.id, "Gone").await;
    rename(&caller, company.chief.id, "Present").await;
    for kind in ["TERMINATED", "UPDATED", "UPDATED"] {
        assert_eq!(kind_and_name(&hr.told("a").await).0, kind);
    }
    assert_eq!(kind_and_name(&employee.told("a").await).1, "Present");
    employee.assert_silent().await;
}

#[tokio::test]
async fn a_change_of_role_holds_for_the_next_answer() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let listening = other_process.listen().await;
    let mut socket = socket(&company, &listening, Role::Employee).await;
    socket.subscribe("a", SALARIES).await;
    let hr = company.caller(Role::Hr);
    for (role, sees) in [(Role::Admin, true), (Role::Employee, false)] {
        membership::Entity::update_many()
            .col_expr(membership::Column::Role, Expr::value(role.to_value()))
            .filter(membership::Column::AccountId.eq(company.member_with(Role::Employee).account))
            .exec(&server.tenants().platform())
            .await
            .unwrap();
        rename(&hr, company.colleague.id, role.as_str()).await;
        let told = socket.told("a").await;
        let employee = &change(&told, "employeesChanged")["employee"];
        assert_eq!(employee["salary"] != Value::Null, sees, "{role} {employee}");
    }
}

#[tokio::test]
async fn what_another_tenant_has_cannot_be_asked_for() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Owner).await;
    let query = "subscription($filter: EmployeeChangeFilter) { employeesChanged(filter: $filter) { kind } }";
    for filter in [
        json!({ "departmentId": opaque(other.department.id) }),
        json!({ "employeeId": opaque(other.chief.id) }),
        json!({ "departmentId": opaque(company.chief.id) }),
        json!({ "employeeId": "nonsense" }),
    ] {
        let payload = json!({ "query": query, "variables": { "filter": filter } });
        socket.send(json!({ "type": "subscribe", "id": "a", "payload": payload })).await;
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("a")), "{refused}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "NOT_FOUND", "{refused}");
    }
    assert_eq!(server.app.live.counts().subscriptions, 0);

    // A token of one is none at the host of the other, however it is shown.
    let token = company.token(Role::Owner);
    let mut elsewhere = listening.open(&other.host()).await;
    elsewhere.initialise(&token).await;
    assert_eq!(elsewhere.closed().await, (4403, "TENANT_MISMATCH".to_owned()));
    let header = format!("Bearer {token}");
    let mut elsewhere = listening.open_with(&other.host(), &[("authorization", &header)]).await.unwrap();
    elsewhere.send(json!({ "type": "connection_init" })).await;
    assert_eq!(elsewhere.closed().await, (4403, "TENANT_MISMATCH".to_owned()));
}

#[tokio::test]
async fn a_program_may_name_its_tenant_by_the_token_alone() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let listening = server.listen().await;
    let mut socket = listening.connect("api.localhost", &company.token(Role::Hr)).await;
    socket.subscribe("a", EMPLOYEES).await;
    rename(&other.caller(Role::Hr), other.chief.id, "Elsewhere").await;
    rename(&company.caller(Role::Hr), company.chief.id, "Here").await;
    assert_eq!(kind_and_name(&socket.told("a").await).1, "Here");
    socket.assert_silent().await;
}

#[tokio::test]
async fn what_cannot_be_executed_is_refused_with_its_errors() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Owner).await;
    for query in [
        "subscription {",
        "subscription { nothing }",
        "subscription { employeesChanged }",
        "subscription { employeesChanged(filter: { kinds: [NONE] }) { kind } }",
        "subscription($x: ID!) { employeesChanged(filter: { employeeId: $x }) { kind } }",
        "subscription { tenantChanged { id } departmentsChanged { kind } }",
        "subscription { employeesChanged { employee { manager { manager { manager { manager { manager { manager { manager { manager \
         { manager { manager { id } } } } } } } } } } } } }",
        "mutation { renameDepartment(input: { id: \"x\", name: \"x\" }) { __typename } }",
    ] {
        socket.send(json!({ "type": "subscribe", "id": "a", "payload": { "query": query } })).await;
        let refused = socket.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("a")), "{query} {refused}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_USER_INPUT", "{query} {refused}");
    }
}
