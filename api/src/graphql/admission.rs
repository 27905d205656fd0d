//! What a request has to pass before it is executed.

use std::{sync::Arc, time::Duration};

use async_graphql::ServerError;

use super::{
    documents::TrustedDocuments,
    error::{Code, request_error},
    limits::Limits,
    values::Types,
};
use crate::{
    live::Full,
    traffic::{Lane, RateLimited, Turn},
    usage::slow::Recorder,
};

/// What a request has to pass before it is executed.
#[derive(Debug)]
pub struct Admission<'a> {
    /// How much it may ask for.
    pub limits: &'a Limits,
    /// The types of the schema that it is for.
    pub types: &'static Types,
    /// The only documents that are executed; any, where there are none.
    pub documents: Option<&'a TrustedDocuments>,
    /// Whether someone is signed in.
    pub signed_in: bool,
    /// Where it waits for its turn.
    pub lane: Option<Arc<Lane>>,
    /// How long its body may take to arrive.
    pub body_timeout: Duration,
    /// Where it is kept if it takes long.
    pub slow: Option<Recorder>,
}

impl Admission<'_> {
    /// Waits until the operation may be executed. Its turn ends when what this returns is dropped.
    pub async fn enter(&self) -> Result<Option<Turn>, RateLimited> {
        match &self.lane {
            Some(lane) => lane.enter().await.map(Some),
            None => Ok(None),
        }
    }
}

/// Whole seconds after which it is worth another try where there is no more room.
pub const RETRY_NO_ROOM: u64 = 5;

/// The error that says so to a client.
pub fn rate_limited(refused: &RateLimited) -> ServerError {
    too_many(refused.to_string(), refused.limit, refused.allowed, refused.retry_after)
}

/// The error of somebody for whom there is no room.
pub fn no_room(full: &Full) -> ServerError {
    too_many(full.to_string(), full.limit, full.allowed as u64, RETRY_NO_ROOM)
}

fn too_many(message: String, limit: &'static str, allowed: u64, retry_after: u64) -> ServerError {
    let mut error = request_error(Code::RateLimited, message);
    if let Some(extensions) = &mut error.extensions {
        extensions.set("limit", limit);
        extensions.set("allowed", allowed);
        extensions.set("retryAfter", retry_after);
    }
    error
}
