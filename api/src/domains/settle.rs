//! Looks at DNS for one claim, and does what follows from it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Context, Error, audit::Entry};
use entities::platform::domain_claim::{ActiveModel, Entity, Model};
use sea_orm::{ActiveModelTrait, EntityTrait, QuerySelect, Set, TransactionSession, TransactionTrait};
use tenancy::{Hostname, PlatformTransaction, Tenant, TenantId, register_host, release_host, unset_primary_host};

use super::{
    Domains,
    change::{is_served, lock, read},
    course::{Course, RELEASED_ON, Step},
    farewell,
    list::{Domain, NO_DOMAIN},
    of_tenancy, own,
    problem::{Finding, Problem},
    record::{Record, make_token},
};
use crate::{
    auth::{AuthError, audit_outbox, tries},
    lifecycle::owners,
};

/// After what time a host that is served is looked at again, at the latest.
const INTERVAL: TimeDelta = TimeDelta::hours(24);
/// By how many seconds earlier that may be, so that hosts that came together do not stay together.
const JITTER_SECONDS: i64 = 4 * 60 * 60;

/// Who lets a host go whose proof is gone, as owners read it in their audit.
const WATCH: &str = "the daily look at addresses";

/// What a look at DNS has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The host is served from now on.
    Proved,
    /// It is served no longer.
    Released,
}

impl Change {
    /// The deed, as the audit names it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "domain.proved",
            Self::Released => "domain.released",
        }
    }
}

/// What a look at DNS has changed, and what is to be put into the tenant's audit about it: by whoever has its data at hand, or else by
/// whoever tidies up next.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) change: Option<Change>,
    pub(super) entry: Option<Entry>,
}

impl Domains {
    /// Looks at DNS for a host now. Says how the host stands then, and whether that is a change.
    pub async fn check(&self, tenant: &Tenant, text: &str, now: DateTime<Utc>) -> Result<(Domain, Option<Change>), AuthError> {
        let (domain, settled) = self.check_for(tenant, text, None, now).await?;
        Ok((domain, settled.change))
    }

    /// The same; that a host was proved is written down as the member's deed, if one looked. That it was released is written down
    /// whoever looked, and is nobody's deed but that of the daily look.
    pub(super) async fn check_for(
        &self,
        tenant: &Tenant,
        text: &str,
        member: Option<&Context>,
        now: DateTime<Utc>,
    ) -> Result<(Domain, Settled), AuthError> {
        let hostname = read(text)?.to_string();
        let Some(claim) = Entity::find_by_id((tenant.id.0, hostname.clone())).one(&self.platform).await? else {
            // One that needs no proof is as it is.
            return Ok((self.one(tenant, &hostname).await?, Settled::default()));
        };
        tries::count(&self.checks, &tenant.id)?;
        let settled = self.look(claim, member, now).await?;
        Ok((self.one(tenant, &hostname).await?, settled))
    }

    /// Looks at DNS for a claim, while no transaction is open, and does what follows.
    pub(super) async fn look(&self, claim: Model, member: Option<&Context>, now: DateTime<Utc>) -> Result<Settled, Error> {
        let finding = self.dns.find(&Record::of(&claim.hostname, &claim.token)).await;
        self.settle(&claim, finding, member, now).await
    }

    async fn settle(
        &self,
        looked_at: &Model,
        finding: Finding,
        member: Option<&Context>,
        now: DateTime<Utc>,
    ) -> Result<Settled, Error> {
        let tenant = TenantId(looked_at.tenant_id);
        let transaction = self.platform.begin().await?;
        lock(&transaction, tenant).await?;
        // It may have been removed since, and even claimed again: then this was found for another token.
        let claim = Entity::find_by_id((tenant.0, looked_at.hostname.clone())).lock_exclusive().one(&transaction).await?;
        let claim = claim.filter(|claim| claim.token == looked_at.token).ok_or(NO_DOMAIN)?;
        let is_served = is_served(&transaction, tenant, &claim.hostname).await?;
        let before = Course { failures: claim.failures, failed_at: claim.failed_at };
        let (course, step) = before.after(is_served, finding, now);
        let mut after = ActiveModel {
            checked_at: Set(Some(now)),
            failures: Set(course.failures),
            failed_at: Set(course.failed_at),
            next_check_at: Set(now + INTERVAL - TimeDelta::seconds(rand::random_range(0..=JITTER_SECONDS))),
            ..claim.clone().into()
        };
        let mut problem = match finding {
            Finding::Proved => None,
            Finding::Failed(problem) => Some(problem),
        };
        let (mut change, mut is_primary_no_more) = (None, false);
        match step {
            Step::Nothing => {}
            Step::Serve => {
                if self.serve(&transaction, tenant, &claim, now).await? {
                    change = Some(Change::Proved);
                } else {
                    problem = Some(Problem::Taken);
                }
            }
            Step::Warn => {
                self.tell_owners(&transaction, &claim, Notice::Failing(course), now).await?;
                // Who has the domain now may be somebody else, and nobody's browser is to be led there.
                if unset_primary_host(&transaction, tenant, &claim.hostname).await.map_err(of_tenancy)? {
                    is_primary_no_more = true;
                }
            }
            Step::Release => {
                release_host(&transaction, tenant, &claim.hostname).await.map_err(of_tenancy)?;
                farewell::forget(&transaction, tenant, &claim.hostname, now).await?;
                self.tell_owners(&transaction, &claim, Notice::Released, now).await?;
                // A record that comes back from somewhere proves nothing any more.
                after.token = Set(make_token());
                problem = Some(Problem::Released);
                change = Some(Change::Released);
            }
        }
        after.problem = Set(problem.map(|problem| problem.as_str().to_owned()));
        after.update(&transaction).await?;
        // A host goes because of its seven days, and not because of a member or an operator who has just looked at it.
        let watch = (change == Some(Change::Released)).then(|| Context { actor: Some(Actor::platform(WATCH)), now });
        let entry = match (change, watch.as_ref().or(member)) {
            (Some(change), Some(context)) => {
                let changes = own::changes(None, Some((claim.hostname.as_str(), change == Change::Proved)));
                Some(audit_outbox::put(&transaction, tenant, context, own::event(tenant, change.as_str(), changes)).await?)
            }
            _ => None,
        };
        transaction.commit().await?;
        if change.is_some() || is_primary_no_more {
            self.tenants.directory().forget(tenant);
        }
        if let Some(change) = change {
            tracing::info!(%tenant, hostname = claim.hostname, change = change.as_str(), "a domain was proved or released");
        }
        Ok(Settled { change, entry })
    }

    /// Registers the host; not where another tenant is served there.
    async fn serve(
        &self,
        transaction: &PlatformTransaction,
        tenant: TenantId,
        claim: &Model,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let hostname = Hostname::parse(&claim.hostname).map_err(|_| NO_DOMAIN)?;
        match register_host(transaction, tenant, &hostname, false, now).await {
            Ok(()) => Ok(true),
            Err(tenancy::Error::HostTaken(_)) => Ok(false),
            Err(error) => Err(of_tenancy(error)),
        }
    }

    /// Writes to the owners of a tenant, in the transaction of what they are told of.
    async fn tell_owners(
        &self,
        transaction: &PlatformTransaction,
        claim: &Model,
        notice: Notice,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let Some(tenant) = self.tenants.directory().by_id(TenantId(claim.tenant_id)).await.map_err(of_tenancy)? else {
            return Ok(());
        };
        let record = Record::of(&claim.hostname, &claim.token);
        for owner in owners(transaction, tenant.id).await? {
            match notice {
                Notice::Failing(course) => {
                    let until = now + INTERVAL * (RELEASED_ON - course.failures);
                    self.mail.write_domain_failing(transaction, &tenant, &owner, &claim.hostname, &record, until, now).await?;
                }
                Notice::Released => {
                    self.mail.write_domain_released(transaction, &tenant, &owner, &claim.hostname, now).await?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
enum Notice {
    Failing(Course),
    Released,
}
