//! The hosts of one's own organisation: the permission first, and an audit event after.

use std::sync::Arc;

use domain::{
    Context, Error, Permission,
    audit::{self, Changes, Event},
};
use sea_orm::{TransactionSession as _, TransactionTrait as _};
use tenancy::Tenant;

use super::{Domain, Domains, of_tenancy, redirects_to_primary};
use crate::auth::AuthError;

/// The hosts of the organisation of whoever asks.
#[derive(Debug, Clone, Copy)]
pub struct OwnDomains<'a> {
    /// The hosts of all.
    pub domains: &'a Domains,
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
        let domain = self.domains.add(self.tenant, hostname, self.context.now).await?;
        self.record("domain.added", changes(None, Some(&domain))).await?;
        Ok(domain)
    }

    /// Looks at DNS for a host now.
    pub async fn check(self, hostname: &str) -> Result<Domain, AuthError> {
        self.context.require(Permission::ManageDomains)?;
        let (domain, change) = self.domains.check(self.tenant, hostname, self.context.now).await?;
        if let Some(change) = change {
            self.record(change.as_str(), changes(None, Some(&domain))).await?;
        }
        Ok(domain)
    }

    /// Makes a host the one that pages at the others lead to.
    pub async fn make_primary(self, hostname: &str) -> Result<(), Error> {
        self.context.require(Permission::ManageDomains)?;
        let before = self.primary().await?;
        self.domains.make_primary(self.tenant, hostname).await?;
        self.record_if_any("domain.made_primary", Changes::default().with("hostname", before, self.primary().await?)).await
    }

    /// Lets a host go.
    pub async fn remove(self, hostname: &str) -> Result<Domain, Error> {
        self.context.require(Permission::ManageDomains)?;
        let domain = self.domains.remove(self.tenant, hostname, self.context.now).await?;
        self.record("domain.removed", changes(Some(&domain), None)).await?;
        Ok(domain)
    }

    /// Says whether pages at the other hosts lead to the primary one.
    pub async fn redirect(self, enabled: bool) -> Result<(), Error> {
        self.context.require(Permission::ManageDomains)?;
        let before = redirects_to_primary(&self.present().await?.settings);
        self.domains.redirect(self.tenant, enabled, self.context.now).await?;
        self.record_if_any("domain.redirect_changed", Changes::default().with("redirectsToPrimary", before, enabled)).await
    }

    /// The organisation as it is now: a mutation before this one may have changed it.
    async fn present(self) -> Result<Arc<Tenant>, Error> {
        let present = self.domains.tenants.directory().by_id(self.tenant.id).await.map_err(of_tenancy)?;
        present.ok_or(Error::NotFound("organisation"))
    }

    async fn primary(self) -> Result<Option<String>, Error> {
        let list = self.domains.list(self.tenant).await?;
        Ok(list.into_iter().find(|domain| domain.is_primary).map(|domain| domain.hostname))
    }

    async fn record_if_any(self, action: &'static str, changes: Changes) -> Result<(), Error> {
        if changes.is_empty() { Ok(()) } else { self.record(action, changes).await }
    }

    async fn record(self, action: &'static str, changes: Changes) -> Result<(), Error> {
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        let transaction = self.domains.tenants.read_write(self.tenant).begin().await?;
        let event = Event { action, subject_type: "domain", subject_id: self.tenant.id.0, changes };
        audit::record(&transaction, self.context, [event]).await?;
        Ok(transaction.commit().await?)
    }
}

fn changes(before: Option<&Domain>, after: Option<&Domain>) -> Changes {
    let is_served = |domain: Option<&Domain>| domain.map(|domain| domain.state.is_served());
    Changes::default().with("hostname", before.map(|domain| &domain.hostname), after.map(|domain| &domain.hostname)).with(
        "served",
        is_served(before),
        is_served(after),
    )
}
