//! Hiring again who has left.

use chrono::NaiveDate;
use entities::{
    id::{DepartmentId, EmployeeId, LocationId, PositionId},
    tenant::employee::{EmploymentStatus, Model},
};
use sea_orm::TransactionSession;
use tenancy::TenantScope;

use super::{Transfer, save};
use crate::{Change, Context, Error, Permission, sequence, value::HireDate};

/// Whom to hire again; what is left out is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehire {
    /// Whom.
    pub id: EmployeeId,
    /// First day of the new employment: not before the last of the old, at most a year ahead.
    pub hired_on: NaiveDate,
    /// Where in the organisation.
    pub department_id: Option<DepartmentId>,
    /// As what.
    pub position_id: Option<PositionId>,
    /// Where on the map.
    pub location_id: Change<LocationId>,
    /// Who leads; works here.
    pub manager_id: Change<EmployeeId>,
}

/// Hires someone again, who keeps the employee number.
pub async fn rehire(scope: &impl TenantScope, context: &Context, input: Rehire) -> Result<Model, Error> {
    context.require(Permission::RehireEmployees)?;
    let hired_on = HireDate::parse("hiredOn", input.hired_on, context.today())?.date();
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let before = save::lock(&transaction, input.id).await?;
    let Some(left_on) = before.terminated_on else {
        return Err(Error::conflict("id", "This employee still works here."));
    };
    if hired_on < left_on {
        return Err(Error::bad_input("hiredOn", format!("The last employment ended on {left_on}; this is before.")));
    }
    let place = Transfer {
        id: input.id,
        department_id: input.department_id,
        position_id: input.position_id,
        location_id: input.location_id,
        manager_id: input.manager_id,
    };
    let placed = place.place(&transaction, before.clone()).await?;
    let after = Model { status: EmploymentStatus::Active, hired_on, terminated_on: None, termination_reason: None, ..placed };
    let employee = save::update(&transaction, context, "employee.rehired", &before, after).await?;
    transaction.commit().await?;
    Ok(employee)
}
