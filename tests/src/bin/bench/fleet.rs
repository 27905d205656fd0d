//! Requests to tenants whose fleet is migrated meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tenancy::{FleetOptions, PoolOptions, Tenants};
use tests::Step;

use crate::{CONNECTIONS, EMPLOYEES, EMPLOYEES_EACH, TENANTS, load, noisy, server::Server};

/// The program's own migrations and one more, on the table that every request reads.
struct Newer;

impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_newer", "ALTER TABLE employees ADD COLUMN newer text"));
        migrations
    }
}

/// Requests to all tenants for `time`, in the midst of which each is migrated.
pub(crate) async fn run(time: Duration) -> anyhow::Result<()> {
    let server = Server::start(TENANTS, EMPLOYEES_EACH, &noisy::WITHOUT_LIMITS).await?;
    let requests = server.tokens.iter().map(|(host, token)| load::request(host, token, EMPLOYEES)).collect();
    let load = load::run(&server.address, requests, CONNECTIONS, time);
    let migrate = async {
        // After the warm-up, and well before the end.
        tokio::time::sleep(time + time / 4).await;
        let newer = Tenants::connect::<Newer>(&PoolOptions::new(server.database_url.as_str()))?;
        let began = Instant::now();
        let report = newer.migrate_fleet(&FleetOptions::new(Arc::new(Utc::now)), |_| {}).await?;
        let took = began.elapsed();
        ensure!(report.migrated == TENANTS && took < time / 2, "{report:?} in {took:?}: give more seconds");
        newer.close().await;
        Ok(took)
    };
    let (measured, took) = tokio::try_join!(load, migrate)?;
    println!("| {TENANTS} tenants migrated beside the requests | {:.2} s |", took.as_secs_f64());
    println!(
        "| requests meanwhile | {:.0} requests/s, median {:.2} ms, p99 {:.2} ms, {} failures |",
        measured.requests_per_second,
        measured.median.as_secs_f64() * 1000.0,
        measured.p99.as_secs_f64() * 1000.0,
        measured.failures
    );
    server.stop().await
}
