//! How many connections are open at a time.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{HEALTH, Running, read_until, upgrade};

/// Asks over one more connection than may be open, and checks that it is served once another one is closed.
async fn assert_waits_for_a_place(running: &Running, open: TcpStream) {
    let mut next = running.connect().await;
    next.write_all(HEALTH).await.unwrap();
    let mut buffer = [0; 16];
    let waiting = tokio::time::timeout(Duration::from_millis(300), next.read(&mut buffer)).await;
    assert!(waiting.is_err(), "the connection was served");
    drop(open);
    assert!(read_until(&mut next, "ok").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn so_many_connections_are_open_and_the_next_one_waits() {
    let running = Running::start(2, Duration::from_mins(1)).await;
    let mut first = running.connect().await;
    let mut second = running.connect().await;
    for stream in [&mut first, &mut second] {
        stream.write_all(HEALTH).await.unwrap();
        assert!(read_until(stream, "ok").await.starts_with("HTTP/1.1 200"));
    }
    assert_waits_for_a_place(&running, first).await;
    running.stop().await;
}

#[tokio::test]
async fn a_websocket_has_a_place_for_as_long_as_it_is_open() {
    let running = Running::start(1, Duration::from_mins(1)).await;
    let company = running.server.company().await;
    let mut socket = running.connect().await;
    upgrade(&mut socket, &company.host()).await;
    assert_waits_for_a_place(&running, socket).await;
    drop(company);
    running.stop().await;
}

#[tokio::test]
async fn an_event_stream_has_a_place_for_as_long_as_it_is_open() {
    let running = Running::start(1, Duration::from_mins(1)).await;
    let company = running.server.company().await;
    let mut stream = running.connect().await;
    let head = format!(
        "GET /graphql?query=subscription%7BtenantChanged%7Bid%7D%7D HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         accept: text/event-stream\r\n\r\n",
        company.host(),
        company.token(domain::Role::Hr)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, ":\n\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_waits_for_a_place(&running, stream).await;
    drop(company);
    running.stop().await;
}
