//! A load generator: keep-alive connections, each with one request under way.
//!
//! It writes prepared bytes and reads answers by their length, so that it takes little of the processors that it shares with
//! the server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
};

use crate::share;

/// What a run measured.
pub(crate) struct Measured {
    pub(crate) requests_per_second: f64,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
    pub(crate) failures: usize,
}

/// One request to one tenant, as it goes over the wire.
pub(crate) fn request(host: &str, token: &str, query: &str) -> Vec<u8> {
    let body = serde_json::json!({ "query": query }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Sends random ones of `requests` over `connections` connections for `time`, after a warm-up as long: every connection of the
/// pool has prepared every tenant's statement by then.
pub(crate) async fn run(address: &str, requests: Vec<Vec<u8>>, connections: u64, time: Duration) -> anyhow::Result<Measured> {
    let requests = Arc::new(requests);
    let begin = Instant::now() + time;
    let end = begin + time;
    let mut workers = JoinSet::new();
    for seed in 0..connections {
        let (address, requests) = (address.to_owned(), Arc::clone(&requests));
        workers.spawn(async move { work(&address, &requests, seed, begin, end).await });
    }
    let mut times = Vec::new();
    let mut failures = 0;
    while let Some(result) = workers.join_next().await {
        let (measured, failed) = result??;
        times.extend(measured);
        failures += failed;
    }
    times.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "far fewer requests than a float has whole numbers")]
    let requests_per_second = times.len() as f64 / time.as_secs_f64();
    Ok(Measured { requests_per_second, median: share(&times, 0.5), p99: share(&times, 0.99), failures })
}

async fn work(
    address: &str,
    requests: &[Vec<u8>],
    seed: u64,
    begin: Instant,
    end: Instant,
) -> anyhow::Result<(Vec<Duration>, usize)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut stream = BufReader::with_capacity(64 * 1024, TcpStream::connect(address).await?);
    stream.get_ref().set_nodelay(true)?;
    let (mut times, mut failures, mut buffer) = (Vec::new(), 0, Vec::new());
    loop {
        let request = requests.get(random.random_range(0..requests.len())).context("there is nothing to send")?;
        let started = Instant::now();
        if started >= end {
            return Ok((times, failures));
        }
        stream.write_all(request).await?;
        let good = read_answer(&mut stream, &mut buffer).await?;
        if started >= begin {
            times.push(started.elapsed());
            failures += usize::from(!good);
        }
    }
}

/// Reads one answer, and says whether it is one without errors.
async fn read_answer(stream: &mut BufReader<TcpStream>, buffer: &mut Vec<u8>) -> anyhow::Result<bool> {
    use tokio::io::AsyncBufReadExt as _;
    let (mut length, mut good) = (0_usize, false);
    loop {
        buffer.clear();
        if stream.read_until(b'\n', buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        let line = std::str::from_utf8(buffer)?.trim_end();
        if line.is_empty() {
            break;
        }
        if line.starts_with("HTTP/1.1 ") {
            good = line.starts_with("HTTP/1.1 200");
        } else if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse()?;
        }
    }
    buffer.resize(length, 0);
    stream.read_exact(buffer).await?;
    Ok(good && !buffer.starts_with(b"{\"errors\""))
}
