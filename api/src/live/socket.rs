//! `graphql-transport-ws`: subscriptions over a WebSocket.

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};
use tracing::Instrument as _;

use super::{
    client::{Client, deafness},
    ending::Ending,
    hub::Hearing,
    protocol::{Protocol, Step, Violation, message},
    quota::{Counted, Full},
    watch::{Said, Speaker, serve},
};
use crate::{
    graphql::{admission::no_room, parameters::Parameters},
    http::{log::name_actor, place::bearer_of, refusal::Refusal},
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
/// How long the client may take to close its side.
const LONGEST_CLOSE: Duration = Duration::from_secs(2);

/// Bounds what is read and what waits to be written.
pub(super) fn within_bounds(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade.read_buffer_size(READ_BUFFER).write_buffer_size(0).max_message_size(LONGEST_MESSAGE).max_frame_size(LONGEST_MESSAGE)
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

/// A WebSocket that is open.
pub(super) struct Connection {
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
    connected: Option<Counted>,
}

impl Connection {
    /// A WebSocket that was just opened, when this was heard.
    pub(super) fn new(client: Client, hearing: Hearing, socket: WebSocket) -> Self {
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

    /// Serves it until its end.
    pub(super) async fn run(mut self) {
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
            Step::Refuse(id) => self.refuse(&id, &Full::of_connection(self.client.app.live.bounds.per_connection)).await,
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
        let now = (client.app.clock)();
        let admitted = client.admit(now).await.map_err(refused)?;
        client.count_request(&admitted, now).map_err(|rate| refused(Refusal::TooMany(rate)))?;
        if let Some(identity) = &admitted.identity {
            name_actor(identity.principal.uuid());
        }
        self.connected = Some(client.count(&admitted).map_err(refused)?);
        let (client, since) = (Arc::clone(&self.client), self.hearing);
        self.guard = Box::pin(async move { client.ended(since, &admitted.tenant).await });
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
            let connected = self.connected.as_ref().ok_or(End::Gone)?;
            match self.client.app.live.subscribe(connected.tenant(), connected.actor()) {
                Ok(feed) => Some(feed),
                Err(full) => {
                    self.protocol.finish(number);
                    return self.refuse(id, &full).await;
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

    async fn refuse(&mut self, id: &str, full: &Full) -> Result<(), End> {
        let errors = serde_json::to_string(&[no_room(full)]).unwrap_or_default();
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

    /// Sends a message. The socket itself fails when the client takes nothing for too long.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        tokio::select! {
            sent = self.sink.send(message) => sent.map_err(|_| End::Gone),
            ending = &mut self.guard => Err(ending.into()),
            Some(ending) = self.endings.recv() => Err(ending.into()),
        }
    }
}

/// What cannot be read ends the connection with the code that RFC 6455 has for it.
fn unreadable(error: &axum::Error) -> End {
    use std::error::Error as _;
    let (code, reason) = match error.source().and_then(|source| source.downcast_ref()) {
        // It has just gone, without a word: there is nobody to tell.
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return End::Gone,
        Some(tungstenite::Error::Protocol(violation)) => (1002, violation.to_string()),
        Some(tungstenite::Error::Utf8(_)) => (1007, "A message is UTF-8".to_owned()),
        Some(tungstenite::Error::Capacity(_)) => (1009, format!("A message has at most {LONGEST_MESSAGE} bytes")),
        _ => return End::Gone,
    };
    tracing::debug!(code, reason, "a WebSocket is not well-formed");
    End::Closed(code, reason)
}
