//! Connections over which nothing is asked.

use std::time::Duration;

use domain::Role;
use tests::Http2;
use tokio::io::AsyncWriteExt as _;

use super::{HEALTH, Running, read_until};

#[tokio::test]
async fn a_connection_that_is_not_used_any_more_is_closed() {
    let running = Running::start(100, Duration::from_secs(1)).await;
    let mut http1 = running.connect().await;
    http1.write_all(HEALTH).await.unwrap();
    let read = read_until(&mut http1, "no such text").await;
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    let mut http2 = Http2::begin(running.connect().await, 65_535).await;
    let stream = http2.get("localhost", "/healthz", &[]).await;
    http2.answered_to_the_end(stream).await;
    http2.closed().await;
    // Nor one that was never used.
    Http2::begin(running.connect().await, 65_535).await.closed().await;
    running.stop().await;
}

#[tokio::test]
async fn pings_do_not_keep_a_connection_open() {
    let running = Running::start(1, Duration::from_secs(1)).await;
    let mut http2 = Http2::begin(running.connect().await, 65_535).await;
    let stream = http2.get("localhost", "/healthz", &[]).await;
    http2.answered_to_the_end(stream).await;
    let pinging = tokio::spawn(async move {
        while http2.ping().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    tokio::time::timeout(Duration::from_secs(15), pinging).await.expect("the connection stays open").unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_connection_with_an_event_stream_is_in_use() {
    let running = Running::start(100, Duration::from_secs(1)).await;
    let company = running.server.company().await;
    let token = format!("Bearer {}", company.token(Role::Hr));
    let headers = [("authorization", token.as_str()), ("accept", "text/event-stream")];
    let mut http2 = Http2::begin(running.connect().await, 65_535).await;
    let path = "/graphql?query=subscription%7BtenantChanged%7Bid%7D%7D";
    let stream = http2.get(&company.host(), path, &headers).await;
    http2.answered(stream).await;
    let other = tokio::time::timeout(Duration::from_secs(3), async {
        // Answers the pings of the server.
        http2.closed().await;
    });
    assert!(other.await.is_err(), "the connection was closed");
    assert_eq!(running.server.app.live.counts().subscriptions, 1);
    drop((http2, company));
    running.stop().await;
}
