//! Changes of employees, as those who watch are told of them.

use async_graphql::{Context, Enum, ID, InputObject, Result, SimpleObject, Subscription};
use domain::Permission;
use entities::id::{DepartmentId, EmployeeId};

use super::{
    super::{
        context::ResolverContext,
        id,
        resolved::Resolved,
        subscription::{Happening, Told, told},
    },
    Employee,
};

/// What has happened to an employee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EmployeeChangeKind {
    /// Was hired.
    Hired,
    /// Own fields were changed.
    Updated,
    /// Department, position, location or manager were changed.
    Transferred,
    /// Reports to somebody else.
    ManagerChanged,
    /// The employment was ended.
    Terminated,
    /// Was hired again.
    Rehired,
}

impl EmployeeChangeKind {
    /// The kind of a deed, if it is one done to an employee.
    pub fn of(action: &str) -> Option<Self> {
        Some(match action {
            "employee.hired" => Self::Hired,
            "employee.updated" => Self::Updated,
            "employee.transferred" => Self::Transferred,
            "employee.manager_changed" => Self::ManagerChanged,
            "employee.terminated" => Self::Terminated,
            "employee.rehired" => Self::Rehired,
            _ => return None,
        })
    }
}

/// A change of an employee.
#[derive(SimpleObject)]
pub struct EmployeeChange {
    /// What has happened.
    kind: EmployeeChangeKind,
    /// The employee's opaque id.
    employee_id: ID,
    /// The employee as of now, after this change and any that came since; null where that could not be answered.
    employee: Option<Resolved<'static, Employee>>,
}

/// Which changes of employees to tell of; all conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct EmployeeChangeFilter {
    /// Of those who work in this department or in one below it, or did until this change.
    department_id: Option<ID>,
    /// Of this employee.
    employee_id: Option<ID>,
    /// Of these kinds; left out or empty: of all.
    kinds: Option<Vec<EmployeeChangeKind>>,
}

/// The subscription to employees.
#[derive(Default)]
pub struct EmployeeSubscription;

#[Subscription]
impl EmployeeSubscription {
    /// Tells of each employee who was hired, changed, transferred, terminated or hired again. One is told what one may see: of
    /// someone who has left, only those who may see former employees. Merging departments is told as a change of the department.
    async fn employees_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which changes; left out: all.")] filter: Option<EmployeeChangeFilter>,
    ) -> Result<Told<Resolved<'static, EmployeeChange>>> {
        let request = ctx.member()?;
        request.domain().require(Permission::ReadDirectory)?;
        let filter = filter.unwrap_or_default();
        let watched_department: Option<DepartmentId> = id::decode_optional(filter.department_id.as_ref())?;
        let watched_employee: Option<EmployeeId> = id::decode_optional(filter.employee_id.as_ref())?;
        let Some(happening) = request.happening() else {
            // What is not there is refused once, when the watching begins.
            if let Some(id) = watched_department {
                domain::department::by_id(request.scope(), request.domain(), id).await?;
            }
            if let Some(id) = watched_employee {
                domain::employee::by_id(request.scope(), request.domain(), id).await?;
            }
            return Ok(told(None));
        };
        let Happening::Employee { kind, id, former_department } = happening else {
            return Ok(told(None));
        };
        let is_kind = filter.kinds.is_none_or(|kinds| kinds.is_empty() || kinds.contains(kind));
        if !is_kind || watched_employee.is_some_and(|watched| watched != *id) {
            return Ok(told(None));
        }
        let (scope, viewer) = (request.scope(), request.domain());
        let row = domain::employee::changed(scope, viewer, *id, *former_department, watched_department).await?;
        Ok(told(row.map(|row| {
            let employee = Some(Resolved::made(Employee::from(row)));
            Resolved::made(EmployeeChange { kind: *kind, employee_id: id::encode(*id), employee })
        })))
    }
}
