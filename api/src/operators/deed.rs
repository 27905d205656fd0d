//! What an operator changes about a tenant. The deed and its event are one transaction.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Error, audit::Changes};
use sea_orm::{TransactionSession, TransactionTrait};
use serde_json::{Map, Value, json};
use tenancy::{AskedBy, Ended, FleetOptions, PlatformTransaction, Renaming, Tenant, TenantStatus, Terms, change};

use super::{Doer, Event, LimitChanges, Operators, TenantPlanChange, write_event};
use crate::{
    cli::{Limit, Until},
    http::{ALLOWED_ORIGINS, Origin, allowed_origins},
    lifecycle::{answer, parse_names},
};

/// The longest message of a maintenance, in characters.
const LONGEST_MESSAGE: usize = 500;
/// How long a migration that is tried again waits for another program that is at the tenant. A backup takes as long as it takes, and the
/// operator sits there and waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// A change of the dates and days that a tenant's state depends on. What is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct TermsChange {
    /// When its trial ends.
    pub trial_ends_at: Option<Until>,
    /// Until when it has paid.
    pub paid_until: Option<Until>,
    /// Its own days, in the order of [`Terms::NAMES`].
    pub own: [Option<Limit>; 3],
}

/// What is done to a tenant.
#[derive(Debug)]
pub enum Deed {
    /// Stop serving it, and keep its data.
    Suspend,
    /// Serve it again.
    Resume,
    /// Change the dates and days that its state depends on.
    SetTerms(TermsChange),
    /// Begin maintenance, with what its people are told; or end it.
    SetMaintenance(Option<String>),
    /// Give it another slug or name.
    Rename {
        /// The slug, where it changes.
        slug: Option<String>,
        /// The name, where it changes.
        name: Option<String>,
    },
    /// Have it deleted at a moment.
    Delete(DateTime<Utc>),
    /// Take its deletion back.
    Keep,
    /// Change how much it may ask for.
    SetLimits(LimitChanges),
    /// Change its plan, and what it has other than that.
    SetPlan(TenantPlanChange),
    /// Change whose pages may call its API.
    SetOrigins {
        /// Those that may from now on.
        allow: Vec<Origin>,
        /// Those that may not any more.
        forbid: Vec<Origin>,
    },
}

impl Deed {
    const fn action(&self) -> &'static str {
        match self {
            Self::Suspend => "tenant.suspended",
            Self::Resume => "tenant.resumed",
            Self::SetTerms(_) => "tenant.terms_set",
            Self::SetMaintenance(Some(_)) => "tenant.maintenance_begun",
            Self::SetMaintenance(None) => "tenant.maintenance_ended",
            Self::Rename { .. } => "tenant.renamed",
            Self::Delete(_) => "tenant.deletion_requested",
            Self::Keep => "tenant.deletion_withdrawn",
            Self::SetLimits(_) => "tenant.limits_set",
            Self::SetPlan(_) => "tenant.plan_set",
            Self::SetOrigins { .. } => "tenant.origins_set",
        }
    }
}

impl Operators {
    /// Does it, in every process at once. What changes nothing is no event.
    ///
    /// What is changed, and what is written down of it, follows from the tenant as it is, not as this process remembers it: another
    /// one may have changed it since. Once its deletion has begun, nothing is done to it any more.
    pub async fn act(&self, doer: &Doer, tenant: &Tenant, deed: Deed, now: DateTime<Utc>) -> Result<(), Error> {
        let action = deed.action();
        let transaction = self.platform.begin().await?;
        // Plans come before tenants, as where a plan is changed.
        if let Deed::SetPlan(plan) = &deed {
            plan.wait_for_plans(&transaction).await?;
        }
        let found = self.tenants.lock(&transaction, tenant.id).await.map_err(answer)?;
        let changes = match (found.status, matches!(deed, Deed::Delete(_))) {
            (TenantStatus::Deleting, true) => Changes::default(),
            (TenantStatus::Deleting, false) => {
                return Err(conflict("The deletion of this organisation has begun, and cannot be taken back."));
            }
            _ => self.apply(&transaction, &found, deed, now).await?,
        };
        if !changes.is_empty() {
            write_event(&transaction, doer, Event::of_tenant(action, &found, changes.into_json()), now).await?;
        }
        transaction.commit().await?;
        self.tenants.directory().forget(tenant.id);
        Ok(())
    }

    /// When a deletion that is asked for now is carried out, unless it is taken back.
    pub fn deletion_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.options.deletion_grace()
    }

    /// Tries to bring a tenant's schema to the program's version, and waits for the outcome, which is in the ledger. It goes on
    /// when nobody waits any more.
    pub async fn retry_migration(&self, doer: &Doer, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), Error> {
        if tenant.is_current(self.tenants.head()) {
            return Err(conflict("This organisation's schema has the program's version already."));
        }
        let details = json!({ "from": tenant.schema_version, "to": self.tenants.head() });
        let event = Event::of_tenant("tenant.migration_retried", tenant, details);
        let only = vec![tenant.slug.clone()];
        let options = FleetOptions { parallel: 1, only, patience: Some(PATIENCE), ..FleetOptions::at(now) };
        let (tenants, doer) = (self.tenants.clone(), doer.clone());
        let running = tokio::spawn(async move {
            let result = match tenants.migrate_fleet(&options, |_| {}).await.map_err(answer) {
                Ok(report) if report.ended == Ended::Elsewhere => Err(conflict(
                    "A backup, a restore or another migration is at this organisation: try again when that has ended.",
                )),
                other => other.map(drop),
            };
            // What was refused was not tried. Within what goes on without the request: the event is written also where nobody waits.
            if !matches!(result, Err(Error::Conflict { .. })) {
                write_event(&tenants.platform(), &doer, event, now).await?;
            }
            result
        });
        running.await.map_err(|error| sea_orm::DbErr::Custom(error.to_string()))?
    }

    async fn apply(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        deed: Deed,
        now: DateTime<Utc>,
    ) -> Result<Changes, Error> {
        let (id, changes) = (tenant.id, Changes::default());
        Ok(match deed {
            Deed::Suspend | Deed::Resume => {
                let status = if matches!(deed, Deed::Suspend) { TenantStatus::Suspended } else { TenantStatus::Active };
                change::set_status(transaction, id, status, now).await.map_err(answer)?;
                changes.with("status", tenant.status, status)
            }
            Deed::SetTerms(terms) => self.set_terms(transaction, tenant, &terms, now).await?,
            Deed::SetMaintenance(message) => {
                let message = message.map(|message| message.trim().to_owned());
                if message.as_ref().is_some_and(|text| text.chars().count() > LONGEST_MESSAGE || text.contains('\0')) {
                    return Err(Error::bad_input("message", format!("A message has at most {LONGEST_MESSAGE} characters.")));
                }
                change::set_maintenance(transaction, id, message.as_deref(), now).await.map_err(answer)?;
                let before = tenant.maintenance.as_ref().map(|maintenance| maintenance.message.to_string());
                changes.with("maintenance", before, message)
            }
            Deed::Rename { slug, name } => {
                let (slug, name) = parse_names(slug.as_deref(), name.as_deref())?;
                let wanted = Renaming {
                    slug: slug.as_ref(),
                    name: name.as_deref(),
                    reserved_until: now + self.options.former_address(),
                    by_operator: true,
                    now,
                };
                let renamed = self.tenants.rename(transaction, id, &wanted).await.map_err(answer)?;
                changes.with("slug", renamed.before.0, renamed.after.0).with("name", renamed.before.1, renamed.after.1)
            }
            Deed::Delete(at) => {
                let at = self.tenants.schedule_deletion(transaction, id, AskedBy::Operator, at, now).await.map_err(answer)?;
                // Noted also where an owner has asked before: from now on only an operator takes it back.
                changes.with("deleteAt", tenant.delete_at, at).with("askedBy", None::<&str>, "operator")
            }
            Deed::Keep => {
                if !self.tenants.keep(transaction, id, AskedBy::Operator, now).await.map_err(answer)? {
                    return Err(conflict("There is no deletion of this organisation that could be taken back."));
                }
                changes.with("deleteAt", tenant.delete_at, None::<DateTime<Utc>>)
            }
            Deed::SetLimits(limits) => {
                change::change_settings(transaction, id, now, |settings| limits.put(settings)).await.map_err(answer)?;
                limits.note(changes, &tenant.settings)
            }
            Deed::SetPlan(plan) => plan.apply(transaction, tenant, now).await?,
            Deed::SetOrigins { allow, forbid } => {
                let before = allowed_origins(tenant.settings.get(ALLOWED_ORIGINS));
                let mut after = Vec::new();
                let put = |settings: &mut Map<String, Value>| {
                    after = allowed_origins(settings.get(ALLOWED_ORIGINS));
                    after.retain(|origin| !forbid.contains(origin));
                    for origin in allow {
                        if !after.contains(&origin) {
                            after.push(origin);
                        }
                    }
                    settings.insert(ALLOWED_ORIGINS.to_owned(), texts(&after).into());
                };
                change::change_settings(transaction, id, now, put).await.map_err(answer)?;
                changes.with("allowedOrigins", texts(&before), texts(&after))
            }
        })
    }

    async fn set_terms(
        &self,
        transaction: &PlatformTransaction,
        tenant: &Tenant,
        terms: &TermsChange,
        now: DateTime<Utc>,
    ) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        if terms.trial_ends_at.is_some() || terms.paid_until.is_some() {
            let trial = terms.trial_ends_at.map_or(tenant.trial_ends_at, Until::instant);
            let paid = terms.paid_until.map_or(tenant.paid_until, Until::instant);
            change::set_dates(transaction, tenant.id, trial, paid, now).await.map_err(answer)?;
            changes = changes.with("trialEndsAt", tenant.trial_ends_at, trial).with("paidUntil", tenant.paid_until, paid);
        }
        if terms.own.iter().any(Option::is_some) {
            change::change_settings(transaction, tenant.id, now, |settings| put_terms(settings, terms.own))
                .await
                .map_err(answer)?;
            for (name, own) in Terms::NAMES.into_iter().zip(terms.own) {
                let before = tenant.settings.get(Terms::SETTING).and_then(|terms| terms.get(name));
                changes = match own {
                    Some(Limit::Own(days)) => changes.with(name, before, days),
                    Some(Limit::Default) => changes.with(name, before, None::<u64>),
                    None => changes,
                };
            }
        }
        Ok(changes)
    }
}

fn put_terms(settings: &mut Map<String, Value>, own: [Option<Limit>; 3]) {
    let mut terms = match settings.remove(Terms::SETTING) {
        Some(Value::Object(terms)) => terms,
        _ => Map::new(),
    };
    for (name, change) in Terms::NAMES.into_iter().zip(own) {
        match change {
            Some(Limit::Own(days)) => terms.insert(name.to_owned(), days.into()),
            Some(Limit::Default) => terms.remove(name),
            None => None,
        };
    }
    if !terms.is_empty() {
        settings.insert(Terms::SETTING.to_owned(), Value::Object(terms));
    }
}

fn texts(origins: &[Origin]) -> Vec<&str> {
    origins.iter().map(Origin::as_str).collect()
}

fn conflict(message: &str) -> Error {
    Error::Conflict { field: None, message: message.to_owned() }
}
