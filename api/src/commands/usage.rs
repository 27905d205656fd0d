//! `tenantry tenant plan`, `usage` and `slow`.

use chrono::{DateTime, Utc};
use comfy_table::{Table, presets::UTF8_HORIZONTAL_ONLY};
use domain::{
    Change,
    plan::{Feature, Quota, bytes},
};
use tenancy::{Slug, Tenant, Tenants};

use super::{counted, life, plan::amount, say, tenant::find};
use crate::{
    cli::{OwnAmount, OwnPlan, OwnSwitch, UsageCommand},
    config::Config,
    operators::{Deed, Doer, TenantPlanChange},
    plan::{Entitlements, exceptions::Exceptions},
    usage::report::{self, Use},
};

pub(super) async fn run(config: &Config, tenants: &Tenants, command: UsageCommand, now: DateTime<Utc>) -> anyhow::Result<()> {
    match command {
        UsageCommand::Plan { slug, own } => {
            let plan = match own.plan.as_deref() {
                None => Change::Keep,
                Some("none") => Change::Clear,
                Some(id) => Change::Set(id.to_owned()),
            };
            let change = TenantPlanChange { plan, exceptions: exceptions_of(&own) };
            if !change.is_empty() {
                let (operators, tenant) = (life::operators(config, tenants)?, find(tenants, &slug).await?);
                operators.act(&Doer::command_line(), &tenant, Deed::SetPlan(change), now).await?;
            }
            show(tenants, &*find(tenants, &slug).await?, now).await
        }
        UsageCommand::Usage { slug, days } => usage(tenants, &slug, days, now).await,
        UsageCommand::Slow { slug } => slow(tenants, &slug).await,
    }
}

fn exceptions_of(own: &OwnPlan) -> Exceptions {
    let limits = [(Quota::Seats, own.seats), (Quota::StorageBytes, own.storage), (Quota::RequestsPerDay, own.requests_per_day)];
    Exceptions {
        limits: limits.into_iter().filter_map(|(quota, given)| given.map(|OwnAmount(limit)| (quota, limit))).collect(),
        features: own.features.iter().map(|OwnSwitch(feature, has)| (*feature, *has)).collect(),
    }
}

/// What a tenant may use, whose word that is, and what it uses: a line each.
async fn show(tenants: &Tenants, tenant: &Tenant, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (entitlements, platform) = (Entitlements::of(tenant), tenants.platform());
    say(&format!("{:<18} {}", "plan", entitlements.plan_id().unwrap_or("none")))?;
    let of_plan = if entitlements.plan_id().is_some() { "the plan's" } else { "no plan" };
    let whose = |is_own: bool| if is_own { "its own" } else { of_plan };
    let Use { members, invitations, storage, requests_today } = Use::of(&platform, tenant.id, now).await?;
    let storage = storage.map_or_else(|| "not measured".to_owned(), bytes);
    let rows = [
        ("seats", Quota::Seats, format!("{}, {}", counted(&members, "member"), counted(&invitations, "invitation"))),
        ("storage", Quota::StorageBytes, storage),
        ("requests-per-day", Quota::RequestsPerDay, format!("{requests_today} written of today")),
    ];
    for (name, quota, used) in rows {
        let limit = entitlements.limit(quota);
        let limit = match (quota, limit) {
            (Quota::StorageBytes, Some(limit)) => bytes(limit),
            _ => amount(limit),
        };
        say(&format!("{name:<18} {limit:<12} {:<12} {used}", whose(entitlements.is_own_limit(quota))))?;
    }
    for feature in Feature::ALL {
        let state = if entitlements.has(feature) { "on" } else { "off" };
        say(&format!("{:<18} {state:<12} {}", feature.as_str(), whose(entitlements.own_feature(feature).is_some())))?;
    }
    Ok(())
}

async fn usage(tenants: &Tenants, slug: &Slug, days: u16, now: DateTime<Utc>) -> anyhow::Result<()> {
    let tenant = find(tenants, slug).await?;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["day", "requests", "anonymous", "errors", "operations", "ms a request", "storage", "members"]);
    let unknown = || "-".to_owned();
    for day in report::days(&tenants.platform(), tenant.id, days, now).await? {
        table.add_row([
            day.day.to_string(),
            day.requests.to_string(),
            day.anonymous_requests.to_string(),
            day.errors.to_string(),
            day.operations.to_string(),
            day.milliseconds.checked_div(day.requests + day.anonymous_requests).map_or_else(unknown, |mean| mean.to_string()),
            day.storage_bytes.and_then(|count| u64::try_from(count).ok()).map_or_else(unknown, bytes),
            day.members.map_or_else(unknown, |members| members.to_string()),
        ]);
    }
    say(&table.to_string())
}

async fn slow(tenants: &Tenants, slug: &Slug) -> anyhow::Result<()> {
    let tenant = find(tenants, slug).await?;
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["operation", "document", "fields", "times", "worst ms", "mean ms", "statements", "last seen"]);
    for slow in report::slow(&tenants.platform(), tenant.id).await? {
        let fields = slow.root_fields.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        table.add_row([
            format!("{} {}", slow.kind, slow.operation),
            slow.document_hash.get(..12).unwrap_or_default().to_owned(),
            fields.collect::<Vec<_>>().join(", "),
            slow.count.to_string(),
            slow.worst_milliseconds.to_string(),
            slow.total_milliseconds.checked_div(slow.count).unwrap_or_default().to_string(),
            slow.statements.to_string(),
            slow.last_seen_at.format("%Y-%m-%d %H:%M").to_string(),
        ]);
    }
    say(&table.to_string())
}
