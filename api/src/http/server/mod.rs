//! The server: connections, how long they may keep it waiting, and how they end.

mod wire;

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Request, Response, header},
};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
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

/// How long a connection without a request under way may stay once the program was asked to stop: long enough to send what is
/// answered already.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Streams of one connection of HTTP/2 at a time.
const MOST_STREAMS: u32 = 100;

/// What connections may keep waiting.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// How many are open at a time, WebSockets too; others wait to be accepted.
    pub most: usize,
    /// In what time the headers of a request have to arrive, and how long a connection stays unused.
    pub header_timeout: Duration,
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
        let wire = Wire::new(stream, Place { _permit: permit, _life: alive.subscribe() });
        tokio::spawn(converse(wire, peer, router.clone(), connections.header_timeout, stop.clone()));
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

/// What a connection is doing.
#[derive(Debug, Default)]
struct Activity {
    /// Requests that are not answered to their end. Streams of events, which have none, are not counted.
    under_way: AtomicUsize,
    /// A first request has come.
    begun: AtomicBool,
}

async fn converse(
    wire: Wire,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let activity = Arc::new(Activity::default());
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(header_timeout)
        .keep_alive_timeout(header_timeout);
    let service = hyper::service::service_fn({
        let activity = Arc::clone(&activity);
        move |request: Request<Incoming>| answer(router.clone(), request, peer, Arc::clone(&activity))
    });
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(wire), service));

    let is_silent = async {
        // Until the protocol is known, nothing else watches the time.
        tokio::time::sleep(header_timeout).await;
        if activity.begun.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        result = connection.as_mut() => return note(result),
        () = is_silent => return,
        // The sender is gone when the program ends.
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let idle = async {
        loop {
            tokio::time::sleep(LAST_WORDS).await;
            if activity.under_way.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    };
    tokio::select! {
        result = connection => note(result),
        // Half a header, or a stream of events: it will not end by itself.
        () = idle => {}
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
    activity.begun.store(true, Ordering::Relaxed);
    let under_way = UnderWay::begin(activity);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request).await?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        return Ok(response);
    }
    Ok(response.map(|body| Body::new(Tracked { body, _under_way: under_way })))
}

/// Counts a request until its answer is sent, or given up.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn begin(activity: Arc<Activity>) -> Self {
        activity.under_way.fetch_add(1, Ordering::Relaxed);
        Self(activity)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, which is under way as long as this lives.
struct Tracked {
    body: Body,
    _under_way: UnderWay,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
