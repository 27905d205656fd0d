//! The server: connections, how long they may keep it waiting, and how they end.

mod activity;
mod delivery;
mod wire;

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use activity::{Activity, Awaited, UnderWay};
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, Response, header},
};
use delivery::Delivery;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};
use tower::Service as _;
use wire::{Place, Wire};

/// How long a connection without a request under way may stay once it has to end: long enough to send what is answered already.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Streams of one connection of HTTP/2 at a time.
const MOST_STREAMS: u32 = 100;
/// What waits for a client that does not read: for a connection of HTTP/1, also of what it has sent, and for a stream of HTTP/2. In
/// bytes; beyond these, answers wait as they are.
const LARGEST_BUFFER: usize = 64 * 1024;

/// What connections may keep waiting.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// How many are open at a time, WebSockets too; others wait to be accepted.
    pub most: usize,
    /// In what time the headers of a request have to arrive, and how long a connection stays unused.
    pub header_timeout: Duration,
    /// How long a client may take nothing of what it is sent.
    pub write_timeout: Duration,
}

/// Serves until `stop` is told; ends when the last connection has.
pub async fn serve(listener: TcpListener, router: Router, connections: Connections, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(connections.most));
    // Each connection holds a receiver: all have ended when there is none left.
    let (alive, _) = watch::channel(());
    loop {
        let permit = tokio::select! {
            Ok(permit) = Arc::clone(&places).acquire_owned() => permit,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        // Without it small answers wait for the client's acknowledgement of the one before.
        let _without = stream.set_nodelay(true);
        let place = Place { _permit: permit, _life: alive.subscribe() };
        let activity = Activity::begin();
        let wire = Wire::new(stream, Arc::clone(&activity), connections.write_timeout, place);
        tokio::spawn(converse(wire, peer, router.clone(), activity, connections, stop.clone()));
    }
    // A busy port is free at once for the next program.
    drop(listener);
    alive.closed().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Gone before it was accepted.
            Err(error) if is_of_the_client(&error) => {}
            // As a rule there are no more file descriptors; some will be free.
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn is_of_the_client(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    wire: Wire,
    peer: SocketAddr,
    router: Router,
    activity: Arc<Activity>,
    connections: Connections,
    mut stop: watch::Receiver<bool>,
) {
    let Connections { header_timeout, write_timeout, .. } = connections;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout).max_buf_size(LARGEST_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_send_buf_size(LARGEST_BUFFER)
        .keep_alive_interval(header_timeout)
        .keep_alive_timeout(header_timeout);
    let service = hyper::service::service_fn({
        let activity = Arc::clone(&activity);
        move |request: Request<Incoming>| answer(router.clone(), request, peer, Arc::clone(&activity))
    });
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(wire), service));

    let unread = "a client does not take its answers";
    tokio::select! {
        result = connection.as_mut() => return note(result),
        () = activity.held_up(write_timeout) => return tracing::debug!(unread),
        // Also where a client only asks by pings whether the server is there, or has not said which protocol it speaks.
        () = activity.at_rest(Awaited::All, header_timeout) => {}
        // The sender is gone when the program ends.
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        result = connection => note(result),
        () = activity.held_up(write_timeout) => tracing::debug!(unread),
        // Half a header, or a stream of events: it will not end by itself.
        () = activity.at_rest(Awaited::Requests, LAST_WORDS) => {}
    }
}

fn note(result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke off");
    }
}

async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    activity: Arc<Activity>,
) -> Result<Response<Body>, Infallible> {
    let mut under_way = UnderWay::begin(activity);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        under_way.becomes_stream();
    }
    Ok(response.map(|body| Body::new(Delivery::new(body, under_way))))
}
