//! The operation that somebody watches by.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, OperationType},
};
use futures::StreamExt as _;

use super::single_field::reduce;
use crate::{
    graphql::{
        Schema,
        admission::Admission,
        answer,
        context::RequestContext,
        emptied,
        error::{self, Code, request_error},
        fate::settle,
        http::Carried as _,
        parameters::Parameters,
        prepare::{only_name, prepare},
        subscription::Happening,
    },
    http::log::shortened,
    telemetry::traces,
};

/// An operation, parsed and within the limits.
#[derive(Debug)]
pub(super) struct Operation {
    document: ExecutableDocument,
    /// Which operation of the document, where that has several.
    name: Option<String>,
    /// What the client calls it.
    title: Option<String>,
    variables: Variables,
    kind: OperationType,
    /// The field of a subscription.
    field: String,
    /// Whether fields were added that the answer shall not have.
    has_filler: bool,
}

impl Operation {
    /// Parses an operation and holds it to the limits, once for as long as it is watched by.
    pub(super) fn prepare(parameters: Parameters, admission: &Admission<'_>) -> Result<Self, Vec<ServerError>> {
        Self::read(parameters, admission).map_err(|mut errors| {
            // Errors of a document have no cause to look up, so no request id.
            for error in &mut errors {
                error::describe(error, "");
            }
            errors
        })
    }

    fn read(mut parameters: Parameters, admission: &Admission<'_>) -> Result<Self, Vec<ServerError>> {
        let (mut document, kind) = prepare(&mut parameters, admission)?;
        let has_filler = emptied::fill(&mut document);
        let bad = |message: &str| vec![request_error(Code::BadUserInput, message)];
        let Parameters { operation_name: name, variables, .. } = parameters;
        let title = name.clone().or_else(|| only_name(&document));
        match kind {
            OperationType::Query => Ok(Self { document, name, title, variables, kind, field: String::new(), has_filler }),
            OperationType::Mutation => Err(bad("A mutation has to be sent by POST, and answered as JSON.")),
            OperationType::Subscription => {
                let (document, field) = reduce(document, name.as_deref()).map_err(bad)?;
                Ok(Self { document, name: None, title, variables, kind, field, has_filler })
            }
        }
    }

    /// A query or a subscription.
    pub(super) fn kind(&self) -> OperationType {
        self.kind
    }

    /// What the client calls it, for logs and traces.
    pub(super) fn title(&self) -> Option<&str> {
        self.title.as_deref().map(shortened)
    }

    /// Whether it watches; a query is answered once.
    pub(super) fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }

    /// Whether the operation could tell of it.
    pub(super) fn watches(&self, happening: &Happening) -> bool {
        let field = match happening {
            Happening::Employee { .. } => "employeesChanged",
            Happening::Department { .. } => "departmentsChanged",
            Happening::Tenant => "tenantChanged",
        };
        self.field == field
    }

    /// Validates a subscription and checks its arguments, without telling anything.
    pub(super) async fn check(&self, schema: &Schema, context: RequestContext) -> Result<(), Vec<ServerError>> {
        let context = Arc::new(context);
        let refused = schema.execute_stream(self.request(&context)).next().await;
        context.finish(OperationType::Subscription).await;
        match refused {
            None => Ok(()),
            Some(mut response) => {
                describe(&mut response.errors, &context);
                Err(response.errors)
            }
        }
    }

    /// Tells of the happening of the context; none when there is nothing to tell to this viewer.
    pub(super) async fn tell(&self, schema: &Schema, context: RequestContext) -> Option<String> {
        let context = Arc::new(context);
        let response = schema.execute_stream(self.request(&context)).next().await;
        context.finish(OperationType::Subscription).await;
        let mut response = response?;
        settle(&mut response.errors, context.as_ref()).await;
        Some(self.answer(response, &context))
    }

    /// Answers a query.
    pub(super) async fn answer_once(&self, schema: &Schema, context: RequestContext) -> Result<String, Vec<ServerError>> {
        let context = Arc::new(context);
        let mut response = schema.execute(self.request(&context)).await;
        context.finish(OperationType::Query).await;
        if response.data == Value::Null && response.errors.is_empty() {
            response.data = Value::Object(IndexMap::new());
        }
        if answer::was_refused(&response) {
            describe(&mut response.errors, &context);
            return Err(response.errors);
        }
        settle(&mut response.errors, context.as_ref()).await;
        Ok(self.answer(response, &context))
    }

    fn request(&self, context: &Arc<RequestContext>) -> async_graphql::Request {
        let mut request = async_graphql::Request::new(String::new()).data(Arc::clone(context));
        request.variables = self.variables.clone();
        request.operation_name.clone_from(&self.name);
        request.set_parsed_query(self.document.clone());
        request
    }

    fn answer(&self, mut response: Response, context: &RequestContext) -> String {
        describe(&mut response.errors, context);
        if self.has_filler {
            emptied::empty(&mut response.data);
        }
        answer::propagate_nulls(&mut response);
        if self.kind == OperationType::Query {
            answer::put_in_order(&mut response.data, &answer::root_keys(&self.document, self.title.as_deref()));
        }
        text(answer::serialize(Some(&response.data), &response.errors))
    }
}

fn describe(errors: &mut [ServerError], context: &RequestContext) {
    for error in errors {
        let code = error::describe(error, &context.request_id);
        traces::failed(Some(code));
    }
}

/// The answer of an operation that was not executed.
pub(super) fn refusal(errors: &[ServerError]) -> String {
    text(answer::serialize(None, errors))
}

/// JSON is text.
fn text(json: Vec<u8>) -> String {
    String::from_utf8(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::*;
    use crate::graphql::{
        self,
        limits::{Defaults, Limits},
    };

    fn operation(query: &str, name: Option<&str>) -> Result<Operation, String> {
        let parameters = Parameters {
            query: query.to_owned(),
            operation_name: name.map(str::to_owned),
            variables: Variables::default(),
            document_id: None,
        };
        let limits = Limits::of(&Defaults::default(), None);
        let (types, body_timeout) = (graphql::types(), Duration::from_secs(1));
        let admission =
            Admission { limits: &limits, types, documents: None, signed_in: true, lane: None, body_timeout, slow: None };
        Operation::prepare(parameters, &admission).map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[rstest]
    #[case("subscription { tenantChanged { id } }", None, Ok("tenantChanged"))]
    #[case("subscription { x: tenantChanged { id } }", None, Ok("tenantChanged"))]
    #[case("subscription A { a } query B { b }", Some("A"), Ok("a"))]
    #[case("subscription { ...F } fragment F on Subscription { ... { a { ...G } } } fragment G on X { b }", None, Ok("a"))]
    #[case("subscription { a b }", None, Err("has one field"))]
    #[case("subscription { a ...F } fragment F on Subscription { b }", None, Err("has one field"))]
    #[case("subscription { __typename }", None, Err("one field, which tells"))]
    #[case("subscription { a @skip(if: false) }", None, Err("cannot be skipped"))]
    #[case("subscription { ... @include(if: true) { a } }", None, Err("cannot be skipped"))]
    #[case("subscription { ... on Query { a } }", None, Err("one on Subscription"))]
    #[case("subscription { ...F }", None, Err("does not have"))]
    #[case("subscription { ...F } fragment F on Subscription { ...F }", None, Err("contains itself"))]
    #[case("mutation { a }", None, Err("by POST"))]
    #[case("subscription {", None, Err("expected"))]
    fn a_subscription_has_one_field(#[case] query: &str, #[case] name: Option<&str>, #[case] expected: Result<&str, &str>) {
        match (operation(query, name), expected) {
            (Ok(operation), Ok(field)) => assert_eq!(operation.field, field),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (result, _) => panic!("{result:?}"),
        }
    }
}
