//! `tenantry backup`.

use std::{collections::HashMap, process::ExitCode, sync::Arc};

use anyhow::bail;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use entities::platform::backup::{Model, State};
use tenancy::{Tenant, TenantId, TenantStatus, Tenants};
use tokio::signal::unix::{SignalKind, signal};

use super::{count, database::Database, say, tenant::find};
use crate::{
    app::{Clock, system_clock},
    backup::{Attempt, Backups, Flaw, Rotation},
    cli::BackupCommand,
    config::Config,
};

/// How many tenants are read at a time.
const PAGE: u64 = 500;

pub(super) async fn run(config: &Config, command: BackupCommand) -> anyhow::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let database = Database::open(config).await?;
    let result = tokio::select! {
        result = async {
            database.install().await?;
            work(&Backups::new(config, &database.tenants)?, &database.tenants, command).await
        } => result,
        // What was begun is taken over by the next one.
        _ = interrupt.recv() => Err(anyhow::anyhow!("Stopped")),
        _ = terminate.recv() => Err(anyhow::anyhow!("Stopped")),
    };
    database.close().await?;
    result
}

async fn work(backups: &Backups, tenants: &Tenants, command: BackupCommand) -> anyhow::Result<ExitCode> {
    let clock: Clock = system_clock();
    match command {
        BackupCommand::List { slug } => {
            let tenant = match slug {
                Some(slug) => Some(find(tenants, &slug).await?.id),
                None => None,
            };
            let slugs: HashMap<TenantId, String> =
                all(tenants).await?.iter().map(|tenant| (tenant.id, tenant.slug.to_string())).collect();
            let rows = backups.list(tenant).await?;
            say(&table(&rows, &slugs).to_string())?;
        }
        BackupCommand::Run { slugs } => {
            let mut only = Vec::with_capacity(slugs.len());
            for slug in &slugs {
                let tenant = find(tenants, slug).await?;
                if tenant.status == TenantStatus::Deleting {
                    bail!("{slug} is being deleted, and is not backed up any more");
                }
                only.push(tenant.id);
            }
            let failed = std::sync::atomic::AtomicUsize::new(0);
            let watch = |attempt: &Attempt| match &attempt.result {
                Ok((place, written)) => {
                    let (rows, bytes) = (written.contents.rows(), written.bytes);
                    // Nothing is left to report to when standard output is gone.
                    let _gone = say(&format!("{} is in {place}: {rows} rows, {bytes} bytes.", attempt.tenant.slug));
                }
                Err(error) => {
                    let cause = error.to_string();
                    let _gone = say(&format!("{} was not backed up: {}.", attempt.tenant.slug, cause.trim_end_matches('.')));
                    failed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            };
            let done = backups.make_now((!only.is_empty()).then_some(&only), &clock, &watch).await?;
            let failed = failed.into_inner();
            let wanted = if only.is_empty() { lasting(tenants).await? } else { only.len() };
            let elsewhere = wanted.saturating_sub(done + failed);
            let others =
                if elsewhere > 0 { format!("; {elsewhere} are being backed up by another process") } else { String::new() };
            say(&format!("{} backed up, {failed} failed{others}.", count(done)))?;
            if failed > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        BackupCommand::Rotate { dry_run } => {
            let (mut removed, mut failed) = (0, 0);
            for tenant in all(tenants).await? {
                let rotation = if dry_run {
                    Rotation { removed: backups.superfluous(tenant.id).await?, failed: 0 }
                } else {
                    backups.rotate(tenant.id, clock()).await?
                };
                for backup in &rotation.removed {
                    say(&format!("{}  {}  {}", tenant.slug, backup.started_at.format("%Y-%m-%d %H:%M"), backup.place))?;
                }
                removed += rotation.removed.len();
                failed += rotation.failed;
            }
            let others = if failed > 0 { format!(", {failed} could not be; the log says why") } else { String::new() };
            say(&format!("{removed} archives {}{others}.", if dry_run { "would be removed" } else { "removed" }))?;
            if failed > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        BackupCommand::Drill => match backups.drill(&clock).await? {
            None => bail!("There is no archive that could be tried"),
            Some(drill) => match drill.result {
                Ok(rows) => say(&format!("{} can be restored: {rows} rows.", drill.backup.place))?,
                Err(Flaw::Damaged(error)) => bail!("{} cannot be restored. {error}", drill.backup.place),
                Err(Flaw::Unfit(error)) => bail!("{} is whole, but this program cannot restore it. {error}", drill.backup.place),
            },
        },
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(tenants: &Tenants) -> anyhow::Result<Vec<Arc<Tenant>>> {
    let mut all: Vec<Arc<Tenant>> = Vec::new();
    loop {
        let page = tenants.list(all.last().map(|tenant| &tenant.slug), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.into_iter().map(Arc::new));
    }
}

/// How many tenants have a turn: what is being deleted has none.
async fn lasting(tenants: &Tenants) -> anyhow::Result<usize> {
    Ok(all(tenants).await?.iter().filter(|tenant| tenant.status != TenantStatus::Deleting).count())
}

fn table(rows: &[Model], slugs: &HashMap<TenantId, String>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["tenant", "begun", "state", "rows", "bytes", "tried", "archive or error"]);
    for row in rows {
        let number = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let tried = match &row.verified_at {
            Some(_) if row.verify_error.is_some() => "no good".to_owned(),
            Some(_) if row.unfit_error.is_some() => "unfit".to_owned(),
            Some(at) => at.format("%Y-%m-%d").to_string(),
            None => "-".to_owned(),
        };
        let state = match row.state {
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
        };
        table.add_row([
            slugs.get(&TenantId(row.tenant_id)).map_or("-", String::as_str),
            &row.started_at.format("%Y-%m-%d %H:%M").to_string(),
            state,
            &number(row.row_count),
            &number(row.bytes),
            &tried,
            row.verify_error.as_deref().or(row.unfit_error.as_deref()).or(row.error.as_deref()).unwrap_or(&row.place),
        ]);
    }
    table
}
