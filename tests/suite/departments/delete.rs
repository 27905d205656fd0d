//! Deleting a department.

use domain::Role;
use serde_json::json;
use tests::{Server, key_of, opaque};

use super::{create, hire_into};

#[tokio::test]
async fn an_empty_department_is_deleted() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, "Empty", None).await;
    assert_eq!(hr.delete("deleteDepartment", &id).await.text("/deleteDepartment/deletedId"), id);
    assert_eq!(hr.delete("deleteDepartment", &id).await.code(), "NOT_FOUND");
    assert_eq!(company.deeds(key_of(&id)).await, ["department.created", "department.deleted"]);
    create(&hr, "Empty", None).await;
}

#[tokio::test]
async fn a_department_in_use_stays_and_the_answer_says_why() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, "Used", None).await;
    let child = create(&hr, "Child", Some(&id)).await;
    let before = company.contents().await;
    let answer = hr.delete("deleteDepartment", &id).await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", None));
    assert!(answer.message().contains("1 department below"), "{}", answer.message());
    assert_eq!(company.contents().await, before);

    hr.delete("deleteDepartment", &child).await.data("");
    let left = hire_into(&company, &hr, &id, "Left").await;
    hr.mutate("terminateEmployee", json!({ "id": left, "terminatedOn": "2025-06-30" }), "__typename").await.data("");
    hire_into(&company, &hr, &id, "Ann").await;
    let before = company.contents().await;
    let answer = hr.delete("deleteDepartment", &id).await;
    assert_eq!(answer.code(), "CONFLICT");
    assert!(answer.message().contains("2 employees"), "former ones count too: {}", answer.message());
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn nobody_is_hired_into_a_department_that_is_deleted_at_the_same_time() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for round in 0..5 {
        let id = create(&hr, &format!("D{round}"), None).await;
        let hire = json!({
            "givenName": "Late", "familyName": "Comer", "workEmail": format!("late{round}@example.test"),
            "departmentId": id, "positionId": opaque(company.position.id), "hiredOn": "2024-03-01",
        });
        let (deleted, hired) = tokio::join!(hr.delete("deleteDepartment", &id), hr.mutate("hireEmployee", hire, "__typename"));
        match (deleted.first_code(), hired.first_code()) {
            (None, Some("NOT_FOUND")) | (Some("CONFLICT"), None) => {}
            other => panic!("{other:?}"),
        }
    }
}
