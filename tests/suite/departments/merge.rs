//! Merging departments.

use domain::Role;
use serde_json::{Value, json};
use tests::{Server, key_of, opaque};

use super::{create, hire_into, read};

fn into(source: &str, target: &str) -> Value {
    json!({ "sourceId": source, "targetId": target })
}

#[tokio::test]
async fn everything_of_the_source_goes_to_the_target() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let source = create(&hr, "Source", None).await;
    let child = create(&hr, "Child", Some(&source)).await;
    let target = opaque(company.department.id);
    let ann = hire_into(&company, &hr, &source, "Ann").await;
    let left = hire_into(&company, &hr, &source, "Left").await;
    hr.mutate("terminateEmployee", json!({ "id": left, "terminatedOn": "2025-06-30" }), "__typename").await.data("");

    let selection = "department { id name employeeCount children { id } }";
    let merged = hr.mutate("mergeDepartments", into(&source, &target), selection).await;
    let expected = json!({ "id": target, "name": "Workshop", "employeeCount": 5, "children": [{ "id": child }] });
    assert_eq!(merged.data("/mergeDepartments/department"), expected);
    let gone = hr.ask(&format!("{{ department(id: \"{source}\") {{ id }} }}")).await;
    assert_eq!(gone.code(), "NOT_FOUND");
    for (id, version) in [(&ann, 2), (&left, 3)] {
        let employee = hr.ask(&format!("{{ employee(id: \"{id}\") {{ version department {{ id }} }} }}")).await;
        assert_eq!(employee.data("/employee"), json!({ "version": version, "department": { "id": target } }));
    }
    let query = format!("{{ auditEvents(subjectId: \"{target}\", first: 1) {{ nodes {{ action changes }} }} }}");
    let event = hr.ask(&query).await.data("/auditEvents/nodes/0");
    assert_eq!(event["action"], "department.merged");
    assert_eq!(event["changes"]["merged"]["to"], json!({ "id": key_of(&source), "name": "Source" }));
    assert_eq!(event["changes"]["employees"]["to"], 2);
}

#[tokio::test]
async fn a_target_below_the_source_takes_its_place() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let top = create(&hr, "Top", None).await;
    let source = create(&hr, "Source", Some(&top)).await;
    let middle = create(&hr, "Middle", Some(&source)).await;
    // Of the source's own name, whose place it takes.
    let target = create(&hr, "Source", Some(&middle)).await;
    hr.mutate("mergeDepartments", into(&source, &target), "__typename").await.data("");
    let merged = read(&hr, &target).await;
    assert_eq!(merged["parent"]["id"], top);
    assert_eq!(merged["children"], json!([{ "id": middle, "name": "Middle" }]));
    assert!(read(&hr, &middle).await["children"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_merged_stays_as_it_is() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let source = create(&hr, "Source", None).await;
    let target = create(&hr, "Target", None).await;
    hire_into(&company, &hr, &source, "Ann").await;
    company.refuses(&hr, "mergeDepartments", into(&source, &source), "BAD_USER_INPUT", Some("targetId")).await;
    create(&hr, "Same", Some(&source)).await;
    create(&hr, "SAME", Some(&target)).await;
    company.refuses(&hr, "mergeDepartments", into(&source, &target), "CONFLICT", Some("name")).await;
}

#[tokio::test]
async fn two_merges_into_each_other_at_once_leave_one_department() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (a, b) = (create(&hr, "A", None).await, create(&hr, "B", None).await);
    hire_into(&company, &hr, &a, "Ann").await;
    hire_into(&company, &hr, &b, "Ben").await;
    let (one, other) = tokio::join!(
        hr.mutate("mergeDepartments", into(&a, &b), "__typename"),
        hr.mutate("mergeDepartments", into(&b, &a), "__typename")
    );
    let mut codes = [one.first_code(), other.first_code()];
    codes.sort_unstable();
    assert_eq!(codes, [None, Some("NOT_FOUND")]);
    let left = if one.first_code().is_none() { b } else { a };
    assert_eq!(read(&hr, &left).await["employeeCount"], 2);
}
