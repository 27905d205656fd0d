//! Support access: an operator asks an owner to be let in, looks, and is out again after hours at most.
//!
//! - [`grant`]: a request, and the access that comes of it; its state follows from its times
//! - [`decide`]: what owners do: consent, refuse, end
//! - `operators::support`: what operators do: ask, withdraw, give back
//! - `auth::support`: the way in, the session, and the end that nobody brings about
//!
//! What may be seen is what the domain lets an operator see ([`domain::Permission::is_for_support`]); nothing can be changed.
//! Every deed stands in the tenant's audit with both identities. (`docs/decisions/0029-support-access.md`)

mod decide;
mod grant;

pub use decide::OwnSupport;
pub(crate) use grant::{PATIENCE, conflict, event, let_go, locked, of_tenant, operator_context};
pub use grant::{SupportState, state};
