//! What the engine has answered, made into what the specification asks for.

use async_graphql::{
    Name, PathSegment, Response, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use serde::Serialize;

use super::error::{Code, INTERNAL_MESSAGE, request_error};

/// The keys of the answer, in the order of the document.
pub fn root_keys(document: &ExecutableDocument, operation: Option<&str>) -> Vec<Name> {
    let mut keys = Vec::new();
    let mut operations = document.operations.iter();
    if let Some((_, operation)) = operations.find(|(name, _)| name.map(Name::as_str) == operation) {
        collect_keys(document, &operation.node.selection_set.node, &mut keys);
    }
    keys
}

/// `limits` has refused fragments that contain themselves.
fn collect_keys(document: &ExecutableDocument, set: &SelectionSet, keys: &mut Vec<Name>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => keys.push(field.node.response_key().node.clone()),
            Selection::InlineFragment(fragment) => collect_keys(document, &fragment.node.selection_set.node, keys),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_keys(document, &fragment.node.selection_set.node, keys);
                }
            }
        }
    }
}

/// The engine answers the fields of the root in the order in which they were done.
pub fn put_in_order(data: &mut Value, order: &[Name]) {
    let Value::Object(fields) = data else {
        return;
    };
    if fields.len() > 1 {
        let mut ordered = IndexMap::with_capacity(fields.len());
        for key in order {
            if let Some((key, value)) = fields.swap_remove_entry(key) {
                ordered.insert(key, value);
            }
        }
        *fields = ordered;
    }
}

/// Whether the engine refused the document before it executed any field of it.
pub fn was_refused(answer: &Response) -> bool {
    !answer.errors.is_empty() && answer.data == Value::Null && answer.errors.iter().all(|error| error.path.is_empty())
}

/// The engine leaves a field out that failed, where the specification makes the nearest nullable place above it null. Below the
/// root, [`Resolved`](super::resolved::Resolved) does that, and the root's nullable fields do not fail; what is left are its
/// other fields, without which there is no answer.
pub fn propagate_nulls(answer: &mut Response) {
    let incomplete = answer.errors.iter().any(|error| lacks(&answer.data, &error.path));
    if incomplete {
        answer.data = Value::Null;
    }
}

/// Whether the value ends before the path does, other than with null.
fn lacks(value: &Value, path: &[PathSegment]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let next = match (value, first) {
        (Value::Null, _) => return false,
        (Value::Object(fields), PathSegment::Field(name)) => fields.get(name.as_str()),
        (Value::List(items), PathSegment::Index(index)) => items.get(*index),
        _ => None,
    };
    next.is_none_or(|next| lacks(next, rest))
}

/// The body of an answer, errors first so that a person sees them.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

/// Writes the body of a response. Without data there is no entry for it: nothing was executed.
pub fn serialize(data: Option<&Value>, errors: &[ServerError]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 * 1024);
    if let Err(failure) = serde_json::to_writer(&mut bytes, &Answer { errors, data }) {
        tracing::error!(cause = %failure, "an answer could not be written");
        let error = request_error(Code::Internal, INTERNAL_MESSAGE);
        bytes = serde_json::to_vec(&Answer { errors: &[error], data: None }).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    #[test]
    fn the_answer_has_the_order_of_the_document() {
        let document = parse_query("query A { b ...F a: x } fragment F on Query { c b }").unwrap();
        let mut data = value!({ "a": 1, "c": 2, "b": 3 });
        put_in_order(&mut data, &root_keys(&document, Some("A")));
        assert_eq!(data.to_string(), "{b: 3, c: 2, a: 1}");
    }

    #[test]
    fn a_missing_field_makes_the_answer_null() {
        let failed = |path: Vec<PathSegment>| vec![ServerError::new("no", None).with_path(path)];
        let field = |name: &str| PathSegment::Field(name.to_owned());

        let mut answer = Response::new(value!({ "viewer": null, "tenant": { "id": "x" } }));
        answer.errors = failed(vec![field("viewer"), field("employee")]);
        propagate_nulls(&mut answer);
        assert_ne!(answer.data, Value::Null);

        answer.errors = failed(vec![field("employees"), field("nodes"), PathSegment::Index(3)]);
        propagate_nulls(&mut answer);
        assert_eq!(answer.data, Value::Null);
    }
}
