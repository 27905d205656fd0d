//! Hiring again who had left.

use chrono::{Months, Utc};
use domain::Role;
use entities::id::{DepartmentId, EmployeeId};
use serde_json::{Value, json};
use tests::{Caller, Company, Server, opaque};

use super::{EMPLOYEE, with};

fn again(id: &str) -> Value {
    json!({ "id": id, "hiredOn": "2025-09-01" })
}

async fn let_member_leave(company: &Company<'_>, hr: &Caller) -> String {
    let id = opaque(company.member.id);
    let input = json!({ "id": id, "terminatedOn": "2025-06-30", "reason": "Studies" });
    hr.mutate("terminateEmployee", input, "__typename").await.data("");
    id
}

#[tokio::test]
async fn who_comes_back_keeps_the_number_and_the_place() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = let_member_leave(&company, &hr).await;
    let back = hr.mutate("rehireEmployee", again(&id), EMPLOYEE).await.data("/rehireEmployee/employee");
    let expected = json!({
        "status": "ACTIVE", "hiredOn": "2025-09-01", "terminatedOn": null, "employeeNumber": company.member.employee_number,
        "version": 3, "department": { "id": opaque(company.department.id) }, "manager": { "id": opaque(company.manager.id) },
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&back[field], value, "{field}");
    }
    assert!(back["personal"]["terminationReason"].is_null());
    let deeds = company.deeds(company.member.id.uuid()).await;
    assert_eq!(deeds, ["employee.hired", "employee.terminated", "employee.rehired"]);
}

#[tokio::test]
async fn who_comes_back_may_get_another_place() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = let_member_leave(&company, &hr).await;
    let sales = hr.mutate("createDepartment", json!({ "name": "Sales" }), "department { id }").await;
    let sales = sales.text("/createDepartment/department/id");
    // On the very day that the former employment ended.
    let place = json!({ "hiredOn": "2025-06-30", "departmentId": sales, "managerId": null });
    let back = hr.mutate("rehireEmployee", with(again(&id), place), EMPLOYEE).await.data("/rehireEmployee/employee");
    assert_eq!(back["department"]["id"], sales);
    assert!(back["manager"].is_null());
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = let_member_leave(&company, &hr).await;
    let colleague = opaque(company.colleague.id);
    hr.mutate("terminateEmployee", json!({ "id": colleague, "terminatedOn": "2025-07-31" }), "__typename").await.data("");
    let too_late = (Utc::now().date_naive() + Months::new(12)).succ_opt().unwrap().to_string();
    let cases = [
        (json!({ "hiredOn": "2025-06-29" }), "BAD_USER_INPUT", "hiredOn"),
        (json!({ "hiredOn": too_late }), "BAD_USER_INPUT", "hiredOn"),
        (json!({ "departmentId": null }), "BAD_USER_INPUT", "departmentId"),
        (json!({ "positionId": null }), "BAD_USER_INPUT", "positionId"),
        (json!({ "managerId": id }), "CONFLICT", "managerId"),
        (json!({ "managerId": colleague }), "CONFLICT", "managerId"),
        (json!({ "id": opaque(company.manager.id) }), "CONFLICT", "id"),
    ];
    for (change, code, field) in cases {
        company.refuses(&hr, "rehireEmployee", with(again(&id), change), code, Some(field)).await;
    }
    // The member's own membership has ended with the employment; this is another one.
    let employee = Some(server.signer.token(company.tenant.id, Role::Employee, None).await);
    for caller in [company.caller(Role::Manager), company.anonymous().with_token(employee)] {
        company.refuses(&caller, "rehireEmployee", again(&id), "FORBIDDEN", None).await;
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = let_member_leave(&company, &hr).await;
    let there = let_member_leave(&other, &other.caller(Role::Hr)).await;
    let elsewhere = other.contents().await;
    for change in [
        json!({ "id": there }),
        json!({ "id": opaque(EmployeeId::generate()) }),
        json!({ "departmentId": opaque(other.department.id) }),
        json!({ "departmentId": opaque(DepartmentId::generate()) }),
        json!({ "positionId": opaque(other.position.id) }),
        json!({ "managerId": opaque(other.manager.id) }),
    ] {
        company.refuses(&hr, "rehireEmployee", with(again(&id), change), "NOT_FOUND", None).await;
    }
    assert_eq!(other.contents().await, elsewhere);
}
