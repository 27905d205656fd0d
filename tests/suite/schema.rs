//! The schema: the file in the repository, and its documentation.

use std::{fs, path::Path};

use serde_json::Value;
use tests::{Introspection, Server};

#[test]
fn the_files_are_what_the_program_prints() {
    let files = [
        ("schema.graphql", api::graphql::sdl()),
        ("schema.platform.graphql", api::graphql::platform::sdl()),
        ("schema.operator.graphql", api::graphql::operator::sdl()),
    ];
    for (name, printed) in files {
        let file = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap_or_default();
        // Not by assert_eq, which would print both.
        assert!(file == printed, "{name} is not the program's schema; run `make schema` and commit the file");
    }
}

#[tokio::test]
async fn everything_is_described() {
    let server = Server::start().await;
    let company = server.company().await;
    assert_described(&company.anonymous().introspect().await, 50);
    assert_described(&server.apex().introspect().await, 20);
    assert_described(&server.console().introspect().await, 30);
}

fn assert_described(schema: &Introspection, least: usize) {
    let mut without = Vec::new();
    let mut check = |place: String, item: &Value| {
        if item["description"].as_str().is_none_or(|text| text.trim().len() < 5) {
            without.push(place);
        }
    };
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    let list = |item: &Value, of: &str| item[of].as_array().cloned().unwrap_or_default();
    let mut types = 0;
    for kind in schema.types() {
        types += 1;
        let type_name = name(kind);
        // The language itself says what these are.
        if !["Boolean", "Float", "ID", "Int", "String"].contains(&type_name.as_str()) {
            check(type_name.clone(), kind);
        }
        for field in list(kind, "fields") {
            let field_name = format!("{type_name}.{}", name(&field));
            check(field_name.clone(), &field);
            for argument in list(&field, "args") {
                check(format!("{field_name}({}:)", name(&argument)), &argument);
            }
        }
        for of in ["inputFields", "enumValues"] {
            for item in list(kind, of) {
                check(format!("{type_name}.{}", name(&item)), &item);
            }
        }
    }
    for directive in schema.directives() {
        check(format!("@{}", name(directive)), directive);
        for argument in list(directive, "args") {
            check(format!("@{}({}:)", name(directive), name(&argument)), &argument);
        }
    }
    assert!(types > least, "only {types} types were looked at");
    assert_eq!(without, Vec::<String>::new(), "are not described");
}

#[tokio::test]
async fn the_schema_is_the_same_for_everyone() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let anonymous = company.anonymous().ask(tests::INTROSPECTION).await.body;
    assert_eq!(company.caller(domain::Role::Owner).ask(tests::INTROSPECTION).await.body, anonymous);
    assert_eq!(other.anonymous().ask(tests::INTROSPECTION).await.body, anonymous);
}
