//! `tenantry tenant rename`, `terms`, `maintenance`, `suspend`, `resume`, `delete` and `keep`.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use tenancy::{Standing, Tenant, Tenants};

use super::{
    say,
    tenant::{confirm, find},
};
use crate::{
    cli::LifeCommand,
    config::Config,
    lifecycle::Lifecycle,
    mail::Mail,
    operators::{Deed, Doer, Operators, TermsChange},
};

pub(super) fn lifecycle(config: &Config, tenants: &Tenants) -> anyhow::Result<Lifecycle> {
    Ok(Lifecycle::new(config, tenants, &Mail::start(config, tenants)?))
}

/// What operators do, as the command line does it.
pub(super) fn operators(config: &Config, tenants: &Tenants) -> anyhow::Result<Operators> {
    let mail = Mail::start(config, tenants)?;
    Ok(Operators::new(config, tenants, &mail, &Arc::new(Lifecycle::new(config, tenants, &mail))))
}

pub(super) async fn run(config: &Config, tenants: &Tenants, command: LifeCommand, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (lifecycle, operators, doer) = (lifecycle(config, tenants)?, operators(config, tenants)?, Doer::command_line());
    match command {
        LifeCommand::Rename { slug, new_slug, name } => {
            let tenant = find(tenants, &slug).await?;
            let new = new_slug.as_ref().unwrap_or(&tenant.slug);
            operators.act(&doer, &tenant, Deed::Rename { slug: Some(new.to_string()), name }, now).await?;
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
            let terms = TermsChange {
                trial_ends_at: trial_until,
                paid_until,
                own: [own_warning_days, own_read_only_after_days, own_suspend_after_days],
            };
            operators.act(&doer, &*find(tenants, &slug).await?, Deed::SetTerms(terms), now).await?;
            let tenant = find(tenants, &slug).await?;
            show_terms(&lifecycle, &tenant, now)?;
        }
        LifeCommand::Maintenance { slug, on, message, .. } => {
            let message = on.then(|| message.unwrap_or_default());
            operators.act(&doer, &*find(tenants, &slug).await?, Deed::SetMaintenance(message), now).await?;
            let what = if on { "is under maintenance" } else { "is served again" };
            say(&format!("{slug} {what}."))?;
        }
        LifeCommand::Suspend { slug } => {
            operators.act(&doer, &*find(tenants, &slug).await?, Deed::Suspend, now).await?;
            say(&format!("{slug} is suspended."))?;
        }
        LifeCommand::Resume { slug } => {
            operators.act(&doer, &*find(tenants, &slug).await?, Deed::Resume, now).await?;
            say(&format!("{slug} is served again."))?;
        }
        LifeCommand::Delete { slug, yes, at_once } => {
            let tenant = find(tenants, &slug).await?;
            if !yes {
                confirm(&tenant, "Deleting", "This deletes", "Nothing was deleted")?;
            }
            let at = if at_once { now } else { operators.deletion_at(now) };
            operators.act(&doer, &tenant, Deed::Delete(at), now).await?;
            // The earlier moment holds, where its deletion was asked for before.
            let at = tenants.directory().by_id(tenant.id).await?.and_then(|tenant| tenant.delete_at).unwrap_or(at);
            if at > now {
                let at = at.to_rfc3339();
                return say(&format!(
                    "{slug} is not served any more, and will be deleted at {at}: tenantry tenant keep {slug} takes that back."
                ));
            }
            let certificate = lifecycle.carry_out_deletion(tenant.id, Utc::now).await?;
            let certificate = certificate.with_context(|| format!("{slug} was deleted by another program"))?;
            say(&format!("{slug} is deleted."))?;
            say(&serde_json::to_string_pretty(&certificate)?)?;
        }
        LifeCommand::Keep { slug } => {
            let kept = operators.act(&doer, &*find(tenants, &slug).await?, Deed::Keep, now).await;
            kept.map_err(|error| match error {
                domain::Error::Conflict { .. } => {
                    anyhow!("{slug} is not to be deleted, or its deletion has begun and cannot be taken back")
                }
                other => other.into(),
            })?;
            say(&format!("{slug} is kept."))?;
        }
    }
    Ok(())
}

fn show_terms(lifecycle: &Lifecycle, tenant: &Tenant, now: DateTime<Utc>) -> anyhow::Result<()> {
    for line in dates(tenant, lifecycle.standing(tenant, now)) {
        say(&line)?;
    }
    Ok(())
}

/// What holds for a tenant now, and the dates that it depends on, by the names of the states that begin then: a line each.
pub(super) fn dates(tenant: &Tenant, standing: Standing) -> Vec<String> {
    let mut lines = vec![format!("state     {}", standing.state.as_str().replace('_', " "))];
    let mut add = |what: &str, date: Option<DateTime<Utc>>| {
        if let Some(date) = date {
            lines.push(format!("{what:<9} {}", date.to_rfc3339()));
        }
    };
    add("trial", tenant.trial_ends_at);
    add("paid", tenant.paid_until);
    add("warned", standing.deadlines.map(|deadlines| deadlines.warned_from));
    add("read only", standing.deadlines.map(|deadlines| deadlines.read_only_from));
    add("past due", standing.deadlines.map(|deadlines| deadlines.suspended_from));
    add("deletion", tenant.delete_at);
    if let Some(maintenance) = &tenant.maintenance {
        lines.push(format!("message   {}", maintenance.message));
    }
    lines
}
