//! Thousands of operations that nobody wrote: the server answers each, and fails at none.

use domain::Role;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use tests::{Answer, Caller, Company, Server, opaque};
use tokio::runtime::Runtime;

use super::mutated::{PIECES, changed, changes, originals};

/// Any JSON, shallow.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..600_i64).prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(PIECES.to_vec()).prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof!["[a-z]{1,8}", Just("id".to_owned()), Just("name".to_owned())];
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), {
            prop::collection::hash_map(name, inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
        }]
    })
}

/// What every answer has in common.
fn check(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!(answer.status.as_u16() < 500, "{} {}", answer.status, answer.body);
    let text = answer.body.to_string();
    prop_assert!(!text.contains("INTERNAL") && !text.contains("panicked"), "{text}");
    let errors = answer.body["errors"].as_array();
    prop_assert!(errors.is_some() || answer.body["data"].is_object(), "neither data nor errors: {text}");
    for error in errors.into_iter().flatten() {
        prop_assert!(error["extensions"]["code"].is_string() && error["message"].is_string(), "{error}");
    }
    Ok(())
}

/// `TENANTRY_FUZZ=5` makes five times as many cases as `make test` has time for.
pub(crate) fn cases(usual: u32) -> u32 {
    let factor = std::env::var("TENANTRY_FUZZ").map_or(1, |factor| factor.parse().expect("TENANTRY_FUZZ is a factor"));
    usual * factor
}

fn run<S: Strategy>(cases: u32, strategy: &S, ask: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    // A failing case is shown, shrunk; there is no file of former ones to keep.
    let config = Config { cases: self::cases(cases), failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    TestRunner::new(config).run(strategy, ask).unwrap_or_else(|failure| panic!("{failure}"));
}

/// Runs a property with a tenant of its own, as somebody who may do everything.
fn with_company(property: impl Fn(&Runtime, &Company, &Caller)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // A request that comes too soon would not be tried.
    let flags = ["--tenant-requests-per-second=0", "--actor-requests-per-second=0"];
    let server = runtime.block_on(Server::start_with(&flags, api::app::system_clock()));
    let company = runtime.block_on(server.company());
    let owner = company.caller(Role::Owner);
    property(&runtime, &company, &owner);
    // And it still serves.
    let answer = runtime.block_on(owner.ask("{ tenant { slug } employees(first: 1) { totalCount } }"));
    assert_eq!(answer.text("/tenant/slug"), company.tenant.slug.as_str());
}

/// A good token with a few characters changed, three parts of any text, and any text that a header can hold.
#[test]
fn malformed_tokens_are_refused() {
    with_company(|runtime, company, _| {
        let good = company.token(Role::Owner);
        let letter = || {
            prop::sample::select(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=~ ".chars().collect::<Vec<_>>(),
            )
        };
        let flipped = prop::collection::vec((any::<prop::sample::Index>(), letter()), 1..4).prop_map({
            let good = good.clone();
            move |changes| {
                let mut token: Vec<char> = good.chars().collect();
                for (at, letter) in changes {
                    let at = at.index(token.len());
                    token[at] = letter;
                }
                token.into_iter().collect::<String>()
            }
        });
        let cut = (0..good.len()).prop_map({
            let good = good.clone();
            move |end| good[..end].to_owned()
        });
        let token = prop_oneof![
            4 => flipped,
            1 => cut,
            2 => "[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,90}",
            2 => "[ -~]{0,200}",
            1 => "eyJhbGciOiJub25lIn0\\.[A-Za-z0-9_-]{0,200}\\.",
        ];
        run(2_500, &token, |token| {
            // The last letter of a signature has bits that say nothing.
            if token.trim() == good || token.get(..token.len().saturating_sub(1)) == good.get(..good.len() - 1) {
                return Ok(());
            }
            let answer = runtime.block_on(company.anonymous().with_token(Some(token.clone())).ask("{ viewer { role } }"));
            prop_assert_eq!((answer.status.as_u16(), answer.first_code()), (401, Some("UNAUTHENTICATED")), "{}", token);
            Ok(())
        });
    });
}

#[test]
fn mutated_operations_are_answered() {
    with_company(|runtime, company, owner| {
        let originals = originals(company);
        for original in &originals {
            let answer = runtime.block_on(owner.ask(original));
            assert!(answer.body.get("data").is_some(), "{original} is refused as a whole: {}", answer.body);
        }
        let strategy = (0..originals.len(), changes());
        run(2_000, &strategy, |(index, changes)| check(&runtime.block_on(owner.ask(&changed(&originals[index], &changes)))));
    });
}

#[test]
fn any_text_as_a_document_is_answered() {
    with_company(|runtime, _, owner| {
        run(500, &"\\PC{0,60}|[{}()\\[\\]:!$@\"#.a-c0-2 \\n]{0,80}", |text| check(&runtime.block_on(owner.ask(&text))));
    });
}

#[test]
fn any_values_as_inputs_are_answered() {
    with_company(|runtime, company, owner| {
        let schema = runtime.block_on(owner.introspect());
        // Mutations that take an input, with the fields of it and some that it does not have.
        let mut mutations = Vec::new();
        for field in schema.fields("Mutation") {
            let (first, rest) = field.name.split_at(1);
            let kind = [&first.to_uppercase(), rest, "Input"].concat();
            if field.required == ["input"] && field.name != "signIn" {
                let inputs = schema.find(&kind)["inputFields"].as_array().unwrap();
                let mut names: Vec<String> = inputs.iter().map(|input| input["name"].as_str().unwrap().to_owned()).collect();
                // Some values are good addresses: the tenant would move, and nothing after that be tried.
                names.retain(|name| field.name != "renameTenant" || name != "slug");
                mutations.push((field.name, names));
            }
        }
        assert!(mutations.len() > 10);
        let ids = [opaque(company.member.id), opaque(company.department.id), opaque(company.position.id)];
        let given = prop_oneof![
            3 => value(),
            2 => prop::sample::select(ids.to_vec()).prop_map(Value::from),
            2 => ".{1,12}".prop_map(Value::from),
        ];
        let strategy = (0..mutations.len(), prop::collection::vec((any::<prop::sample::Index>(), given), 0..6), value());
        run(1_000, &strategy, |(index, fields, other)| {
            let (name, names) = &mutations[index];
            let mut input = serde_json::Map::new();
            for (at, value) in fields {
                input.insert(at.get(names).clone(), value);
            }
            let input = if input.is_empty() { other } else { Value::Object(input) };
            check(&runtime.block_on(owner.mutate(name, input, "__typename")))
        });
    });
}

#[test]
fn any_values_as_arguments_of_lists_are_answered() {
    with_company(|runtime, company, owner| {
        let cursor = runtime.block_on(owner.ask("{ employees(first: 1) { pageInfo { endCursor } } }"));
        let cursor = cursor.text("/employees/pageInfo/endCursor");
        let text = prop_oneof![
            Just(Value::Null),
            Just(json!(cursor)),
            Just(json!(opaque(company.member.id))),
            ".{0,30}".prop_map(Value::from),
            // Words that a cursor could be made of.
            "[A-Za-z0-9_-]{0,60}".prop_map(Value::from),
        ];
        let number = prop_oneof![Just(Value::Null), (-2..120_i32).prop_map(Value::from), any::<i32>().prop_map(Value::from)];
        let strategy = (number.clone(), text.clone(), number, text.clone(), text, value());
        let query = "query($first: Int, $after: String, $last: Int, $before: String, $search: String, $filter: EmployeeFilter) {
            employees(first: $first, after: $after, last: $last, before: $before, search: $search, filter: $filter) {
                totalCount nodes { id } } }";
        run(700, &strategy, |(first, after, last, before, search, filter)| {
            let filter = if filter.is_object() { filter } else { Value::Null };
            let variables =
                json!({ "first": first, "after": after, "last": last, "before": before, "search": search, "filter": filter });
            check(&runtime.block_on(owner.ask_with(query, variables)))
        });
    });
}
