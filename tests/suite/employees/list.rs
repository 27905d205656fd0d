//! The directory: its orders and pages.

use std::collections::HashSet;

use domain::Role;
use serde_json::{Value, json};
use tests::{Caller, Company, Server};

use super::{hire, with};

pub(super) const PAGE: &str =
    "query($first: Int, $after: String, $last: Int, $before: String, $filter: EmployeeFilter, $search: String,
        $order: EmployeeOrder) {
    employees(first: $first, after: $after, last: $last, before: $before, filter: $filter, search: $search, orderBy: $order) {
        edges { cursor node { id familyName givenName hiredOn employeeNumber } }
        nodes { id }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
    }
}";

pub(super) async fn page(caller: &Caller, variables: Value) -> Value {
    caller.ask_with(PAGE, variables).await.data("/employees")
}

/// Twenty more people, some of the same name, some hired on the same day.
async fn crowd(company: &Company<'_>, hr: &Caller) {
    for number in 0..20 {
        let more = json!({
            "givenName": format!("G{}", number % 3),
            "familyName": format!("F{}", number % 4),
            "workEmail": format!("crowd{number}@example.test"),
            "hiredOn": format!("2024-01-0{}", 1 + number % 5),
        });
        hire(company, hr, "Crowd", more).await;
    }
}

#[tokio::test]
async fn every_page_of_every_order_in_both_directions_gives_each_employee_once() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    crowd(&company, &hr).await;
    for field in ["NAME", "HIRED_ON", "EMPLOYEE_NUMBER"] {
        let mut by_direction = Vec::new();
        for direction in ["ASC", "DESC"] {
            let order = json!({ "order": { "field": field, "direction": direction } });
            let whole = page(&hr, with(json!({ "first": 100 }), order.clone())).await;
            let whole: Vec<Value> = whole["edges"].as_array().unwrap().clone();
            assert_eq!(whole.len(), 24);
            assert_sorted(&whole, field, direction);
            for size in [1, 5, 24] {
                assert_eq!(forwards(&hr, &order, size).await, whole, "{field} {direction} {size} forwards");
                assert_eq!(backwards(&hr, &order, size).await, whole, "{field} {direction} {size} backwards");
            }
            by_direction.push(whole);
        }
        by_direction[1].reverse();
        assert_eq!(by_direction[0], by_direction[1], "{field} the other way round");
    }
}

fn assert_sorted(edges: &[Value], field: &str, direction: &str) {
    let key = |edge: &Value| {
        let of = |name: &str| edge["node"][name].as_str().unwrap_or_default().to_owned();
        match field {
            "NAME" => (of("familyName"), of("givenName"), 0),
            "HIRED_ON" => (of("hiredOn"), String::new(), 0),
            _ => (String::new(), String::new(), edge["node"]["employeeNumber"].as_i64().unwrap()),
        }
    };
    let keys: Vec<_> = edges.iter().map(key).collect();
    let sorted = if direction == "ASC" { keys.is_sorted() } else { keys.iter().rev().is_sorted() };
    assert!(sorted, "{field} {direction} {keys:?}");
}

async fn forwards(caller: &Caller, order: &Value, size: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = page(caller, with(json!({ "first": size, "after": after }), order.clone())).await;
        assert_eq!(page["totalCount"], 24);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !all.is_empty());
        all.extend(edges_of(&page));
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        assert!(all.len() < 24, "there is no end");
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn backwards(caller: &Caller, order: &Value, size: usize) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut before = Value::Null;
    loop {
        let page = page(caller, with(json!({ "last": size, "before": before }), order.clone())).await;
        assert_eq!(page["pageInfo"]["hasNextPage"], !all.is_empty());
        all.splice(0..0, edges_of(&page));
        if page["pageInfo"]["hasPreviousPage"] == false {
            return all;
        }
        assert!(all.len() < 24, "there is no end");
        before = page["pageInfo"]["startCursor"].clone();
    }
}

/// The edges of a page, of which edges, nodes and page info agree.
fn edges_of(page: &Value) -> Vec<Value> {
    let edges = page["edges"].as_array().unwrap().clone();
    let ids = |list: &[Value], at: &str| list.iter().map(|row| row.pointer(at).unwrap().clone()).collect::<Vec<_>>();
    assert_eq!(ids(&edges, "/node/id"), ids(page["nodes"].as_array().unwrap(), "/id"));
    assert_eq!(page["pageInfo"]["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
    assert_eq!(page["pageInfo"]["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
    edges
}

#[tokio::test]
async fn a_page_between_two_cursors_holds_what_is_between_them() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let whole = page(&hr, json!({})).await;
    let cursor = |index: usize| whole["edges"][index]["cursor"].clone();
    let middle = page(&hr, json!({ "after": cursor(0), "before": cursor(3) })).await;
    assert_eq!(middle["edges"].as_array().unwrap()[..], whole["edges"].as_array().unwrap()[1..3]);
    let nothing = page(&hr, json!({ "after": cursor(3), "before": cursor(0) })).await;
    assert_eq!(nothing["edges"], json!([]));
    assert_eq!(nothing["pageInfo"]["startCursor"], Value::Null);
    assert_eq!(nothing["totalCount"], 4, "the whole list is counted, not the page");
}

#[tokio::test]
async fn somebody_hired_or_gone_in_between_disturbs_no_page() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let first = page(&hr, json!({ "first": 2 })).await;
    // The one whom the cursor names leaves, and somebody comes before it.
    let named = first["edges"][1]["node"]["id"].clone();
    hr.mutate("terminateEmployee", json!({ "id": named, "terminatedOn": "2025-01-31" }), "__typename").await.data("");
    hire(&company, &hr, "Aaron", json!({ "familyName": "Aalto" })).await;
    let second = page(&hr, json!({ "first": 10, "after": first["pageInfo"]["endCursor"] })).await;
    let seen = |page: &Value| {
        page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect::<HashSet<_>>()
    };
    assert!(seen(&first).is_disjoint(&seen(&second)));
    assert_eq!(seen(&first).len() + seen(&second).len(), 4);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_order() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let fields = ["NAME", "HIRED_ON", "EMPLOYEE_NUMBER"];
    for of in fields {
        let cursor = page(&hr, json!({ "order": { "field": of } })).await["pageInfo"]["startCursor"].clone();
        for field in fields {
            for argument in ["after", "before"] {
                let answer = hr.ask_with(PAGE, json!({ argument: cursor, "order": { "field": field } })).await;
                let refused = (of != field).then_some(("BAD_USER_INPUT", argument));
                assert_eq!(answer.first_code().zip(answer.field()), refused, "{of} {field}");
            }
        }
    }
}

#[tokio::test]
async fn names_are_ordered_in_every_language_and_come_back_from_their_cursors() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let people = ["Æther", "zoë", "Zoë", "張偉", "محمد", "Ångström", "O'Brien", "👩‍🔧", "Łukasz", "e\u{301}lan"];
    for (index, name) in people.iter().enumerate() {
        let more = json!({ "givenName": name, "familyName": name, "workEmail": format!("p{index}@example.test") });
        hire(&company, &hr, "Somebody", more).await;
    }
    let pages = hr.pages(PAGE, json!({ "first": 1 }), "/employees").await;
    let seen: Vec<&str> = pages.iter().map(|page| page["edges"][0]["node"]["givenName"].as_str().unwrap()).collect();
    assert_eq!(seen.len(), 14);
    let distinct: HashSet<&str> = seen.iter().copied().collect();
    assert!(people.iter().all(|name| distinct.contains(name)), "{seen:?}");
}
