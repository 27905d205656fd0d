//! The hosts of a tenant: claimed by it, proved by a record in DNS, and looked after from then on.
//!
//! A claim is a row of `domain_claims`, of which several tenants may have one for the same host. Whoever proves it gets the row of the
//! host in `domains`, and is served there until the host is removed or its proof has been gone for a week. What is served is decided by
//! [`tenancy`], from `domains` alone.
//!
//! - `name` says which names can be one's own, `record` what the record says, and `dns` looks for it.
//! - `course` is what follows from what was found, as a table; `settle` does it, in one transaction.
//! - `change` has the other changes, `own` the same for members: with their permission, and with audit events that are written down in
//!   the transaction of the change.
//! - `farewell` removes what is bound to a host that is let go; `watch` looks at the hosts that are served, day by day.

mod change;
mod course;
mod dns;
mod farewell;
mod list;
mod name;
mod own;
mod problem;
mod record;
mod settle;
mod watch;

use std::{fmt, num::NonZeroU32, sync::Arc};

use governor::{Quota, RateLimiter};
use tenancy::{Hosts, PlatformConnection, TenantId, Tenants};

use self::dns::Dns;
pub(crate) use self::farewell::{forget_hosts, hold};
pub use self::{
    dns::DnsServer,
    list::{Domain, DomainState},
    name::check_registrable,
    own::OwnDomains,
    problem::Problem,
    record::Record,
    settle::Change,
};
use crate::{auth::tries::Limiter, config::Config, mail::Mail};

/// How often a tenant may have DNS asked in a minute, in this process.
const CHECKS: NonZeroU32 = NonZeroU32::new(12).expect("it is not zero");

/// Where a tenant's settings say whether pages at its other hosts lead to its primary one; they do unless it is `false`.
const REDIRECT_TO_PRIMARY: &str = "redirectToPrimary";

/// The hosts of all tenants.
pub struct Domains {
    tenants: Tenants,
    platform: PlatformConnection,
    hosts: Hosts,
    dns: Dns,
    mail: Arc<Mail>,
    checks: Limiter<TenantId>,
}

impl fmt::Debug for Domains {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Domains").field("hosts", &self.hosts).field("dns", &self.dns).finish_non_exhaustive()
    }
}

impl Domains {
    /// Prepares to ask DNS. Nothing is looked after until [`run`](Self::run) or [`check_due`](Self::check_due).
    pub fn start(config: &Config, tenants: &Tenants, mail: Arc<Mail>) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            hosts: Hosts::new(config.base_domain.clone()),
            dns: Dns::new(&config.dns_servers)?,
            mail,
            checks: RateLimiter::keyed(Quota::per_minute(CHECKS)),
        }))
    }
}

/// Whether pages at the other hosts of a tenant with these settings lead to its primary one.
pub fn redirects_to_primary(settings: &serde_json::Value) -> bool {
    redirects(settings.get(REDIRECT_TO_PRIMARY))
}

fn redirects(setting: Option<&serde_json::Value>) -> bool {
    setting.and_then(serde_json::Value::as_bool).unwrap_or(true)
}

/// What `tenancy` refuses, as the domain says it.
fn of_tenancy(error: tenancy::Error) -> domain::Error {
    match error {
        tenancy::Error::HostTaken(_) => conflict("Another organisation is served at this address."),
        other => crate::lifecycle::answer(other),
    }
}

fn conflict(message: impl Into<String>) -> domain::Error {
    domain::Error::Conflict { field: Some("hostname".to_owned()), message: message.into() }
}
