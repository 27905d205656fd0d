//! Departments: what each verb does, what it refuses, and how they hang together.

mod change;
mod delete;
mod list;
mod merge;
mod moving;

use serde_json::{Value, json};
use tests::{Caller, Company, opaque};

/// Makes a department, and gives its opaque id.
async fn create(caller: &Caller, name: &str, parent: Option<&str>) -> String {
    let input = json!({ "name": name, "parentId": parent });
    caller.mutate("createDepartment", input, "department { id }").await.text("/createDepartment/department/id")
}

/// Hires somebody into a department, and gives the opaque id.
async fn hire_into(company: &Company<'_>, caller: &Caller, department: &str, name: &str) -> String {
    let input = json!({
        "givenName": name, "familyName": "Hired", "workEmail": format!("{}@hired.test", name.to_lowercase()),
        "departmentId": department, "positionId": opaque(company.position.id), "hiredOn": "2024-03-01",
    });
    caller.mutate("hireEmployee", input, "employee { id }").await.text("/hireEmployee/employee/id")
}

/// A department as it is now.
async fn read(caller: &Caller, id: &str) -> Value {
    let query = "query($id: ID!) { department(id: $id) {
        id name parent { id } children { id name } employeeCount createdAt updatedAt } }";
    caller.ask_with(query, json!({ "id": id })).await.data("/department")
}
