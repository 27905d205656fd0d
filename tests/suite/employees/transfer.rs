//! Transfers.

use domain::Role;
use entities::id::{DepartmentId, EmployeeId, LocationId, PositionId};
use serde_json::json;
use tests::{Server, opaque};

use super::{EMPLOYEE, read, with};

#[tokio::test]
async fn a_transfer_changes_everything_at_once() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    let department = hr.mutate("createDepartment", json!({ "name": "Sales" }), "department { id }").await;
    let position = hr.mutate("createPosition", json!({ "title": "Seller" }), "position { id }").await;
    let location = json!({ "name": "Wien", "countryCode": "AT", "timeZone": "Europe/Vienna" });
    let location = hr.mutate("createLocation", location, "location { id }").await;
    let place = json!({
        "id": id,
        "departmentId": department.text("/createDepartment/department/id"),
        "positionId": position.text("/createPosition/position/id"),
        "locationId": location.text("/createLocation/location/id"),
        "managerId": opaque(company.chief.id),
    });
    let moved = hr.mutate("transferEmployee", place.clone(), EMPLOYEE).await.data("/transferEmployee/employee");
    for name in ["department", "position", "location", "manager"] {
        assert_eq!(moved[name]["id"], place[format!("{name}Id")], "{name}");
    }
    assert_eq!(moved["version"], 2);
    assert_eq!(company.deeds(company.member.id.uuid()).await, ["employee.hired", "employee.transferred"]);

    // Left out: stays. Null: cleared, where that is possible.
    let partly = json!({ "id": id, "locationId": null, "managerId": null });
    let moved = hr.mutate("transferEmployee", partly, EMPLOYEE).await.data("/transferEmployee/employee");
    assert_eq!((&moved["location"], &moved["manager"], &moved["version"]), (&json!(null), &json!(null), &json!(3)));
    assert_eq!(moved["department"]["id"], place["departmentId"]);

    // Nothing changes: nothing is written.
    let before = company.contents().await;
    hr.mutate("transferEmployee", json!({ "id": id, "managerId": null }), "__typename").await.data("");
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn a_transfer_that_breaks_a_rule_changes_nothing() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let sales = hr.mutate("createDepartment", json!({ "name": "Sales" }), "department { id }").await;
    let sales = json!({ "departmentId": sales.text("/createDepartment/department/id") });
    let leaver = json!({ "id": opaque(company.colleague.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", leaver, "__typename").await.data("");

    let member = opaque(company.member.id);
    let manager = opaque(company.manager.id);
    let cases = [
        (json!({ "id": member, "departmentId": null }), "BAD_USER_INPUT", Some("departmentId")),
        (json!({ "id": member, "positionId": null }), "BAD_USER_INPUT", Some("positionId")),
        (json!({ "id": member, "managerId": member }), "CONFLICT", Some("managerId")),
        (json!({ "id": manager, "managerId": member }), "CONFLICT", Some("managerId")),
        (json!({ "id": member, "managerId": opaque(company.colleague.id) }), "CONFLICT", Some("managerId")),
        (json!({ "id": opaque(company.colleague.id) }), "CONFLICT", Some("id")),
    ];
    for (input, code, field) in cases {
        company.refuses(&hr, "transferEmployee", with(sales.clone(), input), code, field).await;
    }
    for role in [Role::Manager, Role::Employee] {
        let input = with(sales.clone(), json!({ "id": member }));
        company.refuses(&company.caller(role), "transferEmployee", input, "FORBIDDEN", None).await;
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let elsewhere = other.contents().await;
    let member = json!({ "id": opaque(company.member.id) });
    for change in [
        json!({ "id": opaque(other.member.id) }),
        json!({ "departmentId": opaque(other.department.id) }),
        json!({ "positionId": opaque(other.position.id) }),
        json!({ "managerId": opaque(other.manager.id) }),
        json!({ "id": opaque(EmployeeId::generate()) }),
        json!({ "departmentId": opaque(DepartmentId::generate()) }),
        json!({ "positionId": opaque(PositionId::generate()) }),
        json!({ "locationId": opaque(LocationId::generate()) }),
        json!({ "managerId": opaque(EmployeeId::generate()) }),
    ] {
        company.refuses(&hr, "transferEmployee", with(member.clone(), change), "NOT_FOUND", None).await;
    }
    assert_eq!(other.contents().await, elsewhere);
    assert_eq!(read(&hr, &opaque(company.member.id)).await["version"], 1);
}
