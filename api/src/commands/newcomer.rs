//! `tenantry tenant invite` and `tenantry tenant standby`: what tenants to come need.

use chrono::{DateTime, TimeDelta, Utc};
use tenancy::Tenants;

use super::say;
use crate::{auth, config::Config};

/// Makes an invitation to sign up, and prints its link.
pub(super) async fn invite(config: &Config, tenants: &Tenants, days: i64, now: DateTime<Utc>) -> anyhow::Result<()> {
    let code = auth::make_sign_up_invitation(&tenants.platform(), TimeDelta::days(days), now).await?;
    say(&format!("{}/sign-up#{code}", config.address_of(config.base_domain.as_str())))
}

/// Prepares schemas, or drops prepared ones, until there are so many.
pub(super) async fn standby(tenants: &Tenants, count: u32, now: DateTime<Utc>) -> anyhow::Result<()> {
    let wanted = usize::try_from(count)?;
    let dropped = tenants.tidy_standby().await? + tenants.shrink_standby(wanted).await?;
    let made = tenants.refill_standby(wanted, now).await?;
    let ready = tenants.standby_status().await?.ready;
    say(&format!("{made} schemas prepared, {dropped} dropped; {ready} are ready."))
}
