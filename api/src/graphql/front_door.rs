//! What signing in needs of a request, at a tenant's host and on the apex alike.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy::{Hostname, Tenant, TenantId};

use crate::auth::{Auth, Visitor};

/// What signing in needs of a request. The resolvers that need no more than this serve both schemas.
pub struct FrontDoor {
    /// Signs in and out.
    pub auth: Arc<Auth>,
    /// The organisation at whose host the request arrived; none on the apex.
    pub tenant: Option<Arc<Tenant>>,
    /// The host that the request was sent to.
    pub host: Hostname,
    /// Where the request comes from.
    pub visitor: Visitor,
    /// The value of the cookie `tenantry_refresh`, if one was sent.
    pub refresh_cookie: Option<String>,
    /// Whether people come by HTTPS, so that cookies are kept to it.
    pub secure: bool,
    /// The moment that the request counts as.
    pub now: DateTime<Utc>,
}

impl FrontDoor {
    /// The organisation's id; none on the apex.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.tenant.as_ref().map(|tenant| tenant.id)
    }
}
