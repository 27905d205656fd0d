//! Looking at migrations and tenants, without changing either.

use std::process::ExitCode;

use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use migration::tenant::BIG_TABLES;
use serde_json::json;
use tenancy::{Drift, DriftKind, FleetOptions, FleetPlan, FleetStatus, Linter, RecordedMigration, Slug, Tenant, Tenants};

use crate::commands::{count, say};

/// How many tenants that failed are listed.
const MOST_PROBLEMS: u64 = 100;
/// How many tenants are compared at a time, in batches.
const PARALLEL: usize = 2;

/// Lists what a run would do, or why it would do nothing.
pub(super) async fn plan(tenants: &Tenants, options: &FleetOptions) -> anyhow::Result<ExitCode> {
    let plan = tenants.plan_fleet(options).await?;
    say_tenants(&plan)?;
    say(&format!("{} behind {}.", count(plan.len()), tenants.head()))?;
    if plan.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let oldest = |group: &[Tenant]| group.iter().map(|tenant| tenant.schema_version.clone()).min();
    let oldest = [oldest(&plan.canaries), oldest(&plan.others)].into_iter().flatten().min().flatten();
    for migration in tenants.recorded_migrations().await? {
        if oldest.as_ref().is_none_or(|oldest| migration.version > *oldest) {
            say_migration(migration)?;
        }
    }
    let Some(linter) = &options.linter else { return Ok(ExitCode::SUCCESS) };
    let refused = tenants.new_findings(linter).await?;
    if refused.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say("\nA run would be refused; --despite-lint migrates all the same:")?;
    refused.iter().try_for_each(|finding| say(&finding.to_string()))?;
    Ok(ExitCode::FAILURE)
}

/// Lists the tenants of a plan.
pub(super) fn say_tenants(plan: &FleetPlan) -> anyhow::Result<()> {
    for (group, mark) in [(&plan.canaries, " (canary)"), (&plan.others, "")] {
        for tenant in group {
            say(&format!("{} is at {}{mark}", tenant.slug, tenant.schema_version.as_deref().unwrap_or("nothing")))?;
        }
    }
    Ok(())
}

/// Shows the statements of a migration.
pub(super) fn say_migration(migration: &RecordedMigration) -> anyhow::Result<()> {
    say(&format!("\n{}", migration.version))?;
    migration.statements.iter().try_for_each(|statement| say(statement.trim()))
}

/// Says where the tenants stand.
pub(super) async fn status(tenants: &Tenants, as_json: bool) -> anyhow::Result<ExitCode> {
    let status = tenants.fleet_status(MOST_PROBLEMS).await?;
    if as_json {
        say(&serde_json::to_string_pretty(&to_json(&status))?)?;
    } else {
        tell(&status)?;
    }
    Ok(if status.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(status: &FleetStatus) -> anyhow::Result<()> {
    let counts = status.counts;
    say(&format!("head       {}", status.head))?;
    say(&format!("current    {}", counts.current))?;
    say(&format!("behind     {}", counts.behind))?;
    say(&format!("failed     {}", counts.failed))?;
    say(&format!("under way  {}", status.under_way))?;
    if let Some((half, most)) = status.durations {
        say(&format!("duration   {half} ms in the middle, {most} ms at most"))?;
    }
    for (version, tenants) in &status.versions {
        say(&format!("version    {} {}", version.as_deref().unwrap_or("none"), count(usize::try_from(*tenants).unwrap_or(0))))?;
    }
    if !status.problems.is_empty() {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header(["tenant", "state", "version", "tries", "when", "why"]);
        for problem in &status.problems {
            table.add_row([
                problem.slug.to_string(),
                problem.state.clone(),
                problem.schema_version.clone().unwrap_or_default(),
                problem.tries.map(|tries| tries.to_string()).unwrap_or_default(),
                problem.finished_at.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default(),
                problem.error.clone().unwrap_or_default(),
            ]);
        }
        say(&table.to_string())?;
    }
    Ok(())
}

fn to_json(status: &FleetStatus) -> serde_json::Value {
    let problems: Vec<_> = status
        .problems
        .iter()
        .map(|problem| {
            json!({
                "tenant": problem.slug.as_str(), "state": problem.state, "version": problem.schema_version,
                "tries": problem.tries, "finishedAt": problem.finished_at, "errorCode": problem.error_code,
                "error": problem.error,
            })
        })
        .collect();
    let versions: Vec<_> =
        status.versions.iter().map(|(version, tenants)| json!({ "version": version, "tenants": tenants })).collect();
    json!({
        "head": status.head, "current": status.counts.current, "behind": status.counts.behind, "failed": status.counts.failed,
        "underWay": status.under_way, "versions": versions, "problems": problems,
        "medianMilliseconds": status.durations.map(|(half, _)| half), "longestMilliseconds": status.durations.map(|(_, most)| most),
    })
}

/// Says of each tenant what is not as the migrations make it.
pub(super) async fn drift(tenants: &Tenants, slugs: &[Slug]) -> anyhow::Result<ExitCode> {
    let mut told = Ok(());
    let report = tenants
        .find_drift(slugs, PARALLEL, |drift| {
            for line in lines(drift) {
                if told.is_ok() {
                    told = say(&line);
                }
            }
        })
        .await?;
    told?;
    say(&format!("{} looked at, {} not as the migrations make them.", count(report.checked), report.drifted))?;
    Ok(if report.drifted == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lines(drift: &Drift) -> Vec<String> {
    let slug = &drift.tenant.slug;
    match &drift.kind {
        DriftKind::NoSchema => vec![format!("{slug}: there is no schema {}", drift.tenant.schema)],
        DriftKind::UnknownVersion => {
            let version = drift.tenant.schema_version.as_deref().unwrap_or("nothing");
            vec![format!("{slug}: is at {version}, which this program does not know")]
        }
        DriftKind::Differences(differences) => differences.iter().map(|difference| format!("{slug}: {difference}")).collect(),
    }
}

/// Says what the migrations may not do.
pub(super) async fn lint(tenants: &Tenants) -> anyhow::Result<ExitCode> {
    let migrations = tenants.recorded_migrations().await?;
    let findings = Linter::new(BIG_TABLES).lint(migrations);
    for finding in &findings {
        say(&finding.to_string())?;
    }
    say(&format!("{} migrations read, {} refused statements.", migrations.len(), findings.len()))?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
