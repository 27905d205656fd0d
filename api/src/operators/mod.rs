//! What operators do with tenants, at the console and at the command line: the same deeds, each written down with its event.
//!
//! - [`deed`]: what is changed about a tenant
//! - [`adopt`]: making one of the database of another program
//! - [`create`]: making one, with an invitation for its owner
//! - [`limits`]: how much a tenant may ask for
//! - [`plan`]: plans, and what tenants have of them
//! - [`list`], [`facts`]: pages of tenants, and what is known of those of a page
//! - [`event`]: what was done, by whom
//! - [`member`]: who is put into a tenant and taken out of it
//! - [`network`]: from where the console's API answers at all
//! - `support`: asking owners to be let in

mod adopt;
mod create;
mod deed;
mod event;
mod facts;
mod limits;
mod list;
mod member;
mod network;
mod plan;
mod support;

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Utc};
use tenancy::{PlatformConnection, Tenants};

use crate::{
    config::Config,
    graphql::limits::Defaults,
    lifecycle::{Lifecycle, LifecycleOptions},
    mail::Mail,
};

pub use adopt::Adopting;
pub use deed::{Deed, TermsChange};
pub use event::{Doer, Event, write_event};
pub use facts::{CertificateCursor, DeletionRequest};
pub use limits::{LimitChanges, LimitInForce, LimitName, has_own_introspection};
pub use list::{ListTenants, TenantCursor};
pub use network::Networks;
pub(crate) use network::parse as parse_network;
pub use plan::{Expected, PlanChange, TenantPlanChange};
pub use support::NewRequest;

/// Whether an instant can be stored: RFC 3339 has years of four digits, and Postgres does not go as far as this program does.
pub(crate) fn is_storable(instant: DateTime<Utc>) -> bool {
    (1..=9_999).contains(&instant.year())
}

/// What operators do with tenants.
#[derive(Debug)]
pub struct Operators {
    tenants: Tenants,
    platform: PlatformConnection,
    mail: Arc<Mail>,
    lifecycle: Arc<Lifecycle>,
    options: LifecycleOptions,
    limits: Defaults,
    /// Milliseconds after which Postgres cancels a statement.
    statement_timeout: u64,
    networks: Networks,
}

impl Operators {
    /// As configured.
    pub fn new(config: &Config, tenants: &Tenants, mail: &Arc<Mail>, lifecycle: &Arc<Lifecycle>) -> Self {
        Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            mail: Arc::clone(mail),
            lifecycle: Arc::clone(lifecycle),
            options: config.lifecycle.clone(),
            limits: config.limits.clone(),
            statement_timeout: config.database.statement_timeout.saturating_mul(1_000),
            networks: Networks::new(&config.operator_networks),
        }
    }

    /// From where the API of operators answers at all.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }
}
