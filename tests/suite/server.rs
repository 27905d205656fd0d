//! The server itself: connections that keep it waiting, and its end.

mod idle;
mod places;
mod unread;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use api::http::Connections;
use tests::{Server, until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

struct Running {
    server: Server,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Opens a WebSocket at a host.
async fn upgrade(stream: &mut TcpStream, host: &str) {
    let head = format!(
        "GET /graphql HTTP/1.1\r\nhost: {host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
}

impl Running {
    async fn start(most: usize, header_timeout: Duration) -> Self {
        Self::start_with(Connections { most, header_timeout, write_timeout: Duration::from_mins(1) }).await
    }

    async fn start_with(connections: Connections) -> Self {
        let server = Server::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(api::http::serve(listener, server.router.clone(), connections, stopped));
        Self { server, address, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Asks for the server's end, and returns how long it took.
    async fn stop(self) -> Duration {
        let begin = Instant::now();
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(15), self.task).await.expect("the server does not end").unwrap();
        begin.elapsed()
    }
}

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Reads until the server closes, or until the text is there.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let (mut read, mut buffer) = (String::new(), [0; 4096]);
    while !read.contains(text) {
        match tokio::time::timeout(Duration::from_secs(15), stream.read(&mut buffer)).await.expect("nothing came") {
            Ok(0) | Err(_) => break,
            Ok(count) => read.push_str(&String::from_utf8_lossy(&buffer[..count])),
        }
    }
    read
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let running = Running::start(100, Duration::from_secs(1)).await;
    // Nothing, half a preface of HTTP/2, half a request, and half a second one.
    for sent in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: loc",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\nGET",
    ] {
        let begin = Instant::now();
        let mut stream = running.connect().await;
        stream.write_all(sent).await.unwrap();
        read_until(&mut stream, "no such text").await;
        let elapsed = begin.elapsed();
        assert!((Duration::from_millis(900)..Duration::from_secs(6)).contains(&elapsed), "{elapsed:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_half_sent_does_not_delay_the_end() {
    let running = Running::start(100, Duration::from_mins(1)).await;
    let mut idle = running.connect().await;
    idle.write_all(HEALTH).await.unwrap();
    read_until(&mut idle, "ok").await;
    let silent = running.connect().await;
    let mut half = running.connect().await;
    half.write_all(b"POST /graphql HTTP/1.1\r\nhost: ").await.unwrap();
    let elapsed = running.stop().await;
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    drop((idle, silent, half));
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let running = Running::start(100, Duration::from_mins(1)).await;
    let company = running.server.company().await;
    let body = serde_json::json!({ "query": "{ departments { totalCount } }" }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        company.host(),
        company.token(domain::Role::Hr),
        body.len()
    );
    let mut stream = running.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..5]).await.unwrap();
    // The headers have arrived when the server answers another connection's request after them.
    let mut other = running.connect().await;
    other.write_all(HEALTH).await.unwrap();
    read_until(&mut other, "ok").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.stop.send_replace(true);
    until("no new connection is taken", async || TcpStream::connect(running.address).await.is_err()).await;
    stream.write_all(&body.as_bytes()[5..]).await.unwrap();
    let answer = read_until(&mut stream, "totalCount").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"totalCount\":1"), "{answer}");
    drop(company);
    running.stop().await;
}
