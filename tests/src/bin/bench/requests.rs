//! Requests of one tenant and of many, beside what Postgres does alone.

use std::time::Duration;

use anyhow::Context as _;

use crate::{CONNECTIONS, EMPLOYEES, EMPLOYEES_EACH, TENANTS, load, noisy, pgbench, server::Server};

const TYPENAME: &str = "{ __typename }";
/// What is compared runs by turns: a machine whose neighbours take its processors now and then would else tell of them.
const ROUNDS: usize = 5;

/// Prints the figures; of each that is compared, the median of the rounds, and of each ratio the median of those within a round.
pub(crate) async fn run(seconds: u64) -> anyhow::Result<()> {
    let time = Duration::from_secs(seconds);
    // One tenant is to have all that there is.
    let server = Server::start(TENANTS, EMPLOYEES_EACH, &noisy::WITHOUT_LIMITS).await?;
    println!("| time to provision a tenant | {:.0} ms |", server.time_to_provision().await?);
    println!("| start with everything built, to the first answer | {:.0} ms |", server.start_milliseconds);
    println!("| resident memory, idle | {:.1} MB |", server.idle_megabytes);

    let query = async |query: &str, tenants: usize| {
        let requests = server.tokens.iter().take(tenants).map(|(host, token)| load::request(host, token, query)).collect();
        load::run(&server.address, requests, CONNECTIONS, time).await
    };
    tell("`{ __typename }`", &[query(TYPENAME, 1).await?]);
    let schema = server.schema_of(&server.tokens.first().context("there are no tenants")?.0).await?;
    let (mut one, mut many, mut alone, mut whole) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(query(EMPLOYEES, 1).await?);
        many.push(query(EMPLOYEES, TENANTS).await?);
        alone.push(pgbench::run(&server.database_url, &schema, pgbench::Form::Alone, seconds)?);
        whole.push(pgbench::run(&server.database_url, &schema, pgbench::Form::Transaction, seconds)?);
    }
    tell("employees(first: 50), one tenant", &one);
    tell(&format!("employees(first: 50), {TENANTS} tenants"), &many);
    println!("| {TENANTS} tenants to one | {:.2} |", ratio(&many, &rates(&one)));
    println!("| pgbench, the same SELECT | {:.0} /s |", median(alone.iter().copied()));
    println!("| requests to pgbench | {:.2} |", ratio(&one, &alone));
    println!("| pgbench, BEGIN with the settings, the SELECT, COMMIT | {:.0} /s |", median(whole.iter().copied()));
    println!("| requests to that | {:.2} |", ratio(&one, &whole));
    println!("| resident memory, after the load | {:.1} MB |", server.resident_megabytes()?);
    server.stop().await
}

fn tell(what: &str, rounds: &[load::Measured]) {
    println!(
        "| {what} | {:.0} requests/s, median {:.2} ms, p99 {:.2} ms, {} failures |",
        median(rates(rounds)),
        median(rounds.iter().map(|round| round.median.as_secs_f64() * 1000.0)),
        median(rounds.iter().map(|round| round.p99.as_secs_f64() * 1000.0)),
        rounds.iter().map(|round| round.failures).sum::<usize>()
    );
}

fn rates(rounds: &[load::Measured]) -> Vec<f64> {
    rounds.iter().map(|round| round.requests_per_second).collect()
}

/// The median of what each round's requests are to the other figure of the same round.
fn ratio(requests: &[load::Measured], to: &[f64]) -> f64 {
    median(rates(requests).into_iter().zip(to).map(|(requests, to)| requests / to))
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
