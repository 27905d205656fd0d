//! The list of departments.

use domain::Role;
use serde_json::json;
use tests::{Server, nodes_of};

use super::create;

#[tokio::test]
async fn the_list_is_by_name_and_paged() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let top = create(&hr, "Alpha", None).await;
    for name in ["Delta", "Bravo", "Echo", "Charlie"] {
        create(&hr, name, Some(&top)).await;
    }
    // Two of one name, in different places.
    create(&hr, "Delta", None).await;
    let member = company.caller(Role::Employee);
    let query = "query($after: String) { departments(first: 2, after: $after) {
        totalCount edges { cursor node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let pages = member.pages(query, json!({}), "/departments").await;
    for (index, page) in pages.iter().enumerate() {
        assert_eq!(page["totalCount"], 7);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], index > 0);
    }
    let names: Vec<&str> = nodes_of(&pages).map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Alpha", "Bravo", "Charlie", "Delta", "Delta", "Echo", "Workshop"]);
}

#[tokio::test]
async fn a_tenant_lists_its_own_departments_only() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    create(&other.caller(Role::Hr), "Secret", None).await;
    let list = company.caller(Role::Owner).ask("{ departments { totalCount nodes { name } } }").await;
    assert_eq!(list.data("/departments"), json!({ "totalCount": 1, "nodes": [{ "name": "Workshop" }] }));
    assert_eq!(company.anonymous().ask("{ departments { totalCount } }").await.code(), "UNAUTHENTICATED");
}
