//! Making a tenant for somebody.

use std::sync::Arc;

use domain::Error;
use serde_json::json;
use tenancy::{NewTenant, Tenant};

use super::{Doer, Event, Operators, write_event};
use crate::{
    auth::invite_first_owner,
    lifecycle::answer,
    plan::catalogue::{FirstPlan, assign_first},
};

impl Operators {
    /// Makes a tenant, and where an address is given, an invitation by which its owner comes: all of it, or nothing.
    pub async fn create(
        &self,
        doer: &Doer,
        new: &NewTenant,
        owner: Option<&str>,
        plan: &FirstPlan,
    ) -> Result<Arc<Tenant>, Error> {
        let mut provisioning = self.tenants.begin_provisioning().await.map_err(answer)?;
        let tenant = provisioning.make(new).await.map_err(answer)?;
        let connection = provisioning.connection();
        let plan = assign_first(connection, tenant.id, plan, new.now).await?;
        if let Some(email) = owner {
            invite_first_owner(connection, &self.mail, &tenant, email, &doer.name, new.now).await?;
        }
        // Events outlive the tenant, so they name nobody of its people.
        let details = json!({ "name": tenant.name, "ownerInvited": owner.is_some(), "plan": plan });
        write_event(connection, doer, Event::of_tenant("tenant.created", &tenant, details), new.now).await?;
        provisioning.commit().await.map_err(answer)?;
        // Read anew, with its plan. It is made also where that fails.
        Ok(self.tenants.directory().by_id(tenant.id).await.ok().flatten().unwrap_or(tenant))
    }
}
