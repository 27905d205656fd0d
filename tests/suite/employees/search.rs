//! The directory: filters and the search.

use std::collections::HashSet;

use domain::Role;
use serde_json::{Value, json};
use tests::{Caller, Server, opaque};

use super::{
    hire,
    list::{PAGE, page},
};

/// The given names of a filtered or searched list, in its order.
async fn names(caller: &Caller, variables: Value) -> Vec<String> {
    let page = page(caller, variables).await;
    let edges = page["edges"].as_array().unwrap();
    assert_eq!(page["totalCount"], edges.len(), "all are on one page");
    edges.iter().map(|edge| edge["node"]["givenName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn filters_narrow_the_list_and_all_must_hold() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let create = async |name: &str, parent: Option<&str>| {
        let input = json!({ "name": name, "parentId": parent });
        hr.mutate("createDepartment", input, "department { id }").await.text("/createDepartment/department/id")
    };
    let top = create("Top", None).await;
    let middle = create("Middle", Some(&top)).await;
    let bottom = create("Bottom", Some(&middle)).await;
    let position = hr.mutate("createPosition", json!({ "title": "Painter" }), "position { id }").await;
    let position = position.text("/createPosition/position/id");
    let location = json!({ "name": "Rome", "countryCode": "IT", "timeZone": "Europe/Rome" });
    let location = hr.mutate("createLocation", location, "location { id }").await.text("/createLocation/location/id");
    hire(&company, &hr, "Tom", json!({ "departmentId": top, "positionId": position })).await;
    hire(&company, &hr, "Mona", json!({ "departmentId": middle, "locationId": location, "employmentType": "INTERN" })).await;
    hire(&company, &hr, "Bob", json!({ "departmentId": bottom, "positionId": position, "locationId": location })).await;
    let manager = opaque(company.chief.id);

    let cases = [
        (json!({ "departmentId": top }), vec!["Bob", "Mona", "Tom"]),
        (json!({ "departmentId": top, "includeSubdepartments": true }), vec!["Bob", "Mona", "Tom"]),
        (json!({ "departmentId": top, "includeSubdepartments": false }), vec!["Tom"]),
        (json!({ "departmentId": middle }), vec!["Bob", "Mona"]),
        (json!({ "departmentId": bottom }), vec!["Bob"]),
        (json!({ "positionId": position }), vec!["Bob", "Tom"]),
        (json!({ "locationId": location }), vec!["Bob", "Mona"]),
        (json!({ "managerId": manager }), vec!["Cleo", "Max"]),
        (json!({ "employmentType": "INTERN" }), vec!["Mona"]),
        (json!({ "status": "TERMINATED" }), vec![]),
        (json!({ "departmentId": middle, "positionId": position, "locationId": location }), vec!["Bob"]),
        (json!({ "departmentId": middle, "positionId": position, "employmentType": "INTERN" }), vec![]),
        (json!({ "departmentId": null, "status": null, "includeSubdepartments": null }), {
            vec!["Chris", "Cleo", "Max", "Mia", "Bob", "Mona", "Tom"]
        }),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(&hr, json!({ "filter": filter })).await, expected, "{filter}");
    }
    // An empty department is not an unknown one.
    let empty = create("Empty", None).await;
    assert!(names(&hr, json!({ "filter": { "departmentId": empty } })).await.is_empty());
}

#[tokio::test]
async fn the_search_finds_words_wherever_they_are_and_takes_no_wildcards() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let position = hr.mutate("createPosition", json!({ "title": "Welder 50%" }), "position { id }").await;
    let position = position.text("/createPosition/position/id");
    let people = [
        ("Ann", json!({ "familyName": "O_Neil", "preferredName": "Annie" })),
        ("Ben", json!({ "familyName": "Back\\slash", "positionId": position })),
        ("Cem", json!({ "familyName": "Öztürk" })),
        ("Dan", json!({ "familyName": "O'Brien-Smith", "workEmail": "dan.of.sales@example.test" })),
    ];
    for (name, more) in people {
        hire(&company, &hr, name, more).await;
    }
    let cases: [(&str, &[&str]); 20] = [
        ("ann", &["Ann"]),
        ("ANNIE", &["Ann"]),
        ("nni", &["Ann"]),
        ("_", &["Ann"]),
        ("O_N", &["Ann"]),
        ("%", &["Ben"]),
        ("50%", &["Ben"]),
        ("\\", &["Ben"]),
        ("back\\slash", &["Ben"]),
        ("welder", &["Ben"]),
        ("ben welder", &["Ben"]),
        ("welder ben", &["Ben"]),
        ("ann welder", &[]),
        ("öztürk", &["Cem"]),
        ("ÖZTÜRK", &["Cem"]),
        ("o'brien", &["Dan"]),
        ("of.sales@", &["Dan"]),
        ("  mia   example  ", &["Mia"]),
        ("' OR '1'='1", &[]),
        ("zzz", &[]),
    ];
    for (search, expected) in cases {
        assert_eq!(names(&hr, json!({ "search": search })).await, expected, "{search}");
    }
    assert_eq!(names(&hr, json!({ "search": "   " })).await.len(), 8, "a blank search is none");
    let narrowed = json!({ "search": "example.test", "filter": { "positionId": position } });
    assert_eq!(names(&hr, narrowed).await, ["Ben"], "with a filter");
}

#[tokio::test]
async fn a_search_has_limits() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for search in ["x".repeat(201), "a ".repeat(11), "a\u{0}b".to_owned(), "a\nb\u{1b}".to_owned()] {
        let answer = hr.ask_with(PAGE, json!({ "search": search })).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("search")), "{search:?}");
    }
    for search in ["x".repeat(200), "a ".repeat(10)] {
        hr.ask_with(PAGE, json!({ "search": search })).await.data("");
    }
}

#[tokio::test]
async fn a_filter_by_something_unknown_or_of_another_tenant_is_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let location = json!({ "name": "Rome", "countryCode": "IT", "timeZone": "Europe/Rome" });
    let location = other.caller(Role::Hr).mutate("createLocation", location, "location { id }").await;
    for filter in [
        json!({ "departmentId": opaque(other.department.id) }),
        json!({ "departmentId": opaque(other.department.id), "includeSubdepartments": false }),
        json!({ "positionId": opaque(other.position.id) }),
        json!({ "locationId": location.text("/createLocation/location/id") }),
        json!({ "managerId": opaque(other.chief.id) }),
        json!({ "managerId": opaque(company.department.id) }),
        json!({ "departmentId": "nonsense" }),
    ] {
        assert_eq!(hr.ask_with(PAGE, json!({ "filter": filter })).await.code(), "NOT_FOUND", "{filter}");
    }
    // A cursor holds a place in the order, and no access to anything: it leads nowhere else.
    let there = page(&other.caller(Role::Hr), json!({})).await;
    let here = page(&hr, json!({ "after": there["pageInfo"]["startCursor"] })).await;
    let own: HashSet<String> =
        [&company.chief, &company.manager, &company.member, &company.colleague].map(|employee| opaque(employee.id)).into();
    for node in here["nodes"].as_array().unwrap() {
        assert!(own.contains(node["id"].as_str().unwrap()));
    }
}
