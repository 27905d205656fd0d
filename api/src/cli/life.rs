//! What an operator decides about the life of a tenant.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, Utc};
use clap::{ArgGroup, Subcommand};
use tenancy::Slug;

use super::Limit;

/// What can be done about the life of a tenant.
#[derive(Debug, Subcommand)]
pub enum LifeCommand {
    /// Give a tenant another address or name. The former address leads to the new one for a while
    #[command(group(ArgGroup::new("new").args(["new_slug", "name"]).required(true).multiple(true)))]
    Rename {
        /// Its slug
        slug: Slug,
        /// The new slug
        #[arg(long = "slug", value_name = "SLUG")]
        new_slug: Option<Slug>,
        /// The new name
        #[arg(long)]
        name: Option<String>,
    },
    /// Show until when a tenant tries or has paid and what follows, and change it. Holds in every process at once
    Terms {
        /// Its slug
        slug: Slug,
        /// Until when it tries: a day, which counts as a whole, an instant, or none
        #[arg(long, value_name = "DATE")]
        trial_until: Option<Until>,
        /// Until when it has paid: a day, which counts as a whole, an instant, or none
        #[arg(long, value_name = "DATE")]
        paid_until: Option<Until>,
        /// Its own days of warning before that, or default
        #[arg(long, value_name = "DAYS")]
        own_warning_days: Option<Limit>,
        /// Its own days after that until nothing can be changed, or default
        #[arg(long, value_name = "DAYS")]
        own_read_only_after_days: Option<Limit>,
        /// Its own days after that until it is not served, or default
        #[arg(long, value_name = "DAYS")]
        own_suspend_after_days: Option<Limit>,
    },
    /// Stop serving a tenant for a while and say why, or serve it again
    #[command(group(ArgGroup::new("switch").args(["on", "off"]).required(true)))]
    Maintenance {
        /// Its slug
        slug: Slug,
        /// Begin
        #[arg(long)]
        on: bool,
        /// What its people are told
        #[arg(long, conflicts_with = "off")]
        message: Option<String>,
        /// End
        #[arg(long)]
        off: bool,
    },
    /// Stop serving a tenant, and keep its data
    Suspend {
        /// Its slug
        slug: Slug,
    },
    /// Serve a suspended tenant again
    Resume {
        /// Its slug
        slug: Slug,
    },
    /// Delete a tenant with all its data, after the days of grace. Asks first
    Delete {
        /// Its slug
        slug: Slug,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Now, without grace
        #[arg(long = "now", requires = "yes")]
        at_once: bool,
    },
    /// Take the deletion of a tenant back
    Keep {
        /// Its slug
        slug: Slug,
    },
}

/// Until when something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing is said about it.
    None,
    /// Until this instant.
    At(DateTime<Utc>),
}

impl Until {
    /// The instant, if there is one.
    pub fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Self::None => None,
            Self::At(instant) => Some(instant),
        }
    }
}

impl FromStr for Until {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give a day as 2026-12-31, an instant as 2026-12-31T12:00:00Z, or none";
        if text == "none" {
            return Ok(Self::None);
        }
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(instant.to_utc()));
        }
        // The whole of the day, in UTC.
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| WRONG)?;
        let end = day.checked_add_days(Days::new(1)).and_then(|next| next.and_hms_opt(0, 0, 0)).ok_or(WRONG)?;
        Ok(Self::At(end.and_utc()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Until;

    #[rstest]
    #[case("none", "nothing")]
    #[case("2026-12-31", "2027-01-01T00:00:00+00:00")]
    #[case("2026-12-31T12:00:00+01:00", "2026-12-31T11:00:00+00:00")]
    #[case("2026-02-30", "refused")]
    #[case("tomorrow", "refused")]
    #[case("", "refused")]
    fn a_day_counts_as_a_whole(#[case] text: &str, #[case] expected: &str) {
        let read = match text.parse() {
            Ok(Until::None) => "nothing".to_owned(),
            Ok(Until::At(instant)) => instant.to_rfc3339(),
            Err(_) => "refused".to_owned(),
        };
        assert_eq!(read, expected);
    }
}
