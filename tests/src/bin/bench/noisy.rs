//! A noisy tenant at full blast beside a quiet one.

use std::time::Duration;

use anyhow::Context as _;

use crate::{
    EMPLOYEES, EMPLOYEES_EACH,
    load::{self, Measured},
    server::Server,
};

/// One tenant may have everything.
pub(crate) const WITHOUT_LIMITS: [&str; 3] =
    ["--tenant-requests-per-second=0", "--actor-requests-per-second=0", "--tenant-operations=0"];
/// Connections of the noisy tenant; the quiet one has one, with one request after another.
const NOISY_CONNECTIONS: u64 = 64;

/// The quiet tenant's times: alone, and beside the noisy one without limits, with the usual ones, and with tight ones.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let tight = ["--tenant-requests-per-second=200", "--tenant-operations=2"];
    for (name, flags) in [("no limits", &WITHOUT_LIMITS[..]), ("the usual limits", &[]), ("200/s and 2 at a time", &tight)] {
        let server = Server::start(2, EMPLOYEES_EACH, flags).await?;
        let requests = |tenant: usize| -> anyhow::Result<Vec<Vec<u8>>> {
            let (host, token) = server.tokens.get(tenant).context("a tenant is missing")?;
            Ok(vec![load::request(host, token, EMPLOYEES)])
        };
        if name == "no limits" {
            tell("the quiet tenant alone", &load::run(&server.address, requests(0)?, 1, time).await?);
        }
        let quiet = load::run(&server.address, requests(0)?, 1, time);
        let noisy = load::run(&server.address, requests(1)?, NOISY_CONNECTIONS, time);
        let (quiet, noisy) = tokio::try_join!(quiet, noisy)?;
        tell(&format!("the quiet tenant beside a noisy one, {name}"), &quiet);
        tell(&format!("the noisy one, {name}"), &noisy);
        server.stop().await?;
    }
    Ok(())
}

fn tell(what: &str, measured: &Measured) {
    println!(
        "| {what} | {:.0} requests/s, median {:.1} ms, p99 {:.1} ms, {} refused |",
        measured.requests_per_second,
        measured.median.as_secs_f64() * 1000.0,
        measured.p99.as_secs_f64() * 1000.0,
        measured.failures
    );
}
