//! Who a request is from, and what was loaded for them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::employee::Sight;

use super::loaders::Loaders;
use crate::auth::Identity;

/// Who a request is from.
pub struct Caller {
    /// The actor and the time, as the domain takes them.
    pub domain: domain::Context,
    /// Who the actor is; none for an anonymous request.
    pub identity: Option<Arc<Identity>>,
}

impl Caller {
    /// Whoever a credential speaks for, or nobody.
    pub fn new(identity: Option<Arc<Identity>>, now: DateTime<Utc>) -> Self {
        let actor = identity.as_ref().and_then(|identity| identity.actor.clone());
        Self { domain: domain::Context { actor, now }, identity }
    }
}

/// A caller, and what was loaded for it. The two belong together: what one may see, another may not.
pub struct Visit {
    /// Who asks.
    pub caller: Caller,
    /// Rows by key, as this caller may see them.
    pub loaders: Loaders,
    pub(super) sight: tokio::sync::Mutex<Option<Arc<Sight>>>,
}

impl Visit {
    pub(super) fn of(caller: Caller) -> Self {
        Self { caller, loaders: Loaders::default(), sight: tokio::sync::Mutex::default() }
    }

    /// The actor and the time.
    pub fn domain(&self) -> &domain::Context {
        &self.caller.domain
    }

    /// Whether it is an operator who was let in to look.
    pub(super) fn is_support(&self) -> bool {
        self.caller.identity.as_ref().is_some_and(|identity| identity.support.is_some())
    }
}
