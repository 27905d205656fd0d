//! What can be done with tenants.

use clap::Subcommand;
use domain::Role;
use tenancy::{Hostname, Slug};

use super::{ArchiveCommand, ByHandCommand, DomainsCommand, LifeCommand, OwnLimits, UsageCommand};
use crate::http::Origin;

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant and its owner
    Create {
        /// Its label under the base domain
        slug: Slug,
        /// The organisation's name; the slug where none is given
        #[arg(long)]
        name: Option<String>,
        /// The owner's e-mail address
        #[arg(long)]
        owner_email: Option<String>,
        /// The owner's name; the e-mail address where none is given
        #[arg(long, requires = "owner_email")]
        owner_name: Option<String>,
        /// The owner's password, if the account does not exist yet
        #[arg(long, env = "TENANTRY_OWNER_PASSWORD", hide_env_values = true)]
        owner_password: Option<String>,
        /// A further host of the tenant; the first one given is its primary host
        #[arg(long = "host")]
        hosts: Vec<Hostname>,
        /// The id of its plan, or none; that of new tenants where none is given
        #[arg(long)]
        plan: Option<String>,
    },
    /// Make an invitation by which one organisation signs itself up, where serve runs with --sign-up invited. Prints the link
    Invite {
        /// Days that it is good
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(i64).range(1..=365))]
        days: i64,
    },
    /// Prepare schemas for tenants to come, or drop prepared ones, until there are so many
    Standby {
        /// How many
        #[arg(value_parser = clap::value_parser!(u32).range(0..=1_000))]
        count: u32,
    },
    /// List the tenants
    List {
        /// Start after this slug
        #[arg(long)]
        after: Option<Slug>,
        /// How many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Show one tenant
    Show {
        /// Its slug
        slug: Slug,
    },
    /// Make someone a member of a tenant, or give a member another role
    Join {
        /// The tenant's slug
        slug: Slug,
        /// The e-mail address
        #[arg(long)]
        email: String,
        /// The role
        #[arg(long, value_parser = role)]
        role: Role,
        /// The name; the e-mail address where none is given
        #[arg(long)]
        name: Option<String>,
        /// The password, if the account does not exist yet
        #[arg(long, env = "TENANTRY_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// End a membership. Access tokens that are out live until they expire
    Leave {
        /// The tenant's slug
        slug: Slug,
        /// The e-mail address
        #[arg(long)]
        email: String,
    },
    /// List, add, prove and remove the hosts of a tenant, and choose the primary one
    Domains {
        /// The tenant's slug
        slug: Slug,
        /// What to do.
        #[command(subcommand)]
        command: DomainsCommand,
    },
    /// Show what a tenant may ask for, and change it. Holds in every process at once
    Limits {
        /// Its slug
        slug: Slug,
        /// What to change.
        #[command(flatten)]
        own: OwnLimits,
    },
    /// Show whose pages may call a tenant's API from other addresses, and change it. Cookies are not taken from them
    Origins {
        /// Its slug
        slug: Slug,
        /// An origin whose pages may, such as https://intranet.acme.com
        #[arg(long)]
        allow: Vec<Origin>,
        /// An origin whose pages may not any more
        #[arg(long)]
        forbid: Vec<Origin>,
    },
    /// Plan, usage, slow.
    #[command(flatten)]
    Usage(UsageCommand),
    /// Rename, terms, maintenance, suspend, resume, delete, keep.
    #[command(flatten)]
    Life(LifeCommand),
    /// Backup, restore, clone, export, import, adopt.
    #[command(flatten)]
    Archive(ArchiveCommand),
    /// Run, psql.
    #[command(flatten)]
    ByHand(ByHandCommand),
}

fn role(text: &str) -> Result<Role, String> {
    let names = || Role::ALL.map(Role::as_str).join(", ");
    Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("the roles are {}", names()))
}
