//! Pages and cursors that make no sense.

use domain::Role;
use serde_json::json;
use tests::{Caller, Server, opaque};

/// Each list, with the most rows of its pages and whether it is read from its end as well.
const LISTS: [(&str, i32, bool); 5] = [
    ("employees", 100, true),
    ("departments", 500, false),
    ("positions", 500, false),
    ("locations", 500, false),
    ("auditEvents", 100, false),
];

async fn ask_list(caller: &Caller, list: &str, arguments: &str) -> tests::Answer {
    caller.ask(&format!("{{ {list}({arguments}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}")).await
}

#[tokio::test]
async fn pages_have_a_sensible_size() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for (list, most, both_ways) in LISTS {
        let arguments: &[&str] = if both_ways { &["first", "last"] } else { &["first"] };
        for argument in arguments {
            for size in [0, -1, most + 1, i32::MIN, i32::MAX] {
                let answer = ask_list(&hr, list, &format!("{argument}: {size}")).await;
                assert_eq!(answer.first_code(), Some("BAD_USER_INPUT"), "{list} {argument} {size}");
                // A very large page is refused by the cost before anything is looked at.
                let by_cost = answer.body.pointer("/errors/0/extensions/limit").is_some();
                assert!(by_cost || answer.field() == Some(argument), "{list} {argument} {size} {}", answer.body);
            }
            for size in [1, most] {
                ask_list(&hr, list, &format!("{argument}: {size}")).await.data("");
            }
        }
    }
    let answer = ask_list(&hr, "employees", "first: 1, last: 1").await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("last")));
}

#[tokio::test]
async fn cursors_are_those_of_their_list() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let location = json!({ "name": "Here", "countryCode": "DE", "timeZone": "Europe/Berlin" });
    hr.mutate("createLocation", location, "__typename").await.data("");
    let mut cursors = Vec::new();
    for (list, _, _) in LISTS {
        cursors.push((list, ask_list(&hr, list, "first: 1").await.text(&format!("/{list}/pageInfo/endCursor"))));
    }
    let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
    let garbage = [
        String::new(),
        " ".to_owned(),
        "0".to_owned(),
        "null".to_owned(),
        "!!!".to_owned(),
        "é".to_owned(),
        opaque(company.member.id),
        "A".repeat(10_000),
        encode(b"null"),
        encode(b"{}"),
        encode(b"[]"),
        encode(b"{\"key\":{\"name\":{}},\"id\":1}"),
        encode(b"{\"key\":{\"hired_on\":\"2026-02-30\"},\"id\":\"00000000-0000-0000-0000-000000000000\"}"),
        encode(&"[".repeat(1_400).into_bytes()),
        encode(b"\xff\xfe"),
    ];
    for (list, _, both_ways) in LISTS {
        let arguments: &[&str] = if both_ways { &["after", "before"] } else { &["after"] };
        for argument in arguments {
            for cursor in &garbage {
                let answer = ask_list(&hr, list, &format!("{argument}: \"{cursor}\"")).await;
                assert_eq!(answer.first_code().zip(answer.field()), Some(("BAD_USER_INPUT", *argument)), "{list} {cursor:.40}");
            }
            for (other, cursor) in &cursors {
                let answer = ask_list(&hr, list, &format!("{argument}: \"{cursor}\"")).await;
                // The lists by name have the same kind of place, which is of no harm.
                let alike = |list: &str| {
                    if list == "employees" || list == "auditEvents" { list.to_owned() } else { "by name".to_owned() }
                };
                let refused = (alike(list) != alike(other)).then_some("BAD_USER_INPUT");
                assert_eq!(answer.first_code(), refused, "{list} {other}");
            }
        }
    }
    // Whoever writes a cursor by hand gets nowhere with what the database cannot hold.
    let id = "\"id\":\"00000000-0000-0000-0000-000000000000\"";
    for (list, order, place) in [
        ("employees", "NAME", "\"key\":{\"name\":{\"family_name\":\"a\\u0000b\",\"given_name\":\"\"}}"),
        ("employees", "NAME", "\"key\":{\"name\":{\"family_name\":\"\",\"given_name\":\"\\u0000\"}}"),
        ("employees", "HIRED_ON", "\"key\":{\"hired_on\":\"-200000-01-01\"}"),
        ("employees", "HIRED_ON", "\"key\":{\"hired_on\":\"+200000-01-01\"}"),
        ("departments", "", "\"name\":\"a\\u0000b\""),
        ("positions", "", "\"name\":\"a\\u0000b\""),
        ("locations", "", "\"name\":\"a\\u0000b\""),
    ] {
        let cursor = encode(format!("{{{place},{id}}}").as_bytes());
        let order = if order.is_empty() { String::new() } else { format!(", orderBy: {{ field: {order} }}") };
        let answer = ask_list(&hr, list, &format!("after: \"{cursor}\"{order}")).await;
        assert_eq!(answer.first_code().zip(answer.field()), Some(("BAD_USER_INPUT", "after")), "{list} {place}");
    }
    // What looks like the escape of one, but is text, is a place as any other.
    let cursor = encode(format!("{{\"name\":\"a\\\\u0000b\",{id}}}").as_bytes());
    ask_list(&hr, "departments", &format!("after: \"{cursor}\"")).await.data("");
}
