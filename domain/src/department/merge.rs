//! Merging departments.

use entities::{
    id::DepartmentId,
    tenant::department::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ModelTrait, QueryFilter, TransactionSession, sea_query::Expr,
};
use serde_json::json;
use tenancy::{TenantScope, TenantTransaction};

use super::{find, record, tree};
use crate::{Context, Error, Permission, audit::Changes, employee::move_all, sequence};

/// Moves everything of the source, its employees and the departments below it, to the target, and deletes the source.
/// Returns the target. A target below the source takes the source's place in the tree.
pub async fn merge(
    scope: &impl TenantScope,
    context: &Context,
    source_id: DepartmentId,
    target_id: DepartmentId,
) -> Result<Model, Error> {
    context.require(Permission::ManageDepartments)?;
    if source_id == target_id {
        return Err(Error::bad_input("targetId", "A department cannot be merged into itself."));
    }
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let source = find(&transaction, source_id).await?;
    let target = find(&transaction, target_id).await?;

    set_name_aside(&transaction, source_id).await?;
    let former_parent = target.parent_id;
    let target = take_place(&transaction, context, target, &source).await?;
    let employees = move_all(&transaction, context, source_id, target_id).await?;
    let departments = move_children(&transaction, context, source_id, target_id).await?;
    source.clone().delete(&transaction).await?;

    let changes = Changes::default()
        .with("merged", None::<()>, json!({ "id": source.id, "name": source.name }))
        .with("parentId", former_parent, target.parent_id)
        .with("employees", 0, employees)
        .with("departments", 0, departments);
    record(&transaction, context, "department.merged", target_id, changes).await?;
    transaction.commit().await?;
    Ok(target)
}

/// Frees the source's name at once: a department below it may bear the same, and come to where the source still is.
async fn set_name_aside(transaction: &TenantTransaction, source: DepartmentId) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::Name, Expr::val(source.to_string()))
        .filter(Column::Id.eq(source))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Puts a target that is below the source in the source's place, else the two would hang below each other.
async fn take_place(transaction: &TenantTransaction, context: &Context, target: Model, source: &Model) -> Result<Model, Error> {
    if !tree::is_within(transaction, target.id, source.id).await? {
        return Ok(target);
    }
    let moved = ActiveModel { parent_id: Set(source.parent_id), updated_at: Set(context.now), ..target.into() };
    Ok(moved.update(transaction).await?)
}

async fn move_children(
    transaction: &TenantTransaction,
    context: &Context,
    source: DepartmentId,
    target: DepartmentId,
) -> Result<u64, Error> {
    let moved = Entity::update_many()
        .col_expr(Column::ParentId, Expr::val(target))
        .col_expr(Column::UpdatedAt, Expr::val(context.now))
        .filter(Column::ParentId.eq(source))
        .exec(transaction)
        .await?;
    Ok(moved.rows_affected)
}
