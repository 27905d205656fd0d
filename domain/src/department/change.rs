//! Creating, renaming, moving and deleting departments.

use entities::{
    id::DepartmentId,
    tenant::{
        department::{ActiveModel, Column, Entity, Model},
        employee,
    },
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter, TransactionSession,
};
use tenancy::TenantScope;

use super::{find, record, tree};
use crate::{
    Context, Error, Permission,
    audit::Changes,
    sequence,
    value::{Title, required},
};

/// A department to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDepartment {
    /// Its name: at most 100 characters, unique among its siblings.
    pub name: String,
    /// The department above; none for the top.
    pub parent_id: Option<DepartmentId>,
}

/// Creates a department.
pub async fn create(scope: &impl TenantScope, context: &Context, input: CreateDepartment) -> Result<Model, Error> {
    context.require(Permission::ManageDepartments)?;
    let name = required::<Title>("name", &input.name)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let department = ActiveModel {
        id: Set(DepartmentId::generate()),
        name: Set(name),
        parent_id: Set(input.parent_id),
        created_at: Set(context.now),
        updated_at: Set(context.now),
    };
    let department = department.insert(&transaction).await?;
    let changes = Changes::default().with("name", None::<String>, &department.name).with(
        "parentId",
        None::<DepartmentId>,
        department.parent_id,
    );
    record(&transaction, context, "department.created", department.id, changes).await?;
    transaction.commit().await?;
    Ok(department)
}

/// Gives a department another name.
pub async fn rename(scope: &impl TenantScope, context: &Context, id: DepartmentId, name: String) -> Result<Model, Error> {
    context.require(Permission::ManageDepartments)?;
    let name = required::<Title>("name", &name)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let department = find(&transaction, id).await?;
    let changes = Changes::default().with("name", &department.name, &name);
    if changes.is_empty() {
        return Ok(department);
    }
    let renamed = ActiveModel { name: Set(name), updated_at: Set(context.now), ..department.into() };
    let department = renamed.update(&transaction).await?;
    record(&transaction, context, "department.renamed", id, changes).await?;
    transaction.commit().await?;
    Ok(department)
}

/// Puts a department, with all below it, under another; under none, it comes to the top.
pub async fn move_to(
    scope: &impl TenantScope,
    context: &Context,
    id: DepartmentId,
    parent_id: Option<DepartmentId>,
) -> Result<Model, Error> {
    context.require(Permission::ManageDepartments)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let department = find(&transaction, id).await?;
    if let Some(parent) = parent_id {
        find(&transaction, parent).await?;
        if tree::is_within(&transaction, parent, id).await? {
            return Err(Error::conflict("parentId", "A department cannot be moved into itself or below itself."));
        }
    }
    let changes = Changes::default().with("parentId", department.parent_id, parent_id);
    if changes.is_empty() {
        return Ok(department);
    }
    let moved = ActiveModel { parent_id: Set(parent_id), updated_at: Set(context.now), ..department.into() };
    let department = moved.update(&transaction).await?;
    record(&transaction, context, "department.moved", id, changes).await?;
    transaction.commit().await?;
    Ok(department)
}

/// Deletes a department that has neither employees, former ones included, nor departments below it.
pub async fn delete(scope: &impl TenantScope, context: &Context, id: DepartmentId) -> Result<(), Error> {
    context.require(Permission::ManageDepartments)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let department = find(&transaction, id).await?;
    let employees = employee::Entity::find().filter(employee::Column::DepartmentId.eq(id)).count(&transaction).await?;
    let children = Entity::find().filter(Column::ParentId.eq(id)).count(&transaction).await?;
    if employees > 0 || children > 0 {
        return Err(Error::refused(still_in_use(employees, children)));
    }
    let changes = Changes::default().with("name", &department.name, None::<String>).with(
        "parentId",
        department.parent_id,
        None::<DepartmentId>,
    );
    department.delete(&transaction).await?;
    record(&transaction, context, "department.deleted", id, changes).await?;
    transaction.commit().await?;
    Ok(())
}

fn still_in_use(employees: u64, children: u64) -> String {
    let employees = match employees {
        0 => None,
        1 => Some("1 employee (former ones count too)".to_owned()),
        many => Some(format!("{many} employees (former ones count too)")),
    };
    let children = match children {
        0 => None,
        1 => Some("1 department below it".to_owned()),
        many => Some(format!("{many} departments below it")),
    };
    let parts: Vec<_> = employees.into_iter().chain(children).collect();
    format!("This department still has {}.", parts.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_how_many() {
        assert_eq!(still_in_use(0, 1), "This department still has 1 department below it.");
        assert_eq!(
            still_in_use(3, 2),
            "This department still has 3 employees (former ones count too) and 2 departments below it."
        );
    }
}
