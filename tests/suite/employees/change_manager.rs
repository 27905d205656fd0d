//! Whom an employee reports to.

use domain::Role;
use entities::id::EmployeeId;
use serde_json::{Value, json};
use tests::{Server, opaque};

use super::{hire, read};

fn change(id: &str, manager: &str) -> Value {
    json!({ "id": id, "managerId": manager })
}

#[tokio::test]
async fn a_manager_is_changed_and_removed() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (member, colleague) = (opaque(company.member.id), opaque(company.colleague.id));
    let answer = hr.mutate("changeManager", change(&member, &colleague), "employee { version manager { id } }").await;
    assert_eq!(answer.data("/changeManager/employee"), json!({ "version": 2, "manager": { "id": colleague } }));
    let reports = format!("{{ employee(id: \"{colleague}\") {{ directReports {{ totalCount nodes {{ id }} }} }} }}");
    let reports = hr.ask(&reports).await.data("/employee/directReports");
    assert_eq!(reports, json!({ "totalCount": 1, "nodes": [{ "id": member }] }));

    let answer = hr.mutate("changeManager", json!({ "id": member }), "employee { version manager { id } }").await;
    assert_eq!(answer.data("/changeManager/employee"), json!({ "version": 3, "manager": null }));
    let deeds = company.deeds(company.member.id.uuid()).await;
    assert_eq!(deeds, ["employee.hired", "employee.manager_changed", "employee.manager_changed"]);
}

#[tokio::test]
async fn there_are_no_cycles() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (chief, manager, member) = (opaque(company.chief.id), opaque(company.manager.id), opaque(company.member.id));
    let deep = hire(&company, &hr, "Deep", json!({ "managerId": member })).await;
    for (id, below) in [(&chief, &chief), (&chief, &manager), (&chief, &member), (&chief, &deep), (&manager, &deep)] {
        company.refuses(&hr, "changeManager", change(id, below), "CONFLICT", Some("managerId")).await;
    }
}

#[tokio::test]
async fn two_changes_at_once_make_no_cycle() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for round in 0..5 {
        let one = hire(&company, &hr, &format!("One{round}"), json!({})).await;
        let other = hire(&company, &hr, &format!("Other{round}"), json!({})).await;
        // Each by itself is fine.
        let (up, down) = tokio::join!(
            hr.mutate("changeManager", change(&one, &other), "__typename"),
            hr.mutate("transferEmployee", change(&other, &one), "__typename"),
        );
        let mut codes = [up.first_code(), down.first_code()];
        codes.sort_unstable();
        assert_eq!(codes, [None, Some("CONFLICT")], "round {round}: {} {}", up.body, down.body);
        let managers = [read(&hr, &one).await, read(&hr, &other).await];
        assert_eq!(managers.iter().filter(|employee| employee["manager"].is_null()).count(), 1);
    }
}

#[tokio::test]
async fn a_cycle_of_three_is_not_made_by_three_changes_at_once() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(hire(&company, &hr, name, json!({})).await);
    }
    let [a, b, c] = &ids[..] else { unreachable!() };
    let answers = tokio::join!(
        hr.mutate("changeManager", change(a, b), "__typename"),
        hr.mutate("changeManager", change(b, c), "__typename"),
        hr.mutate("changeManager", change(c, a), "__typename"),
    );
    let codes = [answers.0, answers.1, answers.2].map(|answer| answer.first_code().map(str::to_owned));
    assert_eq!(codes.iter().filter(|code| code.as_deref() == Some("CONFLICT")).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 2, "{codes:?}");
}

#[tokio::test]
async fn a_manager_works_here() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (member, colleague) = (opaque(company.member.id), opaque(company.colleague.id));
    hr.mutate("terminateEmployee", json!({ "id": colleague, "terminatedOn": "2025-06-30" }), "__typename").await.data("");
    company.refuses(&hr, "changeManager", change(&member, &colleague), "CONFLICT", Some("managerId")).await;
    company.refuses(&hr, "changeManager", change(&colleague, &member), "CONFLICT", Some("id")).await;
    for role in [Role::Manager, Role::Employee] {
        company.refuses(&company.caller(role), "changeManager", change(&member, &member), "FORBIDDEN", None).await;
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let (here, there, nowhere) = (opaque(company.member.id), opaque(other.member.id), opaque(EmployeeId::generate()));
    let elsewhere = other.contents().await;
    for (id, manager) in [(&here, &there), (&there, &here), (&there, &there), (&here, &nowhere), (&nowhere, &here)] {
        company.refuses(&hr, "changeManager", change(id, manager), "NOT_FOUND", None).await;
    }
    assert_eq!(other.contents().await, elsewhere);
}
