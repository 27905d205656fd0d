//! Locations: where people work.

use domain::Role;
use entities::id::LocationId;
use serde_json::json;
use tests::{Caller, Server, key_of, opaque};

async fn create(caller: &Caller, name: &str) -> String {
    let input = json!({ "name": name, "countryCode": "DE", "timeZone": "Europe/Berlin" });
    caller.mutate("createLocation", input, "location { id }").await.text("/createLocation/location/id")
}

#[tokio::test]
async fn a_location_is_created_renamed_and_deleted() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let input = json!({ "name": " São Paulo ", "countryCode": "br", "timeZone": "America/Sao_Paulo" });
    let created = hr.mutate("createLocation", input, "location { id name countryCode timeZone }").await;
    let created = created.data("/createLocation/location");
    let id = created["id"].as_str().unwrap();
    let expected = json!({ "id": id, "name": "São Paulo", "countryCode": "BR", "timeZone": "America/Sao_Paulo" });
    assert_eq!(created, expected);

    let input = json!({ "id": id, "name": "Centro" });
    hr.mutate("renameLocation", input.clone(), "__typename").await.data("");
    let before = company.contents().await;
    hr.mutate("renameLocation", input, "__typename").await.data("");
    assert_eq!(company.contents().await, before, "the same name again");

    assert_eq!(hr.delete("deleteLocation", id).await.text("/deleteLocation/deletedId"), id);
    assert_eq!(hr.ask(&format!("{{ node(id: \"{id}\") {{ id }} }}")).await.code(), "NOT_FOUND");
    assert_eq!(company.deeds(key_of(id)).await, ["location.created", "location.renamed", "location.deleted"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_field() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, "Berlin").await;
    let good = json!({ "name": "New", "countryCode": "DE", "timeZone": "Europe/Berlin" });
    for (field, value, code) in [
        ("name", json!(""), "BAD_USER_INPUT"),
        ("name", json!("x".repeat(101)), "BAD_USER_INPUT"),
        ("name", json!("BERLIN"), "CONFLICT"),
        ("countryCode", json!(""), "BAD_USER_INPUT"),
        ("countryCode", json!("DEU"), "BAD_USER_INPUT"),
        ("countryCode", json!("QQ"), "BAD_USER_INPUT"),
        ("countryCode", json!("D'"), "BAD_USER_INPUT"),
        ("timeZone", json!(""), "BAD_USER_INPUT"),
        ("timeZone", json!("Europe/Atlantis"), "BAD_USER_INPUT"),
        ("timeZone", json!("CEST"), "BAD_USER_INPUT"),
        ("timeZone", json!("+02:00"), "BAD_USER_INPUT"),
        ("timeZone", json!("posix/Europe/Berlin"), "BAD_USER_INPUT"),
    ] {
        let mut input = good.clone();
        input[field] = value;
        company.refuses(&hr, "createLocation", input, code, Some(field)).await;
    }
    create(&hr, "Hamburg").await;
    company.refuses(&hr, "renameLocation", json!({ "id": id, "name": "hamburg" }), "CONFLICT", Some("name")).await;
    company.refuses(&hr, "renameLocation", json!({ "id": id, "name": " " }), "BAD_USER_INPUT", Some("name")).await;
}

#[tokio::test]
async fn a_location_where_somebody_works_or_worked_stays() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = create(&hr, "Berlin").await;
    let member = opaque(company.member.id);
    hr.mutate("transferEmployee", json!({ "id": member, "locationId": id }), "__typename").await.data("");
    hr.mutate("terminateEmployee", json!({ "id": member, "terminatedOn": "2025-06-30" }), "__typename").await.data("");
    let before = company.contents().await;
    let answer = hr.delete("deleteLocation", &id).await;
    assert_eq!((answer.code(), answer.field()), ("CONFLICT", None));
    assert!(answer.message().contains('1'), "{}", answer.message());
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn the_list_is_by_name_and_paged() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for name in ["Bonn", "Aachen", "Celle"] {
        create(&hr, name).await;
    }
    let query = "query($after: String) { locations(first: 1, after: $after) {
        totalCount nodes { name } pageInfo { hasNextPage endCursor } } }";
    let pages = company.caller(Role::Employee).pages(query, json!({}), "/locations").await;
    assert!(pages.iter().all(|page| page["totalCount"] == 3), "{pages:?}");
    let names: Vec<&str> = pages.iter().map(|page| page["nodes"][0]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Aachen", "Bonn", "Celle"]);
}

#[tokio::test]
async fn only_those_who_manage_the_organisation_change_locations() {
    let server = Server::start().await;
    let company = server.company().await;
    let id = create(&company.caller(Role::Hr), "Berlin").await;
    for (role, code) in [(Some(Role::Manager), "FORBIDDEN"), (Some(Role::Employee), "FORBIDDEN"), (None, "UNAUTHENTICATED")] {
        let caller = role.map_or_else(|| company.anonymous(), |role| company.caller(role));
        let input = json!({ "name": "New", "countryCode": "DE", "timeZone": "Europe/Berlin" });
        company.refuses(&caller, "createLocation", input, code, None).await;
        company.refuses(&caller, "renameLocation", json!({ "id": id, "name": "New" }), code, None).await;
        assert_eq!(caller.delete("deleteLocation", &id).await.code(), code);
    }
}

#[tokio::test]
async fn unknown_ids_and_those_of_another_tenant_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let hr = company.caller(Role::Hr);
    let there = create(&other.caller(Role::Hr), "Berlin").await;
    let elsewhere = other.contents().await;
    for id in [there, opaque(LocationId::generate()), opaque(company.department.id), "x".to_owned()] {
        company.refuses(&hr, "renameLocation", json!({ "id": id, "name": "New" }), "NOT_FOUND", None).await;
        assert_eq!(hr.delete("deleteLocation", &id).await.code(), "NOT_FOUND");
        let answer = hr.ask_with("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        // An id of another type may well be a node.
        assert_eq!(answer.first_code(), (id != opaque(company.department.id)).then_some("NOT_FOUND"));
    }
    assert_eq!(other.contents().await, elsewhere);
    assert_eq!(hr.ask("{ locations { totalCount } }").await.data("/locations/totalCount"), 0);
}
