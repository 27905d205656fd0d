//! Who may sign an organisation up.

use chrono::TimeDelta;
use clap::Args;

use crate::auth::{SignUpMode, SignUpPolicy};

/// Who may sign an organisation up.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sign-up")]
pub struct SignUpOptions {
    /// Who may sign an organisation up on the apex: anybody, whoever has an invitation of yours (`tenantry tenant invite`), or nobody.
    /// With --demo anybody, else nobody
    #[arg(long, env = "TENANTRY_SIGN_UP", global = true, value_name = "WHO")]
    pub sign_up: Option<SignUpMode>,

    /// Days that an organisation is on trial after it has signed up; 0 for no trial
    #[arg(long, env = "TENANTRY_TRIAL_DAYS", global = true, default_value_t = 30, value_name = "DAYS",
        value_parser = clap::value_parser!(i64).range(0..=3650))]
    pub trial_days: i64,

    /// Organisations that may be made by signing up within a day; ten times as many may ask for it
    #[arg(long, env = "TENANTRY_SIGN_UPS_PER_DAY", global = true, default_value_t = 100, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sign_ups_per_day: u32,

    /// Sign-ups that a network address (of IPv6, a /64) may ask for within a day
    #[arg(long, env = "TENANTRY_SIGN_UPS_PER_NETWORK", global = true, default_value_t = 20, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sign_ups_per_network: u32,
}

impl SignUpOptions {
    /// What the operator has decided about signing up.
    pub fn policy(&self) -> SignUpPolicy {
        SignUpPolicy {
            mode: self.sign_up.unwrap_or(SignUpMode::Closed),
            trial: (self.trial_days > 0).then(|| TimeDelta::days(self.trial_days)),
            tenants_per_day: self.sign_ups_per_day,
            per_network: self.sign_ups_per_network,
        }
    }
}
