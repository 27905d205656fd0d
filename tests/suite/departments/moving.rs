//! Moving a department in the tree.

use domain::Role;
use serde_json::{Value, json};
use tests::{Server, key_of};

use super::{create, read};

fn to(id: &str, parent: &str) -> Value {
    json!({ "id": id, "parentId": parent })
}

#[tokio::test]
async fn a_department_moves_with_all_below_it_and_back_to_the_top() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (a, b) = (create(&hr, "A", None).await, create(&hr, "B", None).await);
    let a1 = create(&hr, "A1", Some(&a)).await;
    let moved = hr.mutate("moveDepartment", to(&a, &b), "department { parent { id name } children { id } }").await;
    let expected = json!({ "parent": { "id": b, "name": "B" }, "children": [{ "id": a1 }] });
    assert_eq!(moved.data("/moveDepartment/department"), expected);
    hr.mutate("moveDepartment", json!({ "id": a1, "parentId": null }), "__typename").await.data("");
    assert!(read(&hr, &a1).await["parent"].is_null());
    assert_eq!(company.deeds(key_of(&a)).await, ["department.created", "department.moved"]);

    let before = company.contents().await;
    hr.mutate("moveDepartment", to(&a, &b), "__typename").await.data("");
    assert_eq!(company.contents().await, before, "it is there already");
}

#[tokio::test]
async fn there_are_no_cycles() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let a = create(&hr, "A", None).await;
    let b = create(&hr, "B", Some(&a)).await;
    let c = create(&hr, "C", Some(&b)).await;
    for (id, below) in [(&a, &a), (&a, &b), (&a, &c), (&b, &c)] {
        company.refuses(&hr, "moveDepartment", to(id, below), "CONFLICT", Some("parentId")).await;
    }
}

#[tokio::test]
async fn two_moves_at_once_make_no_cycle() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for round in 0..5 {
        let (a, b) = (create(&hr, &format!("A{round}"), None).await, create(&hr, &format!("B{round}"), None).await);
        let below = create(&hr, "Below", Some(&b)).await;
        let (down, up) = tokio::join!(
            hr.mutate("moveDepartment", to(&a, &below), "__typename"),
            hr.mutate("moveDepartment", to(&b, &a), "__typename")
        );
        let mut codes = [down.first_code(), up.first_code()];
        codes.sort_unstable();
        assert_eq!(codes, [None, Some("CONFLICT")], "{} {}", down.body, up.body);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_at_the_new_place_is_a_conflict() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let top = create(&hr, "Top", None).await;
    create(&hr, "WORKSHOP", Some(&top)).await;
    let workshop = tests::opaque(company.department.id);
    company.refuses(&hr, "moveDepartment", to(&workshop, &top), "CONFLICT", Some("name")).await;
}
