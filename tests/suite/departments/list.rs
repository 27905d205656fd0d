//! The list of departments.

use domain::Role;
use serde_json::{Value, json};
use tests::Server;

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
    let mut names = Vec::new();
    let mut after = Value::Null;
    loop {
        let query = "query($after: String) { departments(first: 2, after: $after) {
            totalCount edges { cursor node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
        let page = member.ask_with(query, json!({ "after": after })).await.data("/departments");
        assert_eq!(page["totalCount"], 7);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !names.is_empty());
        names.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
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
