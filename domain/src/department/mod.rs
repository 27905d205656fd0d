//! Departments, a tree.

use std::collections::HashMap;

use entities::{
    id::DepartmentId,
    tenant::department::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tenancy::{TenantScope, TenantTransaction};

use crate::{Context, Error, NameCursor, Page, Paging, Permission, audit, fetch};

mod change;
mod merge;
mod tree;

pub use change::{CreateDepartment, create, delete, move_to, rename};
pub use merge::merge;
pub(crate) use tree::SUBTREE;
pub use tree::subdepartments;

/// One department.
pub async fn by_id(scope: &impl TenantScope, context: &Context, id: DepartmentId) -> Result<Model, Error> {
    context.require(Permission::ReadDirectory)?;
    Entity::find_by_id(id).one(scope).await?.ok_or(Error::NotFound("department"))
}

/// Many departments; ids without a department are left out.
pub async fn by_ids(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[DepartmentId],
) -> Result<HashMap<DepartmentId, Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::by_ids::<Entity, _>(scope, Column::Id, ids, |department| department.id).await
}

/// The departments right below each of the given, by name; a department without any is left out.
pub async fn children(
    scope: &impl TenantScope,
    context: &Context,
    parents: &[DepartmentId],
) -> Result<HashMap<DepartmentId, Vec<Model>>, Error> {
    context.require(Permission::ReadDirectory)?;
    let mut children: HashMap<DepartmentId, Vec<Model>> = HashMap::new();
    if parents.is_empty() {
        return Ok(children);
    }
    let rows = Entity::find()
        .filter(Column::ParentId.is_in(fetch::padded(parents)))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .all(scope)
        .await?;
    for child in rows {
        if let Some(parent) = child.parent_id {
            children.entry(parent).or_default().push(child);
        }
    }
    Ok(children)
}

/// A page of departments, by name.
pub async fn list(scope: &impl TenantScope, context: &Context, paging: &Paging<NameCursor>) -> Result<Page<Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::page_by_name::<Entity>(scope, Column::Name, Column::Id, paging).await
}

/// How many departments there are.
pub async fn count(scope: &impl TenantScope, context: &Context) -> Result<u64, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::count::<Entity>(scope).await
}

/// One department, in a transaction that changes something.
async fn find(transaction: &TenantTransaction, id: DepartmentId) -> Result<Model, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or(Error::NotFound("department"))
}

/// Records a deed done to a department.
async fn record(
    transaction: &TenantTransaction,
    context: &Context,
    action: &'static str,
    id: DepartmentId,
    changes: audit::Changes,
) -> Result<(), Error> {
    let event = audit::Event { action, subject_type: "department", subject_id: id.uuid(), changes };
    audit::record(transaction, context, [event]).await
}
