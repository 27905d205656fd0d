//! How much a tenant may ask for: what holds, and changing what is its own.

use domain::audit::Changes;
use serde_json::{Map, Value};
use tenancy::Tenant;

use super::Operators;
use crate::{
    cli::Limit,
    graphql::limits::{Introspection, Limits, MAX_NESTING},
};

/// The key of a tenant's settings that holds its own limits.
const SETTING: &str = "limits";

/// A limit that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitName {
    /// Requests in a second, on the average.
    RequestsPerSecond,
    /// Requests of one person, program or address in a second, on the average.
    RequestsPerSecondPerActor,
    /// Operations that are executed at a time.
    ConcurrentOperations,
    /// Milliseconds after which Postgres cancels a statement.
    StatementTimeoutMs,
    /// Bytes that a document may have.
    Characters,
    /// Lexical tokens that a document may have.
    Tokens,
    /// Fields within one another.
    Depth,
    /// Fields that are answered under another name.
    Aliases,
    /// Directives in the whole document.
    Directives,
    /// Fields at the root of an operation.
    RootFields,
    /// Fields that an operation may resolve.
    Cost,
}

impl LimitName {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::RequestsPerSecond,
        Self::RequestsPerSecondPerActor,
        Self::ConcurrentOperations,
        Self::StatementTimeoutMs,
        Self::Characters,
        Self::Tokens,
        Self::Depth,
        Self::Aliases,
        Self::Directives,
        Self::RootFields,
        Self::Cost,
    ];

    /// The limit's key in a tenant's settings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RequestsPerSecond => "requestsPerSecond",
            Self::RequestsPerSecondPerActor => "requestsPerSecondPerActor",
            Self::ConcurrentOperations => "concurrentOperations",
            Self::StatementTimeoutMs => "statementTimeoutMs",
            Self::Characters => "characters",
            Self::Tokens => "tokens",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::RootFields => "rootFields",
            Self::Cost => "cost",
        }
    }

    /// The limit's name in words, with this between them: `root fields`, or the flag `root-fields`.
    pub fn words(self, separator: char) -> String {
        let parts = self.key().chars().flat_map(|letter| {
            let between = letter.is_ascii_uppercase().then_some(separator);
            between.into_iter().chain([letter.to_ascii_lowercase()])
        });
        parts.collect()
    }

    /// The smallest number that it can be. With less, nobody could ask for anything, or it would not hold.
    const fn least(self) -> u64 {
        match self {
            // Of the first three 0 is any number. A document may do without the others.
            Self::RequestsPerSecond
            | Self::RequestsPerSecondPerActor
            | Self::ConcurrentOperations
            | Self::Aliases
            | Self::Directives => 0,
            Self::StatementTimeoutMs | Self::Depth | Self::RootFields | Self::Cost => 1,
            // As for the whole program.
            Self::Tokens => 10,
            Self::Characters => 100,
        }
    }

    /// What the tenant's settings say.
    fn own(self, settings: &Value) -> Option<&Value> {
        match self {
            Self::StatementTimeoutMs => settings.get(self.key()),
            _ => settings.get(SETTING)?.get(self.key()),
        }
    }
}

/// A limit as it holds for a tenant.
#[derive(Debug, Clone, Copy)]
pub struct LimitInForce {
    /// Which.
    pub name: LimitName,
    /// How much; none for any number.
    pub value: Option<u64>,
    /// Whether it is the tenant's own, and not the program's.
    pub is_own: bool,
}

/// A change of a tenant's own limits. What is not named stays as it is.
#[derive(Debug, Clone, Default)]
pub struct LimitChanges {
    numbers: Vec<(LimitName, Limit)>,
    introspection: Option<Limit<Introspection>>,
}

impl LimitChanges {
    /// These, where they can be.
    pub fn new(
        numbers: impl IntoIterator<Item = (LimitName, Limit)>,
        introspection: Option<Limit<Introspection>>,
    ) -> Result<Self, domain::Error> {
        let numbers: Vec<(LimitName, Limit)> = numbers.into_iter().collect();
        let deepest = MAX_NESTING as u64;
        if numbers
            .iter()
            .any(|(name, change)| *name == LimitName::Depth && matches!(change, Limit::Own(depth) if *depth > deepest))
        {
            return Err(domain::Error::bad_input("depth", format!("The depth may be {deepest} at most: the parser recurses.")));
        }
        let too_small = |(name, change): &&(LimitName, Limit)| matches!(change, Limit::Own(number) if *number < name.least());
        if let Some((name, _)) = numbers.iter().find(too_small) {
            let (words, least) = (name.words(' '), name.least());
            let message = format!("The limit of {words} is at least {least}. Without one of its own, the program's holds.");
            return Err(domain::Error::bad_input(name.key(), message));
        }
        Ok(Self { numbers, introspection })
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.introspection.is_none()
    }

    pub(super) fn put(&self, settings: &mut Map<String, Value>) {
        let mut limits = match settings.remove(SETTING) {
            Some(Value::Object(limits)) => limits,
            _ => Map::new(),
        };
        for (name, change) in &self.numbers {
            let place = if *name == LimitName::StatementTimeoutMs { &mut *settings } else { &mut limits };
            put(place, name.key(), *change);
        }
        if let Some(change) = self.introspection {
            put(&mut limits, "introspection", word(change));
        }
        if !limits.is_empty() {
            settings.insert(SETTING.to_owned(), Value::Object(limits));
        }
    }

    pub(super) fn note(&self, mut changes: Changes, before: &Value) -> Changes {
        for (name, change) in &self.numbers {
            changes = changes.with(name.key(), name.own(before), own(*change));
        }
        if let Some(change) = self.introspection {
            let before = before.get(SETTING).and_then(|limits| limits.get("introspection"));
            changes = changes.with("introspection", before, own(word(change)));
        }
        changes
    }
}

/// Whether the settings of a tenant say who may ask for its schema.
pub fn has_own_introspection(settings: &Value) -> bool {
    settings.get(SETTING).is_some_and(|limits| limits.get("introspection").is_some())
}

impl Operators {
    /// The limits of a tenant, and who may ask for its schema.
    pub fn limits_of(&self, tenant: &Tenant) -> (Vec<LimitInForce>, Introspection) {
        let limits = Limits::of(&self.limits, Some(tenant));
        let own_timeout = LimitName::StatementTimeoutMs.own(&tenant.settings).and_then(Value::as_u64).filter(|own| *own > 0);
        let value = |name| match name {
            LimitName::RequestsPerSecond => limits.requests_per_second.map(Into::into),
            LimitName::RequestsPerSecondPerActor => limits.requests_per_second_per_actor.map(Into::into),
            LimitName::ConcurrentOperations => limits.concurrent_operations.map(Into::into),
            LimitName::StatementTimeoutMs => {
                Some(own_timeout.map_or(self.statement_timeout, |own| own.min(self.statement_timeout)))
            }
            LimitName::Characters => Some(limits.characters),
            LimitName::Tokens => Some(limits.tokens),
            LimitName::Depth => Some(limits.depth),
            LimitName::Aliases => Some(limits.aliases),
            LimitName::Directives => Some(limits.directives),
            LimitName::RootFields => Some(limits.root_fields),
            LimitName::Cost => Some(limits.cost),
        };
        let in_force = |name: LimitName| LimitInForce { name, value: value(name), is_own: name.own(&tenant.settings).is_some() };
        (LimitName::ALL.map(in_force).to_vec(), limits.introspection)
    }
}

fn put(settings: &mut Map<String, Value>, name: &str, change: Limit<impl Into<Value>>) {
    match change {
        Limit::Own(value) => settings.insert(name.to_owned(), value.into()),
        Limit::Default => settings.remove(name),
    };
}

fn word(change: Limit<Introspection>) -> Limit<&'static str> {
    match change {
        Limit::Own(introspection) => Limit::Own(introspection.as_str()),
        Limit::Default => Limit::Default,
    }
}

fn own<T>(change: Limit<T>) -> Option<T> {
    match change {
        Limit::Own(value) => Some(value),
        Limit::Default => None,
    }
}
