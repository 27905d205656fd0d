//! The life of a tenant: what holds for it now, what its owners are told, its new names and its end.
//!
//! Nothing here has to run for a date to take effect: [`tenancy::standing`] is asked anew for each request. What runs beside the
//! requests ([`Lifecycle::run`]) writes the mail, carries deletions out and gives former addresses free; any number of processes may
//! do so at once.

mod answer;
mod deletion;
mod notice;
mod options;
mod parting;
mod rename;

use std::{ops::Range, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use domain::Role;
use entities::platform::{account, membership};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{Hosts, PlatformConnection, Standing, Tenant, TenantId, Tenants, Terms, standing};

use crate::{
    app::Clock,
    background::every,
    config::{Addresses, Config},
    mail::Mail,
};

pub(crate) use answer::answer;
pub use options::LifecycleOptions;
pub use parting::Parting;
pub(crate) use rename::parse as parse_names;

/// How long it is paused before it is looked what has become due.
const PAUSE: Range<Duration> = Duration::from_secs(30)..Duration::from_secs(90);

/// What looks after the tenants' lives.
#[derive(Debug)]
pub struct Lifecycle {
    tenants: Tenants,
    platform: PlatformConnection,
    mail: Arc<Mail>,
    options: LifecycleOptions,
    /// Days for which the archives of a deleted tenant are kept.
    archives_kept_days: u16,
    addresses: Addresses,
    hosts: Hosts,
}

impl Lifecycle {
    /// As configured.
    pub fn new(config: &Config, tenants: &Tenants, mail: &Arc<Mail>) -> Self {
        Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            mail: Arc::clone(mail),
            options: config.lifecycle.clone(),
            archives_kept_days: config.backup.backup_deleted_days,
            addresses: config.addresses(),
            hosts: Hosts::new(config.base_domain.clone()),
        }
    }

    /// What holds for a tenant at a moment.
    pub fn standing(&self, tenant: &Tenant, now: DateTime<Utc>) -> Standing {
        standing(tenant, self.tenants.head(), now, self.options.terms())
    }

    /// When what happens, where a tenant's settings name no terms of its own.
    pub fn terms(&self) -> Terms {
        self.options.terms()
    }

    /// Where a tenant pays, or asks about paying.
    pub fn billing_contact(&self) -> Option<&str> {
        self.options.billing_contact.as_deref()
    }

    /// The address of a tenant under the base domain.
    pub fn address_of(&self, tenant: &Tenant) -> String {
        self.addresses.of(&self.hosts.of_slug(&tenant.slug))
    }

    /// Days within which an owner takes the deletion of a tenant back.
    pub const fn deletion_grace_days(&self) -> u16 {
        self.options.deletion_grace_days
    }

    /// The address of the apex, where a tenant that is not served is taken back.
    pub fn apex(&self) -> String {
        self.addresses.of(self.hosts.base().as_str())
    }

    /// Does what becomes due, for as long as the program runs.
    pub(crate) async fn run(self: Arc<Self>, clock: Clock) {
        every(PAUSE, || self.do_due(&*clock)).await;
    }

    /// Does what is due: deletes, tells owners, gives former addresses free. What fails is logged, and tried again the next time.
    pub async fn do_due(&self, clock: impl Fn() -> DateTime<Utc> + Send + Sync) {
        let now = clock();
        if let Err(error) = self.tenants.release_former_slugs(now).await {
            tracing::warn!(%error, "former addresses were not given free");
        }
        match self.tenants.deletions_due(now).await {
            Ok(due) => {
                for tenant in due {
                    if let Err(error) = self.carry_out_deletion(tenant, &clock).await {
                        tracing::warn!(%tenant, error = format!("{error:#}"), "a tenant was not deleted; it is gone on with later");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "it is not known which tenants are to be deleted"),
        }
        match self.tenants.sweep_deleted(now).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "what requests had written for tenants that are deleted is gone, too"),
            Err(error) => tracing::warn!(%error, "it is not known whether something was written for tenants that are deleted"),
        }
        if let Err(error) = self.tell_owners(now).await {
            tracing::warn!(error = format!("{error:#}"), "owners were not told what holds for their organisations");
        }
    }
}

/// Those who own a tenant.
pub(crate) async fn owners<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Vec<account::Model>, DbErr> {
    account::Entity::find()
        .inner_join(membership::Entity)
        .filter(membership::Column::TenantId.eq(tenant.0))
        .filter(membership::Column::Role.eq(Role::Owner))
        .order_by_asc(account::Column::Id)
        .all(connection)
        .await
}
