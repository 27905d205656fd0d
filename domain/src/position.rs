//! Positions: what people are employed as.

use std::collections::HashMap;

use entities::{
    id::PositionId,
    tenant::{
        employee,
        position::{ActiveModel, Column, Entity, Model},
    },
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ModelTrait, PaginatorTrait, QueryFilter, TransactionSession,
};
use serde_json::json;
use tenancy::{TenantScope, TenantTransaction};

use crate::{
    Context, Error, NameCursor, Page, Paging, Permission,
    audit::{self, Changes},
    employee::move_all,
    fetch, sequence,
    value::{Title, required},
};

/// One position.
pub async fn by_id(scope: &impl TenantScope, context: &Context, id: PositionId) -> Result<Model, Error> {
    context.require(Permission::ReadDirectory)?;
    Entity::find_by_id(id).one(scope).await?.ok_or(Error::NotFound("position"))
}

/// Many positions; ids without a position are left out.
pub async fn by_ids(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[PositionId],
) -> Result<HashMap<PositionId, Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::by_ids::<Entity, _>(scope, Column::Id, ids, |position| position.id).await
}

/// A page of positions, by title.
pub async fn list(scope: &impl TenantScope, context: &Context, paging: &Paging<NameCursor>) -> Result<Page<Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::page_by_name::<Entity>(scope, Column::Title, Column::Id, paging).await
}

/// How many positions there are.
pub async fn count(scope: &impl TenantScope, context: &Context) -> Result<u64, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::count::<Entity>(scope).await
}

/// Creates a position with a title of at most 100 characters.
pub async fn create(scope: &impl TenantScope, context: &Context, title: String) -> Result<Model, Error> {
    context.require(Permission::ManagePositions)?;
    let title = required::<Title>("title", &title)?;
    let transaction = scope.begin().await?;
    let position = ActiveModel {
        id: Set(PositionId::generate()),
        title: Set(title),
        created_at: Set(context.now),
        updated_at: Set(context.now),
    };
    let position = position.insert(&transaction).await?;
    let changes = Changes::default().with("title", None::<String>, &position.title);
    record(&transaction, context, "position.created", position.id, changes).await?;
    transaction.commit().await?;
    Ok(position)
}

/// Gives a position another title.
pub async fn rename(scope: &impl TenantScope, context: &Context, id: PositionId, title: String) -> Result<Model, Error> {
    context.require(Permission::ManagePositions)?;
    let title = required::<Title>("title", &title)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let position = find(&transaction, id).await?;
    let changes = Changes::default().with("title", &position.title, &title);
    if changes.is_empty() {
        return Ok(position);
    }
    let renamed = ActiveModel { title: Set(title), updated_at: Set(context.now), ..position.into() };
    let position = renamed.update(&transaction).await?;
    record(&transaction, context, "position.renamed", id, changes).await?;
    transaction.commit().await?;
    Ok(position)
}

/// Gives everyone who holds the source the target, and deletes the source. Returns the target.
pub async fn merge(
    scope: &impl TenantScope,
    context: &Context,
    source_id: PositionId,
    target_id: PositionId,
) -> Result<Model, Error> {
    context.require(Permission::ManagePositions)?;
    if source_id == target_id {
        return Err(Error::bad_input("targetId", "A position cannot be merged into itself."));
    }
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let source = find(&transaction, source_id).await?;
    let target = find(&transaction, target_id).await?;
    let employees = move_all(&transaction, context, source_id, target_id).await?;
    source.clone().delete(&transaction).await?;
    let changes = Changes::default().with("merged", None::<()>, json!({ "id": source.id, "title": source.title })).with(
        "employees",
        0,
        employees,
    );
    record(&transaction, context, "position.merged", target_id, changes).await?;
    transaction.commit().await?;
    Ok(target)
}

/// Deletes a position that nobody holds, former employees included.
pub async fn delete(scope: &impl TenantScope, context: &Context, id: PositionId) -> Result<(), Error> {
    context.require(Permission::ManagePositions)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let position = find(&transaction, id).await?;
    let employees = employee::Entity::find().filter(employee::Column::PositionId.eq(id)).count(&transaction).await?;
    if employees > 0 {
        return Err(Error::refused(format!("This position is still held by employees (former ones count too): {employees}.")));
    }
    let changes = Changes::default().with("title", &position.title, None::<String>);
    position.delete(&transaction).await?;
    record(&transaction, context, "position.deleted", id, changes).await?;
    transaction.commit().await?;
    Ok(())
}

async fn find(transaction: &TenantTransaction, id: PositionId) -> Result<Model, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or(Error::NotFound("position"))
}

async fn record(
    transaction: &TenantTransaction,
    context: &Context,
    action: &'static str,
    id: PositionId,
    changes: Changes,
) -> Result<(), Error> {
    let event = audit::Event { action, subject_type: "position", subject_id: id.uuid(), changes };
    audit::record(transaction, context, [event]).await
}
