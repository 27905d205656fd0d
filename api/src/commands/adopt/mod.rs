//! `tenantry tenant adopt`.

mod progress;

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use domain::value::{FromText as _, Title};
use tenancy::{AdoptionMap, AdoptionReport, AdoptionSource, Hosts, NewTenant, TenantId, Tenants};
use tokio::task::spawn_blocking;
use url::Url;
use uuid::Uuid;

use super::{life, say, tenant::first_plan};
use crate::{
    cli::{AdoptArguments, SOURCE_VARIABLE},
    config::Config,
    named_file,
    operators::{Adopting, Doer},
};
use progress::Progress;

/// Makes a tenant of the database of another program, or finds out whether that can be done.
pub(super) async fn run(
    config: &Config,
    tenants: &Tenants,
    arguments: AdoptArguments,
    now: DateTime<Utc>,
) -> anyhow::Result<ExitCode> {
    let AdoptArguments { slug, from, from_schema, map, name, owner, plan, dry_run } = arguments;
    if has_password(&from) && std::env::var_os(SOURCE_VARIABLE).is_none_or(|variable| variable != *from) {
        bail!(
            "A password on the command line can be read by others: give the address in {SOURCE_VARIABLE}, or the password in \
             PGPASSWORD or ~/.pgpass, and choose another password"
        );
    }
    let path = map.display();
    let named = map.clone();
    let text = spawn_blocking(move || named_file::read_text(&named, named_file::LONGEST_MAP)).await??;
    let map = AdoptionMap::parse(&text).with_context(|| path.to_string())?;
    let name = Title::from_text("name", name.as_deref().unwrap_or(slug.as_str()))?.into_text();
    let new = NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: Vec::new(), now };
    let operators = life::operators(config, tenants)?;
    let mut source = AdoptionSource::open(&from, &from_schema).await?;
    let mut progress = Progress::new()?;
    let plan = first_plan(plan);
    let adopting = Adopting { new: &new, map: &map, owner: owner.as_deref(), plan: &plan, is_rehearsal: dry_run };
    let adopted = operators.adopt(&Doer::command_line(), &adopting, &mut source, &mut |step| progress.tell(step)).await;
    progress.end();
    let report = adopted.map_err(|error| match error.downcast_ref() {
        Some(tenancy::Error::Adoption(tenancy::AdoptionError::Map(_))) => error.context(path.to_string()),
        _ => error,
    })?;
    source.close().await?;
    tell(&report)?;
    let slug = &new.slug;
    if report.refused() > 0 {
        say(&format!("Nothing was made: {} of {} are refused.", report.refused(), rows(report.rows())))?;
        return Ok(ExitCode::FAILURE);
    }
    if dry_run {
        say(&format!("{slug} can be made of {}. Nothing was made.", rows(report.rows())))?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&config.address_of(&Hosts::new(config.base_domain.clone()).of_slug(slug)))?;
    let members = match owner {
        Some(owner) => format!("{owner} is invited by mail to be its owner."),
        None => format!("It has no members yet: tenantry tenant join {slug} --email … --role owner"),
    };
    say(&format!("{slug} is made of {}. {members}", rows(report.rows())))?;
    Ok(ExitCode::SUCCESS)
}

fn has_password(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password"))
}

/// What became of each table, and why rows were refused.
fn tell(report: &AdoptionReport) -> anyhow::Result<()> {
    for table in &report.tables {
        let refused = if table.refused == 0 { String::new() } else { format!(", {} refused", table.refused) };
        say(&format!("{:<12} {}{refused}", table.table, rows(table.rows)))?;
        for reason in &table.reasons {
            let (what, message) = (&reason.what, &reason.message);
            let further = if reason.rows > reason.keys.len() as u64 { ", …" } else { "" };
            say(&format!("  {what}: {message} {}: {}{further}", rows(reason.rows), reason.keys.join(", ")))?;
        }
    }
    Ok(())
}

/// So many rows, in words.
fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
