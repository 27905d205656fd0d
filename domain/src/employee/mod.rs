//! Employees: the verbs of an employment, and how employees are read.

use std::collections::HashMap;

use entities::{
    id::{DepartmentId, EmployeeId, PositionId},
    tenant::employee::{Column, EmploymentStatus, Entity, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Value};
use tenancy::TenantScope;

use crate::{Context, Error, Permission, Reach, fetch};

mod change_manager;
mod filter;
mod hire;
mod list;
mod order;
mod personal;
mod rehire;
mod reporting_line;
mod row;
mod save;
mod sight;
mod terminate;
mod transfer;
mod update;
mod watch;

pub use change_manager::{ChangeManager, change_manager};
pub use filter::EmployeeFilter;
pub use hire::{Hire, hire};
pub use list::{ListEmployees, count, list};
pub use order::{Direction, EmployeeCursor, EmployeeOrder, OrderKey};
pub use personal::PersonalDetails;
pub use rehire::{Rehire, rehire};
pub use row::{EmployeeRow, With};
pub(crate) use save::move_all;
pub use sight::Sight;
pub use terminate::{Terminate, terminate};
pub use transfer::{Transfer, transfer};
pub use update::{Update, update};
pub use watch::changed;

pub use crate::value::Salary;

/// One employee.
pub async fn by_id(scope: &impl TenantScope, context: &Context, id: EmployeeId) -> Result<Model, Error> {
    context.require(Permission::ReadDirectory)?;
    let employee = Entity::find_by_id(id).one(scope).await?;
    employee.filter(|employee| is_visible(context, employee)).ok_or(Error::NotFound("employee"))
}

/// Many employees; ids without an employee whom the actor may see are left out.
pub async fn by_ids(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[EmployeeId],
) -> Result<HashMap<EmployeeId, Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    let mut employees = fetch::by_ids::<Entity, _>(scope, Column::Id, ids, |employee| employee.id).await?;
    employees.retain(|_, employee| is_visible(context, employee));
    Ok(employees)
}

/// The actor's own record, if there is one.
pub async fn own(scope: &impl TenantScope, context: &Context) -> Result<Option<Model>, Error> {
    let Some(id) = context.actor()?.employee_id else { return Ok(None) };
    match by_id(scope, context, id).await {
        Ok(employee) => Ok(Some(employee)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How many active employees are directly in each department; a department without any is left out.
pub async fn count_by_department(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[DepartmentId],
) -> Result<HashMap<DepartmentId, u64>, Error> {
    count_by(scope, context, Column::DepartmentId, ids).await
}

/// How many active employees hold each position; a position without any is left out.
pub async fn count_by_position(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[PositionId],
) -> Result<HashMap<PositionId, u64>, Error> {
    count_by(scope, context, Column::PositionId, ids).await
}

async fn count_by<I>(scope: &impl TenantScope, context: &Context, column: Column, ids: &[I]) -> Result<HashMap<I, u64>, Error>
where
    I: Copy + Eq + std::hash::Hash + Into<Value> + sea_orm::TryGetable,
{
    context.require(Permission::ReadDirectory)?;
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let counts: Vec<(I, i64)> = Entity::find()
        .select_only()
        .column(column)
        .column_as(Column::Id.count(), "employees")
        .filter(column.is_in(fetch::padded(ids)))
        .filter(Column::Status.eq(EmploymentStatus::Active))
        .group_by(column)
        .into_tuple()
        .all(scope)
        .await?;
    Ok(counts.into_iter().map(|(id, count)| (id, u64::try_from(count).unwrap_or(0))).collect())
}

/// Whether the actor may see the employee at all: not everyone sees those who have left.
fn is_visible(context: &Context, employee: &Model) -> bool {
    if employee.status == EmploymentStatus::Active {
        return true;
    }
    let reach = context.actor.as_ref().map(|actor| actor.reach(Permission::ReadTerminatedEmployees));
    match reach {
        Some(Reach::Everyone) => true,
        Some(Reach::Own) => context.owns(employee.id),
        Some(Reach::Reports | Reach::Nobody) | None => false,
    }
}

/// Lets a test make an employee in one line.
#[cfg(test)]
pub(crate) fn example(id: EmployeeId) -> Model {
    use chrono::{DateTime, NaiveDate};
    use entities::tenant::employee::EmploymentType;

    Model {
        id,
        employee_number: 1,
        given_name: "Ann".to_owned(),
        family_name: "Lee".to_owned(),
        preferred_name: None,
        work_email: "ann@acme.test".to_owned(),
        department_id: DepartmentId::generate(),
        position_id: PositionId::generate(),
        location_id: None,
        manager_id: None,
        employment_type: EmploymentType::FullTime,
        status: EmploymentStatus::Active,
        hired_on: NaiveDate::default(),
        terminated_on: None,
        termination_reason: None,
        birth_date: None,
        personal_email: None,
        phone: None,
        address: None,
        salary_amount: None,
        salary_currency: None,
        version: 1,
        created_at: DateTime::default(),
        updated_at: DateTime::default(),
    }
}

#[cfg(test)]
mod tests {
    use entities::{id::AccountId, platform::membership::Role};

    use super::*;
    use crate::Actor;

    #[test]
    fn who_has_left_is_seen_by_some_roles_and_by_oneself() {
        let id = EmployeeId::generate();
        let active = example(id);
        let left = Model { status: EmploymentStatus::Terminated, ..active.clone() };
        let context = |role, employee_id| Context {
            actor: Some(Actor::person(AccountId::generate(), "Ann", role, employee_id)),
            now: chrono::DateTime::default(),
        };
        let sees_left = [
            (Role::Owner, None, true),
            (Role::Admin, None, true),
            (Role::Hr, None, true),
            (Role::Manager, None, false),
            (Role::Employee, None, false),
            (Role::Employee, Some(EmployeeId::generate()), false),
            (Role::Employee, Some(id), true),
        ];
        for (role, employee_id, expected) in sees_left {
            let context = context(role, employee_id);
            assert!(is_visible(&context, &active));
            assert_eq!(is_visible(&context, &left), expected, "{role} {employee_id:?}");
        }
    }
}
