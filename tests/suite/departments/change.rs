//! Creating and renaming.

use domain::Role;
use entities::id::DepartmentId;
use serde_json::{Value, json};
use tests::{Server, key_of, opaque};

use super::{create, read};

#[tokio::test]
async fn a_department_is_created_and_renamed() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let top = create(&hr, "  Engineering ", None).await;
    let below = create(&hr, "Tools", Some(&top)).await;
    let department = read(&hr, &top).await;
    assert_eq!(department["name"], "Engineering");
    assert_eq!(department["children"], json!([{ "id": below, "name": "Tools" }]));
    assert_eq!(department["parent"], Value::Null);
    assert_eq!(department["employeeCount"], 0);
    assert_eq!(read(&hr, &below).await["parent"]["id"], top);

    let input = json!({ "id": below, "name": "Tooling" });
    let renamed = hr.mutate("renameDepartment", input, "department { name updatedAt }").await;
    assert_eq!(renamed.text("/renameDepartment/department/name"), "Tooling");
    assert_ne!(renamed.data("/renameDepartment/department/updatedAt"), department["updatedAt"]);
    assert_eq!(company.deeds(key_of(&below)).await, ["department.created", "department.renamed"]);

    let query = format!("{{ auditEvents(subjectId: \"{below}\") {{ nodes {{ changes }} }} }}");
    let expected = json!([
        { "changes": { "name": { "from": "Tools", "to": "Tooling" } } },
        { "changes": { "name": { "from": null, "to": "Tools" }, "parentId": { "from": null, "to": key_of(&top) } } },
    ]);
    assert_eq!(hr.ask(&query).await.data("/auditEvents/nodes"), expected);
}

#[tokio::test]
async fn the_same_name_again_leaves_no_trace_and_another_case_is_a_change() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.department.id);
    let before = company.contents().await;
    hr.mutate("renameDepartment", json!({ "id": id, "name": " Workshop " }), "__typename").await.data("");
    assert_eq!(company.contents().await, before);
    hr.mutate("renameDepartment", json!({ "id": id, "name": "WORKSHOP" }), "__typename").await.data("");
    assert_eq!(read(&hr, &id).await["name"], "WORKSHOP");
}

#[tokio::test]
async fn siblings_have_different_names_whatever_their_case() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let top = create(&hr, "Über", None).await;
    let inner = create(&hr, "Inner", Some(&top)).await;
    let other = create(&hr, "Other", Some(&top)).await;
    create(&hr, "Über", Some(&top)).await;
    for (mutation, input) in [
        ("createDepartment", json!({ "name": "über" })),
        ("createDepartment", json!({ "name": "ÜBER" })),
        ("createDepartment", json!({ "name": "INNER", "parentId": top })),
        ("renameDepartment", json!({ "id": other, "name": "inner" })),
        ("renameDepartment", json!({ "id": opaque(company.department.id), "name": "über" })),
    ] {
        company.refuses(&hr, mutation, input, "CONFLICT", Some("name")).await;
    }
    let codes = tokio::join!(
        hr.mutate("createDepartment", json!({ "name": "Race", "parentId": inner }), "__typename"),
        hr.mutate("createDepartment", json!({ "name": "race", "parentId": inner }), "__typename"),
    );
    let mut codes = [codes.0.first_code(), codes.1.first_code()];
    codes.sort_unstable();
    assert_eq!(codes, [None, Some("CONFLICT")]);
}

#[tokio::test]
async fn names_that_make_no_sense_are_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for name in [String::new(), "  ".to_owned(), "x".repeat(101), "a\u{0}b".to_owned(), "a\nb".to_owned()] {
        let id = opaque(company.department.id);
        company.refuses(&hr, "createDepartment", json!({ "name": name }), "BAD_USER_INPUT", Some("name")).await;
        company.refuses(&hr, "renameDepartment", json!({ "id": id, "name": name }), "BAD_USER_INPUT", Some("name")).await;
    }
    create(&hr, &"ß".repeat(100), None).await;
}

#[tokio::test]
async fn only_those_who_manage_the_organisation_change_departments() {
    let server = Server::start().await;
    let company = server.company().await;
    let id = opaque(company.department.id);
    for (role, code) in [(Some(Role::Manager), "FORBIDDEN"), (Some(Role::Employee), "FORBIDDEN"), (None, "UNAUTHENTICATED")] {
        let caller = role.map_or_else(|| company.anonymous(), |role| company.caller(role));
        for (mutation, input) in [
            ("createDepartment", json!({ "name": "New" })),
            ("renameDepartment", json!({ "id": id, "name": "New" })),
            ("moveDepartment", json!({ "id": id })),
            ("mergeDepartments", json!({ "sourceId": id, "targetId": id })),
        ] {
            company.refuses(&caller, mutation, input, code, None).await;
        }
        assert_eq!(caller.delete("deleteDepartment", &id).await.code(), code);
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let elsewhere = other.contents().await;
    let here = opaque(company.department.id);
    for id in [opaque(other.department.id), opaque(DepartmentId::generate()), opaque(company.position.id), "x".to_owned()] {
        for (mutation, input) in [
            ("createDepartment", json!({ "name": "New", "parentId": id })),
            ("renameDepartment", json!({ "id": id, "name": "New" })),
            ("moveDepartment", json!({ "id": id })),
            ("moveDepartment", json!({ "id": here, "parentId": id })),
            ("mergeDepartments", json!({ "sourceId": id, "targetId": here })),
            ("mergeDepartments", json!({ "sourceId": here, "targetId": id })),
        ] {
            company.refuses(&hr, mutation, input, "NOT_FOUND", None).await;
        }
        assert_eq!(hr.delete("deleteDepartment", &id).await.code(), "NOT_FOUND");
        let answer = hr.ask_with("query($id: ID!) { department(id: $id) { name } }", json!({ "id": id })).await;
        assert_eq!(answer.code(), "NOT_FOUND");
    }
    assert_eq!(other.contents().await, elsewhere);
}
