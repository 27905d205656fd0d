//! How much a tenant may ask for.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, SimpleObject};
use domain::Error;

use crate::{
    cli::Limit,
    operators::{LimitChanges, LimitInForce},
};

/// The largest number that a limit may be.
const LARGEST_LIMIT: u64 = 1_000_000;

/// A limit that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::operators::LimitName")]
pub enum LimitName {
    /// Requests in a second, on the average; 0 for any number.
    RequestsPerSecond,
    /// Requests of one person, program or address in a second, on the average; 0 for any number.
    RequestsPerSecondPerActor,
    /// Operations that are executed at a time; 0 for any number.
    ConcurrentOperations,
    /// Milliseconds after which Postgres cancels a statement; 1 at least, and never more than the program allows.
    StatementTimeoutMs,
    /// Bytes that a document may have, 100 at least.
    Characters,
    /// Lexical tokens that a document may have, 10 at least.
    Tokens,
    /// Fields within one another, 1 to 40.
    Depth,
    /// Fields that are answered under another name.
    Aliases,
    /// Directives in the whole document.
    Directives,
    /// Fields at the root of an operation, 1 at least.
    RootFields,
    /// Fields that an operation may resolve, those in lists counted once an item; 1 at least.
    Cost,
}

/// Who may ask for a tenant's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::graphql::limits::Introspection")]
pub enum IntrospectionBy {
    /// Anyone.
    On,
    /// Nobody.
    Off,
    /// Whoever is signed in.
    Members,
}

/// A limit as it holds for a tenant.
#[derive(Debug, SimpleObject)]
pub struct TenantLimit {
    /// Which.
    name: LimitName,
    /// How much; null for any number.
    value: Option<u64>,
    /// Whether it is the tenant's own, and not the program's.
    is_own: bool,
}

impl From<LimitInForce> for TenantLimit {
    fn from(limit: LimitInForce) -> Self {
        Self { name: limit.name.into(), value: limit.value, is_own: limit.is_own }
    }
}

/// A limit of an organisation's own.
#[derive(InputObject)]
pub struct OwnLimitInput {
    /// Which.
    name: LimitName,
    /// How much, up to 1000000; null for the program's own.
    value: Option<u64>,
}

/// How much an organisation may ask for. What is not named stays as it is.
#[derive(InputObject)]
pub struct SetTenantLimitsInput {
    /// The organisation's opaque id.
    pub(super) id: ID,
    /// The limits that change.
    #[graphql(default)]
    limits: Vec<OwnLimitInput>,
    /// Who may ask for its schema; null for the program's own.
    introspection: MaybeUndefined<IntrospectionBy>,
}

impl SetTenantLimitsInput {
    pub(super) fn change(self) -> Result<LimitChanges, Error> {
        if self.limits.iter().any(|limit| limit.value.is_some_and(|value| value > LARGEST_LIMIT)) {
            return Err(Error::bad_input("limits", format!("A limit is at most {LARGEST_LIMIT}.")));
        }
        let numbers = self.limits.into_iter().map(|limit| (limit.name.into(), limit.value.map_or(Limit::Default, Limit::Own)));
        let introspection = match self.introspection {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Limit::Default),
            MaybeUndefined::Value(by) => Some(Limit::Own(by.into())),
        };
        LimitChanges::new(numbers, introspection)
    }
}
