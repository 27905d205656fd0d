//! The one field of a subscription, and what is kept of its document.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    },
};

/// The name of the root in the schema.
const ROOT: &str = "Subscription";
const NO_CONDITIONS: &str = "The field of a subscription cannot be skipped or included by a condition.";

/// Keeps of a document what its subscription needs: one operation with one field at its root, and the fragments below that.
/// The engine does not look into fragments at the root, and would take several fields for as many subscriptions.
pub(super) fn reduce(document: ExecutableDocument, name: Option<&str>) -> Result<(ExecutableDocument, String), &'static str> {
    let ExecutableDocument { operations, mut fragments } = document;
    let mut operation = match operations {
        DocumentOperations::Single(operation) => operation,
        DocumentOperations::Multiple(operations) => {
            let mut operations = operations.into_iter();
            let found = match name {
                Some(name) => operations.find(|(other, _)| other.as_str() == name),
                None => operations.next(),
            };
            found.ok_or("The document has no such operation.")?.1
        }
    };
    let document = ExecutableDocument { operations: DocumentOperations::Single(operation.clone()), fragments };
    let mut fields = Vec::new();
    root_fields(&document, &operation.node.selection_set.node, &mut fields)?;
    fragments = document.fragments;
    let mut fields = fields.into_iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err("A subscription has one field.");
    };
    let name = field.node.name.node.to_string();
    if name.starts_with("__") {
        return Err("A subscription has one field, which tells of something.");
    }
    let mut needed = HashSet::new();
    needed_fragments(&fragments, &field.node.selection_set.node, &mut needed);
    fragments.retain(|name, _| needed.contains(name));
    let pos = field.pos;
    operation.node = OperationDefinition {
        selection_set: Positioned::new(SelectionSet { items: vec![Positioned::new(Selection::Field(field), pos)] }, pos),
        ..operation.node
    };
    Ok((ExecutableDocument { operations: DocumentOperations::Single(operation), fragments }, name))
}

/// The fields at the root, through fragments. `limits` has refused fragments that contain themselves.
fn root_fields(
    document: &ExecutableDocument,
    set: &SelectionSet,
    fields: &mut Vec<Positioned<Field>>,
) -> Result<(), &'static str> {
    for selection in &set.items {
        if selection.node.directives().iter().any(|directive| matches!(directive.node.name.node.as_str(), "skip" | "include")) {
            return Err(NO_CONDITIONS);
        }
        let (condition, set) = match &selection.node {
            Selection::Field(field) => {
                fields.push(field.clone());
                continue;
            }
            Selection::InlineFragment(fragment) => (fragment.node.type_condition.as_ref(), &fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => match document.fragments.get(&spread.node.fragment_name.node) {
                Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set.node),
                None => return Err("The document uses a fragment that it does not have."),
            },
        };
        if condition.is_some_and(|condition| condition.node.on.node != ROOT) {
            return Err("A fragment at the root of a subscription is one on Subscription.");
        }
        root_fields(document, set, fields)?;
    }
    Ok(())
}

fn needed_fragments(fragments: &HashMap<Name, Positioned<FragmentDefinition>>, set: &SelectionSet, needed: &mut HashSet<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => needed_fragments(fragments, &field.node.selection_set.node, needed),
            Selection::InlineFragment(fragment) => needed_fragments(fragments, &fragment.node.selection_set.node, needed),
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if let Some(fragment) = fragments.get(name).filter(|_| needed.insert(name.clone())) {
                    needed_fragments(fragments, &fragment.node.selection_set.node, needed);
                }
            }
        }
    }
}
