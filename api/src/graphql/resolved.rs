//! Objects that are at hand, answered without the engine's cost of a concurrent one.

use std::{borrow::Cow, future::Future, pin::Pin, sync::Arc};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ID, Lookahead, Name, OutputType, Positioned, SelectionField, ServerResult,
    Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
};

/// An object that a resolver answers with.
///
/// The engine gives every field of an object a boxed future of its own and polls them as a set, which costs more than the
/// field. Here the fields of one object are resolved one after another, in one boxed future. The objects of a list still run
/// concurrently, so that a [`Loader`](super::loader::Loader) gathers their keys.
pub enum Resolved<'a, T> {
    /// Held by the object above.
    Here(&'a T),
    /// Made for this answer.
    Made(T),
    /// Shared with the other answers of the request.
    Shared(Arc<T>),
    /// Only the id was asked for, and it was known without loading the object.
    Id(ID),
}

impl<T: ContainerType> OutputType for Resolved<'_, T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        // Boxed once an object: an employee's manager is an employee, and a future cannot contain itself.
        let answer: Pin<Box<dyn Future<Output = ServerResult<Value>> + Send + '_>> = match self {
            Self::Here(object) => Box::pin(object_value(ctx, *object)),
            Self::Made(object) => Box::pin(object_value(ctx, object)),
            Self::Shared(object) => Box::pin(object_value(ctx, object.as_ref())),
            Self::Id(id) => return Ok(id_value::<T>(ctx, id)),
        };
        answer.await
    }
}

async fn object_value<T: ContainerType>(ctx: &ContextSelectionSet<'_>, object: &T) -> ServerResult<Value> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    collect_fields::<T>(ctx, &ctx.item.node, &mut fields);
    let mut values = IndexMap::with_capacity(fields.len());
    for field in fields {
        let key = &field.node.response_key().node;
        let value = if field.node.name.node == "__typename" {
            Value::String(T::type_name().into_owned())
        } else {
            // An error stops the object: the field is not nullable, or it would have become null. The engine turns it into
            // null at the next nullable place above.
            object.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default()
        };
        insert(&mut values, key, value);
    }
    Ok(Value::Object(values))
}

fn id_value<T: ContainerType>(ctx: &ContextSelectionSet<'_>, id: &ID) -> Value {
    let mut fields = Vec::new();
    collect_fields::<T>(ctx, &ctx.item.node, &mut fields);
    let mut values = IndexMap::with_capacity(fields.len());
    for field in fields {
        let value = match field.node.name.node.as_str() {
            "__typename" => T::type_name().into_owned(),
            _ => id.0.clone(),
        };
        insert(&mut values, &field.node.response_key().node, Value::String(value));
    }
    Value::Object(values)
}

/// The fields that a selection set asks of a `T`, those of its fragments included.
fn collect_fields<'a, T: ContainerType>(
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

/// The same field may be selected more than once, by fragments; what was selected below it is then put together.
fn insert(values: &mut IndexMap<Name, Value>, key: &Name, value: Value) {
    match values.get_mut(key) {
        None => {
            values.insert(key.clone(), value);
        }
        Some(existing) => merge(existing, value),
    }
}

fn merge(existing: &mut Value, value: Value) {
    match (existing, value) {
        (Value::Object(existing), Value::Object(values)) => {
            for (key, value) in values {
                insert(existing, &key, value);
            }
        }
        (Value::List(existing), Value::List(values)) => {
            for (existing, value) in existing.iter_mut().zip(values) {
                merge(existing, value);
            }
        }
        _ => {}
    }
}
