//! Objects that are at hand, answered without the engine's cost of a concurrent one.

use std::{
    borrow::Cow,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use async_graphql::{
    ContainerType, ContextSelectionSet, ID, Name, OutputType, Positioned, ServerError, ServerResult, Value,
    indexmap::{IndexMap, map::Entry},
    parser::types::Field,
    registry::Registry,
};

use super::selected::collect_fields;

/// An object that a resolver answers with.
///
/// The engine gives every field of an object a boxed future of its own and polls them as a set, which costs more than the
/// field. Here the fields of one object are resolved one after another, in one boxed future. The objects of a list still run
/// concurrently, so that a [`Loader`](super::loader::Loader) gathers their keys.
pub enum Resolved<'a, T> {
    /// Held by the object above.
    Here(&'a T),
    /// Made for this answer. Boxed, so that the others do not have to be moved as if they were as large.
    Made(Box<T>),
    /// Shared with the other answers of the request.
    Shared(Arc<T>),
    /// Only the id was asked for, and it was known without loading the object.
    Id(ID),
}

impl<T> Resolved<'_, T> {
    /// An object made for this answer.
    pub fn made(object: T) -> Self {
        Self::Made(Box::new(object))
    }
}

impl<T: ContainerType> OutputType for Resolved<'_, T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        self.value(ctx).await
    }
}

impl<T: ContainerType> Resolved<'_, T> {
    /// The answer. Boxed once an object: an employee's manager is an employee, and a future cannot contain itself.
    fn value<'f>(&'f self, ctx: &'f ContextSelectionSet<'f>) -> ValueFuture<'f> {
        match self {
            Self::Here(object) => Box::pin(object_value(ctx, *object)),
            Self::Made(object) => Box::pin(object_value(ctx, object.as_ref())),
            Self::Shared(object) => Box::pin(object_value(ctx, object.as_ref())),
            Self::Id(id) => Box::pin(std::future::ready(Ok(id_value::<T>(ctx, id)))),
        }
    }
}

type ValueFuture<'f> = Pin<Box<dyn Future<Output = ServerResult<Value>> + Send + 'f>>;

/// Objects that a resolver answers with. They run concurrently; those that are done at once cost no more than that.
pub struct ResolvedList<'a, T>(pub Vec<Resolved<'a, T>>);

impl<'a, T> FromIterator<Resolved<'a, T>> for ResolvedList<'a, T> {
    fn from_iter<I: IntoIterator<Item = Resolved<'a, T>>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T: ContainerType> OutputType for ResolvedList<'_, T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T>>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T>>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<Field>) -> ServerResult<Value> {
        let places: Vec<_> = (0..self.0.len()).map(|index| ctx.with_index(index)).collect();
        let mut items: Vec<_> = self.0.iter().zip(&places).map(|(object, place)| Item::Waiting(object.value(place))).collect();
        poll_fn(|task| {
            let mut all_done = true;
            for item in &mut items {
                if let Item::Waiting(future) = item {
                    match future.as_mut().poll(task) {
                        Poll::Ready(value) => *item = Item::Done(value?),
                        Poll::Pending => all_done = false,
                    }
                }
            }
            if all_done { Poll::Ready(Ok::<_, ServerError>(())) } else { Poll::Pending }
        })
        .await?;
        let values = items.into_iter().filter_map(|item| match item {
            Item::Done(value) => Some(value),
            Item::Waiting(_) => None,
        });
        Ok(Value::List(values.collect()))
    }
}

enum Item<'f> {
    Waiting(ValueFuture<'f>),
    Done(Value),
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
            match object.resolve_field(&ctx.with_field(field)).await {
                Ok(value) => value.unwrap_or_default(),
                Err(error) if is_nullable::<T>(ctx, &field.node.name.node) => {
                    ctx.add_error(error);
                    Value::Null
                }
                // The object is null then, or what it stands in.
                Err(error) => return Err(error),
            }
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

fn is_nullable<T: OutputType>(ctx: &ContextSelectionSet<'_>, field: &str) -> bool {
    let object = ctx.schema_env.registry.types.get(T::type_name().as_ref());
    object.and_then(|object| object.field_by_name(field)).is_some_and(|field| !field.ty.ends_with('!'))
}

/// The same field may be selected more than once, by fragments; what was selected below it is then put together.
fn insert(values: &mut IndexMap<Name, Value>, key: &Name, value: Value) {
    match values.entry(key.clone()) {
        Entry::Vacant(entry) => {
            entry.insert(value);
        }
        Entry::Occupied(mut entry) => merge(entry.get_mut(), value),
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

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Error, Interface, Object, Result, Schema, value};
    use rstest::rstest;

    use super::*;

    struct Leaf(i32);

    #[Object]
    impl Leaf {
        async fn id(&self) -> ID {
            ID(self.0.to_string())
        }

        async fn number(&self) -> Result<i32> {
            tokio::task::yield_now().await;
            if self.0 == 13 { Err(Error::new("unlucky")) } else { Ok(self.0) }
        }

        async fn lucky(&self) -> Result<Option<i32>> {
            if self.0 == 13 { Err(Error::new("unlucky")) } else { Ok(None) }
        }

        async fn next(&self) -> Resolved<'_, Leaf> {
            Resolved::made(Leaf(self.0 + 1))
        }

        async fn reference(&self) -> Resolved<'_, Leaf> {
            Resolved::Id(ID("only".to_owned()))
        }
    }

    #[derive(Interface)]
    #[graphql(field(name = "id", ty = "ID"))]
    enum Thing {
        Leaf(Leaf),
    }

    struct Root;

    #[Object]
    impl Root {
        async fn leaf(&self, number: i32) -> Option<Resolved<'_, Leaf>> {
            Some(Resolved::made(Leaf(number)))
        }

        async fn leaves(&self, numbers: Vec<i32>) -> Option<ResolvedList<'_, Leaf>> {
            Some(numbers.into_iter().map(|number| Resolved::Shared(Arc::new(Leaf(number)))).collect())
        }

        async fn thing(&self) -> Thing {
            Leaf(1).into()
        }
    }

    #[rstest]
    #[case::in_order(
        "{ leaf(number: 1) { number b: id __typename a: number } }",
        r#"{leaf: {number: 1, b: "1", __typename: "Leaf", a: 1}}"#
    )]
    #[case::fragments(
        "{ leaf(number: 1) { ...A ... on Thing { id } ... { number } } } fragment A on Leaf { next { id } next { number } }",
        r#"{leaf: {next: {id: "2", number: 2}, id: "1", number: 1}}"#
    )]
    #[case::skipped("{ leaf(number: 1) { id @skip(if: true) number @include(if: true) } }", "{leaf: {number: 1}}")]
    #[case::only_the_id(
        "{ leaf(number: 1) { reference { id __typename } } }",
        r#"{leaf: {reference: {id: "only", __typename: "Leaf"}}}"#
    )]
    #[case::a_list("{ leaves(numbers: [3, 1, 2]) { number } }", "{leaves: [{number: 3}, {number: 1}, {number: 2}]}")]
    #[case::an_empty_list("{ leaves(numbers: []) { number } }", "{leaves: []}")]
    #[case::deep("{ leaf(number: 1) { next { next { next { id } } } } }", r#"{leaf: {next: {next: {next: {id: "4"}}}}}"#)]
    #[tokio::test]
    async fn answers(#[case] query: &str, #[case] expected: &str) {
        let response = Schema::new(Root, EmptyMutation, EmptySubscription).execute(query).await;
        assert_eq!(response.errors, []);
        assert_eq!(response.data.to_string(), expected);
    }

    #[tokio::test]
    async fn a_failed_field_is_null_where_it_may_be() {
        let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
        let response = schema.execute("{ leaf(number: 13) { id lucky } }").await;
        assert_eq!(response.data, value!({ "leaf": { "id": "13", "lucky": null } }));
        assert_eq!(response.errors.len(), 1);
    }

    #[tokio::test]
    async fn a_failed_field_takes_what_it_stands_in_along() {
        let schema = Schema::new(Root, EmptyMutation, EmptySubscription);
        let response = schema.execute("{ leaves(numbers: [1, 12]) { next { number } } thing { id } }").await;
        assert_eq!(response.data, value!({ "leaves": null, "thing": { "id": "1" } }));
        let path = response.errors.first().map(|error| serde_json::to_string(&error.path).unwrap());
        assert_eq!(path.as_deref(), Some(r#"["leaves",1,"next","number"]"#));
    }
}
