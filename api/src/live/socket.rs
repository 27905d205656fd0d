//! `graphql-transport-ws`: subscriptions over a WebSocket.

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::{
        FromRequestParts as _, Request,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Method, header},
    response::{IntoResponse as _, Response},
};
use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tenancy::HostTarget;
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at, sleep, timeout},
};
use tower_http::request_id::RequestId;
use tracing::{Instrument as _, Span};

use super::{
    client::{Client, deafness},
    ending::Ending,
    hub::{Connected, Hearing},
    protocol::{PROTOCOL, Protocol, Step, Violation},
    watch::{Said, Speaker, serve},
};
use crate::{
    app::App,
    graphql::{
        error::{Code, request_error},
        parameters::Parameters,
    },
    http::{
        log::{name_actor, name_tenant},
        peer,
        place::{bearer, bearer_of, check_available, target_of},
        refusal::Refusal,
        visitor::visitor,
    },
};

/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// What is read at once. It is held for as long as the connection, so it is small.
const READ_BUFFER: usize = 4 * 1024;
/// Answers that wait for the client.
const MOST_ANSWERS: usize = 32;
/// How often the client is asked whether it is there.
const PING: Duration = Duration::from_secs(20);
/// After what silence it is not.
const LONGEST_SILENCE: Duration = Duration::from_secs(50);
/// How long a message may take to be sent.
const LONGEST_WRITE: Duration = Duration::from_secs(30);
/// How long the client may take to close its side.
const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// Whether a request asks for a WebSocket.
pub(crate) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    method == Method::GET && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens a WebSocket. Who it is for, it says itself.
pub(crate) async fn open(app: Arc<App>, request: Request) -> Response {
    match prepare(app, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn prepare(app: Arc<App>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, _) = request.into_parts();
    let (target, tenant, host) = target_of(&app, &parts, peer(&parts)).await?;
    let Some(host) = host.filter(|_| target != HostTarget::Unknown) else {
        return Err(Refusal::TenantNotFound);
    };
    if target == HostTarget::Apex {
        return Err(Refusal::NothingToWatch);
    }
    if let Some(tenant) = &tenant {
        name_tenant(&tenant.slug);
        check_available(&app, tenant)?;
    }
    let hearing = app.live.ready().await.ok_or(Refusal::Deaf)?;
    let request_id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let client = Client {
        target,
        host,
        visitor: visitor(&parts, &app.options.trusted_proxies),
        request_id: request_id.unwrap_or_default().to_owned(),
        // Programs may name themselves by a header; the pages of a browser cannot.
        token: bearer(&parts.headers)?.map(str::to_owned),
        app: Arc::clone(&app),
    };
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]),
        Err(rejection) => return Ok(rejection.into_response()),
    };
    if upgrade.selected_protocol().is_none() {
        return Err(Refusal::OtherProtocol);
    }
    let span = Span::current();
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| Connection::new(client, hearing, socket).run().instrument(span)))
}

/// How a connection ends.
enum End {
    /// The client has gone.
    Gone,
    /// It is closed with this code and reason.
    Closed(u16, String),
}

impl From<Ending> for End {
    fn from(ending: Ending) -> Self {
        Self::Closed(ending.close_code(), ending.reason().to_owned())
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        tracing::debug!(violation.code, violation.reason, "a WebSocket does not keep to the protocol");
        Self::Closed(violation.code, violation.reason)
    }
}

/// Operations under way, which end with the connection.
#[derive(Default)]
struct Running(HashMap<u64, AbortHandle>);

impl Drop for Running {
    fn drop(&mut self) {
        for task in self.0.values() {
            task.abort();
        }
    }
}

/// Resolves when the connection has to end, whatever the client does.
type Guard = Pin<Box<dyn Future<Output = Ending> + Send>>;

struct Connection {
    client: Arc<Client>,
    hearing: Hearing,
    sink: SplitSink<WebSocket, Message>,
    stream: SplitStream<WebSocket>,
    protocol: Protocol,
    running: Running,
    guard: Guard,
    speaker: Speaker,
    answers: mpsc::Receiver<(u64, Said)>,
    endings: mpsc::UnboundedReceiver<Ending>,
    connected: Option<Connected>,
}

impl Connection {
    fn new(client: Client, hearing: Hearing, socket: WebSocket) -> Self {
        let live = &client.app.live;
        let (sink, stream) = socket.split();
        let (says, answers) = mpsc::channel(MOST_ANSWERS);
        let (endings_sender, endings) = mpsc::unbounded_channel();
        let mut followed = live.hearing();
        let patience = live.bounds.init_timeout;
        let guard = async move {
            tokio::select! {
                () = sleep(patience) => Ending::Unnamed,
                ending = deafness(&mut followed, hearing) => ending,
            }
        };
        Self {
            hearing,
            sink,
            stream,
            protocol: Protocol::new(live.bounds.per_connection),
            running: Running::default(),
            guard: Box::pin(guard),
            speaker: Speaker { number: 0, says, endings: endings_sender },
            answers,
            endings,
            connected: None,
            client: Arc::new(client),
        }
    }

    async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.turn().await {
                break end;
            }
        };
        drop(std::mem::take(&mut self.running));
        drop(self.connected.take());
        if let End::Closed(code, reason) = end {
            tracing::debug!(code, reason, "a WebSocket is closed");
            let frame = CloseFrame { code, reason: reason.into() };
            let closing = async {
                self.sink.send(Message::Close(Some(frame))).await?;
                // What the client has sent meanwhile is read, or its answer would be lost with it.
                while let Some(Ok(_)) = self.stream.next().await {}
                Ok::<_, axum::Error>(())
            };
            // It is closed in any case.
            let _closed = timeout(LONGEST_CLOSE, closing).await;
        }
    }

    /// Serves until the first message of the client, and whatever is to be said before it.
    async fn turn(&mut self) -> Result<(), End> {
        let start = Instant::now();
        let mut pings = interval_at(start + PING, PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                ending = &mut self.guard => return Err(ending.into()),
                Some(ending) = self.endings.recv() => return Err(ending.into()),
                message = self.stream.next() => {
                    return match message {
                        Some(Ok(Message::Text(text))) => self.take(&text).await,
                        Some(Ok(Message::Binary(_))) => Err(Violation::bad_request("Invalid message: it is not text").into()),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
                        Some(Err(error)) => Err(unreadable(&error)),
                    };
                }
                Some((number, said)) = self.answers.recv() => self.say(number, said).await?,
                _ = pings.tick() => {
                    if start.elapsed() >= LONGEST_SILENCE {
                        return Err(End::Gone);
                    }
                    self.send(Message::Ping(axum::body::Bytes::new())).await?;
                }
            }
        }
    }

    async fn take(&mut self, text: &str) -> Result<(), End> {
        match self.protocol.receive(text)? {
            Step::Initialise(authorization) => self.initialise(authorization).await,
            Step::Start { id, number, parameters } => self.start(&id, number, *parameters).await,
            Step::Refuse(id) => self.refuse(&id, "too many operations on one connection").await,
            Step::Stop(number) => {
                if let Some(task) = self.running.0.remove(&number) {
                    task.abort();
                }
                Ok(())
            }
            Step::Pong => self.send(Message::text(r#"{"type":"pong"}"#)).await,
            Step::Nothing => Ok(()),
        }
    }

    /// Lets the client in, or does not.
    async fn initialise(&mut self, authorization: Option<String>) -> Result<(), End> {
        let refused = |refusal: Refusal| End::from(Ending::from(refusal));
        let token = authorization.as_deref().map(bearer_of).transpose().map_err(refused)?.map(str::to_owned);
        let Some(client) = Arc::get_mut(&mut self.client) else {
            return Err(Ending::Interrupted.into());
        };
        client.token = token.or_else(|| client.token.take());
        if client.token.is_none() {
            return Err(refused(Refusal::Unauthenticated));
        }
        let admitted = client.admit((client.app.clock)()).await.map_err(refused)?;
        if let Some(identity) = &admitted.identity {
            name_actor(identity.principal.uuid());
        }
        self.connected = Some(client.count(&admitted).map_err(refused)?);
        let (client, since) = (Arc::clone(&self.client), self.hearing);
        self.guard = Box::pin(async move { client.ended(since).await });
        self.protocol.acknowledge();
        self.send(Message::text(r#"{"type":"connection_ack"}"#)).await
    }

    /// Begins an operation. It hears of what happens from here on, though it is not checked yet: whoever has had an answer to a
    /// ping after it misses nothing.
    async fn start(&mut self, id: &str, number: u64, parameters: Parameters) -> Result<(), End> {
        let operation = match self.client.prepare(parameters, true).await {
            Ok(operation) => operation,
            Err(errors) => return self.say(number, Said::refused(&errors)).await,
        };
        let feed = if operation.is_subscription() {
            let tenant = self.connected.as_ref().map(Connected::tenant).ok_or(End::Gone)?;
            match self.client.app.live.subscribe(tenant) {
                Some(feed) => Some(feed),
                None => {
                    self.protocol.finish(number);
                    return self.refuse(id, "too many subscriptions to this organisation").await;
                }
            }
        } else {
            None
        };
        let speaker = Speaker { number, ..self.speaker.clone() };
        let task = tokio::spawn(serve(Arc::clone(&self.client), operation, feed, speaker).in_current_span());
        self.running.0.insert(number, task.abort_handle());
        Ok(())
    }

    async fn refuse(&mut self, id: &str, what: &str) -> Result<(), End> {
        let error = request_error(Code::RateLimited, format!("There are {what}. End some, or try again later."));
        let errors = serde_json::to_string(&[error]).unwrap_or_default();
        self.send(message(id, "error", Some(&errors))).await
    }

    /// Passes on what an operation says, unless the client has ended it meanwhile.
    async fn say(&mut self, number: u64, said: Said) -> Result<(), End> {
        let Some(id) = self.protocol.id(number) else {
            return Ok(());
        };
        let (message, is_last) = match &said {
            Said::Next(answer) => (message(id, "next", Some(answer)), false),
            Said::Refused { errors, .. } => (message(id, "error", Some(errors)), true),
            Said::Complete => (message(id, "complete", None), true),
        };
        if is_last {
            self.protocol.finish(number);
            self.running.0.remove(&number);
        }
        self.send(message).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            sent = timeout(LONGEST_WRITE, self.sink.send(message)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Gone),
                Err(_) => Err(Ending::TooSlow.into()),
            },
            ending = &mut self.guard => Err(ending.into()),
            Some(ending) = self.endings.recv() => Err(ending.into()),
        }
    }
}

fn unreadable(error: &axum::Error) -> End {
    use std::error::Error as _;
    // The extractor wraps what the WebSocket says, which tells only in words that a message is too long.
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    if text.contains("too long") || text.contains("too large") {
        End::Closed(1009, format!("A message has at most {LONGEST_MESSAGE} bytes"))
    } else if text.contains("utf-8") || text.contains("UTF-8") {
        End::Closed(1007, "A message is UTF-8".to_owned())
    } else {
        End::Gone
    }
}

/// A message of the server about an operation; the payload is JSON already.
fn message(id: &str, kind: &str, payload: Option<&str>) -> Message {
    let id = serde_json::Value::from(id);
    Message::text(match payload {
        Some(payload) => format!(r#"{{"id":{id},"type":"{kind}","payload":{payload}}}"#),
        None => format!(r#"{{"id":{id},"type":"{kind}"}}"#),
    })
}
