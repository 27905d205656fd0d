//! `tenantry migrate`.

use std::process::ExitCode;

use anyhow::Context as _;
use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use tenancy::{FleetReport, Tenants};

use super::{database::Database, say};
use crate::config::Config;

pub(super) async fn run(config: &Config, parallel: usize, dry_run: bool) -> anyhow::Result<ExitCode> {
    let database = Database::open(config).await?;
    let result = async {
        if dry_run {
            let behind = database.tenants.tenants_behind().await?;
            for tenant in &behind {
                say(&format!("{} is at {}", tenant.slug, tenant.schema_version.as_deref().unwrap_or("nothing")))?;
            }
            say(&format!("{} behind {}.", tenants(behind.len()), database.tenants.head()))?;
            return Ok(ExitCode::SUCCESS);
        }
        database.install().await?;
        let report = migrate_all(&database.tenants, parallel).await?;
        let done = tenants(report.migrated);
        say(&format!("{done} migrated to {}, {} failed.", database.tenants.head(), report.failed.len()))?;
        Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
    .await;
    database.close().await?;
    result
}

/// Migrates every tenant that is behind and shows how far it is. Those that fail are logged; the others are served.
pub(super) async fn migrate_all(tenants: &Tenants, parallel: usize) -> anyhow::Result<FleetReport> {
    let style = ProgressStyle::with_template("migrating tenants {bar:30} {pos}/{len} {msg}")?;
    let bar = ProgressBar::new(0).with_style(style);
    let report = tenants
        .migrate_all(parallel, Utc::now(), |step| {
            bar.set_length(u64::try_from(step.of).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(step.finished).unwrap_or(u64::MAX));
            bar.set_message(step.tenant.slug.to_string());
        })
        .await
        .context("The ledger of migrations could not be read")?;
    bar.finish_and_clear();
    for failure in &report.failed {
        tracing::error!(tenant = %failure.tenant.slug, error = %failure.error, "the migration of a tenant failed; it is not served");
    }
    Ok(report)
}

fn tenants(count: usize) -> String {
    if count == 1 { "1 tenant".to_owned() } else { format!("{count} tenants") }
}
