//! Making a tenant of the database of another program.

use domain::adoption::RULES;
use serde_json::{Map, json};
use tenancy::{AdoptionMap, AdoptionReport, AdoptionSource, AdoptionStep, NewTenant};

use super::{Doer, Event, Operators, write_event};
use crate::{
    auth::invite_first_owner,
    plan::catalogue::{FirstPlan, assign_first},
};

/// What is to be adopted, as what.
#[derive(Debug, Clone, Copy)]
pub struct Adopting<'a> {
    /// The tenant to be made.
    pub new: &'a NewTenant,
    /// What becomes what.
    pub map: &'a AdoptionMap,
    /// Who is invited to be its owner.
    pub owner: Option<&'a str>,
    /// Which plan it gets.
    pub plan: &'a FirstPlan,
    /// Whether nothing is kept, whatever comes of it.
    pub is_rehearsal: bool,
}

impl Operators {
    /// Makes a tenant with the rows of the source, its plan, an invitation for its owner, and the event: all of it, or nothing. Where rows are
    /// refused, the report says which, and nothing was made.
    pub async fn adopt(
        &self,
        doer: &Doer,
        adopting: &Adopting<'_>,
        source: &mut AdoptionSource,
        told: &mut (dyn FnMut(AdoptionStep<'_>) + Send),
    ) -> anyhow::Result<AdoptionReport> {
        let Adopting { new, map, owner, plan, is_rehearsal } = *adopting;
        let mut adoption = self.tenants.begin_adoption(new).await?;
        // Before any row is read: what is no plan, and whom no mail can reach, is told at once. The plan is given for good at the end,
        // for plans cannot be changed from then on.
        let (tenant, transaction) = adoption.begin().await?;
        assign_first(&transaction, tenant.id, plan, new.now).await?;
        transaction.rollback().await?;
        if let Some(email) = owner {
            let (tenant, transaction) = adoption.begin().await?;
            invite_first_owner(&transaction, &self.mail, &tenant, email, &doer.name, new.now).await?;
            transaction.commit().await?;
        }
        let report = adoption.load(source, map, &RULES, told).await?;
        if is_rehearsal || report.refused() > 0 {
            adoption.roll_back().await?;
            return Ok(report);
        }
        let (tenant, transaction) = adoption.begin().await?;
        let plan = assign_first(&transaction, tenant.id, plan, new.now).await?;
        let rows: Map<_, _> = report.tables.iter().map(|table| (table.table.clone(), table.rows.into())).collect();
        // Events outlive the tenant, so they name nobody of its people.
        let details = json!({ "name": tenant.name, "ownerInvited": owner.is_some(), "plan": plan, "rows": rows });
        write_event(&transaction, doer, Event::of_tenant("tenant.adopted", &tenant, details), new.now).await?;
        transaction.commit().await?;
        adoption.commit().await?;
        Ok(report)
    }
}
