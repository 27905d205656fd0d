//! Who watches, and until when.

use std::{sync::Arc, time::Duration};

use async_graphql::ServerError;
use chrono::{DateTime, Utc};
use entities::id::SessionId;
use tenancy::{HostTarget, Hostname, Standing, Tenant};
use tokio::{sync::broadcast::error::RecvError, time::sleep};
use uuid::Uuid;

use super::{ending::Ending, hub::Hearing, operation::Operation, quota::Counted};
use crate::{
    app::App,
    auth::{Identity, Visitor},
    graphql::{
        self,
        admission::{Admission, rate_limited},
        context::RequestContext,
        error::used_up,
        front_door::FrontDoor,
        limits::Limits,
        parameters::Parameters,
        subscription::Happening,
        visit::Caller,
    },
    http::{
        place::{self, Place},
        refusal::Refusal,
    },
    telemetry::traces,
    traffic::{RateLimited, Sender, Turn},
    usage::until_tomorrow,
};

/// How long a connection goes on without a look at its rights, though nothing was heard that would change them.
const LONGEST_UNCHECKED: Duration = Duration::from_secs(30);

/// Where a connection was opened, and by what right.
pub(crate) struct Client {
    pub(crate) app: Arc<App>,
    pub(crate) target: HostTarget,
    pub(crate) host: Hostname,
    pub(crate) visitor: Visitor,
    pub(crate) request_id: String,
    /// None for an anonymous event stream.
    pub(crate) token: Option<String>,
}

/// What a connection may do now.
pub(super) struct Admitted {
    pub(super) tenant: Arc<Tenant>,
    standing: Standing,
    pub(super) identity: Option<Arc<Identity>>,
}

impl Client {
    /// What the connection may do now. Asked anew for each answer, so that a lost right is lost at once.
    pub(super) async fn admit(&self, now: DateTime<Utc>) -> Result<Admitted, Refusal> {
        // The host may have been taken from the tenant since, and may even be another's.
        let (target, tenant) = place::target_at(&self.app, &self.host).await?;
        if target != self.target {
            return Err(Refusal::TenantNotFound);
        }
        match place::admit(&self.app, self.target, &self.host, tenant, self.token.as_deref(), now).await? {
            Place::Tenant { tenant, standing, identity } => {
                place::check_network(identity.as_deref(), &self.visitor)?;
                Ok(Admitted { tenant, standing, identity })
            }
            Place::ControlPlane { .. } => Err(Refusal::NothingToWatch),
        }
    }

    /// Parses an operation and holds it to the limits of its tenant, of trusted documents too. Each operation of a WebSocket counts as
    /// a request; that of an event stream has been counted as the request that it is.
    pub(super) async fn prepare(&self, parameters: Parameters, counts: bool) -> Result<Operation, Vec<ServerError>> {
        let now = (self.app.clock)();
        let admitted = self.admit(now).await.map_err(|refusal| vec![refusal.into_error()])?;
        if counts {
            self.count_request(&admitted, now).map_err(|refused| vec![rate_limited(&refused)])?;
            let counted = self.app.usage.request(&admitted.tenant, admitted.identity.as_deref(), now);
            counted.map_err(|exceeded| vec![used_up(&exceeded, until_tomorrow(now))])?.answered(true, false);
        }
        let admission = Admission {
            limits: &self.limits(&admitted),
            types: graphql::types(),
            documents: self.app.documents.as_ref(),
            signed_in: admitted.identity.is_some(),
            lane: None,
            body_timeout: self.app.options.body_timeout,
            slow: None,
        };
        Operation::prepare(parameters, &admission)
    }

    /// Waits for the turn of a query among the operations of its tenant.
    pub(super) async fn turn(&self) -> Result<Option<Turn>, ServerError> {
        let admitted = self.admit((self.app.clock)()).await.map_err(Refusal::into_error)?;
        match self.app.traffic.lane(admitted.tenant.id, &self.limits(&admitted)) {
            Some(lane) => lane.enter().await.map(Some).map_err(|refused| rate_limited(&refused)),
            None => Ok(None),
        }
    }

    fn limits(&self, admitted: &Admitted) -> Limits {
        Limits::of(&self.app.options.limits, Some(&admitted.tenant))
    }

    fn sender(&self, admitted: &Admitted) -> Sender {
        Sender::of(admitted.identity.as_deref(), self.visitor.address)
    }

    /// Counts a request of whoever it is, to the tenant.
    pub(super) fn count_request(&self, admitted: &Admitted, now: DateTime<Utc>) -> Result<(), RateLimited> {
        self.app.traffic.count(Some(admitted.tenant.id), self.sender(admitted), &self.limits(admitted), now)
    }

    /// Counts the connection among those to its tenant.
    pub(super) fn count(&self, admitted: &Admitted) -> Result<Counted, Refusal> {
        self.app.live.connect(admitted.tenant.id, self.sender(admitted)).map_err(Refusal::Full)
    }

    /// The context of one answer.
    pub(super) async fn context(&self, happening: Option<Happening>) -> Result<RequestContext, Refusal> {
        let now = (self.app.clock)();
        let Admitted { tenant, standing, identity } = self.admit(now).await?;
        traces::tenant(&tenant.slug);
        if let Some(identity) = &identity {
            traces::actor(identity.principal.uuid());
        }
        let scope = self.app.tenants.read_only(&tenant);
        let front_door = FrontDoor {
            auth: Arc::clone(&self.app.auth),
            tenants: self.app.tenants.clone(),
            hosts: self.app.hosts.clone(),
            tenant: Some(Arc::clone(&tenant)),
            addresses: self.app.options.addresses,
            address: self.app.options.addresses.of(self.host.as_str()),
            host: self.host.clone(),
            visitor: self.visitor.clone(),
            mail: Arc::clone(&self.app.mail),
            domains: Arc::clone(&self.app.domains),
            exports: Arc::clone(&self.app.exports),
            lifecycle: Arc::clone(&self.app.lifecycle),
            usage: Arc::clone(&self.app.usage),
            refresh_cookie: None,
            secure: self.app.options.https,
            now,
        };
        let caller = Caller::new(identity, now);
        Ok(RequestContext::new(tenant, standing, scope, front_door, self.request_id.clone(), caller).with_happening(happening))
    }

    /// Waits until the connection has to end. `since` is what the process heard when the connection was opened, `tenant` whose data
    /// it was opened to.
    pub(super) async fn ended(&self, since: Hearing, tenant: &Tenant) -> Ending {
        let mut rechecks = self.app.live.rechecks();
        let mut hearing = self.app.live.hearing();
        loop {
            let now = (self.app.clock)();
            let admitted = match self.admit(now).await {
                Ok(admitted) => admitted,
                Err(refusal) => return refusal.into(),
            };
            if !admitted.tenant.has_the_data_of(tenant) {
                return Ending::Interrupted;
            }
            let expires_at = admitted.identity.as_ref().and_then(|identity| identity.expires_at);
            // What was paid for may be over before the sign-in is.
            let next = expires_at.into_iter().chain(admitted.standing.changes_at(now)).min();
            let left = next.and_then(|end| (end - now).to_std().ok()).unwrap_or(LONGEST_UNCHECKED);
            let depends_on = dependencies(&admitted);
            let concerned = async {
                loop {
                    match rechecks.recv().await {
                        Ok(Some(id)) if !depends_on.contains(&Some(id)) => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => return,
                        // The program ends, and this with it.
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                ending = deafness(&mut hearing, since) => return ending,
                () = concerned => {}
                // A whole second more than is left would be a second too much; the clock of the tokens counts in seconds.
                () = sleep(left.min(LONGEST_UNCHECKED).max(Duration::from_millis(10))) => {}
            }
        }
    }
}

/// What is notified when the rights of a connection change.
fn dependencies(admitted: &Admitted) -> [Option<Uuid>; 3] {
    let identity = admitted.identity.as_ref();
    [
        Some(admitted.tenant.id.0),
        identity.map(|identity| identity.principal.uuid()),
        identity.and_then(|identity| identity.session_id).map(SessionId::uuid),
    ]
}

/// Waits until changes may go unheard.
pub(super) async fn deafness(hearing: &mut tokio::sync::watch::Receiver<Hearing>, since: Hearing) -> Ending {
    let changed = hearing.wait_for(|hearing| hearing.stops || hearing.interruptions != since.interruptions).await;
    if changed.is_ok_and(|hearing| hearing.stops) { Ending::Stopping } else { Ending::Interrupted }
}
