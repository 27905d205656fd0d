//! How long it takes to make a tenant: in the database, and for the whole request that confirms a sign-up.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use migration::tenant::TenantMigrator;
use sqlx::{Connection as _, PgConnection};
use tenancy::{NewTenant, PoolOptions, Slug, TenantId, Tenants};
use uuid::Uuid;

use crate::{server::Server, share};

const ROUNDS: usize = 300;

/// Waiting sign-ups with their tokens. A token is the SHA-256 of its number, and so is what is stored of it.
const WAITING: &str = "WITH made AS (
        INSERT INTO platform.sign_ups (id, key_hash, organisation, slug, owner_name, email, password_hash, created_at, expires_at)
        SELECT gen_random_uuid(), sha256(convert_to($1 || '-key-' || n, 'UTF8')), 'Organisation ' || n, $1 || '-' || n, 'Owner',
            $1 || '-' || n || '@sign-up.test', 'none', now(), now() + interval '1 day'
        FROM generate_series(1, $2) AS n RETURNING id, slug
    )
    INSERT INTO platform.sign_up_tokens (token_hash, sign_up_id) SELECT sha256(sha256(convert_to(slug, 'UTF8'))), id FROM made";

pub(crate) async fn run() -> anyhow::Result<()> {
    let flags =
        ["--sign-up=open", "--sign-ups-per-day=1000000", "--tenant-requests-per-second=0", "--actor-requests-per-second=0"];
    let server = Server::start(1, 40, &flags).await?;
    let tenants = Tenants::connect::<TenantMigrator>(&PoolOptions::new(server.database_url.as_str()))?;
    for (name, prepared) in [("a prepared schema", ROUNDS), ("none prepared", 0)] {
        tenants.refill_standby(prepared, Utc::now()).await?;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(provision(&tenants).await?);
        }
        tell(&format!("a tenant made, {name}"), &mut times);
    }
    let mut connection = PgConnection::connect(&server.database_url).await?;
    let client = reqwest::Client::new();
    for (name, prepared) in [("prepared", ROUNDS), ("cold", 0)] {
        tenants.refill_standby(prepared, Utc::now()).await?;
        let rounds = i32::try_from(ROUNDS).context("there are too many rounds")?;
        sqlx::query(WAITING).bind(name).bind(rounds).execute(&mut connection).await?;
        let mut times = Vec::new();
        for round in 1..=ROUNDS {
            times.push(
                confirm(&server, &client, &mut connection, &format!("{name}-{round}"), &format!("{name}-key-{round}")).await?,
            );
        }
        tell(&format!("a sign-up confirmed, the whole request, {name}"), &mut times);
    }
    tenants.close().await;
    server.stop().await
}

fn tell(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: f64| share(times, part).as_secs_f64() * 1000.0;
    println!("| {name} | median {:.1} ms, p99 {:.1} ms |", at(0.5), at(0.99));
}

async fn provision(tenants: &Tenants) -> anyhow::Result<Duration> {
    let id = Uuid::now_v7();
    let slug = Slug::parse(&format!("made-{}", id.simple()))?;
    let new = NewTenant { id: TenantId(id), name: slug.to_string(), slug, hostnames: Vec::new(), now: Utc::now() };
    let begin = Instant::now();
    tenants.provision(&new).await?;
    Ok(begin.elapsed())
}

async fn confirm(
    server: &Server,
    client: &reqwest::Client,
    connection: &mut PgConnection,
    slug: &str,
    key: &str,
) -> anyhow::Result<Duration> {
    let token: Vec<u8> =
        sqlx::query_scalar("SELECT sha256(convert_to($1, 'UTF8'))").bind(slug).fetch_one(&mut *connection).await?;
    let query = format!(
        "mutation {{ confirmSignUp(input: {{ token: \"{}\", idempotencyKey: \"{key}\" }}) {{ url session {{ accessToken }} }} }}",
        URL_SAFE_NO_PAD.encode(token)
    );
    let begin = Instant::now();
    let answer = client
        .post(format!("http://{}/graphql", server.address))
        .header("host", "localhost")
        .json(&serde_json::json!({ "query": query }))
        .send()
        .await?
        .text()
        .await?;
    let elapsed = begin.elapsed();
    ensure!(answer.contains("accessToken"), "the sign-up was not confirmed: {answer}");
    Ok(elapsed)
}
