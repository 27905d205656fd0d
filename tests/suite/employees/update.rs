//! Changing an employee's fields.

use domain::Role;
use entities::id::EmployeeId;
use serde_json::{Value, json};
use tests::{Server, opaque};

use super::{EMPLOYEE, read};

#[tokio::test]
async fn what_is_given_changes_what_is_null_is_cleared_and_the_rest_stays() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    let before = read(&hr, &id).await;
    let change = json!({
        "id": id, "familyName": "Renamed", "preferredName": "Mimi", "phone": null, "salary": null, "employmentType": "CONTRACT",
    });
    let after = hr.mutate("updateEmployee", change, EMPLOYEE).await.data("/updateEmployee/employee");
    let mut expected = before.clone();
    for (field, value) in [
        ("familyName", json!("Renamed")),
        ("preferredName", json!("Mimi")),
        ("name", json!("Mimi Renamed")),
        ("salary", Value::Null),
        ("employmentType", json!("CONTRACT")),
        ("version", json!(2)),
        ("updatedAt", after["updatedAt"].clone()),
    ] {
        expected[field] = value;
    }
    expected["personal"]["phone"] = Value::Null;
    assert_eq!(after, expected);
    assert_ne!(after["updatedAt"], before["updatedAt"]);
    assert_eq!(read(&hr, &id).await, after);

    let query = format!("{{ auditEvents(subjectId: \"{id}\", first: 1) {{ nodes {{ action changes }} }} }}");
    let event = hr.ask(&query).await.data("/auditEvents/nodes/0");
    assert_eq!(event["action"], "employee.updated");
    let expected = json!({
        "familyName": { "from": "Example", "to": "Renamed" },
        "preferredName": { "from": null, "to": "Mimi" },
        "phone": { "from": "+49 30 5550100", "to": null },
        "employmentType": { "from": "full_time", "to": "contract" },
        "salary": { "from": { "amount": "52000.00", "currency": "EUR" }, "to": null },
    });
    assert_eq!(event["changes"], expected);
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_no_trace() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let before = company.contents().await;
    let same = json!({
        "id": opaque(company.member.id), "givenName": "Mia", "expectedVersion": 1, "workEmail": "mia@example.test",
        "salary": { "amount": "52000", "currency": "eur" },
    });
    let answer = hr.mutate("updateEmployee", same, "employee { version }").await;
    assert_eq!(answer.data("/updateEmployee/employee/version"), 1);
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn a_lost_update_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    let change = |version: i32, name: &str| json!({ "id": id, "expectedVersion": version, "givenName": name });
    for wrong in [0, 2, -1, i32::MAX] {
        company.refuses(&hr, "updateEmployee", change(wrong, "Wrong"), "CONFLICT", Some("expectedVersion")).await;
    }
    // Two who have read the same version: the second one is told.
    let (one, other) = tokio::join!(
        hr.mutate("updateEmployee", change(1, "One"), "employee { version }"),
        hr.mutate("updateEmployee", change(1, "Other"), "employee { version }"),
    );
    let mut codes = [one.first_code(), other.first_code()];
    codes.sort_unstable();
    assert_eq!(codes, [None, Some("CONFLICT")]);
    hr.mutate("updateEmployee", change(2, "Then"), "__typename").await.data("");
    assert_eq!(read(&hr, &id).await["version"], 3);
}

#[tokio::test]
async fn a_work_address_of_somebody_else_is_a_conflict_and_ones_own_in_another_case_is_not() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    let taken = json!({ "id": id, "workEmail": "CLEO@EXAMPLE.TEST", "givenName": "Never" });
    company.refuses(&hr, "updateEmployee", taken, "CONFLICT", Some("workEmail")).await;
    let own = json!({ "id": id, "workEmail": "Mia@Example.Test" });
    let answer = hr.mutate("updateEmployee", own, "employee { workEmail version }").await;
    assert_eq!(answer.data("/updateEmployee/employee"), json!({ "workEmail": "Mia@Example.Test", "version": 2 }));
}

#[tokio::test]
async fn input_that_makes_no_sense_is_refused_with_its_field() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let cases = [
        (json!({ "givenName": null }), "givenName"),
        (json!({ "familyName": null }), "familyName"),
        (json!({ "workEmail": null }), "workEmail"),
        (json!({ "employmentType": null }), "employmentType"),
        (json!({ "givenName": "" }), "givenName"),
        (json!({ "familyName": "x".repeat(101) }), "familyName"),
        (json!({ "preferredName": "x\ny" }), "preferredName"),
        (json!({ "workEmail": "x" }), "workEmail"),
        (json!({ "personalEmail": "x" }), "personalEmail"),
        (json!({ "phone": "1".repeat(51) }), "phone"),
        (json!({ "address": "x".repeat(501) }), "address"),
        (json!({ "birthDate": "2006-03-01" }), "birthDate"),
        (json!({ "birthDate": "1850-01-01" }), "birthDate"),
        (json!({ "salary": { "amount": "-1", "currency": "EUR" } }), "salary.amount"),
        (json!({ "salary": { "amount": "1", "currency": "" } }), "salary.currency"),
    ];
    for (change, field) in cases {
        // The good half of the change is not made either.
        let input = super::with(json!({ "id": opaque(company.member.id), "address": "Elsewhere" }), change);
        company.refuses(&hr, "updateEmployee", input, "BAD_USER_INPUT", Some(field)).await;
    }
}

#[tokio::test]
async fn everyone_changes_their_own_contact_details_and_no_more() {
    let server = Server::start().await;
    let company = server.company().await;
    let own = opaque(company.member.id);
    let member = company.caller(Role::Employee);
    let contact = json!({
        "id": own, "preferredName": "Mimi", "phone": "1", "personalEmail": "mimi@home.test", "address": "2 Example Street",
    });
    let answer = member.mutate("updateEmployee", contact.clone(), "employee { name version personal { phone } }").await;
    let expected = json!({ "name": "Mimi Example", "version": 2, "personal": { "phone": "1" } });
    assert_eq!(answer.data("/updateEmployee/employee"), expected);

    for more in [
        json!({ "givenName": "Mia" }),
        json!({ "familyName": "Chief" }),
        json!({ "workEmail": "boss@example.test" }),
        json!({ "employmentType": "INTERN" }),
        json!({ "birthDate": null }),
        json!({ "salary": { "amount": "1000000", "currency": "EUR" } }),
    ] {
        let input = super::with(contact.clone(), more);
        company.refuses(&member, "updateEmployee", input, "FORBIDDEN", None).await;
    }
    for (role, whose) in [(Role::Employee, company.colleague.id), (Role::Manager, company.member.id)] {
        let input = json!({ "id": opaque(whose), "phone": "2" });
        company.refuses(&company.caller(role), "updateEmployee", input, "FORBIDDEN", None).await;
    }
    let input = json!({ "id": own, "phone": "2" });
    company.refuses(&company.anonymous(), "updateEmployee", input, "UNAUTHENTICATED", None).await;
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let elsewhere = other.contents().await;
    for role in [Role::Owner, Role::Hr] {
        for id in [opaque(other.member.id), opaque(EmployeeId::generate()), opaque(company.department.id), String::new()] {
            let input = json!({ "id": id, "phone": "1" });
            company.refuses(&company.caller(role), "updateEmployee", input, "NOT_FOUND", None).await;
        }
    }
    assert_eq!(other.contents().await, elsewhere);
}
