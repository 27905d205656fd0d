//! `tenantry migrate`.

mod back;
mod look;
mod progress;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use chrono::Utc;
use tenancy::{Ended, FleetOptions, FleetReport, Tenants};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::sleep,
};

use super::{count, database::Database, say};
use crate::{
    cli::{MigrateArguments, MigrateCommand},
    config::Config,
};
use progress::Progress;

/// After what time the tenants that were left to others are tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How many tenants that failed are named at the end.
const MOST_NAMED: usize = 5;
/// As of a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

pub(super) async fn run(
    config: &Config,
    arguments: &MigrateArguments,
    command: Option<MigrateCommand>,
) -> anyhow::Result<ExitCode> {
    // From here on Ctrl-C is an orderly end: a private Postgres is never left behind.
    let (stop, mut broken_off) = stop_signals()?;
    let database = Database::open(config).await?;
    let tenants = &database.tenants;
    let work = async {
        match command {
            None => {
                if !arguments.plan {
                    database.install().await?;
                }
                let options = arguments.options(Some(stop));
                match (&arguments.back_to, arguments.plan) {
                    (None, true) => look::plan(tenants, &options).await,
                    (None, false) => migrate(tenants, &options).await,
                    (Some(version), true) => back::plan(tenants, version, &options).await,
                    (Some(version), false) => back::take_back(tenants, version, &options, arguments.yes).await,
                }
            }
            Some(MigrateCommand::Lint) => look::lint(tenants).await,
            Some(command) => {
                database.install().await?;
                match command {
                    MigrateCommand::Status { json } => look::status(tenants, json).await,
                    MigrateCommand::Drift { slugs } => look::drift(tenants, &slugs).await,
                    MigrateCommand::Accept { migration } => accept(tenants, &migration).await,
                    MigrateCommand::Lint => look::lint(tenants).await,
                }
            }
        }
    };
    let result = tokio::select! {
        result = work => result,
        _ = broken_off.wait_for(|broken_off| *broken_off) => Ok(ExitCode::from(INTERRUPTED)),
    };
    database.close().await?;
    result
}

async fn migrate(tenants: &Tenants, options: &FleetOptions) -> anyhow::Result<ExitCode> {
    // Also where nobody is behind: the next tenant would be made by the changed one.
    tenants.refuse_changed().await?;
    let report = watch_over(tenants, options).await?;
    let would = if options.rehearse { "would be " } else { "" };
    conclude(&report, &format!("{would}migrated to {}", tenants.head()))
}

/// Says what came of a run, of which `done` says what was done.
fn conclude(report: &FleetReport, done: &str) -> anyhow::Result<ExitCode> {
    let mut parts = vec![format!("{} {done}", count(report.migrated))];
    if report.elsewhere > 0 {
        parts.push(format!("{} by another program", report.elsewhere));
    }
    parts.push(format!("{} failed{}", report.failed.len(), named(report)));
    if report.untouched > 0 {
        parts.push(format!("{} not begun", report.untouched));
    }
    say(&format!("{}.", parts.join(", ")))?;
    match report.ended {
        Ended::Complete => {}
        Ended::Stopped => say("It was asked to stop. Run it again to go on.")?,
        Ended::CanaryFailed => say("A canary failed, so the others were not begun.")?,
        Ended::TooManyFailures => say("As many failed as may, so the others were not begun.")?,
        Ended::Elsewhere => say("Other programs are at the rest. Run it again to go on.")?,
    }
    Ok(match report.ended {
        Ended::Stopped => ExitCode::from(INTERRUPTED),
        Ended::Elsewhere => ExitCode::FAILURE,
        _ if report.failed.is_empty() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// The tenants that failed, where they are few; the log says all of them.
fn named(report: &FleetReport) -> String {
    let slugs: Vec<&str> = report.failed.iter().map(|failure| failure.tenant.slug.as_str()).collect();
    if (1..=MOST_NAMED).contains(&slugs.len()) { format!(" ({})", slugs.join(", ")) } else { String::new() }
}

/// Migrates every tenant that is behind and shows how far it is. Those that fail are logged; the others are served. Tenants that other
/// programs are at, such as one that makes a backup, are waited for as long as `patience` says.
pub(super) async fn migrate_all(tenants: &Tenants, parallel: usize, patience: Option<Duration>) -> anyhow::Result<FleetReport> {
    watch_over(tenants, &FleetOptions { parallel, patience, ..FleetOptions::new(Arc::new(Utc::now)) }).await
}

/// Migrates what was left to others, who may not have done it: beside serving, for as long as it takes. What fails but for a tenant's own
/// fault is tried again, for nobody else sees to it that these tenants are served.
pub(super) async fn migrate_left(tenants: Tenants) {
    loop {
        match tenants.migrate_fleet(&FleetOptions::new(Arc::new(Utc::now)), |_| {}).await {
            Ok(report) => {
                tell_failures(&report);
                tracing::info!(migrated = report.migrated, "the tenants that other programs were at are migrated");
                return;
            }
            Err(error @ tenancy::Error::MigrationChanged(_)) => {
                tracing::error!(%error, "the tenants that other programs were at cannot be migrated by this one");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "the tenants that other programs were at could not be migrated; it is tried again");
                sleep(AGAIN).await;
            }
        }
    }
}

async fn watch_over(tenants: &Tenants, options: &FleetOptions) -> anyhow::Result<FleetReport> {
    let mut progress = Progress::new("migrating tenants")?;
    let report = tenants.migrate_fleet(options, |step| progress.tell(step)).await;
    progress.end();
    let report = report.map_err(|error| match error {
        tenancy::Error::BreaksRules(_) => {
            anyhow!("{error} `tenantry migrate lint` lists all that is refused; --despite-lint migrates all the same")
        }
        error => error.into(),
    })?;
    tell_failures(&report);
    Ok(report)
}

fn tell_failures(report: &FleetReport) {
    for failure in &report.failed {
        tracing::error!(
            tenant = %failure.tenant.slug, error = %failure.error, tries = failure.tries,
            "the migration of a tenant failed; it is not served"
        );
    }
}

async fn accept(tenants: &Tenants, version: &str) -> anyhow::Result<ExitCode> {
    tenants.accept_changed(version, Utc::now()).await?;
    say(&format!("{version} is accepted as it is now. `tenantry migrate drift` shows tenants that have it as it was."))?;
    Ok(ExitCode::SUCCESS)
}

/// Become true at the first and at the second SIGINT or SIGTERM: the first asks to stop, the second not to wait.
fn stop_signals() -> anyhow::Result<(watch::Receiver<bool>, watch::Receiver<bool>)> {
    let install = |kind| signal(kind).context("Signals cannot be received");
    let (mut interrupt, mut terminate) = (install(SignalKind::interrupt())?, install(SignalKind::terminate())?);
    let ((stop, stopped), (break_off, broken_off)) = (watch::channel(false), watch::channel(false));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.send_replace(true) {
                break_off.send_replace(true);
            } else {
                tracing::info!("stopping: the tenants under way are finished; once more breaks them off");
            }
        }
    });
    Ok((stopped, broken_off))
}
