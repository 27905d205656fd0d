//! What those who watch are told of an employee who was changed.

use entities::{
    id::{DepartmentId, EmployeeId},
    tenant::employee::Model,
};
use tenancy::TenantScope;

use super::by_id;
use crate::{Context, Error, department};

/// An employee who was just changed, as of now; none when the actor may not see the employee, or when it is of no concern to
/// the department that is watched, with those below it.
pub async fn changed(
    scope: &impl TenantScope,
    context: &Context,
    id: EmployeeId,
    former_department: Option<DepartmentId>,
    watched_department: Option<DepartmentId>,
) -> Result<Option<Model>, Error> {
    let employee = match by_id(scope, context, id).await {
        Ok(employee) => employee,
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(watched) = watched_department else { return Ok(Some(employee)) };
    let departments = match department::subdepartments(scope, context, watched).await {
        Ok(departments) => departments,
        // Deleted while it was watched.
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_concerned = [Some(employee.department_id), former_department].iter().flatten().any(|id| departments.contains(id));
    Ok(is_concerned.then_some(employee))
}
