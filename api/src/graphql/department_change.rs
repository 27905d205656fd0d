//! Changes of departments, as those who watch are told of them.

use async_graphql::{Context, Enum, ID, Result, SimpleObject, Subscription};
use domain::Permission;

use super::{
    context::ResolverContext,
    department::Department,
    id,
    resolved::Resolved,
    subscription::{Happening, Told, told},
};

/// What has happened to a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DepartmentChangeKind {
    /// It was created.
    Created,
    /// It has another name.
    Renamed,
    /// It has another place in the tree.
    Moved,
    /// It has taken over the employees and children of another department, which is gone.
    Merged,
    /// It was deleted.
    Deleted,
}

impl DepartmentChangeKind {
    /// The kind of a deed, if it is one done to a department.
    pub fn of(action: &str) -> Option<Self> {
        Some(match action {
            "department.created" => Self::Created,
            "department.renamed" => Self::Renamed,
            "department.moved" => Self::Moved,
            "department.merged" => Self::Merged,
            "department.deleted" => Self::Deleted,
            _ => return None,
        })
    }
}

/// A change of a department.
#[derive(SimpleObject)]
pub struct DepartmentChange {
    /// What has happened.
    kind: DepartmentChangeKind,
    /// The department's opaque id.
    department_id: ID,
    /// The department as it is now; null when it has been deleted.
    department: Option<Resolved<'static, Department>>,
}

/// The subscription to departments.
#[derive(Default)]
pub struct DepartmentSubscription;

#[Subscription]
impl DepartmentSubscription {
    /// Tells of each department that was created, renamed, moved, merged or deleted.
    async fn departments_changed(&self, ctx: &Context<'_>) -> Result<Told<Resolved<'static, DepartmentChange>>> {
        let request = ctx.member()?;
        request.domain().require(Permission::ReadDirectory)?;
        let Some(Happening::Department { kind, id }) = request.happening() else {
            return Ok(told(None));
        };
        let department = match domain::department::by_id(request.scope(), request.domain(), *id).await {
            Ok(row) => Some(Resolved::made(Department(row))),
            Err(domain::Error::NotFound(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let department_id = id::encode(*id);
        Ok(told(Some(Resolved::made(DepartmentChange { kind: *kind, department_id, department }))))
    }
}
