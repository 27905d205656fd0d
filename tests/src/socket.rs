//! A client of `graphql-transport-ws` that says and hears every message itself.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message},
};

/// How long to wait for something that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A WebSocket.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) fn new(stream: WebSocketStream<TcpStream>) -> Self {
        Self(stream)
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    /// Sends anything. What the server does not want to hear any more is lost.
    pub async fn send_raw(&mut self, message: Message) {
        match self.0.send(message).await {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) | Error::Protocol(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends bytes past the WebSocket, frames or none.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    /// Says who it is.
    pub async fn initialise(&mut self, token: &str) {
        self.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })).await;
    }

    /// Begins an operation, and waits until it hears what happens.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.subscribe_with(id, query, json!({})).await;
    }

    /// Begins an operation with variables, and waits until it hears what happens.
    pub async fn subscribe_with(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
        self.send(json!({ "type": "ping" })).await;
        let answer = self.hear().await;
        assert_eq!(answer["type"], "pong", "{answer}");
    }

    /// Ends an operation.
    pub async fn complete(&mut self, id: &str) {
        self.send(json!({ "type": "complete", "id": id })).await;
    }

    /// The next message.
    #[track_caller]
    pub fn hear(&mut self) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            match self.heard().await {
                Ok(message) => message,
                Err(end) => panic!("{place}: the WebSocket was closed: {end:?}"),
            }
        }
    }

    /// The payload of the next answer to an operation.
    #[track_caller]
    pub fn told(&mut self, id: &str) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        async move {
            let mut message = self.hear().await;
            assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{place}: {message}");
            message["payload"].take()
        }
    }

    /// Checks that nothing was said until now.
    #[track_caller]
    pub fn assert_silent(&mut self) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            self.send(json!({ "type": "ping" })).await;
            let answer = self.hear().await;
            assert_eq!(answer, json!({ "type": "pong" }), "{place}");
        }
    }

    /// Waits for the end; the code and the reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(end) = self.heard().await {
                return end;
            }
        }
    }

    /// Leaves without a word.
    pub fn abandon(self) {
        drop(self);
    }

    async fn heard(&mut self) -> Result<Value, (u16, String)> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing comes over the WebSocket") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    // Lets the server's side end.
                    let _flushed = self.0.flush().await;
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err((0, String::new())),
                Some(Ok(_)) => {}
            }
        }
    }
}
