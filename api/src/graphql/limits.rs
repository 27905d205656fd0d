//! What an operation may ask for, checked before anything is executed. [`Limits`] says how much that is.
//!
//! The text is measured before it is parsed, and the parsed document before it is validated, because a parser recurses as
//! deep as its input and a validator follows every fragment.

use async_graphql::{
    Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use super::scan::{Measure, measure};

mod allowed;
mod size;

pub use allowed::{Defaults, Introspection, Limits};

/// Brackets of any kind within one another, in the text. The parser recurses as deep, so it is the same for all.
pub const MAX_NESTING: usize = 40;
/// Fields within one another below `__schema` and `__type`, counted from the root.
pub const MAX_INTROSPECTION_DEPTH: usize = 20;
/// Lists within one another below `__schema` and `__type`: each multiplies the answer by the size of the schema.
pub const MAX_INTROSPECTION_LISTS: usize = 3;

/// A limit that an operation exceeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// More of something than is allowed.
    #[error("The document has {actual} {unit}; at most {allowed} are allowed.")]
    TooMuch {
        /// The limit's name, as the client sees it.
        limit: &'static str,
        /// What is counted, for people.
        unit: &'static str,
        /// How much there was.
        actual: u64,
        /// How much may be.
        allowed: u64,
    },
    /// A fragment that contains itself.
    #[error("The fragment {0:?} contains itself.")]
    FragmentCycle(String),
    /// A question about the schema, which nobody may ask.
    #[error("This server does not describe its schema.")]
    IntrospectionOff,
    /// A question about the schema, which members alone may ask.
    #[error("This server describes its schema only to those who are signed in.")]
    IntrospectionForMembers,
}

/// Refuses a text that is too long or too deeply bracketed to be parsed.
pub fn check_text(text: &str, limits: &Limits) -> Result<(), Refusal> {
    at_most("characters", "bytes", text.len() as u64, limits.characters)?;
    let Measure { tokens, nesting } = measure(text);
    at_most("tokens", "tokens", tokens as u64, limits.tokens)?;
    at_most("nesting", "brackets within one another", nesting as u64, MAX_NESTING as u64)
}

/// Refuses a document that is too deep, too expensive, or that uses too many aliases or directives.
///
/// Every operation in the document is checked: the validator walks all of them, whichever is executed.
pub fn check_document(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: &Limits,
    signed_in: bool,
) -> Result<(), Refusal> {
    let (mut aliases, mut directives) = (0, 0);
    for (_, operation) in document.operations.iter() {
        directives += operation.node.directives.len();
        count(&operation.node.selection_set.node, &mut aliases, &mut directives);
    }
    for fragment in document.fragments.values() {
        directives += fragment.node.directives.len();
        count(&fragment.node.selection_set.node, &mut aliases, &mut directives);
    }
    at_most("aliases", "aliases", aliases, limits.aliases)?;
    at_most("directives", "directives", directives as u64, limits.directives)?;

    for (_, operation) in document.operations.iter() {
        let size = size::of(document, &operation.node, variables)?;
        if size.introspection_depth > 0 {
            limits.introspection.check(signed_in)?;
        }
        at_most("rootFields", "fields at its root", size.width, limits.root_fields)?;
        at_most("depth", "fields within one another", size.depth as u64, limits.depth)?;
        at_most(
            "introspectionDepth",
            "fields within one another below an introspection field",
            size.introspection_depth as u64,
            MAX_INTROSPECTION_DEPTH as u64,
        )?;
        at_most(
            "introspectionLists",
            "lists within one another below an introspection field",
            size.introspection_lists as u64,
            MAX_INTROSPECTION_LISTS as u64,
        )?;
        at_most("cost", "fields to resolve, those of a list counted once an item", size.cost, limits.cost)?;
    }
    Ok(())
}

fn at_most(limit: &'static str, unit: &'static str, actual: u64, allowed: u64) -> Result<(), Refusal> {
    if actual > allowed { Err(Refusal::TooMuch { limit, unit, actual, allowed }) } else { Ok(()) }
}

fn count(set: &SelectionSet, aliases: &mut u64, directives: &mut usize) {
    for selection in &set.items {
        *directives += selection.node.directives().len();
        match &selection.node {
            Selection::Field(field) => {
                *aliases += u64::from(field.node.alias.is_some());
                count(&field.node.selection_set.node, aliases, directives);
            }
            Selection::InlineFragment(fragment) => count(&fragment.node.selection_set.node, aliases, directives),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use rstest::rstest;

    use super::*;

    fn check(text: &str, variables: serde_json::Value) -> Result<(), Refusal> {
        let limits = Limits::default();
        check_text(text, &limits)?;
        check_document(&parse_query(text).unwrap(), &Variables::from_json(variables), &limits, false)
    }

    fn limit(result: Result<(), Refusal>) -> Option<(&'static str, u64)> {
        match result.err()? {
            Refusal::TooMuch { limit, actual, .. } => Some((limit, actual)),
            _ => None,
        }
    }

    #[rstest]
    #[case::page("{ employees(first: 100) { nodes { id } } }", None)]
    #[case::cost("{ employees(first: 100) { nodes { directReports { nodes { id } } } } }", Some(("cost", 15_102)))]
    #[case::default_page("{ departments { nodes { children { children { id } } } } }", Some(("cost", 11_102)))]
    #[case::deep("{a{a{a{a{a{a{a{a{a{a{a{a{a}}}}}}}}}}}}}", Some(("depth", 13)))]
    #[case::aliases("{a:x b:x c:x d:x e:x f:x g:x h:x i:x j:x k:x l:x m:x n:x o:x p:x}", Some(("aliases", 16)))]
    #[case::introspection_lists(
        "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}",
        Some(("introspectionLists", 4))
    )]
    #[case::members("{ members(first: 500) { nodes { employee { directReports { nodes { id } } } } } }", Some(("cost", 76_002)))]
    fn operations(#[case] text: &str, #[case] refused: Option<(&'static str, u64)>) {
        assert_eq!(limit(check(text, serde_json::json!({}))), refused);
    }

    #[test]
    fn a_page_may_come_from_a_variable_or_its_default() {
        let text = "query($n: Int = 100) { employees(first: $n) { nodes { id name } } }";
        assert_eq!(check(text, serde_json::json!({ "n": 10 })), Ok(()));
        assert_eq!(check(text, serde_json::json!({})), Ok(()));
        assert_eq!(limit(check(text, serde_json::json!({ "n": 10_000 }))).map(|(limit, _)| limit), Some("cost"));
    }

    #[test]
    fn a_fragment_is_measured_where_it_stands() {
        let text = "{ employees(first: 100) { ...F } } fragment F on EmployeeConnection { nodes { ...G ...G ...G } }
            fragment G on Employee { id name givenName familyName department { id name } position { id title } manager { id name } \
            location { id name } hiredOn status }"
            .replace('\\', "");
        assert_eq!(limit(check(&text, serde_json::json!({}))), Some(("cost", 5_402)));
    }

    #[test]
    fn doubling_fragments_are_refused_without_being_followed() {
        let fragment = |index| format!("fragment F{index} on Query {{ ...F{0} ...F{0} }} ", index + 1);
        let text =
            ["{ ...F0 }".to_owned(), (0..60).map(fragment).collect(), "fragment F60 on Query { __typename }".to_owned()].concat();
        let refused = limit(check(&text, serde_json::json!({})));
        assert_eq!(refused, Some(("rootFields", 1 << 60)));
    }

    #[test]
    fn fields_of_the_root_are_counted_through_fragments() {
        let text = "{ a ...F ... { b } } fragment F on Query { c d }";
        let limits = Limits { root_fields: 3, ..Limits::default() };
        let refused = check_document(&parse_query(text).unwrap(), &Variables::default(), &limits, false);
        assert_eq!(limit(refused), Some(("rootFields", 4)));
    }

    #[rstest]
    #[case(Introspection::On, false, Ok(()))]
    #[case(Introspection::Members, true, Ok(()))]
    #[case(Introspection::Members, false, Err(Refusal::IntrospectionForMembers))]
    #[case(Introspection::Off, true, Err(Refusal::IntrospectionOff))]
    fn the_schema_is_described_to(
        #[case] introspection: Introspection,
        #[case] signed_in: bool,
        #[case] expected: Result<(), Refusal>,
    ) {
        let limits = Limits { introspection, ..Limits::default() };
        for text in ["{ __schema { types { name } } }", "{ ...F } fragment F on Query { a: __type(name: \"X\") { name } }"] {
            assert_eq!(check_document(&parse_query(text).unwrap(), &Variables::default(), &limits, signed_in), expected);
        }
        let typename = parse_query("{ __typename }").unwrap();
        assert_eq!(check_document(&typename, &Variables::default(), &limits, signed_in), Ok(()));
    }

    #[test]
    fn a_fragment_that_contains_itself_is_refused() {
        let text = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
        assert_eq!(check(text, serde_json::json!({})), Err(Refusal::FragmentCycle("A".to_owned())));
    }

    #[test]
    fn directives_are_counted_everywhere() {
        let text = format!("{{ a {} }}", "@x ".repeat(51));
        assert_eq!(limit(check(&text, serde_json::json!({}))), Some(("directives", 51)));
    }

    #[test]
    fn a_hostile_text_is_refused_before_it_is_parsed() {
        let limits = Limits::default();
        assert_eq!(limit(check_text(&"{a".repeat(5_000), &limits)), Some(("tokens", 10_000)));
        assert_eq!(limit(check_text(&format!("{{a(x:{}1)}}", "[".repeat(60)), &limits)), Some(("nesting", 62)));
        assert_eq!(limit(check_text(&" ".repeat(15_001), &limits)), Some(("characters", 15_001)));
    }
}
