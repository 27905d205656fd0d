//! `tenantry tenant rename`, `terms`, `maintenance`, `suspend`, `resume`, `delete` and `keep`.

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tenancy::{Standing, Tenant, TenantStatus, Tenants, Terms};

use super::{
    say,
    tenant::{confirm, find},
};
use crate::{
    cli::{LifeCommand, Limit},
    config::Config,
    lifecycle::Lifecycle,
    mail::Mail,
};

pub(super) fn lifecycle(config: &Config, tenants: &Tenants) -> anyhow::Result<Lifecycle> {
    Ok(Lifecycle::new(config, tenants, &Mail::start(config, tenants)?))
}

pub(super) async fn run(config: &Config, tenants: &Tenants, command: LifeCommand, now: DateTime<Utc>) -> anyhow::Result<()> {
    let lifecycle = lifecycle(config, tenants)?;
    match command {
        LifeCommand::Rename { slug, new_slug, name } => {
            let tenant = find(tenants, &slug).await?;
            let new = new_slug.as_ref().unwrap_or(&tenant.slug);
            lifecycle.rename_as_operator(&tenant, Some(new.as_str()), name.as_deref(), now).await?;
            say(&lifecycle.address_of(&*find(tenants, new).await?))?;
        }
        LifeCommand::Terms {
            slug,
            trial_until,
            paid_until,
            own_warning_days,
            own_read_only_after_days,
            own_suspend_after_days,
        } => {
            let tenant = find(tenants, &slug).await?;
            if trial_until.is_some() || paid_until.is_some() {
                let trial = trial_until.map_or(tenant.trial_ends_at, crate::cli::Until::instant);
                let paid = paid_until.map_or(tenant.paid_until, crate::cli::Until::instant);
                tenants.set_dates(tenant.id, trial, paid, now).await?;
            }
            let own = [own_warning_days, own_read_only_after_days, own_suspend_after_days];
            if own.iter().any(Option::is_some) {
                tenants.change_settings(tenant.id, now, |settings| put_terms(settings, own)).await?;
            }
            let tenant = find(tenants, &slug).await?;
            show_terms(&lifecycle, &tenant, now)?;
        }
        LifeCommand::Maintenance { slug, on, message, .. } => {
            let tenant = find(tenants, &slug).await?;
            let message = message.unwrap_or_default();
            tenants.set_maintenance(tenant.id, on.then_some(message.trim()), now).await?;
            let what = if on { "is under maintenance" } else { "is served again" };
            say(&format!("{slug} {what}."))?;
        }
        LifeCommand::Suspend { slug } => {
            let tenant = find(tenants, &slug).await?;
            tenants.set_status(tenant.id, TenantStatus::Suspended, now).await?;
            say(&format!("{slug} is suspended."))?;
        }
        LifeCommand::Resume { slug } => {
            let tenant = find(tenants, &slug).await?;
            tenants.set_status(tenant.id, TenantStatus::Active, now).await?;
            say(&format!("{slug} is served again."))?;
        }
        LifeCommand::Delete { slug, yes, at_once } => {
            let tenant = find(tenants, &slug).await?;
            if !yes {
                confirm(&tenant, "Deleting", "This deletes", "Nothing was deleted")?;
            }
            let at = if at_once { now } else { now + config.lifecycle.deletion_grace() };
            let at = lifecycle.delete_as_operator(tenant.id, at, now).await?;
            if at > now {
                let at = at.to_rfc3339();
                return say(&format!(
                    "{slug} is not served any more, and will be deleted at {at}: tenantry tenant keep {slug} takes that back."
                ));
            }
            let certificate = lifecycle.carry_out_deletion(tenant.id, now).await?;
            let certificate = certificate.with_context(|| format!("{slug} was deleted by another program"))?;
            say(&format!("{slug} is deleted."))?;
            say(&serde_json::to_string_pretty(&certificate)?)?;
        }
        LifeCommand::Keep { slug } => {
            let tenant = find(tenants, &slug).await?;
            if !lifecycle.keep_as_operator(tenant.id, now).await? {
                bail!("{slug} is not to be deleted, or its deletion has begun and cannot be taken back");
            }
            say(&format!("{slug} is kept."))?;
        }
    }
    Ok(())
}

fn put_terms(settings: &mut Map<String, Value>, own: [Option<Limit>; 3]) {
    let mut terms = match settings.remove(Terms::SETTING) {
        Some(Value::Object(terms)) => terms,
        _ => Map::new(),
    };
    for (name, change) in Terms::NAMES.into_iter().zip(own) {
        match change {
            Some(Limit::Own(days)) => terms.insert(name.to_owned(), days.into()),
            Some(Limit::Default) => terms.remove(name),
            None => None,
        };
    }
    if !terms.is_empty() {
        settings.insert(Terms::SETTING.to_owned(), Value::Object(terms));
    }
}

fn show_terms(lifecycle: &Lifecycle, tenant: &Tenant, now: DateTime<Utc>) -> anyhow::Result<()> {
    for line in dates(tenant, lifecycle.standing(tenant, now)) {
        say(&line)?;
    }
    Ok(())
}

/// What holds for a tenant now, and the dates that it depends on: a line each.
pub(super) fn dates(tenant: &Tenant, standing: Standing) -> Vec<String> {
    let mut lines = vec![format!("state    {}", standing.state.as_str().replace('_', " "))];
    let mut add = |what: &str, date: Option<DateTime<Utc>>| {
        if let Some(date) = date {
            lines.push(format!("{what:<8} {}", date.to_rfc3339()));
        }
    };
    add("trial", tenant.trial_ends_at);
    add("paid", tenant.paid_until);
    add("warned", standing.deadlines.map(|deadlines| deadlines.warned_from));
    add("fixed", standing.deadlines.map(|deadlines| deadlines.read_only_from));
    add("ended", standing.deadlines.map(|deadlines| deadlines.suspended_from));
    add("deleted", tenant.delete_at);
    if let Some(maintenance) = &tenant.maintenance {
        lines.push(format!("message  {}", maintenance.message));
    }
    lines
}
