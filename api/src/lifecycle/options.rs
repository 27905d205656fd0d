//! What the operator sets for the life of a tenant.

use chrono::TimeDelta;
use clap::Args;
use tenancy::Terms;

/// What holds for all tenants, where their settings name no terms of their own.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Tenants")]
pub struct LifecycleOptions {
    /// Days before the end of a trial or of the time that was paid for, from which an organisation is warned
    #[arg(long, env = "TENANTRY_WARNING_DAYS", global = true, default_value_t = 14, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub warning_days: u16,

    /// Days after that end, from which nothing can be changed in it
    #[arg(long, env = "TENANTRY_READ_ONLY_AFTER_DAYS", global = true, default_value_t = 7, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub read_only_after_days: u16,

    /// Days after that end, from which it is not served
    #[arg(long, env = "TENANTRY_SUSPEND_AFTER_DAYS", global = true, default_value_t = 30, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub suspend_after_days: u16,

    /// Where an organisation pays, or asks about paying: an address of the web or of mail, shown to its owners
    #[arg(long, env = "TENANTRY_BILLING_CONTACT", global = true, value_name = "ADDRESS")]
    pub billing_contact: Option<String>,

    /// Days within which an owner takes the deletion of an organisation back
    #[arg(long, env = "TENANTRY_DELETION_GRACE_DAYS", global = true, default_value_t = 30, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub deletion_grace_days: u16,

    /// Days for which the former address of a renamed organisation leads to it, and is nobody else's
    #[arg(long, env = "TENANTRY_FORMER_ADDRESS_DAYS", global = true, default_value_t = 90, value_name = "DAYS",
        value_parser = clap::value_parser!(u16).range(0..=3650))]
    pub former_address_days: u16,
}

impl LifecycleOptions {
    /// When what happens.
    pub fn terms(&self) -> Terms {
        Terms {
            warning_days: self.warning_days,
            read_only_after_days: self.read_only_after_days,
            suspend_after_days: self.suspend_after_days,
        }
    }

    /// How long a deletion can be taken back.
    pub fn deletion_grace(&self) -> TimeDelta {
        TimeDelta::days(self.deletion_grace_days.into())
    }

    /// How long a former slug is kept.
    pub fn former_address(&self) -> TimeDelta {
        TimeDelta::days(self.former_address_days.into())
    }
}
