//! What a request has to pass before it is executed.

use std::{sync::Arc, time::Duration};

use async_graphql::ServerError;

use super::{
    documents::TrustedDocuments,
    error::{Code, request_error},
    limits::Limits,
};
use crate::traffic::{Lane, RateLimited, Turn};

/// What a request has to pass before it is executed.
#[derive(Debug)]
pub struct Admission<'a> {
    /// How much it may ask for.
    pub limits: &'a Limits,
    /// The only documents that are executed; any, where there are none.
    pub documents: Option<&'a TrustedDocuments>,
    /// Whether someone is signed in.
    pub signed_in: bool,
    /// Where it waits for its turn.
    pub lane: Option<Arc<Lane>>,
    /// How long its body may take to arrive.
    pub body_timeout: Duration,
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

/// The error that says so to a client.
pub fn rate_limited(refused: &RateLimited) -> ServerError {
    let mut error = request_error(Code::RateLimited, refused.to_string());
    if let Some(extensions) = &mut error.extensions {
        extensions.set("limit", refused.limit);
        extensions.set("allowed", refused.allowed);
        extensions.set("retryAfter", refused.retry_after);
    }
    error
}
