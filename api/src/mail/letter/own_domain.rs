//! What owners are told of their domains.

use askama::Template;
use chrono::{DateTime, Utc};
use sea_orm::DbErr;

use super::{Letter, moment, one_line};
use crate::domains::Record;

/// Tells an owner that the proof of a domain is gone.
#[derive(Debug, Template)]
#[template(path = "mail/domain_failing.txt")]
pub(in crate::mail) struct DomainFailing {
    name: String,
    tenant: String,
    hostname: String,
    record_name: String,
    record_value: String,
    until: String,
    address: String,
}

#[derive(Template)]
#[template(path = "mail/domain_failing.html")]
struct DomainFailingHtml<'a> {
    letter: &'a DomainFailing,
}

impl DomainFailing {
    pub(in crate::mail) fn new(
        name: &str,
        tenant: &str,
        hostname: &str,
        record: &Record,
        until: DateTime<Utc>,
        address: &str,
    ) -> Self {
        Self {
            name: one_line(name),
            tenant: one_line(tenant),
            hostname: hostname.to_owned(),
            record_name: record.name.clone(),
            record_value: record.value.clone(),
            until: until.format("%-d %B %Y").to_string(),
            address: address.to_owned(),
        }
    }

    pub(in crate::mail) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render(&format!("{} will be released", self.hostname), self, &DomainFailingHtml { letter: self })
    }
}

/// Tells an owner that a domain was released.
#[derive(Debug, Template)]
#[template(path = "mail/domain_released.txt")]
pub(in crate::mail) struct DomainReleased {
    name: String,
    tenant: String,
    hostname: String,
    when: String,
    address: String,
}

#[derive(Template)]
#[template(path = "mail/domain_released.html")]
struct DomainReleasedHtml<'a> {
    letter: &'a DomainReleased,
}

impl DomainReleased {
    pub(in crate::mail) fn new(name: &str, tenant: &str, hostname: &str, when: DateTime<Utc>, address: &str) -> Self {
        Self {
            name: one_line(name),
            tenant: one_line(tenant),
            hostname: hostname.to_owned(),
            when: moment(when),
            address: address.to_owned(),
        }
    }

    pub(in crate::mail) fn letter(&self) -> Result<Letter, DbErr> {
        Letter::render(&format!("{} was released", self.hostname), self, &DomainReleasedHtml { letter: self })
    }
}
