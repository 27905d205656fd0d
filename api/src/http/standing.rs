//! Whether a tenant is served at a host now, and how far.

use chrono::{DateTime, Utc};
use tenancy::{Host, Hostname, Standing, State, Tenant};

use super::refusal::Refusal;
use crate::app::App;

/// What holds for a tenant at one of its hosts; why not, where it is not served there now.
pub(crate) fn check(app: &App, host: &Hostname, tenant: &Tenant, now: DateTime<Utc>) -> Result<Standing, Refusal> {
    if is_former(app, host, tenant) {
        return Err(Refusal::TenantMoved(app.lifecycle.address_of(tenant)));
    }
    let standing = app.lifecycle.standing(tenant, now);
    match standing.state {
        State::Active | State::Trial | State::Warned | State::ReadOnly => Ok(standing),
        State::PastDue => Err(Refusal::TenantPastDue),
        State::Suspended => Err(Refusal::TenantSuspended),
        State::Migrating => Err(Refusal::TenantMigrating),
        State::Maintenance => {
            let message = tenant.maintenance.as_ref().map(|maintenance| maintenance.message.to_string());
            Err(Refusal::TenantMaintenance(message.unwrap_or_default()))
        }
        State::Deleting => Err(Refusal::TenantDeleting(app.lifecycle.apex())),
    }
}

/// Whether the host is one that the tenant had before it was renamed.
pub(super) fn is_former(app: &App, host: &Hostname, tenant: &Tenant) -> bool {
    matches!(app.hosts.sort(host), Host::Slug(slug) if slug != tenant.slug)
}
