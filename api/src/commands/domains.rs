//! `tenantry tenant domains`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use serde_json::json;
use tenancy::{Slug, Tenant, Tenants};

use super::{life, say};
use crate::{
    auth::AuthError,
    cli::DomainsCommand,
    config::Config,
    domains::{Change, Domain, Domains, redirects_to_primary},
    mail::Mail,
    operators::Doer,
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
    let (operators, doer) = (life::operators(config, tenants)?, Doer::command_line());
    let note = async |action, details| operators.note(&doer, &tenant, action, details, now).await;
    match command {
        DomainsCommand::List => {}
        DomainsCommand::Add { host, trusted: true, primary } => {
            domains.trust(&tenant, &host, primary, now).await?;
            note("tenant.domain_trusted", json!({ "host": host.as_str(), "primary": primary })).await?;
            return say(&config.address_of(host.as_str()));
        }
        DomainsCommand::Add { host, .. } => {
            let domain = domains.add(&tenant, host.as_str(), now).await?;
            note("tenant.domain_claimed", json!({ "host": host.as_str() })).await?;
            say(&format!("{host} is served once DNS has this TXT record and it was checked:"))?;
            if let Some(record) = domain.record {
                say(&format!("{}  {}", record.name, record.value))?;
            }
            return say(&format!("Then: tenantry tenant domains {slug} check {host}"));
        }
        DomainsCommand::Check { host } => {
            let (domain, change) = check(&domains, &tenant, host.as_str(), now).await?;
            if change.is_some() {
                let details = json!({ "host": host.as_str(), "state": domain.state.as_str() });
                note("tenant.domain_checked", details).await?;
            }
            return tell_checked(&domain, change);
        }
        DomainsCommand::Primary { host } => {
            domains.make_primary(&tenant, host.as_str()).await?;
            note("tenant.domain_made_primary", json!({ "host": host.as_str() })).await?;
            return say(&config.address_of(host.as_str()));
        }
        DomainsCommand::Redirect { enabled } => {
            domains.redirect(&tenant, enabled, now).await?;
            note("tenant.domain_redirect_set", json!({ "enabled": enabled })).await?;
        }
        DomainsCommand::Remove { host } => {
            domains.remove(&tenant, host.as_str(), now).await?;
            note("tenant.domain_removed", json!({ "host": host.as_str() })).await?;
            return say(&format!("{host} is no address of {slug} any more."));
        }
    }
    // Read anew: what was just changed counts.
    let tenant = super::tenant::find(tenants, slug).await?;
    show(&domains.list(&tenant).await?, redirects_to_primary(&tenant.settings))
}

async fn check(
    domains: &Domains,
    tenant: &Arc<Tenant>,
    host: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<(Domain, Option<Change>)> {
    domains.check(tenant, host, now).await.map_err(|error| match error {
        AuthError::Refused(error) => anyhow::Error::from(error),
        other => other.into(),
    })
}

fn tell_checked(domain: &Domain, change: Option<Change>) -> anyhow::Result<()> {
    let host = &domain.hostname;
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
