//! What holds for a tenant: each state is enforced everywhere, from its moment on, and its owners are told once.

mod live;
mod notices;
mod states;

use chrono::{DateTime, TimeDelta, Utc};
use tests::{Caller, Company, Server};

/// The usual days between the end of what was paid for and what follows.
const READ_ONLY_AFTER: i64 = 7;
const SUSPENDED_AFTER: i64 = 30;

/// Says until when a tenant has paid.
async fn paid_until(company: &Company<'_>, until: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    company.server.tenants().set_dates(company.tenant.id, None, until, now).await.unwrap();
}

/// Says that a tenant has paid until so many days ago.
async fn paid_until_days_ago(company: &Company<'_>, days: i64) {
    let now = Utc::now();
    paid_until(company, Some(now - TimeDelta::days(days)), now).await;
}

/// The same person at the same host of another process.
pub(crate) fn through(server: &Server, company: &Company<'_>, token: Option<String>) -> Caller {
    Caller::new(server.router.clone(), company.host(), token)
}
