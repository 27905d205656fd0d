//! `tenantry tenant domains`.

use clap::Subcommand;
use tenancy::Hostname;

/// What can be done with the hosts of a tenant.
#[derive(Debug, Subcommand)]
pub enum DomainsCommand {
    /// List the hosts, each with its state, the record that proves it, and what was wrong with that
    List,
    /// Claim a host, such as hr.acme.com, and show the record that proves it
    Add {
        /// The host
        host: Hostname,
        /// Serve it at once, on your word: no proof is asked for, now or later
        #[arg(long)]
        trusted: bool,
        /// Make it the primary host
        #[arg(long, requires = "trusted")]
        primary: bool,
    },
    /// Look at DNS for the record of a host now, and serve the host if it is there
    Check {
        /// The host
        host: Hostname,
    },
    /// Make a host the one that pages at the others lead to
    Primary {
        /// The host; that of the slug is one, too
        host: Hostname,
    },
    /// Say whether pages at the other hosts lead to the primary one
    Redirect {
        /// Whether they do
        #[arg(action = clap::ArgAction::Set, value_parser = on_or_off)]
        enabled: bool,
    },
    /// Let a host go: sessions that were begun there end, and passkeys that are good there alone are deleted
    Remove {
        /// The host
        host: Hostname,
    },
}

pub(super) fn on_or_off(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("give on or off"),
    }
}
