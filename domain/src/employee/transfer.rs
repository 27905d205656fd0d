//! Transfers.

use entities::{
    id::{DepartmentId, EmployeeId, LocationId, PositionId},
    tenant::employee::{EmploymentStatus, Model},
};
use sea_orm::TransactionSession;
use tenancy::{TenantScope, TenantTransaction};

use super::{reporting_line, save};
use crate::{Change, Context, Error, Permission, sequence};

/// Where to put an employee; what is left out stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whom.
    pub id: EmployeeId,
    /// Where in the organisation.
    pub department_id: Option<DepartmentId>,
    /// As what.
    pub position_id: Option<PositionId>,
    /// Where on the map.
    pub location_id: Change<LocationId>,
    /// Who leads; works here and does not report to the employee.
    pub manager_id: Change<EmployeeId>,
}

/// Changes department, position, location and manager at once.
pub async fn transfer(scope: &impl TenantScope, context: &Context, input: Transfer) -> Result<Model, Error> {
    context.require(Permission::TransferEmployees)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let before = save::lock(&transaction, input.id).await?;
    require_employed(&before)?;
    let after = input.place(&transaction, before.clone()).await?;
    let employee = save::update(&transaction, context, "employee.transferred", &before, after).await?;
    transaction.commit().await?;
    Ok(employee)
}

impl Transfer {
    /// The employee in the new place. Whether department, position and location exist, their foreign keys tell.
    pub(super) async fn place(self, transaction: &TenantTransaction, mut employee: Model) -> Result<Model, Error> {
        if let Change::Set(manager) = self.manager_id {
            reporting_line::require_possible(transaction, employee.id, manager).await?;
        }
        employee.department_id = self.department_id.unwrap_or(employee.department_id);
        employee.position_id = self.position_id.unwrap_or(employee.position_id);
        self.location_id.apply(&mut employee.location_id);
        self.manager_id.apply(&mut employee.manager_id);
        Ok(employee)
    }
}

/// Refuses an employee who has left.
pub(super) fn require_employed(employee: &Model) -> Result<(), Error> {
    match employee.status {
        EmploymentStatus::Active => Ok(()),
        EmploymentStatus::Terminated => Err(Error::conflict("id", "This employee no longer works here.")),
    }
}
