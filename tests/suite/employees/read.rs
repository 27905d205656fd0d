//! One employee, and those around it.

use domain::Role;
use entities::id::EmployeeId;
use serde_json::json;
use tests::{Server, nodes_of, opaque};

use super::hire;

#[tokio::test]
async fn an_employee_is_read_with_everything_around_it() {
    let server = Server::start().await;
    let company = server.company().await;
    let query = format!(
        "{{ employee(id: \"{}\") {{ name department {{ name employeeCount }} position {{ title employeeCount }}
            manager {{ name manager {{ name manager {{ id }} }} directReports {{ nodes {{ name }} }} }}
            directReports {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage }} }} }} }}",
        opaque(company.member.id)
    );
    let expected = json!({
        "name": "Mia Example",
        "department": { "name": "Workshop", "employeeCount": 4 },
        "position": { "title": "Mechanic", "employeeCount": 4 },
        "manager": {
            "name": "Max Example",
            "manager": { "name": "Chris Example", "manager": null },
            "directReports": { "nodes": [{ "name": "Mia Example" }] },
        },
        "directReports": { "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false } },
    });
    assert_eq!(company.caller(Role::Employee).ask(&query).await.data("/employee"), expected);
}

#[tokio::test]
async fn a_node_is_read_by_its_id_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let location = json!({ "name": "Bern", "countryCode": "CH", "timeZone": "Europe/Zurich" });
    let location = hr.mutate("createLocation", location, "location { id }").await.text("/createLocation/location/id");
    for (id, kind) in [
        (opaque(company.member.id), "Employee"),
        (opaque(company.department.id), "Department"),
        (opaque(company.position.id), "Position"),
        (location, "Location"),
    ] {
        let node = hr.ask(&format!("{{ node(id: \"{id}\") {{ __typename id }} }}")).await.data("/node");
        assert_eq!(node, json!({ "__typename": kind, "id": id }));
    }
}

#[tokio::test]
async fn direct_reports_are_paged() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let manager = opaque(company.member.id);
    let mut hired = Vec::new();
    for name in ["Ada", "Bea", "Cora", "Dora", "Edda"] {
        hired.push(hire(&company, &hr, name, json!({ "managerId": manager })).await);
    }
    let query = "query($id: ID!, $after: String) { employee(id: $id) { directReports(first: 2, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let pages = hr.pages(query, json!({ "id": manager }), "/employee/directReports").await;
    let seen: Vec<&str> = nodes_of(&pages).map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(seen, hired);
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    for role in Role::ALL {
        let caller = company.caller(role);
        for id in [opaque(other.member.id), opaque(EmployeeId::generate()), opaque(company.department.id), "x".to_owned()] {
            let answer = caller.ask(&format!("{{ employee(id: \"{id}\") {{ id }} }}")).await;
            assert_eq!(answer.code(), "NOT_FOUND", "{role} {id}");
            assert_eq!(answer.body["data"], json!({ "employee": null }));
        }
        for id in [opaque(other.member.id), opaque(other.department.id), opaque(other.position.id)] {
            let answer = caller.ask(&format!("{{ node(id: \"{id}\") {{ id }} }}")).await;
            assert_eq!(answer.code(), "NOT_FOUND", "{role} {id}");
        }
    }
    let anonymous = company.anonymous().ask(&format!("{{ employee(id: \"{}\") {{ id }} }}", opaque(company.member.id))).await;
    assert_eq!(anonymous.code(), "UNAUTHENTICATED");
}
