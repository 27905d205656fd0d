//! What operators do with tenants, at the console and at the command line: the same deeds, each written down with its event.
//!
//! - [`deed`]: what is changed about a tenant
//! - [`create`]: making one, with an invitation for its owner
//! - [`limits`]: how much a tenant may ask for
//! - [`list`], [`facts`]: pages of tenants, and what is known of those of a page
//! - [`event`]: what was done, by whom
//! - [`network`]: from where the console's API answers at all
//! - `support`: asking owners to be let in

mod create;
mod deed;
mod event;
mod facts;
mod limits;
mod list;
mod network;
mod support;

use std::sync::Arc;

use tenancy::{PlatformConnection, Tenants};

use crate::{
    config::Config,
    graphql::limits::Defaults,
    lifecycle::{Lifecycle, LifecycleOptions},
    mail::Mail,
};

pub use deed::{Deed, TermsChange};
pub use event::{Doer, Event, write_event};
pub use facts::{CertificateCursor, DeletionRequest};
pub use limits::{LimitChanges, LimitInForce, LimitName};
pub use list::{ListTenants, TenantCursor};
pub use network::Networks;
pub(crate) use network::parse as parse_network;
pub use support::NewRequest;

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
            statement_timeout: config.statement_timeout.saturating_mul(1_000),
            networks: Networks::new(&config.operator_networks),
        }
    }

    /// From where the API of operators answers at all.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }
}
