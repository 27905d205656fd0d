//! `tenantry tenant backup`, `restore`, `clone`, `verify`, `export`, `import`; `adopt` is beside it.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use chrono::Utc;
use domain::value::{FromText as _, Title};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tenancy::{ArchiveKey, ArchivePlace, Contents, Hosts, Manifest, NewTenant, Slug, Tenant, TenantId, Tenants};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
};
use uuid::Uuid;

use super::{
    adopt, count, counted, life, say,
    tenant::{confirm, find},
};
use crate::{cli::ArchiveCommand, config::Config, named_file, operators::Doer};

/// Works until it is done or interrupted.
pub(super) async fn run(config: &Config, tenants: &Tenants, command: ArchiveCommand) -> anyhow::Result<ExitCode> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        result = work(config, tenants, command) => result,
        // What was begun is dropped: a partial file is removed, a transaction rolled back.
        _ = interrupt.recv() => bail!("Stopped"),
        _ = terminate.recv() => bail!("Stopped"),
    }
}

async fn work(config: &Config, tenants: &Tenants, command: ArchiveCommand) -> anyhow::Result<ExitCode> {
    let now = Utc::now();
    match command {
        ArchiveCommand::Backup { slug, to, key_file } => {
            let key = key(key_file).await?;
            let tenant = find(tenants, &slug).await?;
            let contents = tenants.backup(&tenant, &to, key.as_ref(), now).await?;
            say(&format!("{slug} is in {to}: {}.", sizes(&contents)))?;
        }
        ArchiveCommand::BackupAll { to, keep, key_file } => {
            return backup_all(tenants, &to, usize::try_from(keep)?, key(key_file).await?.as_ref()).await;
        }
        ArchiveCommand::Restore { file, in_place: true, yes, key_file, slug: _ } => {
            let key = key(key_file).await?;
            let manifest = tenants.manifest(&file, key.as_ref()).await?;
            let tenant = tenants.directory().by_id(manifest.tenant).await?;
            let tenant = tenant.with_context(|| {
                format!("The tenant of the archive, {}, is not there any more; leave --in-place out", manifest.slug)
            })?;
            if !yes {
                let since = manifest.made_at.format("%Y-%m-%d %H:%M UTC");
                let does = format!("This puts the state of {since} in the place of what is now in");
                confirm(&tenant, "Restoring in place", &does, "Nothing was restored")?;
            }
            let (tenant, contents) = tenants.restore_in_place(&file, key.as_ref(), now).await?;
            note(config, tenants, &tenant, "tenant.restored_in_place", json!({ "madeAt": manifest.made_at })).await?;
            say(&format!("{} has its data of {} again: {}.", tenant.slug, manifest.made_at.to_rfc3339(), sizes(&contents)))?;
        }
        ArchiveCommand::Restore { file, slug, key_file, .. } => {
            let key = key(key_file).await?;
            let manifest = tenants.manifest(&file, key.as_ref()).await?;
            let slug = match slug {
                Some(slug) => slug,
                None => Slug::parse(&manifest.slug).context("The archive's slug cannot be used; give --as")?,
            };
            let new = new_tenant(slug, &manifest)?;
            let (tenant, contents) = tenants.restore(&file, key.as_ref(), &new).await?;
            let details = json!({ "from": manifest.slug, "madeAt": manifest.made_at });
            note(config, tenants, &tenant, "tenant.restored", details).await?;
            tell_made(config, &tenant, &contents)?;
        }
        ArchiveCommand::Clone { slug, new_slug, name } => {
            let tenant = find(tenants, &slug).await?;
            let name = Title::from_text("name", name.as_deref().unwrap_or(&tenant.name))?.into_text();
            let new = NewTenant { id: TenantId(Uuid::now_v7()), slug: new_slug, name, hostnames: Vec::new(), now };
            let (made, contents) = tenants.clone_tenant(&tenant, &new).await?;
            note(config, tenants, &made, "tenant.cloned", json!({ "from": slug.as_str() })).await?;
            tell_made(config, &made, &contents)?;
        }
        ArchiveCommand::Verify { file, key_file } => {
            let contents = tenants.verify(&file, key(key_file).await?.as_ref()).await?;
            let manifest = &contents.manifest;
            let made = manifest.made_at.to_rfc3339();
            say(&format!("{} of {made}, version {}, can be restored: {}.", manifest.slug, manifest.version(), sizes(&contents)))?;
            for (table, totals) in contents.tables() {
                say(&format!("{:>12} rows  sha256 {}  {}", totals.rows, totals.sha256, table.name))?;
            }
        }
        ArchiveCommand::Export { slug, to, format } => {
            let tenant = find(tenants, &slug).await?;
            let contents = tenants.export(&tenant, &to, format, now).await?;
            say(&format!("{slug} is in {}: {}.", to.display(), sizes(&contents)))?;
        }
        ArchiveCommand::Import { directory, slug } => {
            let manifest = tenants.export_manifest(&directory).await?;
            let new = new_tenant(slug, &manifest)?;
            let (tenant, contents) = tenants.import(&directory, &new).await?;
            note(config, tenants, &tenant, "tenant.imported", json!({ "from": manifest.slug })).await?;
            tell_made(config, &tenant, &contents)?;
        }
        ArchiveCommand::Adopt(arguments) => return adopt::run(config, tenants, arguments, now).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes down what was done to a tenant, or by what it was made.
async fn note(config: &Config, tenants: &Tenants, tenant: &Tenant, action: &'static str, details: Value) -> anyhow::Result<()> {
    Ok(life::operators(config, tenants)?.note(&Doer::command_line(), tenant, action, details, Utc::now()).await?)
}

async fn backup_all(tenants: &Tenants, to: &ArchivePlace, keep: usize, key: Option<&ArchiveKey>) -> anyhow::Result<ExitCode> {
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("backing up {pos} {msg}")?);
    let report = tenants
        .backup_all(to, keep, key, Utc::now(), |tenant, _| {
            bar.inc(1);
            bar.set_message(tenant.slug.to_string());
        })
        .await?;
    bar.finish_and_clear();
    for failure in &report.failed {
        tracing::error!(tenant = %failure.tenant.slug, error = %failure.error, "a tenant was not backed up");
    }
    let (done, rows, failed) = (count(report.done), counted(&report.rows, "row"), report.failed.len());
    let removed = counted(&report.removed, "old archive");
    say(&format!("{done} with {rows} are in {to}; {removed} removed, {failed} failed."))?;
    Ok(if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Beside the runtime, so that Ctrl-C is heard meanwhile: a disk may not answer, and whoever writes into a pipe may take its time.
async fn key(file: Option<PathBuf>) -> anyhow::Result<Option<ArchiveKey>> {
    match file {
        Some(file) => Ok(Some(spawn_blocking(move || named_file::read_archive_key(&file)).await??)),
        None => Ok(None),
    }
}

/// A tenant named as the one that was archived. Its name may come from a file that anyone has written, so it is checked.
fn new_tenant(slug: Slug, manifest: &Manifest) -> anyhow::Result<NewTenant> {
    let name = Title::from_text("name", &manifest.name)?.into_text();
    Ok(NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: Vec::new(), now: Utc::now() })
}

fn tell_made(config: &Config, tenant: &Tenant, contents: &Contents) -> anyhow::Result<()> {
    let address = config.address_of(&Hosts::new(config.base_domain.clone()).of_slug(&tenant.slug));
    say(&address)?;
    say(&format!("{}. It has no members yet: tenantry tenant join {} --email … --role owner", sizes(contents), tenant.slug))
}

fn sizes(contents: &Contents) -> String {
    format!("{} in {}", counted(&contents.rows(), "row"), counted(&contents.totals.len(), "table"))
}
