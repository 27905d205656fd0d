//! Changing who leads an employee.

use entities::{id::EmployeeId, tenant::employee::Model};
use sea_orm::TransactionSession;
use tenancy::TenantScope;

use super::{reporting_line, save, transfer::require_employed};
use crate::{Context, Error, Permission, sequence};

/// Who shall lead whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeManager {
    /// Whom.
    pub id: EmployeeId,
    /// Who leads: works here and does not report to the employee. None: nobody.
    pub manager_id: Option<EmployeeId>,
}

/// Changes who leads an employee.
pub async fn change_manager(scope: &impl TenantScope, context: &Context, input: ChangeManager) -> Result<Model, Error> {
    context.require(Permission::ChangeManagers)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let before = save::lock(&transaction, input.id).await?;
    require_employed(&before)?;
    if let Some(manager) = input.manager_id {
        reporting_line::require_possible(&transaction, input.id, manager).await?;
    }
    let after = Model { manager_id: input.manager_id, ..before.clone() };
    let employee = save::update(&transaction, context, "employee.manager_changed", &before, after).await?;
    transaction.commit().await?;
    Ok(employee)
}
