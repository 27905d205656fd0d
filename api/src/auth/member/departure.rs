//! The end of an employment, and of the memberships that end with it.
//!
//! An employment is in the tenant's data, a membership in the control plane: two transactions. So what is about to be done is
//! written down first, and forgotten when both are done. Whoever tidies up looks at what was left: where the employment has ended, the
//! memberships are ended too.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Context, Error, Permission, Principal, Role, employee::Terminate};
use entities::{
    id::{DepartureId, EmployeeId},
    platform::departure,
    tenant::employee::{self, EmploymentStatus},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set};
use serde::{Deserialize, Serialize};
use tenancy::{Tenant, TenantId, TenantScope};

use super::super::{Auth, audit_outbox::Place};

/// After this time the request that began it is over, as a rule.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);
/// After this time it is over in any case: no request may take longer than an hour. What has not been done by then never was.
const ABANDONED: TimeDelta = TimeDelta::hours(2);
/// How many are read at a time.
const AT_A_TIME: u64 = 100;

/// Who ends an employment, as it is written down.
#[derive(Serialize, Deserialize)]
struct Initiator {
    principal: Principal,
    name: String,
    role: Role,
}

impl Auth {
    /// Ends an employment, and with it the memberships of whoever it was.
    pub async fn terminate(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        input: Terminate,
    ) -> Result<employee::Model, Error> {
        context.require(Permission::TerminateEmployees)?;
        let departure = self.begin_departure(context, tenant.id, input.id).await?;
        let terminated = domain::employee::terminate(scope, context, input).await;
        let row = match terminated {
            Ok(row) => row,
            // Whether it was committed is not known.
            Err(error @ Error::Database(_)) => return Err(error),
            Err(error) => {
                self.forget_departure(departure).await?;
                return Err(error);
            }
        };
        if let Err(error) = self.finish_departure(scope, context, tenant, departure, row.id).await {
            tracing::warn!(tenant = %tenant.slug, ?error, "the memberships of somebody who left have not ended; it is tried again");
        }
        Ok(row)
    }

    /// Finishes what was left of an employee's departure, before somebody hires them again: coming back is no membership.
    pub async fn finish_departures_of(&self, tenant: &Tenant, employee: EmployeeId, now: DateTime<Utc>) -> Result<(), Error> {
        let left = departure::Entity::find()
            .filter(departure::Column::TenantId.eq(tenant.id.0))
            .filter(departure::Column::EmployeeId.eq(employee))
            .all(&self.platform)
            .await?;
        for row in left {
            if let Err(error) = self.look_after(row, now).await {
                return Err(DbErr::Custom(format!("a departure could not be finished: {error:#}")).into());
            }
        }
        Ok(())
    }

    /// Finishes the departures that somebody who ended in between has left.
    pub(in crate::auth) async fn finish_departures(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        let mut after: Option<DepartureId> = None;
        loop {
            let rows = departure::Entity::find()
                .filter(departure::Column::CreatedAt.lt(now - OVERDUE))
                .apply_if(after, |select, id| select.filter(departure::Column::Id.gt(id)))
                .order_by_asc(departure::Column::Id)
                .limit(AT_A_TIME)
                .all(&self.platform)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for row in rows {
                let (id, tenant) = (row.id, row.tenant_id);
                if let Err(error) = self.look_after(row, now).await {
                    let error = format!("{error:#}");
                    tracing::warn!(departure = %id, %tenant, error, "a departure was not finished; it is tried again");
                }
            }
        }
    }

    async fn look_after(&self, row: departure::Model, now: DateTime<Utc>) -> anyhow::Result<()> {
        let (tenant, scope) = match self.place_of(TenantId(row.tenant_id)).await? {
            Place::Gone => return Ok(self.forget_departure(row.id).await?),
            Place::Behind => return Ok(()),
            Place::Open(tenant, scope) => (tenant, scope),
        };
        let employee = employee::Entity::find_by_id(row.employee_id).one(&scope).await?;
        if employee.is_some_and(|employee| employee.status == EmploymentStatus::Terminated) {
            let initiator: Initiator = serde_json::from_value(row.actor).context("who ends an employment cannot be read")?;
            let Initiator { principal, name, role } = initiator;
            let actor = Actor { principal, name, role, confined_to: None, employee_id: None };
            let context = Context { actor: Some(actor), now };
            self.finish_departure(&scope, &context, &tenant, row.id, row.employee_id).await?;
        } else if row.created_at < now - ABANDONED {
            self.forget_departure(row.id).await?;
        }
        Ok(())
    }

    async fn begin_departure(&self, context: &Context, tenant: TenantId, employee: EmployeeId) -> Result<DepartureId, Error> {
        let actor = context.actor()?;
        let initiator = Initiator { principal: actor.principal, name: actor.name.clone(), role: actor.role };
        let id = DepartureId::generate();
        let row = departure::ActiveModel {
            id: Set(id),
            tenant_id: Set(tenant.0),
            employee_id: Set(employee),
            actor: Set(serde_json::to_value(initiator).map_err(|error| DbErr::Json(error.to_string()))?),
            created_at: Set(context.now),
        };
        departure::Entity::insert(row).exec_without_returning(&self.platform).await?;
        Ok(id)
    }

    async fn finish_departure(
        &self,
        scope: &impl TenantScope,
        context: &Context,
        tenant: &Tenant,
        departure: DepartureId,
        employee: EmployeeId,
    ) -> Result<(), Error> {
        self.end_memberships_of(scope, context, tenant, employee).await?;
        Ok(self.forget_departure(departure).await?)
    }

    async fn forget_departure(&self, id: DepartureId) -> Result<(), DbErr> {
        departure::Entity::delete_by_id(id).exec(&self.platform).await.map(drop)
    }
}
