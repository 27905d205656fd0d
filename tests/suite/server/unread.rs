//! Clients that do not read what they are sent.

use std::time::Duration;

use api::http::Connections;
use serde_json::json;
use tests::{Company, Http2};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};

use super::{HEALTH, Running, read_until, upgrade};

/// With a place for one connection, so that whoever has it keeps the next one waiting.
async fn for_one_connection() -> Running {
    let (header_timeout, write_timeout) = (Duration::from_mins(1), Duration::from_secs(1));
    Running::start_with(Connections { most: 1, header_timeout, write_timeout }).await
}

/// Connects with little room for what is not read.
async fn connect(running: &Running) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(running.address).await.unwrap()
}

/// Checks that the server gives the connection up that does not read.
async fn assert_gives_up(running: Running) {
    let mut next = running.connect().await;
    next.write_all(HEALTH).await.unwrap();
    assert!(read_until(&mut next, "ok").await.starts_with("HTTP/1.1 200"));
    running.stop().await;
}

/// A document that is quickly read and has a long answer.
fn document() -> &'static str {
    "{ a: __schema { ...S } b: __schema { ...S } c: __schema { ...S } } \
     fragment S on __Schema { types { name description fields { name description } inputFields { name description } } }"
}

#[tokio::test]
async fn a_pipeline_of_http_1_is_given_up() {
    let running = for_one_connection().await;
    let company = running.server.company().await;
    let body = json!({ "query": document() }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        company.host(),
        body.len()
    );
    let mut stream = connect(&running).await;
    // More than the system takes off the server's hands.
    let sending = tokio::spawn(async move {
        while stream.write_all(request.as_bytes()).await.is_ok() {}
        stream
    });
    drop(company);
    assert_gives_up(running).await;
    sending.abort();
}

#[tokio::test]
async fn an_answer_of_http_2_without_a_window_is_given_up() {
    let running = for_one_connection().await;
    let mut http2 = Http2::begin(connect(&running).await, 0).await;
    let stream = http2.get("localhost", "/healthz", &[]).await;
    http2.answered(stream).await;
    assert_gives_up(running).await;
}

#[tokio::test]
async fn an_answer_of_http_2_whose_rest_is_not_taken_is_given_up() {
    let running = for_one_connection().await;
    let company = running.server.company().await;
    let mut http2 = Http2::begin(connect(&running).await, 1).await;
    // Longer than a piece of it.
    let query = "%7B__schema%7Btypes%7Bname%20description%20fields%7Bname%20description%7D%7D%7D%7D";
    let stream = http2.get(&company.host(), &format!("/graphql?query={query}"), &[]).await;
    http2.answered(stream).await;
    drop(company);
    assert_gives_up(running).await;
}

fn subscription(company: &Company<'_>) -> (String, [(&'static str, String); 2]) {
    let token = format!("Bearer {}", company.token(domain::Role::Hr));
    let path = "/graphql?query=subscription%7BtenantChanged%7Bid%7D%7D".to_owned();
    (path, [("authorization", token), ("accept", "text/event-stream".to_owned())])
}

#[tokio::test]
async fn an_event_stream_is_given_up_when_it_is_not_read_and_not_when_nothing_happens() {
    let running = for_one_connection().await;
    let company = running.server.company().await;
    let (path, headers) = subscription(&company);
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut reading = Http2::begin(connect(&running).await, 65_535).await;
    let stream = reading.get(&company.host(), &path, &headers).await;
    reading.answered(stream).await;
    // Three times as long as a client may take nothing.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(running.server.app.live.counts().subscriptions, 1);
    drop(reading);

    let mut unread = Http2::begin(connect(&running).await, 0).await;
    let stream = unread.get(&company.host(), &path, &headers).await;
    unread.answered(stream).await;
    drop(company);
    assert_gives_up(running).await;
}

#[tokio::test]
async fn a_websocket_is_given_up() {
    let running = for_one_connection().await;
    let company = running.server.company().await;
    let mut stream = connect(&running).await;
    upgrade(&mut stream, &company.host()).await;
    let token = company.token(domain::Role::Hr);
    stream
        .write_all(&masked(&json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } })))
        .await
        .unwrap();
    read_until(&mut stream, "connection_ack").await;
    // As many as may be under way at once: together they are more than the system takes off the server's hands.
    for id in 0..45 {
        let payload = json!({ "query": document() });
        let message = masked(&json!({ "type": "subscribe", "id": id.to_string(), "payload": payload }));
        stream.write_all(&message).await.unwrap();
    }
    drop(company);
    assert_gives_up(running).await;
    drop(stream);
}

/// A message as a frame, masked with zeros.
fn masked(message: &serde_json::Value) -> Vec<u8> {
    let text = message.to_string();
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[0x81, 0xFE], &length[..], &[0; 4], text.as_bytes()].concat()
}
