//! Whether a tenant is served at a host now, and how far.

use chrono::{DateTime, Utc};
use tenancy::{Host, Hostname, Standing, State, Tenant, TenantStatus};

use super::refusal::Refusal;
use crate::{app::App, lifecycle::Lifecycle};

/// What holds for a tenant at one of its hosts; why not, where it is not served there now.
pub(crate) fn check(app: &App, host: &Hostname, tenant: &Tenant, now: DateTime<Utc>) -> Result<Standing, Refusal> {
    if is_former(app, host, tenant) {
        return Err(Refusal::TenantMoved(app.lifecycle.address_of(tenant)));
    }
    let standing = app.lifecycle.standing(tenant, now);
    refusal(&app.lifecycle, tenant, standing.state).map_or(Ok(standing), Err)
}

/// Why a tenant is not served in a state; none where it is.
pub(crate) fn refusal(lifecycle: &Lifecycle, tenant: &Tenant, state: State) -> Option<Refusal> {
    Some(match state {
        State::Active | State::Trial | State::Warned | State::ReadOnly => return None,
        State::PastDue => Refusal::TenantPastDue(lifecycle.apex()),
        State::Suspended => Refusal::TenantSuspended,
        State::Migrating => Refusal::TenantMigrating,
        State::Maintenance => {
            let message = tenant.maintenance.as_ref().map(|maintenance| maintenance.message.to_string());
            Refusal::TenantMaintenance(message.unwrap_or_default())
        }
        State::Deleting => Refusal::TenantDeleting {
            apex: tenant.can_be_kept().then(|| lifecycle.apex()),
            has_begun: tenant.status == TenantStatus::Deleting,
        },
    })
}

/// Whether the host is one that the tenant had before it was renamed.
pub(super) fn is_former(app: &App, host: &Hostname, tenant: &Tenant) -> bool {
    matches!(app.hosts.sort(host), Host::Slug(slug) if slug != tenant.slug)
}
