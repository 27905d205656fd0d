//! Objects of which nothing is selected in the end.
//!
//! The engine answers an object without fields with null, where the specification has `{}`. All fields can be skipped, and a
//! fragment may be one on another type. So whatever may come to nothing is asked for one field more, which is taken out of the
//! answer again.

use async_graphql::{
    Name, Positioned, Value,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};

/// The name of the field more, which no client would choose.
const FILLER: &str = "__tenantryFiller";

/// Asks each object of which nothing may be selected for its type. Whether there is one.
pub fn fill(document: &mut ExecutableDocument) -> bool {
    let mut is_filled = false;
    let operations: Vec<&mut SelectionSet> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node.selection_set.node],
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().map(|operation| &mut operation.node.selection_set.node).collect()
        }
    };
    let fragments = document.fragments.values_mut().map(|fragment| &mut fragment.node.selection_set.node);
    for set in operations.into_iter().chain(fragments) {
        is_filled |= fill_below(set);
    }
    is_filled
}

/// The set itself is filled with the field that it belongs to.
fn fill_below(set: &mut SelectionSet) -> bool {
    let mut is_filled = false;
    for selection in &mut set.items {
        is_filled |= match &mut selection.node {
            Selection::Field(field) => {
                let set = &mut field.node.selection_set;
                let is_filled_below = fill_below(&mut set.node);
                let may_be_empty =
                    !set.node.items.is_empty() && !set.node.items.iter().any(|selection| is_certain(&selection.node));
                if may_be_empty {
                    set.node.items.push(Positioned::new(filler(set.pos), set.pos));
                }
                may_be_empty || is_filled_below
            }
            Selection::InlineFragment(fragment) => fill_below(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => false,
        };
    }
    is_filled
}

/// Whether a selection selects something whatever the variables and the object.
fn is_certain(selection: &Selection) -> bool {
    let is_conditional =
        selection.directives().iter().any(|directive| matches!(directive.node.name.node.as_str(), "skip" | "include"));
    matches!(selection, Selection::Field(_)) && !is_conditional
}

fn filler(pos: async_graphql::Pos) -> Selection {
    let field = Field {
        alias: Some(Positioned::new(Name::new(FILLER), pos)),
        name: Positioned::new(Name::new("__typename"), pos),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items: Vec::new() }, pos),
    };
    Selection::Field(Positioned::new(field, pos))
}

/// Takes the fields more out of an answer.
pub fn empty(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            fields.shift_remove(FILLER);
            fields.values_mut().for_each(empty);
        }
        Value::List(items) => items.iter_mut().for_each(empty),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{
        EmptyMutation, EmptySubscription, Interface, Object, Request, Schema, Variables, parser::parse_query, value,
    };
    use rstest::rstest;

    use super::*;

    struct Leaf;

    #[Object]
    impl Leaf {
        async fn id(&self) -> i32 {
            7
        }

        async fn leaf(&self) -> Leaf {
            Leaf
        }
    }

    struct Other;

    #[Object]
    impl Other {
        async fn id(&self) -> i32 {
            8
        }
    }

    #[derive(Interface)]
    #[graphql(field(name = "id", ty = "i32"))]
    enum Thing {
        Leaf(Leaf),
        Other(Other),
    }

    struct Root;

    #[Object]
    impl Root {
        async fn leaf(&self) -> Leaf {
            Leaf
        }

        async fn things(&self) -> Vec<Thing> {
            vec![Leaf.into(), Other.into()]
        }
    }

    #[rstest]
    #[case("{ leaf { id @skip(if: true) } }", value!({ "leaf": {} }))]
    #[case("query($b: Boolean!) { leaf { ... @include(if: $b) { id } } }", value!({ "leaf": {} }))]
    #[case("{ leaf { ...F } } fragment F on Leaf { leaf { id @skip(if: true) } }", value!({ "leaf": { "leaf": {} } }))]
    #[case("{ leaf { id leaf { id @include(if: false) leaf { id } } } }", value!({ "leaf": { "id": 7, "leaf": { "leaf": { "id": 7 } } } }))]
    #[case("{ things { ... on Other { id } } }", value!({ "things": [{}, { "id": 8 }] }))]
    #[case("query A { leaf { id @skip(if: true) } } query B { leaf { id } }", value!({ "leaf": {} }))]
    #[tokio::test]
    async fn an_object_without_fields_is_an_object(#[case] text: &str, #[case] expected: Value) {
        let mut document = parse_query(text).unwrap();
        fill(&mut document);
        let mut request = Request::new("").variables(Variables::from_value(value!({ "b": false })));
        if text.contains("query A") {
            request = request.operation_name("A");
        }
        request.set_parsed_query(document);
        let mut answer = Schema::new(Root, EmptyMutation, EmptySubscription).execute(request).await;
        empty(&mut answer.data);
        assert_eq!(answer.errors, []);
        assert_eq!(answer.data, expected);
    }

    #[test]
    fn nothing_is_added_where_something_is_selected() {
        let mut document =
            parse_query("{ leaf { id ...F } leaf @skip(if: true) { id } } fragment F on Leaf { leaf { id } }").unwrap();
        assert!(!fill(&mut document));
    }
}
