//! The hosts of one's own organisation: the permission first, and an audit event that is written down with the change.

use std::sync::Arc;

use domain::{
    Context, Error, Permission,
    audit::{Changes, Entry, Event},
};
use sea_orm::{TransactionSession as _, TransactionTrait as _};
use tenancy::{PlatformTransaction, Tenant, TenantId};

use super::{Domain, Domains, change::redirect_in, of_tenancy, redirects_to_primary};
use crate::auth::{Auth, AuthError, audit_outbox};

/// The hosts of the organisation of whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct OwnDomains<'a> {
    /// The hosts of all.
    pub domains: &'a Domains,
    /// What puts events into the audit.
    pub auth: &'a Auth,
    /// The organisation.
    pub tenant: &'a Arc<Tenant>,
    /// Who asks, and when.
    pub context: &'a Context,
}

impl OwnDomains<'_> {
    /// The hosts, and whether pages at the others lead to the primary one.
    pub async fn list(self) -> Result<(Vec<Domain>, bool), Error> {
        self.context.require(Permission::ManageDomains)?;
        let list = self.domains.list(self.tenant).await?;
        Ok((list, redirects_to_primary(&self.present().await?.settings)))
    }

    /// Claims a host.
    pub async fn add(self, hostname: &str) -> Result<Domain, Error> {
        self.context.require(Permission::ManageDomains)?;
        let transaction = self.domains.platform.begin().await?;
        let hostname = self.domains.add_in(&transaction, self.tenant, hostname, self.context.now).await?;
        self.finish(transaction, "domain.added", changes(None, Some((hostname.as_str(), false)))).await?;
        self.domains.one(self.tenant, &hostname).await
    }

    /// Looks at DNS for a host now.
    pub async fn check(self, hostname: &str) -> Result<Domain, AuthError> {
        self.context.require(Permission::ManageDomains)?;
        let (domain, settled) = self.domains.check_for(self.tenant, hostname, Some(self.context), self.context.now).await?;
        self.deliver(settled.entry).await;
        Ok(domain)
    }

    /// Makes a host the one that pages at the others lead to.
    pub async fn make_primary(self, hostname: &str) -> Result<(), Error> {
        self.context.require(Permission::ManageDomains)?;
        let transaction = self.domains.platform.begin().await?;
        let (before, after) = self.domains.make_primary_in(&transaction, self.tenant, hostname).await?;
        self.finish(transaction, "domain.made_primary", Changes::default().with("hostname", before, after)).await
    }

    /// Lets a host go. Gives its name.
    pub async fn remove(self, hostname: &str) -> Result<String, Error> {
        self.context.require(Permission::ManageDomains)?;
        let transaction = self.domains.platform.begin().await?;
        let (hostname, was_served) = self.domains.remove_in(&transaction, self.tenant, hostname, self.context.now).await?;
        self.finish(transaction, "domain.removed", changes(Some((hostname.as_str(), was_served)), None)).await?;
        Ok(hostname)
    }

    /// Says whether pages at the other hosts lead to the primary one.
    pub async fn redirect(self, enabled: bool) -> Result<(), Error> {
        self.context.require(Permission::ManageDomains)?;
        let transaction = self.domains.platform.begin().await?;
        let before = redirect_in(&transaction, self.tenant.id, enabled, self.context.now).await?;
        self.finish(transaction, "domain.redirect_changed", Changes::default().with("redirectsToPrimary", before, enabled)).await
    }

    /// The organisation as it is now: a mutation before this one may have changed it.
    async fn present(self) -> Result<Arc<Tenant>, Error> {
        let present = self.domains.tenants.directory().by_id(self.tenant.id).await.map_err(of_tenancy)?;
        present.ok_or(Error::NotFound("organisation"))
    }

    /// Writes down what was changed, if anything was, and commits it with the change.
    async fn finish(self, transaction: PlatformTransaction, action: &'static str, changes: Changes) -> Result<(), Error> {
        let mut entry = None;
        if !changes.is_empty() {
            let event = event(self.tenant.id, action, changes);
            entry = Some(audit_outbox::put(&transaction, self.tenant.id, self.context, event).await?);
        }
        transaction.commit().await?;
        self.domains.tenants.directory().forget(self.tenant.id);
        self.deliver(entry).await;
        Ok(())
    }

    async fn deliver(self, entry: Option<Entry>) {
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        self.auth.deliver(&self.domains.tenants.read_write(self.tenant), entry).await;
    }
}

/// What was done to a host of a tenant.
pub(super) fn event(tenant: TenantId, action: &'static str, changes: Changes) -> Event {
    Event { action, subject_type: "domain", subject_id: tenant.0, changes }
}

/// A host and whether it is served, before and after.
pub(super) fn changes(before: Option<(&str, bool)>, after: Option<(&str, bool)>) -> Changes {
    let hostname = |host: Option<(&str, bool)>| host.map(|(hostname, _)| hostname.to_owned());
    let is_served = |host: Option<(&str, bool)>| host.map(|(_, is_served)| is_served);
    Changes::default().with("hostname", hostname(before), hostname(after)).with("served", is_served(before), is_served(after))
}
