//! Variables that decide about fields: the engine evaluates `@skip` and `@include` without looking at defaults, and takes an
//! undefined variable for an empty answer.

use std::{collections::HashSet, convert::Infallible};

use async_graphql::{
    Name, Positioned, Value, Variables,
    parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

/// Gives the operation's variables their defaults. Says which one has no value and needs one, or which one that a directive
/// uses is not defined.
pub(super) fn complete(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &mut Variables,
) -> Result<(), String> {
    for definition in operation.variable_definitions.iter().map(|definition| &definition.node) {
        let name = &definition.name.node;
        if let (None, Some(default)) = (variables.get(name), &definition.default_value) {
            variables.insert(name.clone(), default.node.clone());
        }
        if !definition.var_type.node.nullable && variables.get(name).is_none_or(|value| *value == Value::Null) {
            return Err(format!("The variable ${name} is required, and has no value."));
        }
    }
    let mut uses = Uses { document, seen: HashSet::new(), names: Vec::new() };
    uses.of_directives(&operation.directives);
    uses.of_selection_set(&operation.selection_set.node);
    let is_defined = |name: &Name| operation.variable_definitions.iter().any(|definition| definition.node.name.node == *name);
    match uses.names.into_iter().find(|name| !is_defined(name)) {
        Some(name) => Err(format!("The variable ${name} is used, and not defined.")),
        None => Ok(()),
    }
}

/// The variables in the directives of an operation, through its fragments. Each fragment is looked at once.
struct Uses<'a> {
    document: &'a ExecutableDocument,
    seen: HashSet<&'a Name>,
    names: Vec<Name>,
}

impl<'a> Uses<'a> {
    fn of_directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            // Walks through the value, and hands over each variable in it.
            let walked = value.node.clone().into_const_with(|name| {
                self.names.push(name);
                Ok::<_, Infallible>(Value::Null)
            });
            let Ok(_) = walked;
        }
    }

    fn of_selection_set(&mut self, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.of_directives(&field.node.directives);
                    self.of_selection_set(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.of_directives(&fragment.node.directives);
                    self.of_selection_set(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    self.of_directives(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name).filter(|_| self.seen.insert(name)) {
                        self.of_selection_set(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("query($b: Boolean = true) { a @include(if: $b) }", value!({}), Ok(value!({ "b": true })))]
    #[case("query($b: Boolean = true) { a @include(if: $b) }", value!({ "b": false }), Ok(value!({ "b": false })))]
    #[case("query($b: Boolean! = true) { a @skip(if: $b) }", value!({}), Ok(value!({ "b": true })))]
    #[case("query($b: Boolean) { a(x: $b) }", value!({}), Ok(value!({})))]
    #[case("query($b: Boolean!) { a @skip(if: $b) }", value!({}), Err("$b is required"))]
    #[case("query($b: Boolean!) { a @skip(if: $b) }", value!({ "b": null }), Err("$b is required"))]
    #[case("{ a @skip(if: $b) }", value!({}), Err("$b is used"))]
    #[case("{ ... on Q { a { b @skip(if: $b) } } }", value!({}), Err("$b is used"))]
    #[case("{ ...F } fragment F on Q { ...F a @skip(if: $b) }", value!({}), Err("$b is used"))]
    #[case("query A { a } fragment F on Q { a @skip(if: $b) }", value!({}), Ok(value!({})))]
    fn variables_are_completed(#[case] text: &str, #[case] given: Value, #[case] expected: Result<Value, &str>) {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut variables = Variables::from_value(given);
        let result = complete(&document, &operation.node, &mut variables);
        match (result, expected) {
            (Ok(()), Ok(expected)) => assert_eq!(variables, Variables::from_value(expected)),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}
