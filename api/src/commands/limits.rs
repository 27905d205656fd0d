//! `tenantry tenant limits`.

use anyhow::bail;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tenancy::{Slug, Tenant, Tenants};

use super::say;
use crate::{
    cli::{Limit, OwnLimits},
    config::Config,
    graphql::limits::Limits,
};

/// Changes what is given, and shows what holds then.
pub(super) async fn run(
    config: &Config,
    tenants: &Tenants,
    slug: &Slug,
    own: &OwnLimits,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let tenant = super::tenant::find(tenants, slug).await?;
    let changes = [
        ("requestsPerSecond", own.requests_per_second),
        ("requestsPerSecondPerActor", own.requests_per_second_per_actor),
        ("concurrentOperations", own.concurrent_operations),
        ("characters", own.characters),
        ("tokens", own.tokens),
        ("depth", own.depth),
        ("aliases", own.aliases),
        ("directives", own.directives),
        ("rootFields", own.root_fields),
        ("cost", own.cost),
    ];
    if let Some(Limit::Own(depth)) = own.depth
        && depth > 40
    {
        bail!("The depth may be 40 at most: the parser recurses");
    }
    let introspection = own.tenant_introspection.map(|limit| match limit {
        Limit::Own(introspection) => Limit::Own(introspection.as_str()),
        Limit::Default => Limit::Default,
    });
    let is_changed = changes.iter().any(|(_, change)| change.is_some());
    if is_changed || introspection.is_some() || own.statement_timeout_ms.is_some() {
        let change = |settings: &mut Map<String, Value>| {
            let mut limits = match settings.remove("limits") {
                Some(Value::Object(limits)) => limits,
                _ => Map::new(),
            };
            for (name, change) in changes {
                put(&mut limits, name, change);
            }
            put(&mut limits, "introspection", introspection);
            if !limits.is_empty() {
                settings.insert("limits".to_owned(), Value::Object(limits));
            }
            put(settings, "statementTimeoutMs", own.statement_timeout_ms);
        };
        tenants.change_settings(tenant.id, now, change).await?;
    }
    let tenant = super::tenant::find(tenants, slug).await?;
    show(config, &tenant)
}

fn put(settings: &mut Map<String, Value>, name: &str, change: Option<Limit<impl Into<Value>>>) {
    match change {
        Some(Limit::Own(value)) => settings.insert(name.to_owned(), value.into()),
        Some(Limit::Default) => settings.remove(name),
        None => None,
    };
}

fn show(config: &Config, tenant: &Tenant) -> anyhow::Result<()> {
    let limits = Limits::of(&config.limits, Some(tenant));
    let any = |number: Option<std::num::NonZeroU64>| number.map_or_else(|| "any number".to_owned(), |number| number.to_string());
    let own_timeout = tenant.settings.get("statementTimeoutMs").and_then(Value::as_u64).filter(|timeout| *timeout > 0);
    let most = config.statement_timeout.saturating_mul(1_000);
    let rows = [
        ("requests-per-second", "requestsPerSecond", any(limits.requests_per_second)),
        ("requests-per-second-per-actor", "requestsPerSecondPerActor", any(limits.requests_per_second_per_actor)),
        ("concurrent-operations", "concurrentOperations", any(limits.concurrent_operations)),
        ("statement-timeout-ms", "statementTimeoutMs", own_timeout.map_or(most, |own| own.min(most)).to_string()),
        ("characters", "characters", limits.characters.to_string()),
        ("tokens", "tokens", limits.tokens.to_string()),
        ("depth", "depth", limits.depth.to_string()),
        ("aliases", "aliases", limits.aliases.to_string()),
        ("directives", "directives", limits.directives.to_string()),
        ("root-fields", "rootFields", limits.root_fields.to_string()),
        ("cost", "cost", limits.cost.to_string()),
        ("tenant-introspection", "introspection", limits.introspection.as_str().to_owned()),
    ];
    for (flag, name, value) in rows {
        let own = tenant.settings.get("limits").and_then(|limits| limits.get(name)).or_else(|| tenant.settings.get(name));
        let whose = if own.is_some() { "its own" } else { "the program's" };
        say(&format!("{flag:<30} {value:<12} {whose}"))?;
    }
    Ok(())
}
