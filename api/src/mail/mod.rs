//! Mail: written into an outbox in the transaction that asks for it, and sent afterwards by a worker.
//!
//! What a rolled back transaction asked for is never sent, and what a committed one asked for is not lost: a message stays in
//! the outbox until a server has taken it. A worker that ends between the two leaves it there, so it may be sent twice; both
//! times with the same `Message-ID`.

mod announcement;
mod export;
mod letter;
mod outbox;
mod support;
mod transport;
mod worker;

use std::{fmt, sync::Arc};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use entities::platform::{account, invitation, sign_up};
use lettre::message::Mailbox;
use sea_orm::{ConnectionTrait, DbErr};
use tenancy::{Hosts, PlatformConnection, Tenant, Tenants};
use tokio::sync::Notify;

use crate::{
    auth::{SecurityChange, WaysIn},
    config::{Addresses, Config},
    domains::Record,
};
use letter::{DomainFailing, DomainReleased, PasswordChanged, SecurityChanged};
use outbox::Kind;
use transport::Transport;

pub(crate) use export::{ExportNews, sentence as export_failure};
pub use transport::mailbox_folder;

/// The channel that is notified when a message was written.
pub(crate) const MAIL_CHANNEL: &str = "tenantry_mail";

/// Writes mail, and sends it.
pub struct Mail {
    tenants: Tenants,
    platform: PlatformConnection,
    transport: Transport,
    from: Mailbox,
    addresses: Addresses,
    hosts: Hosts,
    /// Notified when there is something to send.
    due: Notify,
}

impl fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mail").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Mail {
    /// Prepares to write and to send. Nothing is sent until [`run`](Self::run) or [`send_due`](Self::send_due).
    pub fn start(config: &Config, tenants: &Tenants) -> anyhow::Result<Arc<Self>> {
        let from = match &config.mail_from {
            Some(from) => from.clone(),
            None => Mailbox::new(
                Some("Tenantry".to_owned()),
                format!("no-reply@{}", config.base_domain)
                    .parse()
                    .context("No mail can be sent from the base domain; name a sender by --mail-from")?,
            ),
        };
        let transport = Transport::of(config)?;
        Ok(Arc::new(Self {
            tenants: tenants.clone(),
            platform: tenants.platform(),
            transport,
            from,
            addresses: config.addresses(),
            hosts: Hosts::new(config.base_domain.clone()),
            due: Notify::new(),
        }))
    }

    /// Has the worker look for mail.
    pub(crate) fn wake(&self) {
        self.due.notify_one();
    }

    /// Asks the worker for the mail of an invitation, in the transaction that makes the invitation.
    pub(crate) async fn ask_for_invitation<C: ConnectionTrait>(
        &self,
        connection: &C,
        invitation: &invitation::Model,
    ) -> Result<(), DbErr> {
        outbox::put_invitation(connection, invitation).await
    }

    /// Asks the worker for the mail that confirms a sign-up, in the transaction that asks for that. Whether the address has an account
    /// is looked up when the mail is sent.
    pub(crate) async fn ask_for_sign_up<C: ConnectionTrait>(
        &self,
        connection: &C,
        sign_up: &sign_up::Model,
    ) -> Result<(), DbErr> {
        outbox::put_sign_up(connection, sign_up).await
    }

    /// Asks the worker for the mail that leads to a new password. Whether the address has an account is looked up when the mail
    /// is sent, so that asking takes the same time either way; and the token is made then, so that it is never stored.
    pub(crate) async fn ask_for_password_reset(
        &self,
        tenant: Option<&Tenant>,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        outbox::put_password_reset(&self.platform, tenant.map(|tenant| tenant.id), email, now).await
    }

    /// Tells the owner of an account that its password was changed and what still lets in, in the transaction that changes it.
    pub(crate) async fn write_password_changed<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: Option<&Tenant>,
        account: &account::Model,
        left: &WaysIn,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let letter = PasswordChanged::new(&account.name, now, &self.address_of(tenant), left);
        outbox::put(connection, Kind::PasswordChanged, tenant.map(|tenant| tenant.id), &account.email, letter.letter()?, now)
            .await
    }

    /// Tells the owner of an account that something has changed of how one signs in, in the transaction that changes it.
    pub(crate) async fn write_security_changed<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: Option<&Tenant>,
        account: &account::Model,
        change: SecurityChange<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let letter = SecurityChanged::new(&account.name, change, now, &self.address_of(tenant)).letter()?;
        outbox::put(connection, Kind::SecurityChanged, tenant.map(|tenant| tenant.id), &account.email, letter, now).await
    }

    /// Tells an owner that the proof of a domain is gone, and until when it can come back.
    #[expect(clippy::too_many_arguments, reason = "each is a different part of the letter, and there is one caller")]
    pub(crate) async fn write_domain_failing<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &Tenant,
        owner: &account::Model,
        hostname: &str,
        record: &Record,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let address = self.domains_address_of(tenant);
        let letter = DomainFailing::new(&owner.name, &tenant.name, hostname, record, until, &address).letter()?;
        outbox::put(connection, Kind::DomainFailing, Some(tenant.id), &owner.email, letter, now).await
    }

    /// Tells an owner that a domain was released.
    pub(crate) async fn write_domain_released<C: ConnectionTrait>(
        &self,
        connection: &C,
        tenant: &Tenant,
        owner: &account::Model,
        hostname: &str,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let letter = DomainReleased::new(&owner.name, &tenant.name, hostname, now, &self.domains_address_of(tenant)).letter()?;
        outbox::put(connection, Kind::DomainReleased, Some(tenant.id), &owner.email, letter, now).await
    }

    /// The page where a tenant's hosts are listed.
    fn domains_address_of(&self, tenant: &Tenant) -> String {
        format!("{}/settings/addresses", self.address_of(Some(tenant)))
    }

    /// Where a link leads: to the tenant's host under the base domain; else to the apex. Never to what a request calls its host,
    /// which anyone can write, and never to a tenant's own domain: whoever has that could read there what opens an account,
    /// which belongs to other tenants as well.
    fn address_of(&self, tenant: Option<&Tenant>) -> String {
        match tenant {
            None => self.addresses.of(self.hosts.base().as_str()),
            Some(tenant) => self.addresses.of(&self.hosts.of_slug(&tenant.slug)),
        }
    }
}

/// Whether mail can be sent to an address. Stricter than the domain's own look at it.
pub(crate) fn can_be_sent_to(address: &str) -> bool {
    address.parse::<lettre::Address>().is_ok()
}
