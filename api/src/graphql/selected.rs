//! What a selection set selects of an object.

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Lookahead, OutputType, Positioned, SelectionField,
    parser::types::{Field, Selection, SelectionSet},
};

/// The fields that a selection set asks of a `T`, those of its fragments included.
pub(super) fn collect_fields<'a, T: ContainerType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) {
    for selection in &set.items {
        let (condition, set) = match &selection.node {
            Selection::Field(field) => {
                fields.push(field);
                continue;
            }
            Selection::InlineFragment(fragment) => (fragment.node.type_condition.as_ref(), &fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => match ctx.query_env.fragments.get(&spread.node.fragment_name.node) {
                Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set.node),
                // The validator has refused unknown fragments.
                None => continue,
            },
        };
        if condition.is_none_or(|condition| is_a::<T>(ctx, &condition.node.on.node)) {
            collect_fields::<T>(ctx, set, fields);
        }
    }
}

fn is_a<T: OutputType>(ctx: &ContextSelectionSet<'_>, condition: &str) -> bool {
    let name = T::type_name();
    name == condition
        || ctx.schema_env.registry.implements.get(name.as_ref()).is_some_and(|interfaces| interfaces.contains(condition))
}

/// Whether the object of the resolver's field has to be loaded, or its id says all that is asked for.
pub fn selects_more_than_id(ctx: &Context<'_>) -> bool {
    asks_for_more_than_id(&ctx.look_ahead())
}

/// Whether a field is selected, and with more than an id.
pub fn asks_for_more_than_id(field: &Lookahead<'_>) -> bool {
    let selected = field.selection_fields();
    selected.iter().flat_map(SelectionField::selection_set).any(|field| !matches!(field.name(), "id" | "__typename"))
}
