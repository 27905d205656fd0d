//! `tenantry tenant limits`.

use chrono::{DateTime, Utc};
use tenancy::{Slug, Tenant, Tenants};

use super::{life, say, tenant::find};
use crate::{
    cli::OwnLimits,
    config::Config,
    operators::{Deed, Doer, LimitChanges, LimitName, Operators, has_own_introspection},
};

/// Changes what is given, and shows what holds then.
pub(super) async fn run(
    config: &Config,
    tenants: &Tenants,
    slug: &Slug,
    own: &OwnLimits,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let operators = life::operators(config, tenants)?;
    let given = LimitName::ALL.into_iter().filter_map(|name| Some((name, given(own, name)?)));
    let changes = LimitChanges::new(given, own.tenant_introspection)?;
    if !changes.is_empty() {
        operators.act(&Doer::command_line(), &*find(tenants, slug).await?, Deed::SetLimits(changes), now).await?;
    }
    show(&operators, &*find(tenants, slug).await?)
}

fn given(own: &OwnLimits, name: LimitName) -> Option<crate::cli::Limit> {
    match name {
        LimitName::RequestsPerSecond => own.requests_per_second,
        LimitName::RequestsPerSecondPerActor => own.requests_per_second_per_actor,
        LimitName::ConcurrentOperations => own.concurrent_operations,
        LimitName::StatementTimeoutMs => own.statement_timeout_ms,
        LimitName::Characters => own.characters,
        LimitName::Tokens => own.tokens,
        LimitName::Depth => own.depth,
        LimitName::Aliases => own.aliases,
        LimitName::Directives => own.directives,
        LimitName::RootFields => own.root_fields,
        LimitName::Cost => own.cost,
    }
}

fn show(operators: &Operators, tenant: &Tenant) -> anyhow::Result<()> {
    let line = |flag: &str, value: &str, is_own: bool| {
        let whose = if is_own { "its own" } else { "the program's" };
        say(&format!("{flag:<30} {value:<12} {whose}"))
    };
    let (limits, introspection) = operators.limits_of(tenant);
    for limit in limits {
        let value = limit.value.map_or_else(|| "any number".to_owned(), |number| number.to_string());
        line(&limit.name.words('-'), &value, limit.is_own)?;
    }
    line("tenant-introspection", introspection.as_str(), has_own_introspection(&tenant.settings))
}
