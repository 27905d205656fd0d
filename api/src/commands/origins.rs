//! `tenantry tenant origins`.

use chrono::{DateTime, Utc};
use tenancy::{Slug, Tenants};

use super::{life, say, tenant::find};
use crate::{
    config::Config,
    http::{ALLOWED_ORIGINS, Origin, allowed_origins},
    operators::{Deed, Doer},
};

/// Changes what is given, and shows whose pages may call the tenant's API then.
pub(super) async fn run(
    config: &Config,
    tenants: &Tenants,
    slug: &Slug,
    allow: Vec<Origin>,
    forbid: Vec<Origin>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    if !allow.is_empty() || !forbid.is_empty() {
        let (operators, tenant) = (life::operators(config, tenants)?, find(tenants, slug).await?);
        operators.act(&Doer::command_line(), &tenant, Deed::SetOrigins { allow, forbid }, now).await?;
    }
    let tenant = find(tenants, slug).await?;
    let origins = allowed_origins(tenant.settings.get(ALLOWED_ORIGINS));
    if origins.is_empty() {
        return say("Only its own pages call its API.");
    }
    for origin in origins {
        say(origin.as_str())?;
    }
    Ok(())
}
