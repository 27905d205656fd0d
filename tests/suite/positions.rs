//! Positions: what people are employed as.

use domain::Role;
use entities::id::PositionId;
use serde_json::json;
use tests::{Caller, Server, key_of, nodes_of, opaque};

async fn create(caller: &Caller, title: &str) -> String {
    let input = json!({ "title": title });
    caller.mutate("createPosition", input, "position { id }").await.text("/createPosition/position/id")
}

#[tokio::test]
async fn a_position_is_created_renamed_and_deleted() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, " Painter ").await;
    let input = json!({ "id": id, "title": "Varnisher" });
    let renamed = hr.mutate("renamePosition", input.clone(), "position { id title employeeCount }").await;
    assert_eq!(renamed.data("/renamePosition/position"), json!({ "id": id, "title": "Varnisher", "employeeCount": 0 }));
    let before = company.contents().await;
    hr.mutate("renamePosition", input, "__typename").await.data("");
    assert_eq!(company.contents().await, before, "the same title again");

    assert_eq!(hr.delete("deletePosition", &id).await.text("/deletePosition/deletedId"), id);
    assert_eq!(hr.ask(&format!("{{ position(id: \"{id}\") {{ id }} }}")).await.code(), "NOT_FOUND");
    assert_eq!(company.deeds(key_of(&id)).await, ["position.created", "position.renamed", "position.deleted"]);
}

#[tokio::test]
async fn titles_differ_whatever_their_case() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, "Painter").await;
    company.refuses(&hr, "createPosition", json!({ "title": "MECHANIC" }), "CONFLICT", Some("title")).await;
    company.refuses(&hr, "renamePosition", json!({ "id": id, "title": "mechanic" }), "CONFLICT", Some("title")).await;
    for title in [String::new(), " ".to_owned(), "x".repeat(101), "a\u{0}".to_owned()] {
        company.refuses(&hr, "createPosition", json!({ "title": title }), "BAD_USER_INPUT", Some("title")).await;
        let input = json!({ "id": id, "title": title });
        company.refuses(&hr, "renamePosition", input, "BAD_USER_INPUT", Some("title")).await;
    }
}

#[tokio::test]
async fn merging_gives_everyone_the_target() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let (source, target) = (opaque(company.position.id), create(&hr, "Engineer").await);
    let left = json!({ "id": opaque(company.colleague.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", left, "__typename").await.data("");
    let itself = json!({ "sourceId": source, "targetId": source });
    company.refuses(&hr, "mergePositions", itself, "BAD_USER_INPUT", Some("targetId")).await;

    let input = json!({ "sourceId": source, "targetId": target });
    let merged = hr.mutate("mergePositions", input, "position { id title employeeCount }").await;
    assert_eq!(merged.data("/mergePositions/position"), json!({ "id": target, "title": "Engineer", "employeeCount": 3 }));
    for (id, version) in [(company.member.id, 2), (company.colleague.id, 3)] {
        let employee = hr.ask(&format!("{{ employee(id: \"{}\") {{ version position {{ id }} }} }}", opaque(id))).await;
        assert_eq!(employee.data("/employee"), json!({ "version": version, "position": { "id": target } }));
    }
    assert_eq!(company.deeds(key_of(&target)).await, ["position.created", "position.merged"]);
}

#[tokio::test]
async fn a_position_that_somebody_holds_or_held_stays() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let left = json!({ "id": opaque(company.member.id), "terminatedOn": "2025-06-30" });
    hr.mutate("terminateEmployee", left, "__typename").await.data("");
    let before = company.contents().await;
    let answer = hr.delete("deletePosition", &opaque(company.position.id)).await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", None));
    assert!(answer.message().contains('4'), "{}", answer.message());
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn the_list_is_by_title_and_paged() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for title in ["Driver", "Accountant", "Cook", "Baker"] {
        create(&hr, title).await;
    }
    let query = "query($after: String) { positions(first: 2, after: $after) {
        totalCount nodes { title employeeCount } pageInfo { hasNextPage endCursor } } }";
    let pages = company.caller(Role::Employee).pages(query, json!({}), "/positions").await;
    assert!(pages.iter().all(|page| page["totalCount"] == 5), "{pages:?}");
    let titles: Vec<&str> = nodes_of(&pages).map(|node| node["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Accountant", "Baker", "Cook", "Driver", "Mechanic"]);
}

#[tokio::test]
async fn only_those_who_manage_the_organisation_change_positions() {
    let server = Server::start().await;
    let company = server.company().await;
    let id = opaque(company.position.id);
    for (role, code) in [(Some(Role::Manager), "FORBIDDEN"), (Some(Role::Employee), "FORBIDDEN"), (None, "UNAUTHENTICATED")] {
        let caller = role.map_or_else(|| company.anonymous(), |role| company.caller(role));
        for (mutation, input) in [
            ("createPosition", json!({ "title": "New" })),
            ("renamePosition", json!({ "id": id, "title": "New" })),
            ("mergePositions", json!({ "sourceId": id, "targetId": id })),
        ] {
            company.refuses(&caller, mutation, input, code, None).await;
        }
        assert_eq!(caller.delete("deletePosition", &id).await.code(), code);
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let elsewhere = other.contents().await;
    let here = opaque(company.position.id);
    for id in [opaque(other.position.id), opaque(PositionId::generate()), opaque(company.department.id), "x".to_owned()] {
        for (mutation, input) in [
            ("renamePosition", json!({ "id": id, "title": "New" })),
            ("mergePositions", json!({ "sourceId": id, "targetId": here })),
            ("mergePositions", json!({ "sourceId": here, "targetId": id })),
        ] {
            company.refuses(&hr, mutation, input, "NOT_FOUND", None).await;
        }
        assert_eq!(hr.delete("deletePosition", &id).await.code(), "NOT_FOUND");
        let answer = hr.ask_with("query($id: ID!) { position(id: $id) { title } }", json!({ "id": id })).await;
        assert_eq!(answer.code(), "NOT_FOUND");
    }
    assert_eq!(other.contents().await, elsewhere);
    let list = hr.ask("{ positions { totalCount } }").await;
    assert_eq!(list.data("/positions/totalCount"), 1);
}
