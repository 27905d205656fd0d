//! Who reports to whom.
//!
//! **Invariants**, kept by the verbs that take the tenant's turn: there is no cycle, and nobody's manager has left.

use std::collections::HashSet;

use entities::{
    id::EmployeeId,
    tenant::employee::{EmploymentStatus, Entity},
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use tenancy::TenantTransaction;

use crate::Error;

/// The ids of all below the employee `$1`. `UNION` drops what was seen already, so it would end even in a cycle.
const REPORTS: &str = "WITH RECURSIVE reports (id) AS (\
    SELECT id FROM employees WHERE manager_id = $1 \
    UNION SELECT employees.id FROM employees JOIN reports ON employees.manager_id = reports.id\
    ) SELECT id FROM reports";

/// The ids of all direct and indirect reports.
pub(super) async fn reports(scope: &impl ConnectionTrait, manager: EmployeeId) -> Result<HashSet<EmployeeId>, Error> {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, REPORTS, [manager.into()]);
    let rows = scope.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Refuses a manager who does not exist or has left.
pub(super) async fn require_active(transaction: &TenantTransaction, manager: EmployeeId, field: &str) -> Result<(), Error> {
    let manager = Entity::find_by_id(manager).one(transaction).await?.ok_or(Error::NotFound("manager"))?;
    match manager.status {
        EmploymentStatus::Active => Ok(()),
        EmploymentStatus::Terminated => Err(Error::conflict(field, "This manager no longer works here.")),
    }
}

/// Refuses a manager who does not exist, has left, is the employee, or reports to the employee.
pub(super) async fn require_possible(
    transaction: &TenantTransaction,
    employee: EmployeeId,
    manager: EmployeeId,
) -> Result<(), Error> {
    if manager == employee {
        return Err(Error::conflict("managerId", "Employees cannot be their own managers."));
    }
    require_active(transaction, manager, "managerId").await?;
    if reports(transaction, employee).await?.contains(&manager) {
        return Err(Error::conflict("managerId", "This manager reports to the employee, directly or indirectly."));
    }
    Ok(())
}
