//! `graphql-sse` in its mode of distinct connections: one operation a request, answered as an event stream.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_graphql::ServerError;
use async_stream::stream;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use futures::Stream;
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::Instrument as _;

use super::{
    client::Client,
    ending::Ending,
    operation::{Operation, refusal},
    quota::Counted,
    watch::{Said, Speaker, serve},
};
use crate::{
    graphql::{
        accept,
        error::{Code, request_error},
        parameters,
    },
    http::{LARGEST_BODY, refusal::Refusal},
};

/// Answers that wait for the client.
const MOST_ANSWERS: usize = 32;
/// How often something is sent though there is nothing to say, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

/// Whether a request may want an event stream. Clients that can read one often say so with every request; theirs are those that
/// accept nothing else, and subscriptions.
pub(crate) fn may_be_wanted(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::POST) && accept::names_events(&parts.headers)
}

/// Answers as an event stream, or hands the request back when it wants none after all.
pub(crate) async fn answer(client: Client, request: Request) -> Result<Response, Request> {
    let (parts, body) = request.into_parts();
    let takes_json = accept::negotiate(&parts.headers).is_some();
    let body = if parts.method == Method::POST && accept::is_json(&parts.headers) {
        match timeout(client.app.options.body_timeout, axum::body::to_bytes(body, LARGEST_BODY)).await {
            Ok(Ok(bytes)) => bytes,
            Err(_) => return Ok(Refusal::SlowBody.into_response()),
            // What is wrong with the body, the usual way says.
            Ok(Err(error)) => {
                let failed = futures::stream::once(async move { Err::<Bytes, _>(error) });
                return Err(Request::from_parts(parts, Body::from_stream(failed)));
            }
        }
    } else if parts.method == Method::GET {
        Bytes::new()
    } else {
        return Err(Request::from_parts(parts, body));
    };
    let text = if parts.method == Method::GET { parts.uri.query().unwrap_or_default().as_bytes() } else { &body };
    if takes_json && !text.windows(SUBSCRIPTION.len()).any(|window| window == SUBSCRIPTION) {
        return Err(Request::from_parts(parts, body.into()));
    }
    let parameters = if parts.method == Method::GET { parameters::from_uri(&parts.uri) } else { parameters::from_body(&body) };
    let operation = match parameters {
        Ok(parameters) => client.prepare(parameters, false).await,
        Err(message) => Err(vec![request_error(Code::BadUserInput, message)]),
    };
    match &operation {
        Ok(operation) if takes_json && !operation.is_subscription() => Err(Request::from_parts(parts, body.into())),
        Err(_) if takes_json => Err(Request::from_parts(parts, body.into())),
        _ => Ok(open(client, operation).await),
    }
}

/// The word that a document with a subscription contains.
const SUBSCRIPTION: &[u8] = b"subscription";

async fn open(client: Client, operation: Result<Operation, Vec<ServerError>>) -> Response {
    let operation = match operation {
        Ok(operation) => operation,
        Err(errors) => return respond(futures::stream::iter([next(&refusal(&errors)), complete()].map(Ok))),
    };
    match begin(client, operation).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn begin(client: Client, operation: Operation) -> Result<Response, Refusal> {
    let live = Arc::clone(&client.app.live);
    let hearing = live.ready().await.ok_or(Refusal::Deaf)?;
    let admitted = client.admit((client.app.clock)()).await?;
    let connected = client.count(&admitted)?;
    let feed = if operation.is_subscription() {
        Some(live.subscribe(connected.tenant(), connected.actor()).map_err(Refusal::Full)?)
    } else {
        None
    };
    let client = Arc::new(client);
    let (says, answers) = mpsc::channel(MOST_ANSWERS);
    let (endings_sender, endings) = mpsc::unbounded_channel();
    let speaker = Speaker { number: 0, says, endings: endings_sender };
    let task = tokio::spawn(serve(Arc::clone(&client), operation, feed, speaker).in_current_span());
    let watching = Watching { task: task.abort_handle(), _connected: connected };
    let guard = async move { client.ended(hearing, &admitted.tenant).await };
    Ok(respond(events(guard, answers, endings, watching)))
}

/// What ends when nobody reads the stream any more.
struct Watching {
    task: AbortHandle,
    _connected: Counted,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn events(
    guard: impl Future<Output = Ending> + Send + 'static,
    mut answers: mpsc::Receiver<(u64, Said)>,
    mut endings: mpsc::UnboundedReceiver<Ending>,
    watching: Watching,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    stream! {
        let _watching = watching;
        let mut guard = Box::pin(guard);
        let mut keep_alive = interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ending = loop {
            tokio::select! {
                biased;
                ending = &mut guard => break ending,
                Some(ending) = endings.recv() => break ending,
                said = answers.recv() => match said {
                    Some((_, Said::Next(answer))) => yield Ok(next(&answer)),
                    Some((_, Said::Refused { answer, .. })) => {
                        yield Ok(next(&answer));
                        yield Ok(complete());
                        return;
                    }
                    Some((_, Said::Complete)) | None => {
                        yield Ok(complete());
                        return;
                    }
                },
                // The first at once: with it the client knows that it is heard.
                _ = keep_alive.tick() => yield Ok(Bytes::from_static(b":\n\n")),
            }
        };
        if let Some((code, message)) = ending.last_words() {
            yield Ok(next(&refusal(&[request_error(code, message)])));
            yield Ok(complete());
        }
    }
}

fn respond(events: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep events back until its buffer is full.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// JSON has no line breaks of its own, so an answer is one line.
fn next(answer: &str) -> Bytes {
    ["event: next\ndata: ", answer, "\n\n"].concat().into()
}

fn complete() -> Bytes {
    Bytes::from_static(b"event: complete\ndata:\n\n")
}
