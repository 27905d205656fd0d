//! What the owners of an organisation are told of it: what holds for it now, and that it is gone.

use askama::Template;
use chrono::{DateTime, Utc};
use domain::plan::{Quota, bytes};
use entities::platform::account;
use sea_orm::{ConnectionTrait, DbErr};
use tenancy::{AskedBy, Certificate, Standing, State, Tenant};

use super::{
    Mail,
    letter::{Letter, day, last_day, moment, one_line},
    outbox::{self, Kind},
};
use crate::usage::QuotaUse;

/// Tells an owner something of their organisation.
#[derive(Debug, Template)]
#[template(path = "mail/announcement.txt")]
pub(super) struct Announcement {
    pub(super) subject: String,
    pub(super) name: String,
    pub(super) sentences: Vec<String>,
    /// Where one goes from here; empty for nowhere.
    pub(super) link: String,
}

#[derive(Template)]
#[template(path = "mail/announcement.html")]
struct AnnouncementHtml<'a> {
    letter: &'a Announcement,
}

impl Announcement {
    pub(super) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render(&self.subject, self, &AnnouncementHtml { letter: self })
    }

    /// What holds for an organisation now, and what follows.
    fn of_standing(owner: &str, tenant: &Tenant, standing: Standing, billing_contact: Option<&str>, link: String) -> Self {
        let organisation = one_line(&tenant.name);
        let dates = standing.deadlines;
        let ends = dates.map(|dates| {
            let what = if dates.is_trial { "the trial of" } else { "the time that was paid for" };
            format!("{what} {organisation} ends on {}.", last_day(dates.due_at))
        });
        let read_only = dates
            .filter(|dates| dates.read_only_from < dates.suspended_from)
            .map(|dates| format!("From {} on nothing can be changed in it.", day(dates.read_only_from)));
        let suspended = dates.map(|dates| format!("From {} on nobody can use it. Its data is kept.", day(dates.suspended_from)));
        let pay = billing_contact.map(|contact| format!("To pay, or to ask about it: {}", one_line(contact)));
        let (subject, sentences) = match standing.state {
            State::ReadOnly => {
                let now = format!("nothing can be changed in {organisation} now: its time is over. It can be read.");
                (format!("{organisation} can only be read"), vec![Some(now), suspended, pay])
            }
            State::PastDue => {
                let now = format!("{organisation} cannot be used now: its time is over. Its data is kept.");
                (format!("{organisation} is not available"), vec![Some(now), pay])
            }
            State::Suspended => {
                let now = format!("{organisation} was suspended by the operator of this service. Its data is kept.");
                (format!("{organisation} is suspended"), vec![Some(now), pay])
            }
            State::Maintenance => {
                let now = format!("{organisation} is under maintenance, and cannot be used for the time being.");
                let message = tenant.maintenance.as_ref().map(|maintenance| one_line(&maintenance.message));
                (format!("{organisation} is under maintenance"), vec![Some(now), message.filter(|text| !text.is_empty())])
            }
            State::Deleting => {
                let at = tenant.delete_at.map(|at| {
                    let at = moment(at);
                    format!("{organisation} cannot be used any more, and will be deleted with all its data on {at}: that was asked for.")
                });
                let back = tenant.can_be_kept().then(|| "Until then every owner can take the deletion back, here:".to_owned());
                (format!("{organisation} will be deleted"), vec![at, back])
            }
            State::Warned | State::Active | State::Trial | State::Migrating => {
                (format!("The time of {organisation} runs out"), vec![ends, read_only, suspended, pay])
            }
        };
        Self { subject, name: one_line(owner), sentences: sentences.into_iter().flatten().collect(), link }
    }

    /// What of its plan an organisation has nearly used up.
    fn of_quota(owner: &str, tenant: &Tenant, of: QuotaUse, billing_contact: Option<&str>, link: String) -> Self {
        let (organisation, QuotaUse { quota, limit, used }) = (one_line(&tenant.name), of);
        let (what, so_far, beyond) = match quota {
            Quota::Seats => (
                "seats",
                format!("{used} of the {limit} seats of {organisation} are taken, open invitations included."),
                "When all are, nobody can be added before somebody has left or the plan is another.",
            ),
            Quota::StorageBytes => (
                "storage",
                format!("the data of {organisation} takes {} of the {} that its plan has.", bytes(used), bytes(limit)),
                "When it takes more, nothing can be added before something is deleted or the plan is another. What is there can be \
                 read, changed and deleted.",
            ),
            Quota::RequestsPerDay => (
                "requests",
                format!("{organisation} has used {used} of the {limit} requests that its plan has for a day."),
                "The next day begins at midnight, UTC.",
            ),
        };
        let pay = billing_contact.map(|contact| format!("For another plan, or to ask about it: {}", one_line(contact)));
        let subject = format!("{organisation} has used {} % of its {what}", of.per_cent());
        let sentences = [Some(so_far), Some(beyond.to_owned()), pay].into_iter().flatten().collect();
        Self { subject, name: one_line(owner), sentences, link }
    }

    /// What went with an organisation.
    fn of_certificate(owner: &str, certificate: &Certificate) -> Self {
        let by = match certificate.asked_by {
            AskedBy::Owner => "an owner",
            AskedBy::Operator => "the operator",
        };
        let removed: Vec<String> =
            certificate.removed.iter().map(|(what, count)| format!("{}: {count}", what.replace('_', " "))).collect();
        let [asked, begun, finished] = [certificate.asked_at, certificate.begun_at, certificate.finished_at].map(moment);
        let (slug, id) = (&certificate.slug, certificate.tenant);
        let archives = certificate
            .archives_removed_at
            .map(|at| format!("Its backups are kept in case this was a mistake, and removed on {}.", moment(at)));
        let mut sentences = vec![
            format!("the organisation {slug} (id {id}) is deleted with all its data. This is the certificate."),
            format!("Asked for by {by} on {asked}; begun on {begun}, finished on {finished}."),
            format!("Removed: {}.", removed.join(", ")),
            "People's accounts are kept: they may belong to other organisations.".to_owned(),
        ];
        sentences.extend(archives);
        Self { subject: format!("{slug} is deleted"), name: one_line(owner), sentences, link: String::new() }
    }
}

impl Mail {
    /// Tells an owner what holds for their organisation now.
    pub(crate) async fn write_standing<C: ConnectionTrait>(
        &self,
        connection: &C,
        owner: &account::Model,
        tenant: &Tenant,
        standing: Standing,
        billing_contact: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let link = match standing.state {
            // It is taken back on the apex: its own address does not let anyone in.
            State::Deleting => self.address_of(None),
            _ => self.address_of(Some(tenant)),
        };
        let letter = Announcement::of_standing(&owner.name, tenant, standing, billing_contact, link).letter()?;
        outbox::put(connection, Kind::Standing, Some(tenant.id), &owner.email, letter, now).await
    }

    /// Tells an owner that most of what a quota has is used.
    pub(crate) async fn write_quota_warning<C: ConnectionTrait>(
        &self,
        connection: &C,
        owner: &account::Model,
        tenant: &Tenant,
        of: QuotaUse,
        billing_contact: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let link = format!("{}/settings/organisation", self.address_of(Some(tenant)));
        let letter = Announcement::of_quota(&owner.name, tenant, of, billing_contact, link).letter()?;
        outbox::put(connection, Kind::QuotaWarning, Some(tenant.id), &owner.email, letter, now).await
    }

    /// Sends an owner the certificate of a deletion, in the transaction that finishes it.
    pub(crate) async fn write_certificate<C: ConnectionTrait>(
        &self,
        connection: &C,
        owner: &account::Model,
        certificate: &Certificate,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let letter = Announcement::of_certificate(&owner.name, certificate).letter()?;
        // No tenant's: what is the tenant's is gone.
        outbox::put(connection, Kind::DeletionCertificate, None, &owner.email, letter, now).await
    }
}
