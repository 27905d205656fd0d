//! `make bench`: the figures of docs/performance.md, on this machine.
//!
//! Starts the release build of the program with a private Postgres of its own, fills it, and measures it from outside. Arguments:
//! the seconds of each run, and a part to measure alone.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

mod fleet;
mod live;
mod load;
mod noisy;
mod pgbench;
mod requests;
mod server;
mod sign_in;
mod sign_up;

use std::time::Duration;

use anyhow::Context as _;
use server::Server;

/// The list of the directory page: 50 people with department and position.
const EMPLOYEES: &str = "{ employees(first: 50) { nodes { id name workEmail employmentType hiredOn department { id name } \
                         position { id title } } pageInfo { hasNextPage endCursor } } }";
const CONNECTIONS: u64 = 16;
const TENANTS: usize = 100;
const EMPLOYEES_EACH: u32 = 240;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(10), |text| text.parse()).context("give the seconds of each run")?;
    let time = Duration::from_secs(seconds);
    println!("| figure | value |\n|---|---|");
    // `bench 8 noisy` measures one part alone.
    match std::env::args().nth(2).as_deref() {
        None => {
            requests::run(seconds).await?;
            noisy::run(time).await?;
            subscriptions().await?;
            sign_in::run().await?;
            sign_up::run().await?;
            fleet::run(time).await
        }
        Some("requests") => requests::run(seconds).await,
        Some("noisy") => noisy::run(time).await,
        Some("live") => subscriptions().await,
        Some("sign-in") => sign_in::run().await,
        Some("sign-up") => sign_up::run().await,
        Some("fleet") => fleet::run(time).await,
        Some(part) => anyhow::bail!("there is no part `{part}`: requests, noisy, live, sign-in, sign-up or fleet"),
    }
}

/// In a program of its own: memory that a load has left free would be used first.
async fn subscriptions() -> anyhow::Result<()> {
    const WATCHING: usize = 1_000;
    let flags = [&noisy::WITHOUT_LIMITS[..], &["--subscriptions-per-actor", "1000"]].concat();
    for tenants in [1, 20] {
        let server = Server::start(20, 40, &flags).await?;
        let measured = live::run(&server, WATCHING, tenants).await?;
        println!(
            "| {WATCHING} subscriptions over as many WebSockets, {tenants} tenants: memory each | {:.1} kB |",
            measured.kilobytes_each
        );
        println!(
            "| from the commit until one of {} is told | median {:.1} ms, p99 {:.1} ms |",
            WATCHING / tenants,
            measured.median.as_secs_f64() * 1000.0,
            measured.p99.as_secs_f64() * 1000.0
        );
        server.stop().await?;
    }
    Ok(())
}

/// The time that this share of all, which are sorted, did not exceed.
pub(crate) fn share(times: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of a short list"
    )]
    let index = ((times.len() as f64) * share) as usize;
    times.get(index.min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}
