//! Employees: what each verb does, what it refuses, and how they are listed.

mod change_manager;
mod hire;
mod list;
mod read;
mod rehire;
mod search;
mod terminate;
mod transfer;
mod update;

use serde_json::{Value, json};
use tests::{Caller, Company, opaque};

/// What of an employee most tests look at.
const EMPLOYEE: &str = "employee { id employeeNumber givenName familyName preferredName name workEmail employmentType status \
    hiredOn terminatedOn version department { id } position { id } location { id } manager { id } \
    personal { birthDate personalEmail phone address terminationReason } salary { amount currency } createdAt updatedAt }";

/// The input for hiring somebody of this name, with nothing that may be left out.
fn newcomer(company: &Company, given_name: &str) -> Value {
    json!({
        "givenName": given_name,
        "familyName": "Newcomer",
        "workEmail": format!("{}.newcomer@example.test", given_name.to_lowercase()),
        "departmentId": opaque(company.department.id),
        "positionId": opaque(company.position.id),
        "hiredOn": "2024-03-01",
    })
}

/// An input with some fields set or replaced.
fn with(mut input: Value, changes: Value) -> Value {
    if let (Some(fields), Value::Object(changes)) = (input.as_object_mut(), changes) {
        fields.extend(changes);
    }
    input
}

/// Hires somebody, and gives the opaque id.
async fn hire(company: &Company<'_>, caller: &Caller, given_name: &str, more: Value) -> String {
    let input = with(newcomer(company, given_name), more);
    caller.mutate("hireEmployee", input, "employee { id }").await.text("/hireEmployee/employee/id")
}

/// An employee as it is now.
async fn read(caller: &Caller, id: &str) -> Value {
    let query = format!("query($id: ID!) {{ {} }}", EMPLOYEE.replacen("employee", "employee(id: $id)", 1));
    caller.ask_with(&query, json!({ "id": id })).await.data("/employee")
}
