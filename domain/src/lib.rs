//! The rules of Tenantry's employee manager, without HTTP and without GraphQL.
//!
//! Every noun has a module ([`employee`], [`department`], [`position`], [`location`], [`audit`]) and every deed a
//! function in it: a verb. A verb takes the scope of one tenant, a [`Context`] that says who asks and when, and its
//! input. It checks the permission first, then parses the input into value types, then works in one transaction,
//! which also records the audit event.
//!
//! **Invariants.**
//! - No tenant, no query: a verb takes `&impl TenantScope`, and nothing else here can reach a database.
//! - Time comes from the [`Context`], never from the clock of the program or of the database.
//! - What one may not see does not exist: it is [`Error::NotFound`], and lists leave it out.
//! - Verbs that change how people or departments hang together, or give out a number, take the tenant's turn first
//!   (`sequence`): of two such changes the second sees the first.

pub mod adoption;
mod announcement;
pub mod audit;
mod change;
mod constraint;
mod context;
pub mod department;
pub mod employee;
mod error;
mod fetch;
pub mod location;
mod page;
mod permission;
pub mod plan;
pub mod position;
mod sequence;
pub mod value;

pub use announcement::{Announcement, CHANGES_CHANNEL};
pub use change::Change;
pub use context::{Actor, Context, Principal};
pub use entities::platform::membership::Role;
pub use error::Error;
pub use page::{NameCursor, Page, Paging, Window};
pub use permission::{Permission, Permissions, Reach};
