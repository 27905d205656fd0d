//! Values that make no sense, and values that only look as if they did not.

use domain::Role;
use serde_json::{Value, json};
use tests::{Company, Server, opaque};

fn newcomer(company: &Company, unique: usize) -> Value {
    json!({
        "givenName": "Some", "familyName": "Body", "workEmail": format!("somebody{unique}@example.test"),
        "departmentId": opaque(company.department.id), "positionId": opaque(company.position.id), "hiredOn": "2024-03-01",
    })
}

#[tokio::test]
async fn dates_that_are_not_in_the_calendar_are_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let before = company.contents().await;
    for date in [
        json!("2026-02-30"),
        json!("2025-02-29"),
        json!("2026-13-01"),
        json!("2026-00-10"),
        json!("2026-01-00"),
        json!("2026-04-31"),
        json!("0000-01-01"),
        json!("10000-01-01"),
        json!("+12026-01-01"),
        json!("-0001-01-01"),
        json!("99999-12-31"),
        json!("2026-1-1"),
        json!("26-01-01"),
        json!("01.02.2026"),
        json!("2026/01/02"),
        json!("2026-01-02T00:00:00Z"),
        json!(""),
        json!("today"),
        json!("２０２６-01-01"),
        json!("2026-01-01 "),
        json!("2026\u{0}-01-01"),
        json!(20_260_101),
        json!(null),
        json!(true),
        json!(["2026-01-01"]),
        json!("infinity"),
        json!("-infinity"),
        json!("epoch"),
        json!("now"),
    ] {
        let mut input = newcomer(&company, 1);
        input["hiredOn"] = date.clone();
        let answer = hr.mutate("hireEmployee", input, "employee { hiredOn }").await;
        assert_eq!(answer.first_code(), Some("BAD_USER_INPUT"), "{date} {}", answer.body);
        let leave = json!({ "id": opaque(company.member.id), "terminatedOn": date });
        assert_eq!(hr.mutate("terminateEmployee", leave, "__typename").await.first_code(), Some("BAD_USER_INPUT"), "{date}");
        if !date.is_null() {
            let born = json!({ "id": opaque(company.member.id), "birthDate": date });
            assert_eq!(hr.mutate("updateEmployee", born, "__typename").await.first_code(), Some("BAD_USER_INPUT"), "{date}");
        }
    }
    assert_eq!(company.contents().await, before);
}

#[tokio::test]
async fn names_of_every_language_are_kept_as_they_are_given() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let names = [
        "👩‍🔧 Mechanic",
        "🏳️‍🌈",
        "שלום",
        "مرحبا بالعالم",
        "\u{202b}right to left\u{202c}",
        "José", // one character, and two that look like it
        "Jose\u{301}",
        "ﬁ ligature",
        "Ǆ",
        "ẞß",
        "İıIi",
        "日本語テキスト",
        "𠜎𠜱",
        "ไทย",
        "नमस्ते",
        "O'Brien-Smith, Jr.",
        "Robert'); DROP TABLE employees;--",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7} %s %n",
        "\\ \\\\ \\n \\u0041",
        "null",
        "0",
        "a\u{200b}b",
    ];
    for (index, name) in names.iter().enumerate() {
        let mut input = newcomer(&company, index);
        input["givenName"] = json!(name);
        input["familyName"] = json!(name);
        let hired = hr.mutate("hireEmployee", input, "employee { id givenName familyName name }").await;
        let hired = hired.data("/hireEmployee/employee");
        assert_eq!(hired["givenName"], *name);
        assert_eq!(hired["name"], format!("{name} {name}"));
        let read = hr.ask(&format!("{{ employee(id: {}) {{ givenName familyName }} }}", hired["id"])).await;
        assert_eq!(read.data("/employee"), json!({ "givenName": name, "familyName": name }));
        let found = hr.ask_with("query($s: String) { employees(search: $s) { nodes { id } } }", json!({ "s": name })).await;
        let found = found.data("/employees/nodes").to_string();
        assert!(found.contains(hired["id"].as_str().unwrap()), "{name} is not found");
    }
    let count = hr.ask("{ employees { totalCount } }").await;
    assert_eq!(count.data("/employees/totalCount"), names.len() + 4);
}

#[tokio::test]
async fn characters_that_are_none_are_refused_wherever_text_is_taken() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let id = opaque(company.member.id);
    for character in ["\u{0}", "\u{1}", "\u{8}", "\u{1b}", "\u{7f}", "\u{85}", "\u{9f}"] {
        let text = format!("a{character}b");
        for field in ["givenName", "familyName", "preferredName", "phone", "address"] {
            let input = json!({ "id": id, field: text });
            company.refuses(&hr, "updateEmployee", input, "BAD_USER_INPUT", Some(field)).await;
        }
        for field in ["workEmail", "personalEmail"] {
            let input = json!({ "id": id, field: format!("{text}@example.test") });
            company.refuses(&hr, "updateEmployee", input, "BAD_USER_INPUT", Some(field)).await;
        }
        let input = json!({ "id": id, "salary": { "amount": "1", "currency": format!("E{character}R") } });
        company.refuses(&hr, "updateEmployee", input, "BAD_USER_INPUT", Some("salary.currency")).await;
        let input = json!({ "id": id, "terminatedOn": "2025-06-30", "reason": text });
        company.refuses(&hr, "terminateEmployee", input, "BAD_USER_INPUT", Some("reason")).await;
        for (mutation, field) in [("createDepartment", "name"), ("createPosition", "title")] {
            company.refuses(&hr, mutation, json!({ field: text }), "BAD_USER_INPUT", Some(field)).await;
        }
        for field in ["name", "countryCode", "timeZone"] {
            let mut input = json!({ "name": "Here", "countryCode": "DE", "timeZone": "Europe/Berlin" });
            input[field] = json!(text);
            company.refuses(&hr, "createLocation", input, "BAD_USER_INPUT", Some(field)).await;
        }
        let answer = hr.ask_with("query($s: String) { employees(search: $s) { totalCount } }", json!({ "s": text })).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("search")));
        let answer = hr.ask_with("query($id: ID!) { node(id: $id) { id } }", json!({ "id": text })).await;
        assert_eq!(answer.code(), "NOT_FOUND");
    }
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let tenant = hr.ask("{ tenant { id } }").await.text("/tenant/id");
    let account = hr.ask("{ viewer { account { id } } }").await.text("/viewer/account/id");
    let event = hr.ask("{ auditEvents { nodes { id } } }").await.text("/auditEvents/nodes/0/id");
    let known = [
        (opaque(company.member.id), "employee"),
        (opaque(company.department.id), "department"),
        (opaque(company.position.id), "position"),
    ];
    let mut ids: Vec<String> = [
        "",
        " ",
        "0",
        "-1",
        "null",
        "undefined",
        "1; DROP TABLE employees",
        "../..",
        "é",
        "\u{0}",
        "%",
        "RToBkQ88Wn5wAIAAAAAAAAAB",
        "00000000-0000-0000-0000-000000000000",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "________________________",
        "========================",
    ]
    .map(str::to_owned)
    .into();
    ids.extend([tenant, account, event, company.member.id.to_string(), "A".repeat(10_000)]);
    ids.extend(known.iter().map(|(id, _)| id.to_lowercase()));
    ids.extend(known.iter().map(|(id, _)| format!("{id}=")));
    for id in ids {
        for field in ["employee", "department", "position", "node"] {
            let answer = hr.ask_with(&format!("query($id: ID!) {{ {field}(id: $id) {{ id }} }}"), json!({ "id": id })).await;
            assert_eq!(answer.first_code(), Some("NOT_FOUND"), "{field} {id:.40} {}", answer.body);
            assert_eq!(answer.body["data"], json!({ field: null }));
        }
    }
    for (id, kind) in known {
        for field in ["employee", "department", "position"] {
            let answer = hr.ask(&format!("{{ {field}(id: \"{id}\") {{ id }} }}")).await;
            assert_eq!(answer.first_code(), (field != kind).then_some("NOT_FOUND"), "{field} {kind}");
        }
    }
    // A number is an ID too, and names nothing.
    assert_eq!(hr.ask("{ employee(id: 7) { id } }").await.code(), "NOT_FOUND");
}
