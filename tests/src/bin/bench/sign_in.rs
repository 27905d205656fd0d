//! Whether the time of an answer tells if an address has an account.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sqlx::Connection as _;
use uuid::Uuid;

use crate::{server::Server, share};

const ROUNDS: usize = 400;
const ACCOUNT: &str = "INSERT INTO platform.accounts (id, email, name, password_hash, created_at, updated_at) \
                       VALUES ($1, $2, $2, $3, now(), now())";

/// Wrong passwords for addresses with and without an account by turns, each from a network address of its own so that none is
/// throttled.
pub(crate) async fn run() -> anyhow::Result<()> {
    let server = Server::start(1, 40, &["--trusted-proxy=127.0.0.1"]).await?;
    let mut connection = sqlx::PgConnection::connect(&server.database_url).await?;
    let hash = api::auth::Passwords::new().hash("the password of all".into()).await?;
    let client = reqwest::Client::new();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let email = address();
        sqlx::query(ACCOUNT).bind(Uuid::now_v7()).bind(&email).bind(&hash).execute(&mut connection).await?;
        let round = round * 2;
        known.push(fail(&server, &client, &email, round).await?);
        unknown.push(fail(&server, &client, &address(), round + 1).await?);
    }
    let slower: usize = known.iter().map(|one| unknown.iter().filter(|other| one > *other).count()).sum();
    for (name, times) in [("with an account", &mut known), ("without an account", &mut unknown)] {
        times.sort_unstable();
        let at = |part: f64| share(times, part).as_secs_f64() * 1000.0;
        println!(
            "| wrong password, addresses {name} | 10 of 100 within {:.1} ms, 50 within {:.1} ms, 90 within {:.1} ms, 99 within {:.1} ms |",
            at(0.10),
            at(0.50),
            at(0.90),
            at(0.99)
        );
    }
    println!("| of 100 pairs the one with an account is slower in | {} |", slower * 100 / (ROUNDS * ROUNDS));
    server.stop().await
}

fn address() -> String {
    format!("{}@sign-in.test", Uuid::now_v7().simple())
}

async fn fail(server: &Server, client: &reqwest::Client, email: &str, round: usize) -> anyhow::Result<Duration> {
    let (host, _) = server.tokens.first().context("there is no tenant")?;
    let query = format!("mutation {{ signIn(input: {{ email: \"{email}\", password: \"a wrong one\" }}) {{ accessToken }} }}");
    let begin = Instant::now();
    let answer = client
        .post(format!("http://{}/graphql", server.address))
        .header("host", host)
        .header("x-forwarded-for", format!("198.18.{}.{}", round / 250, round % 250 + 1))
        .json(&serde_json::json!({ "query": query }))
        .send()
        .await?
        .text()
        .await?;
    let elapsed = begin.elapsed();
    ensure!(answer.contains("UNAUTHENTICATED"), "the sign-in was not refused as it should be: {answer}");
    Ok(elapsed)
}
