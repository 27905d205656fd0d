//! What a request to the API of operators carries through its resolvers.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, Error, ID, Result, parser::types::OperationType};
use chrono::{DateTime, Utc};
use entities::platform::operator::OperatorRole;
use tenancy::{Host, Slug, Tenant, TenantId, Tenants};

use crate::{
    auth::{Auth, OperatorIdentity, Visitor},
    graphql::{
        error::Fault,
        http::Carried,
        id::{self, Kind},
        session::check_is_first_sign_in,
    },
    lifecycle::Lifecycle,
    operators::{Doer, Operators},
};

/// One request to the API of operators.
pub struct OperatorContext {
    /// Signs in and out.
    pub auth: Arc<Auth>,
    /// The tenants.
    pub tenants: Tenants,
    /// What operators do with them.
    pub operators: Arc<Operators>,
    /// What holds for them.
    pub lifecycle: Arc<Lifecycle>,
    /// Where the request comes from.
    pub visitor: Visitor,
    /// The value of the cookie that keeps an operator's refresh token, if one was sent.
    pub refresh_cookie: Option<String>,
    /// Whether people come by HTTPS, so that cookies are kept to it.
    pub secure: bool,
    /// The moment that the request counts as.
    pub now: DateTime<Utc>,
    /// Names the request in the log.
    pub request_id: String,
    /// Whose token was sent.
    pub identity: Option<Arc<OperatorIdentity>>,
    /// Who the request has become by signing in.
    pub signed_in: OnceLock<Arc<OperatorIdentity>>,
}

impl OperatorContext {
    /// Who asks: the bearer of the token, or whoever has signed in by a mutation of this request.
    pub fn identity(&self) -> Option<&Arc<OperatorIdentity>> {
        self.signed_in.get().or(self.identity.as_ref())
    }

    /// Refuses a second sign-in.
    pub fn check_may_sign_in(&self) -> Result<(), domain::Error> {
        check_is_first_sign_in(&self.signed_in)
    }

    /// The tenant of an opaque id.
    pub async fn tenant(&self, id: &ID) -> Result<Arc<Tenant>, domain::Error> {
        let missing = domain::Error::NotFound("organisation");
        let Some((Kind::Tenant, key)) = id::parse(id) else {
            return Err(missing);
        };
        let found = self.tenants.directory().by_id(TenantId(key)).await.map_err(crate::lifecycle::answer)?;
        found.ok_or(missing)
    }

    /// The tenant of a slug; also of one that it had until lately.
    pub async fn tenant_of_slug(&self, slug: &str) -> Result<Arc<Tenant>, domain::Error> {
        let missing = || domain::Error::NotFound("organisation");
        let slug = Slug::parse(slug.trim()).map_err(|_| missing())?;
        let found = self.tenants.directory().by_host(&Host::Slug(slug)).await.map_err(crate::lifecycle::answer)?;
        found.ok_or_else(missing)
    }
}

impl Carried for OperatorContext {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    async fn finish(&self, _kind: OperationType) {}
}

/// Ways from a resolver's context to its request.
pub trait OperatorResolverContext<'a> {
    /// The request, whoever it is from.
    fn operator_request(&self) -> Result<&'a OperatorContext>;

    /// The request of an operator; `UNAUTHENTICATED` otherwise.
    fn reader(&self) -> Result<&'a OperatorContext>;

    /// The request of an operator who may change something, and who that is; `FORBIDDEN` for others.
    fn admin(&self) -> Result<(&'a OperatorContext, Doer)>;
}

impl<'a> OperatorResolverContext<'a> for Context<'a> {
    fn operator_request(&self) -> Result<&'a OperatorContext> {
        match self.data_opt::<Arc<OperatorContext>>() {
            Some(request) => Ok(request),
            None => Err(Error::new_with_source(Fault::new("the request has no context"))),
        }
    }

    fn reader(&self) -> Result<&'a OperatorContext> {
        let request = self.operator_request()?;
        request.identity().ok_or(domain::Error::Unauthenticated)?;
        Ok(request)
    }

    fn admin(&self) -> Result<(&'a OperatorContext, Doer)> {
        let request = self.operator_request()?;
        let identity = request.identity().ok_or(domain::Error::Unauthenticated)?;
        match identity.role {
            OperatorRole::Admin => Ok((request, identity.doer(request.visitor.address))),
            OperatorRole::Viewer => Err(domain::Error::Forbidden("Your role may look at everything, and change nothing.").into()),
        }
    }
}
