//! `tenantry tenant`.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use chrono::Utc;
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use domain::{
    Role,
    value::{FromText as _, Title},
};
use tenancy::{Hosts, NewTenant, Slug, Tenant, TenantId, Tenants};
use uuid::Uuid;

use super::{archive, by_hand, database::Database, domains, life, limits, newcomer, origins, say, usage};
use crate::{
    auth::{self, NewAccount},
    cli::TenantCommand,
    config::Config,
    domains::check_registrable,
    operators::Doer,
    plan::catalogue::FirstPlan,
};

pub(super) async fn run(config: &Config, command: TenantCommand) -> anyhow::Result<ExitCode> {
    Database::with(config, async |database| work(config, &database.tenants, command).await).await
}

async fn work(config: &Config, tenants: &Tenants, command: TenantCommand) -> anyhow::Result<ExitCode> {
    let now = Utc::now();
    match command {
        TenantCommand::Create { slug, name, owner_email, owner_name, owner_password, hosts, plan } => {
            let served = Hosts::new(config.base_domain.clone());
            for host in &hosts {
                check_registrable(&served, host).map_err(anyhow::Error::msg)?;
            }
            // Parsed before anything is made.
            let owner = owner_email
                .map(|email| NewAccount::parse(&email, owner_name.as_deref(), owner_password.as_deref()))
                .transpose()?;
            if let Some(owner) = &owner {
                auth::check_joinable(&tenants.platform(), owner).await?;
            }
            let name = name.unwrap_or_else(|| slug.to_string());
            let name = Title::from_text("name", &name)?.into_text();
            let new = NewTenant { id: TenantId(Uuid::now_v7()), slug, name, hostnames: hosts, now };
            let (operators, doer) = (life::operators(config, tenants)?, Doer::command_line());
            let made = operators.create(&doer, &new, None, &first_plan(plan)).await;
            let tenant = made.map_err(|error| match error {
                domain::Error::Conflict { field: Some(_), .. } => tenancy::Error::SlugTaken(new.slug.clone()).into(),
                other => anyhow::Error::from(other),
            })?;
            if let Some(owner) = owner {
                operators
                    .join(&doer, &tenant, &owner, Role::Owner, now)
                    .await
                    .with_context(|| format!("{} was made, but not its owner", tenant.slug))?;
            }
            say(&config.address_of(&served.of_slug(&tenant.slug)))?;
        }
        TenantCommand::Invite { days } => newcomer::invite(config, tenants, days, now).await?,
        TenantCommand::Standby { count } => newcomer::standby(tenants, count, now).await?,
        TenantCommand::List { after, limit } => {
            let (rows, lifecycle) = (tenants.list(after.as_ref(), limit).await?, life::lifecycle(config, tenants)?);
            let mut table = Table::new();
            table.load_style(UTF8_HORIZONTAL_ONLY);
            table.set_header(["slug", "name", "state", "version", "made"]);
            for tenant in &rows {
                table.add_row([
                    tenant.slug.as_str(),
                    &tenant.name,
                    &lifecycle.standing(tenant, now).state.as_str().replace('_', " "),
                    tenant.schema_version.as_deref().unwrap_or("-"),
                    &tenant.created_at.format("%Y-%m-%d").to_string(),
                ]);
            }
            say(&table.to_string())?;
        }
        TenantCommand::Show { slug } => {
            let tenant = find(tenants, &slug).await?;
            let lifecycle = life::lifecycle(config, tenants)?;
            let address = lifecycle.address_of(&tenant);
            let version = tenant.schema_version.as_deref().unwrap_or("-");
            say(&format!("slug      {}\nname      {}\nid        {}", tenant.slug, tenant.name, tenant.id))?;
            say(&format!("schema    {}\nversion   {version}", tenant.schema))?;
            for line in life::dates(&tenant, lifecycle.standing(&tenant, now)) {
                say(&line)?;
            }
            say(&format!("made      {}\naddress   {address}", tenant.created_at.to_rfc3339()))?;
            for host in tenants.hostnames(tenant.id).await? {
                say(&format!("host      {host}"))?;
            }
        }
        TenantCommand::Join { slug, email, role, name, password } => {
            let account = NewAccount::parse(&email, name.as_deref(), password.as_deref())?;
            let tenant = find(tenants, &slug).await?;
            life::operators(config, tenants)?.join(&Doer::command_line(), &tenant, &account, role, now).await?;
            say(&format!("{email} is {role} of {slug}."))?;
        }
        TenantCommand::Leave { slug, email } => {
            let tenant = find(tenants, &slug).await?;
            if !life::operators(config, tenants)?.leave(&Doer::command_line(), &tenant, &email, now).await? {
                bail!("{email} is no member of {slug}");
            }
            say(&format!("{email} is no member of {slug} any more."))?;
        }
        TenantCommand::Domains { slug, command } => domains::run(config, tenants, &slug, command, now).await?,
        TenantCommand::Limits { slug, own } => limits::run(config, tenants, &slug, &own, now).await?,
        TenantCommand::Origins { slug, allow, forbid } => origins::run(config, tenants, &slug, allow, forbid, now).await?,
        TenantCommand::Usage(command) => usage::run(config, tenants, command, now).await?,
        TenantCommand::Life(command) => life::run(config, tenants, command, now).await?,
        TenantCommand::ByHand(command) => return by_hand::run(tenants, command).await,
        TenantCommand::Archive(command) => return archive::run(config, tenants, command).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Which plan a tenant gets for what was given.
pub(super) fn first_plan(given: Option<String>) -> FirstPlan {
    match given {
        None => FirstPlan::ForNewTenants,
        Some(none) if none == "none" => FirstPlan::None,
        Some(id) => FirstPlan::Named(id),
    }
}

pub(super) async fn find(tenants: &Tenants, slug: &Slug) -> anyhow::Result<std::sync::Arc<Tenant>> {
    tenants.directory().by_slug(slug).await?.with_context(|| format!("There is no tenant {slug}"))
}

/// What cannot be undone: the slug has to be typed.
pub(super) fn confirm(tenant: &Tenant, what: &str, does: &str, refusal: &str) -> anyhow::Result<()> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("{what} asks for a confirmation; without a terminal give --yes");
    }
    print!("{does} {} ({}) with all its data, for good. Type its slug to go on: ", tenant.slug, tenant.name);
    std::io::stdout().flush()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    if line.trim() != tenant.slug.as_str() {
        bail!("{refusal}");
    }
    Ok(())
}
