//! `tenantry tenant domains`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use tenancy::{Slug, Tenant, Tenants};

use super::say;
use crate::{
    auth::AuthError,
    cli::DomainsCommand,
    config::Config,
    domains::{Change, Domain, Domains, redirects_to_primary},
    mail::Mail,
};

/// Changes what is asked for, and shows what has become of it.
pub(super) async fn run(
    config: &Config,
    tenants: &Tenants,
    slug: &Slug,
    command: DomainsCommand,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let tenant = super::tenant::find(tenants, slug).await?;
    let domains = Domains::start(config, tenants, Mail::start(config, tenants)?)?;
    match command {
        DomainsCommand::List => {}
        DomainsCommand::Add { host, trusted: true, primary } => {
            domains.trust(&tenant, &host, primary, now).await?;
            return say(&config.address_of(host.as_str()));
        }
        DomainsCommand::Add { host, .. } => {
            let domain = domains.add(&tenant, host.as_str(), now).await?;
            say(&format!("{host} is served once DNS has this TXT record and it was checked:"))?;
            if let Some(record) = domain.record {
                say(&format!("{}  {}", record.name, record.value))?;
            }
            return say(&format!("Then: tenantry tenant domains {slug} check {host}"));
        }
        DomainsCommand::Check { host } => return check(&domains, &tenant, host.as_str(), now).await,
        DomainsCommand::Primary { host } => {
            domains.make_primary(&tenant, host.as_str()).await?;
            return say(&config.address_of(host.as_str()));
        }
        DomainsCommand::Redirect { enabled } => domains.redirect(&tenant, enabled, now).await?,
        DomainsCommand::Remove { host } => {
            domains.remove(&tenant, host.as_str(), now).await?;
            return say(&format!("{host} is no address of {slug} any more."));
        }
    }
    // Read anew: what was just changed counts.
    let tenant = super::tenant::find(tenants, slug).await?;
    show(&domains.list(&tenant).await?, redirects_to_primary(&tenant.settings))
}

async fn check(domains: &Domains, tenant: &Arc<Tenant>, host: &str, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (domain, change) = domains.check(tenant, host, now).await.map_err(|error| match error {
        AuthError::Refused(error) => anyhow::Error::from(error),
        other => other.into(),
    })?;
    match (change, domain.problem) {
        (Some(Change::Proved), _) => say(&format!("{host} is proved, and served from now on.")),
        (_, Some(problem)) => anyhow::bail!("{host}: {}", problem.sentence()),
        (_, None) => say(&format!("{host} is {}.", domain.state.as_str())),
    }
}

fn show(list: &[Domain], redirects: bool) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["host", "state", "primary", "checked", "record or problem"]);
    for domain in list {
        let record = domain.record.as_ref().map(|record| format!("{} TXT {}", record.name, record.value));
        let problem = domain.problem.map(|problem| problem.sentence().to_owned());
        table.add_row([
            domain.hostname.clone(),
            domain.state.as_str().to_owned(),
            if domain.is_primary { "yes" } else { "" }.to_owned(),
            domain.checked_at.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string()),
            [record, problem].into_iter().flatten().collect::<Vec<_>>().join("\n"),
        ]);
    }
    say(&table.to_string())?;
    let redirect = if redirects { "lead" } else { "do not lead" };
    say(&format!("Pages at the other hosts {redirect} to the primary one."))
}
