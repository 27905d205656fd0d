//! The part of the matrix that is read: the queries, and every field of an employee.

use domain::Role;
use entities::id::EmployeeId;
use serde_json::{Value, json};
use tests::{Caller, Company, Introspection, key_of, opaque};

use super::{Table, callers, outcome};

/// The tables of what can be read.
pub(super) async fn tables(company: &Company<'_>, schema: &Introspection) -> Vec<Table> {
    let people = People::prepare(company).await;
    let callers = callers(company).await;
    let mut tables = vec![queries(company, schema, &callers).await];
    for (title, id) in [
        ("An employee's fields: one's own record", company.manager.id),
        ("An employee's fields: somebody who reports to one, not directly", people.report),
        ("An employee's fields: one's own manager", company.chief.id),
        ("An employee's fields: somebody else who has left", people.former),
    ] {
        tables.push(employee(schema, &callers, title, id).await);
    }
    // Last: whoever has left loses the reports.
    let hr = company.caller(Role::Hr);
    // By the domain alone: the API would end the memberships of all who ask here.
    let leave = domain::employee::Terminate {
        id: company.manager.id,
        terminated_on: chrono::NaiveDate::from_ymd_opt(2025, 6, 30).unwrap(),
        reason: Some("x".to_owned()),
        new_manager_id: None,
    };
    domain::employee::terminate(&company.scope(), &tests::owner(), leave).await.unwrap();
    tables.push(employee(schema, &callers, "An employee's fields: one's own record after leaving", company.manager.id).await);
    let back = json!({ "id": opaque(company.manager.id), "hiredOn": "2025-09-01" });
    hr.mutate("rehireEmployee", back, "__typename").await.data("");
    tables
}

struct People {
    report: EmployeeId,
    former: EmployeeId,
}

impl People {
    /// Gives everybody a value for every field, so that what is not shown is hidden and not missing.
    async fn prepare(company: &Company<'_>) -> Self {
        let hr = company.caller(Role::Hr);
        let location = json!({ "name": "Bern", "countryCode": "CH", "timeZone": "Europe/Zurich" });
        let location = hr.mutate("createLocation", location, "location { id }").await.text("/createLocation/location/id");
        let hire = async |name: &str, manager: EmployeeId| {
            let input = json!({
                "givenName": name, "familyName": "Example", "workEmail": format!("{name}@example.test"),
                "departmentId": opaque(company.department.id), "positionId": opaque(company.position.id),
                "managerId": opaque(manager), "hiredOn": "2024-03-01", "salary": { "amount": "1.00", "currency": "EUR" },
                "personal": { "birthDate": "1990-01-01", "personalEmail": "a@home.test", "phone": "1", "address": "1" },
            });
            let id = hr.mutate("hireEmployee", input, "employee { id }").await.text("/hireEmployee/employee/id");
            EmployeeId::from(key_of(&id))
        };
        let report = hire("report", company.member.id).await;
        let former = hire("former", company.chief.id).await;
        for id in [company.chief.id, company.manager.id, report, former].map(opaque) {
            hr.mutate("updateEmployee", json!({ "id": id, "preferredName": "Nick" }), "__typename").await.data("");
            hr.mutate("transferEmployee", json!({ "id": id, "locationId": location }), "__typename").await.data("");
        }
        hr.mutate("terminateEmployee", leave(former), "__typename").await.data("");
        Self { report, former }
    }
}

fn leave(id: EmployeeId) -> Value {
    json!({ "id": opaque(id), "terminatedOn": "2025-06-30", "reason": "Of own wish" })
}

async fn queries(company: &Company<'_>, schema: &Introspection, callers: &[Caller]) -> Table {
    let mut table = Table::new("Queries");
    for field in schema.fields("Query") {
        let operation = match field.name.as_str() {
            "tenant" => "{ tenant { slug } }".to_owned(),
            "viewer" => "{ viewer { role } }".to_owned(),
            "security" => "{ security { recoveryCodesLeft sessions { id } passkeys { id } } }".to_owned(),
            "employee" => format!("{{ employee(id: \"{}\") {{ id }} }}", opaque(company.colleague.id)),
            "employees" => "{ employees { totalCount nodes { id } } }".to_owned(),
            "department" => format!("{{ department(id: \"{}\") {{ name employeeCount }} }}", opaque(company.department.id)),
            "departments" => "{ departments { totalCount nodes { name } } }".to_owned(),
            "position" => format!("{{ position(id: \"{}\") {{ title employeeCount }} }}", opaque(company.position.id)),
            "positions" => "{ positions { totalCount nodes { title } } }".to_owned(),
            "locations" => "{ locations { totalCount nodes { name } } }".to_owned(),
            "members" => "{ members { totalCount nodes { role account { email } } } }".to_owned(),
            "invitations" => "{ invitations { totalCount nodes { email } } }".to_owned(),
            // Whoever has the token may read it; without one, there is nothing.
            "invitation" => "{ invitation(token: \"nonsense\") { email } }".to_owned(),
            "auditEvents" => "{ auditEvents { nodes { id } } }".to_owned(),
            "apiKeys" => "{ apiKeys { totalCount nodes { id } } }".to_owned(),
            "identityProvider" => "{ identityProvider { name } }".to_owned(),
            "domains" => "{ domains { redirectsToPrimary nodes { hostname } } }".to_owned(),
            "exports" => "{ exports { daysKept nodes { id } } }".to_owned(),
            "supportGrants" => "{ supportGrants { id } }".to_owned(),
            "node" => format!("{{ node(id: \"{}\") {{ id }} }}", opaque(company.colleague.id)),
            name => panic!("the matrix of permissions has no entry for the query {name}; add one in tests/suite/permissions"),
        };
        let mut cells = Vec::new();
        for caller in callers {
            cells.push(outcome(&caller.ask(&operation).await, &format!("/{}", field.name)));
        }
        table.add(field.name, cells);
    }
    table
}

/// Every field of one employee. What belongs to the employee alone, such as the salary, has a row for each of its parts.
async fn employee(schema: &Introspection, callers: &[Caller], title: &str, id: EmployeeId) -> Table {
    let mut table = Table::new(title);
    for field in schema.fields("Employee") {
        let (name, selection) = (&field.name, schema.selection(&field.kind));
        let query = format!("query($id: ID!) {{ employee(id: $id) {{ {name} {selection} }} }}");
        let mut answers = Vec::new();
        for caller in callers {
            answers.push(caller.ask_with(&query, json!({ "id": opaque(id) })).await);
        }
        let is_part = !schema.is_leaf(&field.kind)
            && !schema.implements(&field.kind, "Node")
            && !schema.fields(&field.kind).iter().any(|field| field.name == "nodes");
        if is_part {
            for part in schema.fields(&field.kind) {
                let pointer = format!("/employee/{name}/{}", part.name);
                let cell = |answer: &tests::Answer| {
                    let hidden = answer.body.pointer(&format!("/data/employee/{name}")).is_some_and(Value::is_null);
                    if hidden { "-".to_owned() } else { outcome(answer, &pointer) }
                };
                table.add(format!("{name}.{}", part.name), answers.iter().map(cell).collect());
            }
        } else {
            let pointer = format!("/employee/{name}");
            table.add(name, answers.iter().map(|answer| outcome(answer, &pointer)).collect());
        }
    }
    table
}
