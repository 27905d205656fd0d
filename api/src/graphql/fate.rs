//! A request whose tenant is deleted or restored while it is under way.

use async_graphql::ServerError;

use super::{error, http::Carried};

/// What may become of a tenant while an operation is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Unchanged,
    /// It is deleted, or going to be.
    Deleted,
    /// Its data was restored, into another schema.
    Restored,
}

/// Gives the errors of an answer the cause that they have in common: what broke the transaction of their fields, and what has become of
/// the tenant where its data was not there. Before they are described.
pub(crate) async fn settle(errors: &mut [ServerError], context: &impl Carried) {
    error::name_first_cause(errors);
    if !errors.iter().any(error::misses_something) {
        return;
    }
    let fate = context.fate().await;
    let missing = errors.iter_mut().filter(|error| error::misses_something(error));
    match fate {
        Fate::Unchanged => {}
        Fate::Deleted => missing.for_each(error::say_deleted),
        Fate::Restored => {
            let request_id = context.request_id();
            tracing::info!(request_id, "a request came while its tenant was restored, and was refused");
            missing.for_each(error::say_restored);
        }
    }
}
