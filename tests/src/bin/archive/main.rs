//! Backup and restore of one tenant beside `pg_dump` and `pg_restore`: `cargo run --release -p tests --bin archive -- 100000`.
//!
//! Starts a private Postgres that keeps its data as a real one does, makes a tenant with so many rows, and does each five times, by
//! turns. `pg_dump` and `pg_restore` of the server's version have to be on the PATH.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use api::local_postgres::{LocalPostgres, Options};
use chrono::Utc;
use migration::{platform::PlatformMigrator, tenant::TenantMigrator};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy::{PoolOptions, Tenant, Tenants};
use tests::new_tenant;
use tokio::process::Command;

/// How often each is done.
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rows = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse()).context("give the number of rows")?;
    let directory = tempfile::tempdir()?;
    let data_directory = directory.path().join("data");
    let local = LocalPostgres::start(&Options { data_directory, durable: true, settings: Vec::new() }).await?;
    let result = figures(&local, directory.path(), rows).await;
    local.stop().await?;
    result
}

async fn figures(local: &LocalPostgres, directory: &Path, rows: u32) -> anyhow::Result<()> {
    let url = &local.url();
    let tenants = Tenants::connect::<TenantMigrator>(&PoolOptions::new(url))?;
    tenants.install::<PlatformMigrator>().await?;
    let tenant = tenants.provision(&new_tenant()).await?;
    let mut operator = PgConnection::connect(url).await?;
    let mut superuser = PgConnection::connect(&local.superuser_url()).await?;
    fill(&mut operator, &tenant, rows).await?;
    let mut times: [Vec<Duration>; 4] = Default::default();
    let mut sizes = [0; 2];
    for round in 0..ROUNDS {
        let [archive, dump] = ["archive", "dump"].map(|name| directory.join(format!("{name}-{round}")));
        let began = Instant::now();
        tenants.backup(&tenant, &archive, None, Utc::now()).await?;
        let [backup, pg_dump, restore, pg_restore] = &mut times;
        backup.push(began.elapsed());
        let schema = format!("--schema={}", tenant.schema);
        let file = format!("--file={}", dump.display());
        pg_dump.push(timed("pg_dump", &["--format=custom", &schema, &file, url]).await?);
        let began = Instant::now();
        tenants.restore(&archive, None, &new_tenant()).await?;
        restore.push(began.elapsed());
        // Into a database of its own: the schema would have the name that is there.
        let name = format!("restored_{round}");
        run(&mut superuser, &format!("CREATE DATABASE {name} OWNER tenantry")).await?;
        let target = format!("--dbname={}", url.replacen("/tenantry?", &format!("/{name}?"), 1));
        let dump_file = dump.display().to_string();
        pg_restore.push(timed("pg_restore", &["--no-owner", "--no-privileges", "--exit-on-error", &target, &dump_file]).await?);
        sizes = [std::fs::metadata(&archive)?.len(), std::fs::metadata(&dump)?.len()];
    }
    println!("| {rows} rows, {ROUNDS} times by turns | best | middle | bytes |\n|---|---|---|---|");
    let [archive, dump] = sizes.map(|bytes| bytes.to_string());
    let names = [("backup", archive.as_str()), ("pg_dump", &dump), ("restore", ""), ("pg_restore", "")];
    for ((name, size), mut times) in names.into_iter().zip(times) {
        times.sort_unstable();
        let seconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64);
        println!("| {name} | {:.2} s | {:.2} s | {size} |", seconds(times.first()), seconds(times.get(ROUNDS / 2)));
    }
    tenants.close().await;
    Ok(())
}

/// Most of the rows are audit events, as in a tenant that is used; a tenth are locations.
async fn fill(operator: &mut PgConnection, tenant: &Tenant, rows: u32) -> anyhow::Result<()> {
    let (schema, locations) = (&tenant.schema, rows / 10);
    let sql = format!(
        "INSERT INTO {schema}.locations (id, name, country_code, time_zone, created_at, updated_at)
         SELECT gen_random_uuid(), 'Location ' || n, 'DE', 'Europe/Berlin', now(), now() FROM generate_series(1, {locations}) n;
         INSERT INTO {schema}.audit_events (id, occurred_at, actor_name, action, subject_type, subject_id, changes)
         SELECT gen_random_uuid(), now(), 'Mia Winter', 'employee.updated', 'employee', gen_random_uuid(),
             jsonb_build_object('jobTitle', jsonb_build_array(md5(n::text), md5((n + 1)::text)))
         FROM generate_series(1, {}) n; ANALYZE",
        rows - locations
    );
    run(operator, &sql).await
}

async fn timed(program: &str, arguments: &[&str]) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let status = Command::new(program).args(arguments).stdin(Stdio::null()).status().await;
    let status = status.with_context(|| format!("{program} is missing"))?;
    ensure!(status.success(), "{program} failed");
    Ok(began.elapsed())
}

async fn run(operator: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(operator).await?;
    Ok(())
}
