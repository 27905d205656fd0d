//! What the engine does not check of the values in a document: variables where another type is expected, enums that are written as
//! texts, and fields of an input that are given twice, of which its parser keeps the last.

use std::collections::HashSet;

use async_graphql::{
    Name, ObjectType, Pos, Positioned, ServerError, SubscriptionType,
    indexmap::IndexMap,
    parser::types::{Directive, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet},
    registry::{MetaInputValue, MetaType, MetaTypeName, Registry},
};
use async_graphql_value::{ConstValue, Value};

use super::{
    error::{Code, MOST_ERRORS, request_error},
    scan::repeated_field,
};
use crate::http::log::shortened;

/// The types of a schema, as the engine knows them.
pub struct Types(Registry);

impl std::fmt::Debug for Types {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Types").field(&self.0.types.len()).finish()
    }
}

impl Types {
    /// The types of the schema with these roots.
    pub fn of<Query: ObjectType, Mutation: ObjectType, Subscription: SubscriptionType>() -> Self {
        let mut registry = Registry {
            query_type: Query::type_name().into_owned(),
            mutation_type: Some(Mutation::type_name().into_owned()),
            subscription_type: Some(Subscription::type_name().into_owned()),
            ..Registry::default()
        };
        Query::create_type_info(&mut registry);
        Mutation::create_type_info(&mut registry);
        Subscription::create_type_info(&mut registry);
        Self(registry)
    }
}

/// Refuses a document with a value that is not what the specification has for its place. What is unknown, or does not fit its type
/// in another way, is the engine's to report.
pub fn check(text: &str, document: &ExecutableDocument, types: &Types) -> Result<(), Vec<ServerError>> {
    let repeated = repeated_field(text);
    let repeated =
        repeated.map(|(name, pos)| error(pos, format!("The input field {:?} is given more than once.", shortened(name))));
    let mut errors: Vec<ServerError> = repeated.into_iter().collect();
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut walk = Walk { types: &types.0, document, operation, seen: HashSet::new(), errors: &mut errors };
        for definition in &operation.variable_definitions {
            if let Some(default) = &definition.node.default_value {
                let place = Place { expected: &definition.node.var_type.to_string(), has_default: false, pos: default.pos };
                walk.value(place, &default.node.clone().into_value());
            }
        }
        let root = match operation.ty {
            OperationType::Query => Some(&types.0.query_type),
            OperationType::Mutation => types.0.mutation_type.as_ref(),
            OperationType::Subscription => types.0.subscription_type.as_ref(),
        };
        if let Some(root) = root {
            walk.selection_set(root, &operation.selection_set.node);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn error(pos: Pos, message: String) -> ServerError {
    let mut error = request_error(Code::BadUserInput, message);
    error.locations.push(pos);
    error
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The type that is expected there, as the schema writes it.
    expected: &'a str,
    /// Whether there is a value where none is given.
    has_default: bool,
    pos: Pos,
}

/// Follows the types through an operation and the fragments that it uses, each once.
struct Walk<'a> {
    types: &'a Registry,
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    seen: HashSet<&'a Name>,
    errors: &'a mut Vec<ServerError>,
}

impl<'a> Walk<'a> {
    fn selection_set(&mut self, parent: &str, set: &'a SelectionSet) {
        for selection in &set.items {
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let known = self.types.types.get(parent).and_then(|parent| parent.field_by_name(&field.node.name.node));
                    if let Some(known) = known {
                        self.arguments(&known.args, &field.node.arguments);
                        self.selection_set(MetaTypeName::concrete_typename(&known.ty), &field.node.selection_set.node);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let parent = fragment.node.type_condition.as_ref().map_or(parent, |condition| &condition.node.on.node);
                    self.selection_set(parent, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| self.seen.insert(name)) {
                        self.selection_set(&fragment.node.type_condition.node.on.node, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        // The other ones are not for documents.
        let known = directives.iter().filter(|directive| matches!(directive.node.name.node.as_str(), "skip" | "include"));
        for (name, value) in known.flat_map(|directive| &directive.node.arguments) {
            if name.node == "if" {
                self.value(Place { expected: "Boolean!", has_default: false, pos: value.pos }, &value.node);
            }
        }
    }

    fn arguments(&mut self, known: &IndexMap<String, MetaInputValue>, given: &[(Positioned<Name>, Positioned<Value>)]) {
        for (name, value) in given {
            if let Some(argument) = known.get(name.node.as_str()) {
                let has_default = argument.default_value.is_some();
                self.value(Place { expected: &argument.ty, has_default, pos: value.pos }, &value.node);
            }
        }
    }

    fn value(&mut self, place: Place<'_>, value: &Value) {
        if let Value::Variable(name) = value {
            return self.variable(place, name);
        }
        match (MetaTypeName::create(place.expected).unwrap_non_null(), value) {
            (MetaTypeName::List(item), Value::List(values)) => {
                for value in values {
                    self.value(Place { expected: item, has_default: false, ..place }, value);
                }
            }
            // One stands for a list of one.
            (MetaTypeName::List(item), value) => self.value(Place { expected: item, has_default: false, ..place }, value),
            (MetaTypeName::Named(name), value) => match (self.types.types.get(name), value) {
                (Some(MetaType::Enum { .. }), Value::String(text)) => {
                    let message = format!("A value of {name} is written without quotation marks, unlike {:?}.", shortened(text));
                    self.report(place.pos, message);
                }
                (Some(MetaType::InputObject { input_fields, .. }), Value::Object(fields)) => {
                    for (name, value) in fields {
                        if let Some(field) = input_fields.get(name.as_str()) {
                            let has_default = field.default_value.is_some();
                            self.value(Place { expected: &field.ty, has_default, ..place }, value);
                        }
                    }
                }
                _ => {}
            },
            (MetaTypeName::NonNull(_), _) => {}
        }
    }

    /// A variable that is not defined is reported elsewhere.
    fn variable(&mut self, place: Place<'_>, name: &Name) {
        let mut definitions = self.operation.variable_definitions.iter();
        let Some(definition) = definitions.find(|definition| definition.node.name.node == *name) else {
            return;
        };
        let given = definition.node.var_type.to_string();
        let default = definition.node.default_value.as_ref();
        let has_default = place.has_default || default.is_some_and(|default| default.node != ConstValue::Null);
        // Where nothing is given for the variable, the default stands in.
        let expected = place.expected.strip_suffix('!').filter(|_| has_default).unwrap_or(place.expected);
        if !fits(&given, expected) {
            let (name, given) = (shortened(name), shortened(&given));
            let message = format!("The variable ${name} of the type {given} is used where {} is expected.", place.expected);
            self.report(place.pos, message);
        }
    }

    fn report(&mut self, pos: Pos, message: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error(pos, message));
        }
    }
}

/// Whether whatever is of one type is of another.
fn fits(given: &str, expected: &str) -> bool {
    let item = |list: &'_ str| list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).map(str::to_owned);
    match (given.strip_suffix('!'), expected.strip_suffix('!')) {
        (Some(given), Some(expected)) => fits(given, expected),
        (Some(given), None) => fits(given, expected),
        (None, Some(_)) => false,
        (None, None) => match (item(given), item(expected)) {
            (Some(given), Some(expected)) => fits(&given, &expected),
            (None, None) => given == expected,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use rstest::rstest;

    use super::*;
    use crate::graphql::types;

    #[test]
    fn many_mistakes_with_long_names_make_a_short_answer() {
        let kind = "K".repeat(10_000);
        let uses = "$x ".repeat(500);
        let text =
            format!("mutation($x: {kind}) {{ createApiKey(input: {{ name: \"x\", permissions: [{uses}] }}) {{ token }} }}");
        let errors = check(&text, &parse_query(&text).unwrap(), types()).unwrap_err();
        assert_eq!(errors.len(), MOST_ERRORS);
        assert!(errors.iter().all(|error| error.message.len() < 300), "{errors:?}");
    }

    #[rstest]
    #[case("query($x: EmploymentStatus) { employees(filter: { status: $x }) { totalCount } }", None)]
    #[case("query($x: EmploymentStatus!) { employees(filter: { status: $x }) { totalCount } }", None)]
    #[case(
        "query($x: String!) { employees(filter: { status: $x }) { totalCount } }",
        Some("String! is used where EmploymentStatus is")
    )]
    #[case(
        "query($x: String) { ...F } fragment F on Query { employees(first: $x) { totalCount } }",
        Some("$x of the type String")
    )]
    #[case("query($x: ID) { employee(id: $x) { id } }", Some("ID is used where ID! is expected"))]
    #[case("query($x: ID = \"a\") { employee(id: $x) { id } }", None)]
    #[case("query($x: ID = null) { employee(id: $x) { id } }", Some("ID! is expected"))]
    #[case("query($x: Boolean) { tenant { slug @skip(if: $x) } }", Some("Boolean! is expected"))]
    #[case("query($x: OrderDirection) { employees(orderBy: { field: HIRED_ON, direction: $x }) { totalCount } }", None)]
    #[case("mutation($p: [Permission!]!) { createApiKey(input: { name: \"x\", permissions: $p }) { token } }", None)]
    #[case(
        "mutation($p: [Permission!]) { createApiKey(input: { name: \"x\", permissions: $p }) { token } }",
        Some("[Permission!]! is")
    )]
    #[case(
        "mutation($p: [Permission]!) { createApiKey(input: { name: \"x\", permissions: $p }) { token } }",
        Some("[Permission!]! is")
    )]
    #[case(
        "mutation($p: Permission!) { createApiKey(input: { name: \"x\", permissions: $p }) { token } }",
        Some("[Permission!]! is")
    )]
    #[case("mutation($p: Permission!) { createApiKey(input: { name: \"x\", permissions: [$p] }) { token } }", None)]
    #[case("subscription($k: [EmployeeChangeKind!]!) { employeesChanged(filter: { kinds: $k }) { kind } }", None)]
    #[case("{ employees(filter: { status: ACTIVE }) { totalCount } }", None)]
    #[case("{ employees(filter: { status: \"ACTIVE\" }) { totalCount } }", Some("without quotation marks"))]
    #[case(
        "query($f: EmployeeFilter = { status: \"ACTIVE\" }) { employees(filter: $f) { totalCount } }",
        Some("without quotation")
    )]
    #[case(
        "mutation { createApiKey(input: { name: \"x\", permissions: [\"READ_AUDIT\"] }) { token } }",
        Some("without quotation")
    )]
    #[case("mutation { createApiKey(input: { name: \"x\", permissions: \"READ_AUDIT\" }) { token } }", Some("without quotation"))]
    #[case(
        "{ employees(filter: { status: ACTIVE, status: ACTIVE }) { totalCount } }",
        Some("\"status\" is given more than once")
    )]
    #[case("{ a: tenant { b: slug } a: tenant { b: slug } }", None)]
    #[case("{ nonsense(x: { a: { b: 1 }, c: [{ a: 1 }, { a: 2 }] }) }", None)]
    #[case("{ nonsense(x: [{ a: { b: 1 }, c: { d: 1, d: 2 } }]) }", Some("\"d\" is given"))]
    fn values(#[case] text: &str, #[case] expected: Option<&str>) {
        let errors = check(text, &parse_query(text).unwrap(), types()).err().unwrap_or_default();
        let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        match expected {
            None => assert!(messages.is_empty(), "{messages:?}"),
            Some(part) => assert!(messages.len() == 1 && messages.iter().all(|message| message.contains(part)), "{messages:?}"),
        }
        assert!(errors.iter().all(|error| error.locations.len() == 1));
    }
}
