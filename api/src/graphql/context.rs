//! What a request carries through its resolvers.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use async_graphql::{Context, Error, Result, parser::types::OperationType};
use domain::{Permission, employee::Sight, plan::Feature};
use tenancy::{Standing, Tenant, TenantConnection, TenantStatus};

use super::{
    error::Fault,
    fate::Fate,
    front_door::FrontDoor,
    http::Carried,
    platform::PlatformContext,
    session::check_is_first_sign_in,
    subscription::Happening,
    visit::{Caller, Visit},
};
use crate::{auth::Identity, plan::Entitlements, telemetry::traces};

/// One request: the tenant, the way to its data, and who asks.
pub struct RequestContext {
    /// The organisation that the request is for.
    pub tenant: Arc<Tenant>,
    /// What holds for it now.
    pub standing: Standing,
    scope: TenantConnection,
    /// The way of an operator who has come in to look by this very request.
    for_visit: OnceLock<TenantConnection>,
    /// Names the request in the log.
    pub request_id: String,
    /// What signing in needs.
    pub front_door: FrontDoor,
    visit: Visit,
    /// Who the request has become by signing in.
    signed_in: OnceLock<Visit>,
    /// What a subscription tells of.
    happening: Option<Happening>,
}

impl RequestContext {
    /// The context of one request. `scope` is read-only for a query and read-write for a mutation.
    pub fn new(
        tenant: Arc<Tenant>,
        standing: Standing,
        scope: TenantConnection,
        front_door: FrontDoor,
        request_id: String,
        caller: Caller,
    ) -> Self {
        Self {
            tenant,
            standing,
            scope,
            for_visit: OnceLock::new(),
            request_id,
            front_door,
            visit: Visit::of(caller),
            signed_in: OnceLock::new(),
            happening: None,
        }
    }

    /// The same, for telling of something that happened.
    #[must_use]
    pub fn with_happening(self, happening: Option<Happening>) -> Self {
        Self { happening, ..self }
    }

    /// What a subscription tells of; none while it is only being checked, and for every other operation.
    pub fn happening(&self) -> Option<&Happening> {
        self.happening.as_ref()
    }

    /// Who asks: the bearer of the token, or whoever has signed in by a mutation of this request.
    pub fn visit(&self) -> &Visit {
        self.signed_in.get().unwrap_or(&self.visit)
    }

    /// The way to the tenant's data: a snapshot for a query, read-write for a mutation. Nothing is written by it for an operator who was
    /// let in to look, also where that has come out in the course of the request.
    pub fn scope(&self) -> &TenantConnection {
        match self.signed_in.get() {
            Some(visit) if visit.is_support() => {
                self.for_visit.get_or_init(|| self.front_door.tenants.write_protected(&self.tenant))
            }
            _ => &self.scope,
        }
    }

    /// The actor and the time.
    pub fn domain(&self) -> &domain::Context {
        self.visit().domain()
    }

    /// Refuses a second sign-in.
    pub fn check_may_sign_in(&self) -> Result<(), domain::Error> {
        check_is_first_sign_in(&self.signed_in)
    }

    /// Lets the rest of the request act as the one who has just signed in. Without effect when somebody has before.
    pub fn become_signed_in(&self, caller: Caller) {
        self.signed_in.get_or_init(|| Visit::of(caller));
    }

    /// What the caller may see of private details, loaded when it is first needed.
    pub async fn sight(&self) -> Result<Arc<Sight>, domain::Error> {
        let visit = self.visit();
        let mut slot = visit.sight.lock().await;
        if let Some(sight) = slot.as_ref() {
            return Ok(Arc::clone(sight));
        }
        // Boxed, because the answer of every employee has room for it, and it is loaded once.
        let loading = traces::field("Loader", "sight", Sight::load(self.scope(), visit.domain()));
        let sight = Arc::new(Box::pin(loading).await?);
        *slot = Some(Arc::clone(&sight));
        Ok(sight)
    }

    /// Refuses what would change the organisation while nothing may be changed in it. The database refuses it too; but what is done in
    /// the control plane first would be done by then.
    pub fn check_takes_changes(&self) -> Result<(), domain::Error> {
        self.check_is_no_visit()?;
        if self.standing.state.takes_changes() { Ok(()) } else { Err(domain::Error::ReadOnly) }
    }

    /// Refuses an operator who was let in to look. What an operator may do in the domain is refused there as well.
    pub fn check_is_no_visit(&self) -> Result<(), domain::Error> {
        if self.visit().is_support() {
            return Err(domain::Error::Forbidden("Support access is for looking: nothing can be changed by it."));
        }
        Ok(())
    }

    /// The way to the tenant's data for what must be written down of deeds that are possible while it may only be read.
    pub fn auditor(&self) -> TenantConnection {
        self.front_door.tenants.read_write(&self.tenant)
    }

    /// What the organisation may use.
    pub fn entitlements(&self) -> Entitlements<'_> {
        Entitlements::of(&self.tenant)
    }

    /// Forgets what was loaded, because something is about to be written.
    async fn forget(&self) {
        let visit = self.visit();
        visit.loaders.clear();
        *visit.sight.lock().await = None;
    }
}

impl Carried for RequestContext {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    async fn finish(&self, kind: OperationType) {
        if kind != OperationType::Mutation
            && let Err(failure) = self.scope.finish().await
        {
            // Everything has been read by then; there is nothing to lose in a snapshot.
            tracing::warn!(request_id = self.request_id, cause = %failure, "ending the snapshot failed");
        }
    }

    fn statements(&self) -> u32 {
        self.scope.statements()
    }

    async fn fate(&self) -> Fate {
        let directory = self.front_door.tenants.directory();
        // This process may not have heard of it yet.
        directory.forget(self.tenant.id);
        match directory.by_id(self.tenant.id).await {
            Ok(Some(tenant)) if tenant.status == TenantStatus::Deleting => Fate::Deleted,
            Ok(Some(tenant)) if tenant.schema != self.tenant.schema => Fate::Restored,
            Ok(None) => Fate::Deleted,
            Ok(Some(_)) | Err(_) => Fate::Unchanged,
        }
    }
}

/// Ways from a resolver's context to its request.
pub trait ResolverContext<'a> {
    /// The request, whoever it is from.
    fn request(&self) -> Result<&'a RequestContext>;

    /// What signing in needs of the request, in both schemas.
    fn front_door(&self) -> Result<&'a FrontDoor>;

    /// Who asks, in both schemas; none for an anonymous request.
    fn identity(&self) -> Option<&'a Arc<Identity>>;

    /// The request of someone who is signed in; `UNAUTHENTICATED` otherwise. For resolvers that look at their arguments before
    /// they call the domain, which checks by itself.
    fn member(&self) -> Result<&'a RequestContext> {
        let request = self.request()?;
        request.domain().actor()?;
        Ok(request)
    }

    /// The answer of a field at the root that may be null: with an error it is null, and the fields beside it are answered.
    fn or_null<T>(&self, answer: Result<T>) -> Option<T>;

    /// The request of someone who is signed in and is about to write.
    fn writer(&self) -> impl Future<Output = Result<&'a RequestContext>> + Send;

    /// The request of someone who is signed in and is about to do what is possible while nothing else may be changed: to end somebody's
    /// access (a key, a membership, a host), to let in who helps, or to have everything exported. What the audit is told goes by
    /// [`RequestContext::auditor`].
    fn closer(&self) -> impl Future<Output = Result<&'a RequestContext>> + Send;

    /// The request of someone who is about to add data; refused while there is more of that than there may be.
    fn adder(&self, permission: Permission) -> impl Future<Output = Result<&'a RequestContext>> + Send;

    /// The request of someone who is about to use a feature, which the organisation's plan may not have.
    fn user_of(&self, feature: Feature) -> impl Future<Output = Result<&'a RequestContext>> + Send;
}

impl<'a> ResolverContext<'a> for Context<'a> {
    fn request(&self) -> Result<&'a RequestContext> {
        match self.data_opt::<Arc<RequestContext>>() {
            Some(request) => Ok(request),
            None => Err(Error::new_with_source(Fault::new("the request has no context"))),
        }
    }

    fn front_door(&self) -> Result<&'a FrontDoor> {
        match self.data_opt::<Arc<PlatformContext>>() {
            Some(request) => Ok(&request.front_door),
            None => Ok(&self.request()?.front_door),
        }
    }

    fn identity(&self) -> Option<&'a Arc<Identity>> {
        match self.data_opt::<Arc<PlatformContext>>() {
            Some(request) => request.identity(),
            None => self.request().ok()?.visit().caller.identity.as_ref(),
        }
    }

    fn or_null<T>(&self, answer: Result<T>) -> Option<T> {
        answer
            .inspect_err(|_| traces::failed(None))
            .map_err(|error| self.add_error(self.set_error_path(error.into_server_error(self.item.pos))))
            .ok()
    }

    async fn writer(&self) -> Result<&'a RequestContext> {
        let request = self.member()?;
        request.check_takes_changes()?;
        request.forget().await;
        Ok(request)
    }

    async fn closer(&self) -> Result<&'a RequestContext> {
        let request = self.member()?;
        request.check_is_no_visit()?;
        request.forget().await;
        Ok(request)
    }

    async fn adder(&self, permission: Permission) -> Result<&'a RequestContext> {
        let request = self.writer().await?;
        // First: whoever may not do it learns nothing of the plan.
        request.domain().require(permission)?;
        request.entitlements().check_room().map_err(domain::Error::from)?;
        Ok(request)
    }

    async fn user_of(&self, feature: Feature) -> Result<&'a RequestContext> {
        let request = self.writer().await?;
        request.domain().require(feature.permission())?;
        request.entitlements().require(feature)?;
        Ok(request)
    }
}
