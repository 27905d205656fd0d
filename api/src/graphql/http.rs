//! GraphQL over HTTP: one request in, one response out.
//!
//! The specification's two media types differ in one thing. Under `application/graphql-response+json` a document that is
//! refused before it is executed is answered with 400; under `application/json` with 200, because older clients read the body
//! of no other status. A request that is not GraphQL at all is refused with a 4xx under both.

use std::{future::Future, sync::Arc, time::Duration};

use async_graphql::{
    Executor, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, OperationType},
};
use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header},
    response::Response,
};
use http_body_util::LengthLimitError;

pub use super::response::Summary;
use super::{
    accept::{self, MediaType},
    admission::Admission,
    answer, emptied,
    error::{self, Code, request_error},
    fate::{Fate, settle},
    parameters::{self, Parameters},
    prepare::{only_name, prepare},
    response::{not_executed, refuse, respond, too_many, with_header},
    times::{SERVER_TIMING, Times},
};
use crate::{http::log::shortened, telemetry::traces, usage::slow::Watch};

/// What the resolvers of a schema find in their context, as `Arc<Self>`.
pub trait Carried: Send + Sync + 'static {
    /// Names the request in the log.
    fn request_id(&self) -> &str;

    /// Ends what the operation has opened. Everything is answered by then.
    fn finish(&self, kind: OperationType) -> impl Future<Output = ()> + Send;

    /// How many statements a query has sent; 0 where that is not counted.
    fn statements(&self) -> u32 {
        0
    }

    /// What has become of what the operation is about since it began.
    fn fate(&self) -> impl Future<Output = Fate> + Send {
        std::future::ready(Fate::Unchanged)
    }
}

/// Answers a request. `context` is called once, when the type of the operation is known and before anything is executed.
///
/// The fields of a query run at once, those of a mutation one after another.
pub async fn execute<C: Carried>(
    schema: &impl Executor,
    request: Request<Body>,
    admission: &Admission<'_>,
    context: impl FnOnce(OperationType) -> C,
) -> Response {
    let Some(media_type) = accept::negotiate(request.headers()) else {
        return refuse(
            MediaType::Json,
            StatusCode::NOT_ACCEPTABLE,
            "Answers are written as application/graphql-response+json or application/json.",
        );
    };
    let method = request.method().clone();
    let mut times = Times::begin();
    let mut parameters = match read(media_type, request, admission.body_timeout).await {
        Ok(parameters) => parameters,
        Err(response) => return *response,
    };
    times.end("read");
    let (document, kind) = match prepare(&mut parameters, admission) {
        Ok(prepared) => prepared,
        Err(errors) => return not_executed(media_type, errors),
    };
    match kind {
        OperationType::Subscription => {
            let error = request_error(
                Code::BadUserInput,
                "A subscription is served over a WebSocket, or as an event stream; not as one answer.",
            );
            return not_executed(media_type, vec![error]);
        }
        OperationType::Mutation if method != Method::POST => {
            let response = refuse(media_type, StatusCode::METHOD_NOT_ALLOWED, "A mutation has to be sent by POST.");
            return with_header(response, header::ALLOW, HeaderValue::from_static("POST"));
        }
        OperationType::Mutation | OperationType::Query => {}
    }
    times.end("check");
    let _turn = match admission.enter().await {
        Ok(turn) => turn,
        Err(refused) => return too_many(media_type, &refused),
    };
    times.end("wait");
    let context = Arc::new(context(kind));
    let operation = parameters.operation_name.clone().or_else(|| only_name(&document));
    let text = std::mem::take(&mut parameters.query);
    let counted = Arc::clone(&context);
    let _watch = Watch::begin(admission.slow.as_ref(), text, operation.as_deref(), kind, move || counted.statements());
    let running = run(schema, media_type, parameters, document, kind, &context, operation.as_deref());
    let mut response = traces::operation(kind, operation.as_deref().map(shortened), context.request_id(), running).await;
    times.end("execute");
    response.headers_mut().insert(SERVER_TIMING, times.header());
    response
}

/// Reads the parameters, or says why the request is not GraphQL.
async fn read(media_type: MediaType, request: Request<Body>, patience: Duration) -> Result<Parameters, Box<Response>> {
    let bad_request = |message: String| Box::new(refuse(media_type, StatusCode::BAD_REQUEST, message));
    match *request.method() {
        Method::GET => parameters::from_uri(request.uri()).map_err(bad_request),
        Method::POST => {
            if !accept::is_json(request.headers()) {
                let message = "The body has to be application/json in UTF-8.";
                return Err(Box::new(refuse(media_type, StatusCode::UNSUPPORTED_MEDIA_TYPE, message)));
            }
            // The router's limit cuts the body off; there is no second one here.
            let body = axum::body::to_bytes(request.into_body(), usize::MAX);
            let Ok(body) = tokio::time::timeout(patience, body).await else {
                let response = refuse(media_type, StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.");
                return Err(Box::new(with_header(response, header::CONNECTION, HeaderValue::from_static("close"))));
            };
            match body {
                Ok(body) => parameters::from_body(&body).map_err(bad_request),
                Err(failure) if is_too_long(&failure) => {
                    Err(Box::new(refuse(media_type, StatusCode::PAYLOAD_TOO_LARGE, "The body is too long.")))
                }
                Err(_) => Err(bad_request("The body did not arrive as a whole.".to_owned())),
            }
        }
        _ => {
            let response = refuse(media_type, StatusCode::METHOD_NOT_ALLOWED, "Use GET for queries, or POST.");
            Err(Box::new(with_header(response, header::ALLOW, HeaderValue::from_static("GET, POST"))))
        }
    }
}

fn is_too_long(failure: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(failure);
    while let Some(failure) = source {
        if failure.is::<LengthLimitError>() {
            return true;
        }
        source = failure.source();
    }
    false
}

async fn run<C: Carried>(
    schema: &impl Executor,
    media_type: MediaType,
    parameters: Parameters,
    mut document: ExecutableDocument,
    kind: OperationType,
    context: &Arc<C>,
    operation: Option<&str>,
) -> Response {
    let has_filler = emptied::fill(&mut document);
    let order = answer::root_keys(&document, operation);
    let mut request = async_graphql::Request::new(String::new()).data(Arc::clone(context));
    request.variables = parameters.variables;
    request.operation_name = parameters.operation_name;
    request.set_parsed_query(document);

    let mut answer = schema.execute(request).await;
    if has_filler {
        emptied::empty(&mut answer.data);
    }
    if answer.data == Value::Null && answer.errors.is_empty() {
        // All fields were skipped: the engine's way of saying so.
        answer.data = Value::Object(IndexMap::new());
    }
    context.finish(kind).await;

    if answer::was_refused(&answer) {
        traces::failed(Some(Code::BadUserInput));
        return not_executed(media_type, answer.errors);
    }
    settle(&mut answer.errors, context.as_ref()).await;
    let codes: Vec<Code> = answer.errors.iter_mut().map(|error| error::describe(error, context.request_id())).collect();
    if let Some(first) = codes.first() {
        traces::failed(Some(*first));
    }
    answer::propagate_nulls(&mut answer);
    answer::put_in_order(&mut answer.data, &order);
    let mut response = respond(media_type, StatusCode::OK, Body::from(answer::serialize(Some(&answer.data), &answer.errors)));
    response.headers_mut().extend(answer.http_headers);
    let kind = if kind == OperationType::Mutation { "mutation" } else { "query" };
    let codes = codes.into_iter().map(Code::as_str).collect();
    response.extensions_mut().insert(Summary { kind, operation: operation.map(shortened).map(str::to_owned), codes });
    response
}
