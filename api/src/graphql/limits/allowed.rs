//! How much a tenant may ask for: the program's own limits, and what the tenant's settings put in their place.

use std::num::NonZeroU64;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use tenancy::Tenant;

use super::Refusal;

/// Limits of the whole program, for tenants whose settings name none.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub struct Defaults {
    /// Bytes that a document may have
    #[arg(long = "max-characters", env = "TENANTRY_MAX_CHARACTERS", global = true, default_value_t = 15_000, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(100..=200_000))]
    pub max_characters: u64,

    /// Lexical tokens that a document may have
    #[arg(long = "max-tokens", env = "TENANTRY_MAX_TOKENS", global = true, default_value_t = 1_000, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(10..=50_000))]
    pub max_tokens: u64,

    /// Fields within one another
    #[arg(long = "max-depth", env = "TENANTRY_MAX_DEPTH", global = true, default_value_t = 12, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(1..=40))]
    pub max_depth: u64,

    /// Fields that are answered under another name
    #[arg(long = "max-aliases", env = "TENANTRY_MAX_ALIASES", global = true, default_value_t = 15, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub max_aliases: u64,

    /// Directives in the whole document
    #[arg(long = "max-directives", env = "TENANTRY_MAX_DIRECTIVES", global = true, default_value_t = 50, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(0..=1_000))]
    pub max_directives: u64,

    /// Fields at the root of an operation
    #[arg(long = "max-root-fields", env = "TENANTRY_MAX_ROOT_FIELDS", global = true, default_value_t = 20, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub max_root_fields: u64,

    /// Fields that an operation may resolve, those in lists counted once an item
    #[arg(long = "max-cost", env = "TENANTRY_MAX_COST", global = true, default_value_t = 5_000, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_cost: u64,

    /// Who may ask for the schema
    #[arg(long, env = "TENANTRY_INTROSPECTION", global = true, default_value = "on", value_name = "WHO")]
    pub introspection: Introspection,

    /// Requests of one tenant in a second, on the average; 0 for any number
    #[arg(
        long,
        env = "TENANTRY_TENANT_REQUESTS_PER_SECOND",
        global = true,
        default_value_t = 1_000,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(0..=1_000_000)
    )]
    pub tenant_requests_per_second: u64,

    /// Requests of one person, program or, where nobody is signed in, network address in a second, on the average; 0 for any number
    #[arg(
        long,
        env = "TENANTRY_ACTOR_REQUESTS_PER_SECOND",
        global = true,
        default_value_t = 500,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(0..=1_000_000)
    )]
    pub actor_requests_per_second: u64,

    /// Operations of one tenant that are executed at a time; 0 for any number. Others wait a second for their turn
    #[arg(long, env = "TENANTRY_TENANT_OPERATIONS", global = true, default_value_t = 8, value_name = "COUNT",
        value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub tenant_operations: u64,
}

/// Who may ask for the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Introspection {
    /// Anyone.
    On,
    /// Nobody.
    Off,
    /// Whoever is signed in.
    Members,
}

impl Introspection {
    /// The word for it, in flags and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Members => "members",
        }
    }

    pub(super) fn check(self, signed_in: bool) -> Result<(), Refusal> {
        match self {
            Self::On => Ok(()),
            Self::Members if signed_in => Ok(()),
            Self::Members => Err(Refusal::IntrospectionForMembers),
            Self::Off => Err(Refusal::IntrospectionOff),
        }
    }
}

/// What holds for the requests of one tenant, or of the apex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document.
    pub characters: u64,
    /// Lexical tokens of the document.
    pub tokens: u64,
    /// Fields within one another.
    pub depth: u64,
    /// Fields that are answered under another name.
    pub aliases: u64,
    /// Directives in the whole document.
    pub directives: u64,
    /// Fields at the root of an operation.
    pub root_fields: u64,
    /// Fields that are resolved, those in lists counted once an item.
    pub cost: u64,
    /// Who may ask for the schema.
    pub introspection: Introspection,
    /// Requests of the tenant in a second; none for any number.
    pub requests_per_second: Option<NonZeroU64>,
    /// Requests of one actor in a second; none for any number.
    pub requests_per_second_per_actor: Option<NonZeroU64>,
    /// Operations that are executed at a time; none for any number.
    pub concurrent_operations: Option<NonZeroU64>,
}

/// The part of a tenant's settings that is about limits, under `limits`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Own {
    characters: Option<u64>,
    tokens: Option<u64>,
    depth: Option<u64>,
    aliases: Option<u64>,
    directives: Option<u64>,
    root_fields: Option<u64>,
    cost: Option<u64>,
    introspection: Option<Introspection>,
    requests_per_second: Option<u64>,
    requests_per_second_per_actor: Option<u64>,
    concurrent_operations: Option<u64>,
}

impl Limits {
    /// What holds for a tenant, or for the apex where there is none.
    pub fn of(defaults: &Defaults, tenant: Option<&Tenant>) -> Self {
        let own = tenant.and_then(|tenant| Some((tenant, tenant.settings.get("limits")?)));
        let own = own.map(|(tenant, settings)| match Own::deserialize(settings) {
            Ok(own) => own,
            Err(error) => {
                // The program's own limits hold, rather than none.
                tracing::error!(tenant = %tenant.slug, %error, "the limits of a tenant cannot be read");
                Own::default()
            }
        });
        Self::with(defaults, &own.unwrap_or_default())
    }

    fn with(defaults: &Defaults, own: &Own) -> Self {
        Self {
            characters: own.characters.unwrap_or(defaults.max_characters),
            tokens: own.tokens.unwrap_or(defaults.max_tokens),
            depth: own.depth.unwrap_or(defaults.max_depth),
            aliases: own.aliases.unwrap_or(defaults.max_aliases),
            directives: own.directives.unwrap_or(defaults.max_directives),
            root_fields: own.root_fields.unwrap_or(defaults.max_root_fields),
            cost: own.cost.unwrap_or(defaults.max_cost),
            introspection: own.introspection.unwrap_or(defaults.introspection),
            requests_per_second: NonZeroU64::new(own.requests_per_second.unwrap_or(defaults.tenant_requests_per_second)),
            requests_per_second_per_actor: NonZeroU64::new(
                own.requests_per_second_per_actor.unwrap_or(defaults.actor_requests_per_second),
            ),
            concurrent_operations: NonZeroU64::new(own.concurrent_operations.unwrap_or(defaults.tenant_operations)),
        }
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            max_characters: 15_000,
            max_tokens: 1_000,
            max_depth: 12,
            max_aliases: 15,
            max_directives: 50,
            max_root_fields: 20,
            max_cost: 5_000,
            introspection: Introspection::On,
            tenant_requests_per_second: 1_000,
            actor_requests_per_second: 500,
            tenant_operations: 8,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::with(&Defaults::default(), &Own::default())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_flags_default_to_the_defaults() {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            limits: Defaults,
        }
        assert_eq!(Flags::try_parse_from(["test"]).unwrap().limits, Defaults::default());
    }

    #[test]
    fn what_a_tenant_has_of_its_own_comes_first() {
        let own: Own = serde_json::from_value(serde_json::json!({ "depth": 3, "requestsPerSecond": 0, "other": 1 })).unwrap();
        let limits = Limits::with(&Defaults::default(), &own);
        assert_eq!(limits, Limits { depth: 3, requests_per_second: None, ..Limits::default() });
    }
}
