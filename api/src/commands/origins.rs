//! `tenantry tenant origins`.

use chrono::{DateTime, Utc};
use tenancy::{Slug, Tenants};

use super::say;
use crate::http::{ALLOWED_ORIGINS, Origin, allowed_origins};

/// Changes what is given, and shows whose pages may call the tenant's API then.
pub(super) async fn run(
    tenants: &Tenants,
    slug: &Slug,
    allow: Vec<Origin>,
    forbid: &[Origin],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let tenant = super::tenant::find(tenants, slug).await?;
    if !allow.is_empty() || !forbid.is_empty() {
        let change = |settings: &mut serde_json::Map<String, serde_json::Value>| {
            let mut origins = allowed_origins(settings.get(ALLOWED_ORIGINS));
            origins.retain(|origin| !forbid.contains(origin));
            for origin in allow {
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
            let texts: Vec<&str> = origins.iter().map(Origin::as_str).collect();
            settings.insert(ALLOWED_ORIGINS.to_owned(), texts.into());
        };
        tenants.change_settings(tenant.id, now, change).await?;
    }
    let tenant = super::tenant::find(tenants, slug).await?;
    let origins = allowed_origins(tenant.settings.get(ALLOWED_ORIGINS));
    if origins.is_empty() {
        return say("Only its own pages call its API.");
    }
    for origin in origins {
        say(origin.as_str())?;
    }
    Ok(())
}
