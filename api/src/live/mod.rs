//! Subscriptions: those who watch a tenant are told of what changes in it, whichever process changed it.
//!
//! 1. A verb of `domain` announces its deed in its transaction; Postgres notifies every process when that is committed.
//! 2. The [`Hub`] of each process hands it to the subscriptions of that tenant, of which it may have none.
//! 3. Each subscription executes its operation anew (`operation`, of one field: `single_field`), as whoever watches, with the rights of
//!    that moment.
//! 4. The answer goes out over a WebSocket (`upgrade` and `socket`, whose rules are `protocol`) or as an event stream (`events`).
//!
//! **Invariants.**
//! - A subscription hears of one tenant, the one that its host and its token agree on, and of no other.
//! - Whoever may not be here any more is told nothing more: `Client::admit` is asked before every answer, and again whenever
//!   something changes that it depends on.
//! - Nobody misses a change without learning of it: where one may have been missed, the connection ends, and the client has to
//!   connect and read again.
//! - Everything is bounded: what waits for a subscription, how many there are, and how much of the database they use at once.

mod bounds;
pub(crate) mod client;
mod ending;
pub(crate) mod events;
mod feed;
mod hub;
mod operation;
mod protocol;
mod quota;
mod single_field;
mod socket;
pub(crate) mod upgrade;
mod watch;

pub use bounds::{Bounds, Watching};
pub use hub::{Counts, Hub};
pub use quota::Full;
