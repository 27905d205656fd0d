//! The addresses of the organisation.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::plan::Feature;

use super::context::{RequestContext, ResolverContext};
use crate::{config::Addresses, domains::OwnDomains};

/// The addresses of the organisation.
#[derive(Debug, SimpleObject)]
pub struct DomainList {
    /// All of them, that under the base domain first.
    nodes: Vec<Domain>,
    /// Whether pages that are opened at the other addresses lead to the primary one. The API is served at all of them.
    redirects_to_primary: bool,
}

/// An address of the organisation, or one that it claims.
#[derive(Debug, SimpleObject)]
pub struct Domain {
    /// The name of the host, in ASCII: `hr.acme.com`.
    hostname: String,
    /// The address as people type it: `https://hr.acme.com`.
    address: String,
    /// Where it stands.
    state: DomainState,
    /// Whether it is the primary address, to which pages at the others lead.
    is_primary: bool,
    /// The TXT record that proves it; null where no proof is asked for.
    record: Option<DomainRecord>,
    /// When DNS was last asked for the record; null when it was not.
    checked_at: Option<DateTime<Utc>>,
    /// What was wrong then, as a sentence; null when nothing was.
    problem: Option<String>,
}

impl Domain {
    fn of(domain: crate::domains::Domain, addresses: Addresses) -> Self {
        Self {
            address: addresses.of(&domain.hostname),
            hostname: domain.hostname,
            state: domain.state.into(),
            is_primary: domain.is_primary,
            record: domain.record.map(|record| DomainRecord { name: record.name, value: record.value }),
            checked_at: domain.checked_at,
            problem: domain.problem.map(|problem| problem.sentence().to_owned()),
        }
    }
}

/// A TXT record in DNS. It has to stay there for as long as the address is used.
#[derive(Debug, SimpleObject)]
pub struct DomainRecord {
    /// Its name: `_tenantry.hr.acme.com`.
    name: String,
    /// Its text: `tenantry-domain=` and a token of this organisation and this address.
    value: String,
}

/// Where an address stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::domains::DomainState")]
pub enum DomainState {
    /// Under the base domain. It is there as long as the organisation.
    BuiltIn,
    /// Registered by the operator, and served without a proof.
    Trusted,
    /// Claimed, and not served until the record is found.
    Pending,
    /// Proved and served. The record is looked for every day.
    Proved,
    /// Served, but the record is gone. Without it the address is released after a week.
    Failing,
}

/// Which address to claim.
#[derive(Debug, InputObject)]
pub struct AddDomainInput {
    /// The name of the host; one with letters of any script is taken, too.
    hostname: String,
}

/// The address as it stands now.
#[derive(Debug, SimpleObject)]
pub struct DomainPayload {
    /// The address as it stands now.
    domain: Domain,
}

/// The addresses as they stand now.
#[derive(Debug, SimpleObject)]
pub struct DomainsPayload {
    /// The addresses as they stand now.
    domains: DomainList,
}

/// What was let go.
#[derive(Debug, SimpleObject)]
pub struct RemoveDomainPayload {
    /// The name of the host.
    hostname: String,
    /// The addresses that are left.
    domains: DomainList,
}

fn own(request: &RequestContext) -> OwnDomains<'_> {
    let domains = &request.front_door.domains;
    OwnDomains { domains, auth: &request.front_door.auth, tenant: &request.tenant, context: request.domain() }
}

async fn list(request: &RequestContext) -> Result<DomainList> {
    let (list, redirects_to_primary) = own(request).list().await?;
    let addresses = request.front_door.addresses;
    Ok(DomainList { nodes: list.into_iter().map(|domain| Domain::of(domain, addresses)).collect(), redirects_to_primary })
}

/// The query of the organisation's addresses.
#[derive(Default)]
pub struct DomainQuery;

#[Object]
impl DomainQuery {
    /// The addresses of the organisation, for those who may manage them.
    async fn domains(&self, ctx: &Context<'_>) -> Option<DomainList> {
        let read = async { list(ctx.request()?).await };
        ctx.or_null(read.await)
    }
}

/// The mutations of the organisation's addresses.
#[derive(Default)]
pub struct DomainMutation;

#[Object]
impl DomainMutation {
    /// Claims an address. It is served once its record is found in DNS by `checkDomain`.
    async fn add_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which address.")] input: AddDomainInput,
    ) -> Result<DomainPayload> {
        let request = ctx.user_of(Feature::CustomDomains).await?;
        let domain = own(request).add(&input.hostname).await?;
        Ok(DomainPayload { domain: Domain::of(domain, request.front_door.addresses) })
    }

    /// Asks DNS for the record of an address now, at most twelve times a minute. That it was not found is no error: see `problem`.
    async fn check_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the host.")] hostname: String,
    ) -> Result<DomainPayload> {
        let request = ctx.user_of(Feature::CustomDomains).await?;
        let domain = own(request).check(&hostname).await?;
        Ok(DomainPayload { domain: Domain::of(domain, request.front_door.addresses) })
    }

    /// Makes an address that is served the primary one.
    async fn make_domain_primary(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the host.")] hostname: String,
    ) -> Result<DomainsPayload> {
        let request = ctx.writer().await?;
        own(request).make_primary(&hostname).await?;
        Ok(DomainsPayload { domains: list(request).await? })
    }

    /// Lets an address go, on every server at once: sessions that were begun there end, and passkeys that are good there alone are
    /// deleted.
    async fn remove_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the host.")] hostname: String,
    ) -> Result<RemoveDomainPayload> {
        let request = ctx.closer().await?;
        let hostname = own(request).remove(&hostname).await?;
        Ok(RemoveDomainPayload { hostname, domains: list(request).await? })
    }

    /// Says whether pages that are opened at the other addresses lead to the primary one.
    async fn redirect_to_primary_domain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether they do.")] enabled: bool,
    ) -> Result<DomainsPayload> {
        let request = ctx.writer().await?;
        own(request).redirect(enabled).await?;
        Ok(DomainsPayload { domains: list(request).await? })
    }
}
