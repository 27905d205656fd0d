//! Hiring.

use chrono::{Months, Utc};
use domain::Role;
use entities::id::{DepartmentId, EmployeeId, LocationId, PositionId};
use serde_json::json;
use tests::{Server, opaque};

use super::{EMPLOYEE, hire, newcomer, read, with};

#[tokio::test]
async fn hiring_keeps_what_was_given_and_is_recorded() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let location = json!({ "name": "Lisbon", "countryCode": "PT", "timeZone": "Europe/Lisbon" });
    let location = hr.mutate("createLocation", location, "location { id }").await.text("/createLocation/location/id");
    let everything = json!({
        "preferredName": "Ali",
        "locationId": location,
        "managerId": opaque(company.manager.id),
        "employmentType": "PART_TIME",
        "personal": {
            "birthDate": "1992-02-29", "personalEmail": "ali@home.test", "phone": "+351 21 555 0100", "address": "1 Rua\n1000 Lisboa",
        },
        "salary": { "amount": "41000.5", "currency": "EUR" },
    });
    let answer = hr.mutate("hireEmployee", with(newcomer(&company, "Alice"), everything), EMPLOYEE).await;
    let hired = answer.data("/hireEmployee/employee");
    let expected = json!({
        "givenName": "Alice", "familyName": "Newcomer", "preferredName": "Ali", "name": "Ali Newcomer",
        "workEmail": "alice.newcomer@example.test", "employmentType": "PART_TIME", "status": "ACTIVE",
        "hiredOn": "2024-03-01", "terminatedOn": null, "version": 1, "employeeNumber": 5,
        "department": { "id": opaque(company.department.id) }, "position": { "id": opaque(company.position.id) },
        "location": { "id": location }, "manager": { "id": opaque(company.manager.id) },
        "personal": {
            "birthDate": "1992-02-29", "personalEmail": "ali@home.test", "phone": "+351 21 555 0100",
            "address": "1 Rua\n1000 Lisboa", "terminationReason": null,
        },
        "salary": { "amount": "41000.50", "currency": "EUR" },
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&hired[field], value, "{field}");
    }
    assert_eq!(hired["createdAt"], hired["updatedAt"]);
    assert_eq!(read(&hr, hired["id"].as_str().unwrap()).await, hired, "it is read back as it was answered");

    let query = format!("{{ auditEvents(subjectId: {}) {{ nodes {{ action actorName changes }} }} }}", hired["id"]);
    let events = hr.ask(&query).await.data("/auditEvents/nodes");
    assert_eq!(events.as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events[0]["action"], "employee.hired");
    assert_eq!(events[0]["actorName"], "the hr");
    assert_eq!(events[0]["changes"]["workEmail"], json!({ "from": null, "to": "alice.newcomer@example.test" }));
    assert_eq!(events[0]["changes"]["salary"]["to"], json!({ "amount": "41000.50", "currency": "EUR" }));
}

#[tokio::test]
async fn texts_are_trimmed_and_what_is_left_out_is_empty_or_usual() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let blanks = json!({ "givenName": "  Bo  ", "preferredName": "   ", "personal": { "phone": "", "address": " \n " } });
    let id = hire(&company, &hr, "Bo", blanks).await;
    let hired = read(&hr, &id).await;
    assert_eq!(hired["givenName"], "Bo");
    assert_eq!(hired["employmentType"], "FULL_TIME");
    for empty in ["/preferredName", "/location", "/manager", "/salary", "/personal/phone", "/personal/address"] {
        assert!(hired.pointer(empty).unwrap().is_null(), "{empty} {hired}");
    }
}

#[tokio::test]
async fn employee_numbers_have_no_gaps_and_are_not_given_twice() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let taken = with(newcomer(&company, "Taken"), json!({ "workEmail": "mia@example.test" }));
    let hire = async |name: String| {
        let answer = hr.mutate("hireEmployee", newcomer(&company, &name), "employee { employeeNumber }").await;
        answer.data("/hireEmployee/employee/employeeNumber").as_i64().unwrap()
    };
    let refuse = async || hr.mutate("hireEmployee", taken.clone(), "__typename").await.code().to_owned();
    let (one, refused, two, three, also_refused, four) =
        tokio::join!(hire("A".into()), refuse(), hire("B".into()), hire("C".into()), refuse(), hire("D".into()));
    assert_eq!((refused.as_str(), also_refused.as_str()), ("CONFLICT", "CONFLICT"));
    let mut numbers = [one, two, three, four];
    numbers.sort_unstable();
    assert_eq!(numbers, [5, 6, 7, 8]);
}

#[tokio::test]
async fn input_that_makes_no_sense_is_refused_with_its_field() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let today = Utc::now().date_naive();
    let too_late = (today + Months::new(12)).succ_opt().unwrap().to_string();
    let long = "x".repeat(101);
    let cases = [
        (json!({ "givenName": "" }), "givenName"),
        (json!({ "givenName": " \t " }), "givenName"),
        (json!({ "givenName": long }), "givenName"),
        (json!({ "givenName": "A\u{7}B" }), "givenName"),
        (json!({ "familyName": "" }), "familyName"),
        (json!({ "familyName": long }), "familyName"),
        (json!({ "preferredName": long }), "preferredName"),
        (json!({ "workEmail": "" }), "workEmail"),
        (json!({ "workEmail": "nobody" }), "workEmail"),
        (json!({ "workEmail": "a@b" }), "workEmail"),
        (json!({ "workEmail": format!("{}@example.test", "x".repeat(250)) }), "workEmail"),
        (json!({ "hiredOn": too_late }), "hiredOn"),
        (json!({ "hiredOn": "1899-12-31" }), "hiredOn"),
        (json!({ "personal": { "birthDate": today.to_string() } }), "personal.birthDate"),
        (json!({ "personal": { "birthDate": "1899-12-31" } }), "personal.birthDate"),
        (json!({ "personal": { "birthDate": "2010-03-02" } }), "personal.birthDate"),
        (json!({ "personal": { "personalEmail": "home" } }), "personal.personalEmail"),
        (json!({ "personal": { "phone": "1".repeat(51) } }), "personal.phone"),
        (json!({ "personal": { "address": "x".repeat(501) } }), "personal.address"),
        (json!({ "salary": { "amount": "-0.01", "currency": "EUR" } }), "salary.amount"),
        (json!({ "salary": { "amount": "1.001", "currency": "EUR" } }), "salary.amount"),
        (json!({ "salary": { "amount": "1000000000000", "currency": "EUR" } }), "salary.amount"),
        (json!({ "salary": { "amount": "1", "currency": "EURO" } }), "salary.currency"),
        (json!({ "salary": { "amount": "1", "currency": "QQQ" } }), "salary.currency"),
    ];
    for (change, field) in cases {
        let input = with(newcomer(&company, "Wrong"), change);
        company.refuses(&hr, "hireEmployee", input, "BAD_USER_INPUT", Some(field)).await;
    }
}

#[tokio::test]
async fn the_edges_of_what_is_allowed_are_allowed() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let today = Utc::now().date_naive();
    let edges = [
        json!({ "givenName": "é".repeat(100) }),
        json!({ "hiredOn": (today + Months::new(12)).to_string() }),
        json!({ "hiredOn": "1900-01-01" }),
        json!({ "personal": { "birthDate": "2010-03-01" } }),
        json!({ "personal": { "phone": "1".repeat(50), "address": "x".repeat(500) } }),
        json!({ "salary": { "amount": "999999999999.99", "currency": "JPY" } }),
        json!({ "salary": { "amount": 0, "currency": "EUR" } }),
    ];
    for (index, edge) in edges.into_iter().enumerate() {
        let email = json!({ "workEmail": format!("edge{index}@example.test") });
        hire(&company, &hr, "Edge", with(edge, email)).await;
    }
}

#[tokio::test]
async fn a_work_address_belongs_to_one_employee_whatever_its_case() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for taken in ["mia@example.test", "MIA@Example.TEST"] {
        let input = with(newcomer(&company, "Mia"), json!({ "workEmail": taken }));
        company.refuses(&hr, "hireEmployee", input, "CONFLICT", Some("workEmail")).await;
    }
}

#[tokio::test]
async fn of_two_who_hire_with_one_address_at_once_one_succeeds() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (lower, upper) = (newcomer(&company, "Twin"), newcomer(&company, "Twin"));
    let upper = with(upper, json!({ "workEmail": "TWIN.newcomer@example.test" }));
    let (one, other) =
        tokio::join!(hr.mutate("hireEmployee", lower, "__typename"), hr.mutate("hireEmployee", upper, "__typename"));
    let mut codes = [one.first_code(), other.first_code()];
    codes.sort_unstable();
    assert_eq!(codes, [None, Some("CONFLICT")]);
}

#[tokio::test]
async fn a_manager_who_has_left_leads_nobody() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let left = json!({ "id": opaque(company.colleague.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", left, "__typename").await.data("");
    let input = with(newcomer(&company, "Late"), json!({ "managerId": opaque(company.colleague.id) }));
    company.refuses(&hr, "hireEmployee", input, "CONFLICT", Some("managerId")).await;
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let location = json!({ "name": "Oslo", "countryCode": "NO", "timeZone": "Europe/Oslo" });
    let elsewhere = other.caller(Role::Hr).mutate("createLocation", location, "location { id }").await;
    let cases = [
        json!({ "departmentId": opaque(DepartmentId::generate()) }),
        json!({ "departmentId": opaque(other.department.id) }),
        json!({ "positionId": opaque(PositionId::generate()) }),
        json!({ "positionId": opaque(other.position.id) }),
        json!({ "locationId": opaque(LocationId::generate()) }),
        json!({ "locationId": elsewhere.text("/createLocation/location/id") }),
        json!({ "managerId": opaque(EmployeeId::generate()) }),
        json!({ "managerId": opaque(other.manager.id) }),
        // Of the right tenant, but of another type.
        json!({ "managerId": opaque(company.department.id) }),
        json!({ "departmentId": "nonsense" }),
    ];
    let elsewhere = other.contents().await;
    for change in cases {
        let input = with(newcomer(&company, "Stray"), change);
        company.refuses(&hr, "hireEmployee", input, "NOT_FOUND", None).await;
    }
    assert_eq!(other.contents().await, elsewhere);
}

#[tokio::test]
async fn only_those_who_manage_people_hire() {
    let server = Server::start().await;
    let company = server.company().await;
    for role in [Role::Manager, Role::Employee] {
        // Refused before the input is looked at.
        let input = with(newcomer(&company, "No"), json!({ "workEmail": "nonsense" }));
        company.refuses(&company.caller(role), "hireEmployee", input, "FORBIDDEN", None).await;
    }
    company.refuses(&company.anonymous(), "hireEmployee", newcomer(&company, "No"), "UNAUTHENTICATED", None).await;
    for role in [Role::Owner, Role::Admin, Role::Hr] {
        hire(&company, &company.caller(role), &format!("By{role}"), json!({})).await;
    }
}
