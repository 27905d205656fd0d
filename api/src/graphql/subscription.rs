//! The root of the subscriptions.
//!
//! The engine's own way is one context and one stream for as long as somebody listens. Here an operation is executed anew for
//! each happening, in a context of its own: a fresh snapshot, fresh loaders, and the rights of that moment. So a resolver of a
//! subscription answers with the happening of its context, or with nothing; without a happening it only checks its arguments.

use async_graphql::MergedSubscription;
use domain::Announcement;
use entities::id::{DepartmentId, EmployeeId};
use futures::stream;

use super::{
    department_change::{DepartmentChangeKind, DepartmentSubscription},
    employee::change::{EmployeeChangeKind, EmployeeSubscription},
    tenant::TenantSubscription,
};

/// What can be watched, over a WebSocket (`graphql-transport-ws`) or as server-sent events (`graphql-sse`). A subscription has
/// one field. Each change is told once it is stored, to those who may see it, as it is seen at that moment.
#[derive(MergedSubscription, Default)]
pub struct Subscription(EmployeeSubscription, DepartmentSubscription, TenantSubscription);

/// Something that happened in a tenant, and that somebody may watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// To an employee.
    Employee {
        /// What.
        kind: EmployeeChangeKind,
        /// To whom.
        id: EmployeeId,
        /// The department that the employee has left by it.
        former_department: Option<DepartmentId>,
    },
    /// To a department.
    Department {
        /// What.
        kind: DepartmentChangeKind,
        /// To which.
        id: DepartmentId,
    },
    /// To the tenant itself.
    Tenant,
}

impl Happening {
    /// What was announced, if it can be watched.
    pub fn of(announcement: &Announcement) -> Option<Self> {
        let (id, action) = (announcement.subject_id, announcement.action.as_str());
        if let Some(kind) = EmployeeChangeKind::of(action) {
            let former_department = announcement.former_department_id;
            return Some(Self::Employee { kind, id: EmployeeId(id), former_department });
        }
        DepartmentChangeKind::of(action).map(|kind| Self::Department { kind, id: DepartmentId(id) })
    }
}

/// What a resolver of a subscription answers with: one thing, or nothing.
pub type Told<T> = stream::Iter<std::option::IntoIter<T>>;

/// Makes the answer of a resolver.
pub fn told<T>(thing: Option<T>) -> Told<T> {
    stream::iter(thing)
}
