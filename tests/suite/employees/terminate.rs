//! Ending an employment.

use chrono::{Months, Utc};
use domain::Role;
use entities::id::EmployeeId;
use serde_json::{Value, json};
use tests::{Server, opaque};

use super::{EMPLOYEE, hire, read, with};

fn leave(id: &str) -> Value {
    json!({ "id": id, "terminatedOn": "2025-06-30" })
}

#[tokio::test]
async fn who_leaves_is_marked_and_the_reports_go_to_the_manager() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let manager = opaque(company.manager.id);
    let input = with(leave(&manager), json!({ "reason": "Moved away.\nBy own wish." }));
    let left = hr.mutate("terminateEmployee", input, EMPLOYEE).await.data("/terminateEmployee/employee");
    assert_eq!(left["status"], "TERMINATED");
    assert_eq!(left["terminatedOn"], "2025-06-30");
    assert_eq!(left["personal"]["terminationReason"], "Moved away.\nBy own wish.");
    assert_eq!(left["version"], 2);

    let report = read(&hr, &opaque(company.member.id)).await;
    assert_eq!(report["manager"]["id"], opaque(company.chief.id));
    assert_eq!(report["version"], 2);
    assert_eq!(company.deeds(company.manager.id.uuid()).await, ["employee.hired", "employee.terminated"]);
    assert_eq!(company.deeds(company.member.id.uuid()).await, ["employee.hired", "employee.manager_changed"]);
}

#[tokio::test]
async fn the_reports_of_somebody_at_the_top_report_to_nobody() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    hr.mutate("terminateEmployee", leave(&opaque(company.chief.id)), "__typename").await.data("");
    for report in [company.manager.id, company.colleague.id] {
        assert!(read(&hr, &opaque(report)).await["manager"].is_null());
    }
}

#[tokio::test]
async fn the_reports_go_to_whoever_takes_over() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let colleague = opaque(company.colleague.id);
    let input = with(leave(&opaque(company.manager.id)), json!({ "newManagerId": colleague }));
    hr.mutate("terminateEmployee", input, "__typename").await.data("");
    assert_eq!(read(&hr, &opaque(company.member.id)).await["manager"]["id"], colleague);
}

#[tokio::test]
async fn somebody_from_below_who_takes_over_moves_up() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let member = opaque(company.member.id);
    let deep = hire(&company, &hr, "Deep", json!({ "managerId": member })).await;
    let input = with(leave(&opaque(company.chief.id)), json!({ "newManagerId": deep }));
    hr.mutate("terminateEmployee", input, "__typename").await.data("");
    assert!(read(&hr, &deep).await["manager"].is_null(), "takes the place at the top");
    for report in [company.manager.id, company.colleague.id] {
        assert_eq!(read(&hr, &opaque(report)).await["manager"]["id"], deep);
    }
    assert_eq!(read(&hr, &member).await["manager"]["id"], opaque(company.manager.id), "is nobody's direct report that left");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (manager, colleague) = (opaque(company.manager.id), opaque(company.colleague.id));
    hr.mutate("terminateEmployee", leave(&colleague), "__typename").await.data("");
    let too_late = (Utc::now().date_naive() + Months::new(12)).succ_opt().unwrap().to_string();
    let cases = [
        (json!({ "terminatedOn": "2020-02-28" }), "BAD_USER_INPUT", "terminatedOn"),
        (json!({ "terminatedOn": too_late }), "BAD_USER_INPUT", "terminatedOn"),
        (json!({ "reason": "x".repeat(501) }), "BAD_USER_INPUT", "reason"),
        (json!({ "newManagerId": manager }), "CONFLICT", "newManagerId"),
        (json!({ "newManagerId": colleague }), "CONFLICT", "newManagerId"),
        (json!({ "id": colleague }), "CONFLICT", "id"),
    ];
    for (change, code, field) in cases {
        company.refuses(&hr, "terminateEmployee", with(leave(&manager), change), code, Some(field)).await;
    }
    let own = leave(&opaque(company.chief.id));
    company.refuses(&company.caller(Role::Owner), "terminateEmployee", own, "CONFLICT", Some("id")).await;
    for role in [Role::Manager, Role::Employee] {
        let input = leave(&opaque(company.member.id));
        company.refuses(&company.caller(role), "terminateEmployee", input, "FORBIDDEN", None).await;
    }
}

#[tokio::test]
async fn the_last_day_may_be_the_first_one_or_a_year_ahead() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let latest = (Utc::now().date_naive() + Months::new(12)).to_string();
    for (id, day) in [(company.member.id, "2020-02-29"), (company.colleague.id, latest.as_str())] {
        let input = json!({ "id": opaque(id), "terminatedOn": day });
        hr.mutate("terminateEmployee", input, "__typename").await.data("");
    }
}

#[tokio::test]
async fn who_has_left_is_seen_by_those_who_manage_people_and_by_the_person() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    hr.mutate("terminateEmployee", leave(&id), "__typename").await.data("");
    // Who has left and became a member anew, as the operator can make them.
    let mut members = company.members.clone();
    members.retain(|member| member.role != Role::Employee);
    members.push(server.signer.member(company.tenant.id, Role::Employee, Some(company.member.id)).await);
    let one = format!("{{ employee(id: \"{id}\") {{ status }} }}");
    let node = format!("{{ node(id: \"{id}\") {{ id }} }}");
    let all = "{ active: employees { totalCount nodes { id } } left: employees(filter: { status: TERMINATED }) { totalCount \
               nodes { id } } }";
    for (role, sees_one, sees_list) in [
        (Role::Owner, true, true),
        (Role::Admin, true, true),
        (Role::Hr, true, true),
        (Role::Manager, false, false),
        // It is the record of whoever has the role of an employee.
        (Role::Employee, true, true),
    ] {
        let member = members.iter().find(|member| member.role == role).unwrap();
        let caller = company.anonymous().with_token(Some(server.signer.forgery_of(member).sign()));
        for query in [&one, &node] {
            let code = caller.ask(query).await.first_code().map(str::to_owned);
            assert_eq!(code.as_deref(), (!sees_one).then_some("NOT_FOUND"), "{role} {query}");
        }
        let lists = caller.ask(all).await.data("");
        assert_eq!(lists["active"]["totalCount"], 3, "{role}");
        assert!(!lists["active"].to_string().contains(&id), "{role}");
        assert_eq!(lists["left"]["totalCount"], i32::from(sees_list), "{role}");
        assert_eq!(lists["left"]["nodes"], if sees_list { json!([{ "id": id }]) } else { json!([]) }, "{role}");
    }
    // Another employee does not.
    let stranger = server.signer.token(company.tenant.id, Role::Employee, Some(company.colleague.id)).await;
    let stranger = company.anonymous().with_token(Some(stranger));
    assert_eq!(stranger.ask(&one).await.code(), "NOT_FOUND");
    assert_eq!(stranger.ask(all).await.data("/left/totalCount"), 0);
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let elsewhere = other.contents().await;
    for input in [
        leave(&opaque(other.member.id)),
        leave(&opaque(EmployeeId::generate())),
        with(leave(&opaque(company.manager.id)), json!({ "newManagerId": opaque(other.colleague.id) })),
        with(leave(&opaque(company.manager.id)), json!({ "newManagerId": opaque(EmployeeId::generate()) })),
    ] {
        company.refuses(&hr, "terminateEmployee", input, "NOT_FOUND", None).await;
    }
    assert_eq!(other.contents().await, elsewhere);
}
