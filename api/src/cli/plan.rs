//! Plans, what tenants have other than their plan, and what they use.

use std::str::FromStr;

use clap::{Args, Subcommand};
use domain::plan::Feature;
use tenancy::Slug;

use super::domains::on_or_off;
use crate::plan::exceptions::{OwnFeature, OwnLimit};

/// What can be done with plans.
#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// List the plans
    List,
    /// Make a plan, or change what is given of it for all who have it. Holds in every process at once
    Set(PlanArguments),
    /// Remove a plan that no tenant has
    Remove {
        /// Its id
        id: String,
    },
}

/// A plan. What is left out stays; of a new plan, quotas are unlimited and features off.
#[derive(Debug, Clone, Args)]
pub struct PlanArguments {
    /// Its id, for programs: small letters, digits and hyphens
    pub id: String,
    /// Its name, for people; the id where a new plan is given none
    #[arg(long)]
    pub name: Option<String>,
    /// Members and open invitations, or unlimited
    #[arg(long, value_name = "COUNT")]
    pub seats: Option<Amount>,
    /// Bytes of data with its indexes, such as 500MB or 2GB, or unlimited
    #[arg(long, value_name = "BYTES")]
    pub storage: Option<Amount>,
    /// Requests from midnight to midnight, UTC, or unlimited
    #[arg(long, value_name = "COUNT")]
    pub requests_per_day: Option<Amount>,
    /// A feature with on or off: custom-domains, identity-provider, api-keys. Can be given several times
    #[arg(long = "feature", value_name = "FEATURE=on|off")]
    pub features: Vec<Switch>,
    /// Whether tenants get it that sign up, or are made without --plan. There is one such plan at most: on takes it from the other
    #[arg(long, value_name = "on|off", action = clap::ArgAction::Set, value_parser = on_or_off)]
    pub for_new_tenants: Option<bool>,
}

/// What can be asked and changed of what a tenant may use.
#[derive(Debug, Subcommand)]
pub enum UsageCommand {
    /// Show what a tenant may use and what it uses, and change it. Holds in every process at once
    Plan {
        /// Its slug
        slug: Slug,
        /// What to change.
        #[command(flatten)]
        own: Box<OwnPlan>,
    },
    /// Show what a tenant has used, day by day
    Usage {
        /// Its slug
        slug: Slug,
        /// How many days, today included
        #[arg(long, default_value_t = 30, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=400))]
        days: u16,
    },
    /// Show the operations of a tenant that took long, the worst first
    Slow {
        /// Its slug
        slug: Slug,
    },
}

/// The plan of one tenant, and what it has other than that; `default` stands for the plan's own.
#[derive(Debug, Clone, Args)]
pub struct OwnPlan {
    /// The plan's id, or none. Its own exceptions stay
    #[arg(long)]
    pub plan: Option<String>,
    /// Members and open invitations, unlimited, or default
    #[arg(long, value_name = "COUNT")]
    pub seats: Option<OwnAmount>,
    /// Bytes of data with its indexes, such as 500MB or 2GB, unlimited, or default
    #[arg(long, value_name = "BYTES")]
    pub storage: Option<OwnAmount>,
    /// Requests from midnight to midnight, UTC, unlimited, or default
    #[arg(long, value_name = "COUNT")]
    pub requests_per_day: Option<OwnAmount>,
    /// A feature with on, off or default: custom-domains, identity-provider, api-keys. Can be given several times
    #[arg(long = "feature", value_name = "FEATURE=on|off|default")]
    pub features: Vec<OwnSwitch>,
}

/// How much there is of something; none for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub Option<u64>);

impl FromStr for Amount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give a whole number, one with kB, MB, GB or TB, or unlimited";
        const UNITS: [(&str, u64); 4] = [("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];
        /// As much as the database can count.
        const MOST: u64 = i64::MAX as u64;
        if text == "unlimited" {
            return Ok(Self(None));
        }
        let unit = UNITS.into_iter().find_map(|(unit, size)| text.strip_suffix(unit).map(|number| (number, size)));
        let (number, size) = unit.unwrap_or((text, 1));
        let amount = number.parse::<u64>().ok().and_then(|number| number.checked_mul(size));
        amount.filter(|amount| *amount <= MOST).map(|amount| Self(Some(amount))).ok_or(WRONG)
    }
}

/// How much one tenant has of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnAmount(pub OwnLimit);

impl FromStr for OwnAmount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "default" {
            return Ok(Self(OwnLimit::AsPlanned));
        }
        let Amount(amount) = text.parse().map_err(|_| "give a whole number, one with kB, MB, GB or TB, unlimited, or default")?;
        Ok(Self(amount.map_or(OwnLimit::Unlimited, OwnLimit::AtMost)))
    }
}

/// A feature that is switched on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch(pub Feature, pub bool);

impl FromStr for Switch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse()? {
            OwnSwitch(feature, OwnFeature::Own(is_on)) => Ok(Self(feature, is_on)),
            OwnSwitch(..) => Err("give on or off".to_owned()),
        }
    }
}

/// A feature that one tenant has, has not, or has as its plan says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSwitch(pub Feature, pub OwnFeature);

impl FromStr for OwnSwitch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (feature, switch) = text.split_once('=').ok_or("give a feature and on or off, such as api-keys=off")?;
        let own = match switch {
            "on" => OwnFeature::Own(true),
            "off" => OwnFeature::Own(false),
            "default" => OwnFeature::AsPlanned,
            _ => return Err("give on, off or default".to_owned()),
        };
        Ok(Self(feature.parse()?, own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        let read = |text: &str| text.parse::<Amount>().map(|Amount(amount)| amount);
        assert_eq!(read("12"), Ok(Some(12)));
        assert_eq!(read("500MB"), Ok(Some(500_000_000)));
        assert_eq!(read("unlimited"), Ok(None));
        for wrong in ["", "-1", "1.5GB", "GB", "99999999TB", "default"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!("default".parse(), Ok(OwnAmount(OwnLimit::AsPlanned)));
        assert_eq!("api-keys=off".parse(), Ok(OwnSwitch(Feature::ApiKeys, OwnFeature::Own(false))));
        assert!("api-keys=default".parse::<Switch>().is_err());
    }
}
