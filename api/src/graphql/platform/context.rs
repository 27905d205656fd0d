//! What a request to the apex carries through its resolvers.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, Error, Result, parser::types::OperationType};

use crate::{
    auth::Identity,
    config::Addresses,
    graphql::{error::Fault, front_door::FrontDoor, http::Carried, session::check_is_first_sign_in},
};

/// One request to the apex.
pub struct PlatformContext {
    /// What signing in needs.
    pub front_door: FrontDoor,
    /// How addresses of hosts are written.
    pub addresses: Addresses,
    /// Names the request in the log.
    pub request_id: String,
    identity: Option<Arc<Identity>>,
    /// Who the request has become by signing in.
    signed_in: OnceLock<Arc<Identity>>,
}

impl PlatformContext {
    /// The context of one request.
    pub fn new(front_door: FrontDoor, addresses: Addresses, request_id: String, identity: Option<Arc<Identity>>) -> Self {
        Self { front_door, addresses, request_id, identity, signed_in: OnceLock::new() }
    }

    /// Who asks: the bearer of the token, or whoever has signed in by a mutation of this request.
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.signed_in.get().or(self.identity.as_ref())
    }

    /// Refuses a second sign-in.
    pub fn check_may_sign_in(&self) -> Result<(), domain::Error> {
        check_is_first_sign_in(&self.signed_in)
    }

    /// Lets the rest of the request act as the one who has just signed in. Without effect when somebody has before.
    pub fn become_signed_in(&self, identity: Arc<Identity>) {
        self.signed_in.get_or_init(|| identity);
    }
}

impl Carried for PlatformContext {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    async fn finish(&self, _kind: OperationType) {}
}

/// Ways from a resolver's context to its request.
pub trait PlatformResolverContext<'a> {
    /// The request, whoever it is from.
    fn platform(&self) -> Result<&'a PlatformContext>;
}

impl<'a> PlatformResolverContext<'a> for Context<'a> {
    fn platform(&self) -> Result<&'a PlatformContext> {
        match self.data_opt::<Arc<PlatformContext>>() {
            Some(request) => Ok(request),
            None => Err(Error::new_with_source(Fault::new("the request has no context"))),
        }
    }
}
