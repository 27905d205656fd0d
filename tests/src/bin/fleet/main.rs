//! The figures of a fleet: `cargo run --release -p tests --bin fleet -- 1000`.
//!
//! Starts a private Postgres that keeps its data as a real one does, makes so many tenants, and measures what is done with all of
//! them. One of its own copies is killed in the middle of a migration.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::{
    fmt::Write as _,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use api::local_postgres::{LocalPostgres, Options};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use migration::{platform::PlatformMigrator, tenant::TenantMigrator};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy::{FleetOptions, NewTenant, PoolOptions, Slug, TenantId, Tenants};
use tests::Step;
use tokio::{io::AsyncWriteExt as _, process::Command};
use uuid::Uuid;

/// How many tenants are in the registry when doing nothing is measured for the second time.
const MANY: usize = 5_000;
const PARALLEL: usize = 4;

/// One column more than the program has; and one more.
struct Second;
struct Third;

impl MigratorTrait for Second {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_second", "ALTER TABLE employees ADD COLUMN second text"));
        migrations
    }
}

impl MigratorTrait for Third {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = Second::migrations();
        migrations.push(Step::boxed("m20990101_000002_third", "ALTER TABLE employees ADD COLUMN third text"));
        migrations
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["migrate", url] => third(url).await.map(drop),
        [count] => measure(count.parse().context("give the number of tenants")?).await,
        _ => measure(1000).await,
    }
}

async fn measure(count: usize) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let data_directory = directory.path().join("data");
    let local = LocalPostgres::start(&Options { data_directory, durable: true, settings: Vec::new() }).await?;
    let result = figures(&local, count).await;
    local.stop().await?;
    directory.close().context("the data could not be removed")?;
    result
}

async fn figures(local: &LocalPostgres, count: usize) -> anyhow::Result<()> {
    let url = &local.url();
    println!("| figure | value |\n|---|---|");
    let tenants = Tenants::connect::<TenantMigrator>(&PoolOptions::new(url))?;
    tenants.install::<PlatformMigrator>().await?;
    let began = Instant::now();
    stream::iter(0..count).map(|number| provision(&tenants, number)).buffer_unordered(PARALLEL).try_collect::<Vec<_>>().await?;
    tell(&format!("{count} tenants provisioned, {PARALLEL} at a time"), began);
    let mut operator = PgConnection::connect(url).await?;
    run(&mut operator, "ANALYZE").await?;
    nothing_to_do(&tenants, count).await?;
    catalogue(&local.superuser_url()).await?;

    let second = Tenants::connect::<Second>(&PoolOptions::new(url))?;
    let began = Instant::now();
    let report = second.migrate_fleet(&options(), |_| {}).await?;
    ensure!(report.migrated == count, "{report:?}");
    tell(&format!("a column added to {count} tenants, {PARALLEL} at a time"), began);
    by_psql(url, &mut operator).await?;
    killed(url, &mut operator, count).await?;

    let third = Tenants::connect::<Third>(&PoolOptions::new(url))?;
    let began = Instant::now();
    let report = third.find_drift(&[], 2, |_| {}).await?;
    ensure!(report.checked == count && report.drifted == count, "psql added a column to each: {report:?}");
    tell(&format!("{count} tenants compared with the migrations, a column too much found in each"), began);

    // Rows alone: what is measured looks at nothing else.
    let rows = format!(
        "INSERT INTO platform.tenants (id, slug, name, schema_name, status, schema_version, created_at, updated_at)
         SELECT gen_random_uuid(), 'row-' || n, 'row', 'row_' || n, 'active', '{}', now(), now() FROM generate_series(1, {}) n;
         INSERT INTO platform.tenant_migrations (tenant_id, version, state, finished_at)
         SELECT id, schema_version, 'done', now() FROM platform.tenants WHERE slug LIKE 'row-%'; ANALYZE platform.tenants",
        third.head(),
        MANY.saturating_sub(count)
    );
    run(&mut operator, &rows).await?;
    nothing_to_do(&third, MANY).await?;
    let began = Instant::now();
    third.fleet_status(100).await?;
    tell(&format!("status of {MANY} tenants"), began);
    println!("| peak memory of this program | {} |", peak_memory()?);
    for tenants in [tenants, second, third] {
        tenants.close().await;
    }
    Ok(())
}

async fn provision(tenants: &Tenants, number: usize) -> anyhow::Result<()> {
    let slug = Slug::parse(&format!("fleet-{number:05}"))?;
    let name = slug.to_string();
    let new = NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: Vec::new(), now: Utc::now() };
    tenants.provision(&new).await?;
    Ok(())
}

/// What so many schemas are to Postgres: its catalogue on disk, and what one connection remembers that has served all of them.
async fn catalogue(superuser: &str) -> anyhow::Result<()> {
    let mut one = PgConnection::connect(superuser).await?;
    let sizes =
        "SELECT pg_size_pretty(sum(pg_total_relation_size(oid))) || ' in ' || (SELECT count(*) FROM pg_class) || ' relations'
                 FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'";
    let sizes: String = sqlx::query_scalar(sizes).fetch_one(&mut one).await?;
    println!("| the catalogue of Postgres | {sizes} |");
    let schemas: Vec<String> = sqlx::query_scalar("SELECT schema_name FROM platform.tenants").fetch_all(&mut one).await?;
    for schema in schemas {
        let sql =
            format!("SET search_path = {schema}; SELECT count(*) FROM employees e JOIN departments d ON d.id = e.department_id");
        run(&mut one, &sql).await?;
    }
    let memory = "SELECT pg_size_pretty(sum(total_bytes)) FROM pg_backend_memory_contexts";
    let memory: String = sqlx::query_scalar(memory).fetch_one(&mut one).await?;
    println!("| what one connection remembers after a query of each tenant | {memory} |");
    Ok(one.close().await?)
}

async fn nothing_to_do(tenants: &Tenants, count: usize) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        let report = tenants.migrate_fleet(&options(), |_| {}).await?;
        ensure!(report.behind == 0, "{report:?}");
        times.push(began.elapsed());
    }
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("| nothing to do for {count} tenants, the middle of nine | {:.2} ms |", middle.as_secs_f64() * 1000.0);
    Ok(())
}

/// The same DDL as plain psql issues it: a transaction for each tenant, one after the other.
async fn by_psql(url: &str, operator: &mut PgConnection) -> anyhow::Result<()> {
    let schemas: Vec<String> = sqlx::query_scalar("SELECT schema_name FROM platform.tenants").fetch_all(operator).await?;
    let mut script = String::new();
    for schema in schemas {
        writeln!(script, "BEGIN; SET LOCAL search_path = {schema}; ALTER TABLE employees ADD COLUMN by_psql text; COMMIT;")?;
    }
    let began = Instant::now();
    let mut psql = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("psql is missing")?;
    psql.stdin.take().context("psql reads nothing")?.write_all(script.as_bytes()).await?;
    ensure!(psql.wait().await?.success(), "psql failed");
    tell("the same by psql, one tenant after the other", began);
    Ok(())
}

/// A migrator that is killed when two fifths are done, and the next one.
async fn killed(url: &str, operator: &mut PgConnection, count: usize) -> anyhow::Result<()> {
    let mut child = Command::new(std::env::current_exe()?).args(["migrate", url]).kill_on_drop(true).spawn()?;
    let done = "SELECT count(*) FROM platform.tenants WHERE schema_version LIKE '%third'";
    let count_done = async |operator: &mut PgConnection| sqlx::query_scalar::<_, i64>(done).fetch_one(operator).await;
    while usize::try_from(count_done(&mut *operator).await?)? < count * 2 / 5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().await?;
    let busy = "SELECT count(*) FROM platform.fleet WHERE state = 'under way'";
    while sqlx::query_scalar::<_, i64>(busy).fetch_one(&mut *operator).await? > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (ledger, halves) = (count_done(&mut *operator).await?, half_done(&mut *operator).await?);
    println!("| killed by signal 9 after {ledger} tenants: half done | {halves} |");
    let began = Instant::now();
    let migrated = third(url).await?;
    tell(&format!("the next run goes on with the other {migrated}"), began);
    ensure!(half_done(operator).await? == 0, "something is half done");
    Ok(())
}

/// Schemas with the column but without the migration's record, or the other way round; and those that the ledger claims in vain.
async fn half_done(operator: &mut PgConnection) -> anyhow::Result<usize> {
    let tenants: Vec<(String, bool)> = sqlx::query_as("SELECT schema_name, schema_version LIKE '%third' FROM platform.tenants")
        .fetch_all(&mut *operator)
        .await?;
    let mut half = 0;
    for (schema, claimed) in tenants {
        let facts = format!(
            "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{schema}.employees'::regclass AND attname = 'third'),
             EXISTS (SELECT FROM {schema}.seaql_migrations WHERE version LIKE '%third')"
        );
        let (column, record): (bool, bool) = sqlx::query_as(AssertSqlSafe(facts)).fetch_one(&mut *operator).await?;
        half += usize::from(column != record || (claimed && !column));
    }
    Ok(half)
}

async fn third(url: &str) -> anyhow::Result<usize> {
    let tenants = Tenants::connect::<Third>(&PoolOptions::new(url))?;
    let report = tenants.migrate_fleet(&options(), |_| {}).await?;
    ensure!(report.failed.is_empty(), "{report:?}");
    tenants.close().await;
    Ok(report.migrated)
}

fn options() -> FleetOptions {
    FleetOptions { parallel: PARALLEL, ..FleetOptions::new(Arc::new(Utc::now)) }
}

async fn run(operator: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(operator).await?;
    Ok(())
}

fn tell(what: &str, began: Instant) {
    println!("| {what} | {:.2} s |", began.elapsed().as_secs_f64());
}

fn peak_memory() -> anyhow::Result<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the system does not say")?;
    Ok(line.trim().to_owned())
}
