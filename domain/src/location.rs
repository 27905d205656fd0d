//! Locations: where people work.

use std::collections::HashMap;

use entities::{
    id::LocationId,
    tenant::{
        employee,
        location::{ActiveModel, Column, Entity, Model},
    },
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ModelTrait, PaginatorTrait,
    QueryFilter, Statement, TransactionSession,
};
use tenancy::{TenantScope, TenantTransaction};

use crate::{
    Context, Error, NameCursor, Page, Paging, Permission,
    audit::{self, Changes},
    fetch, sequence,
    value::{CountryCode, FromText, TimeZoneName, Title, required},
};

/// One location.
pub async fn by_id(scope: &impl TenantScope, context: &Context, id: LocationId) -> Result<Model, Error> {
    context.require(Permission::ReadDirectory)?;
    Entity::find_by_id(id).one(scope).await?.ok_or(Error::NotFound("location"))
}

/// Many locations; ids without a location are left out.
pub async fn by_ids(
    scope: &impl TenantScope,
    context: &Context,
    ids: &[LocationId],
) -> Result<HashMap<LocationId, Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::by_ids::<Entity, _>(scope, Column::Id, ids, |location| location.id).await
}

/// A page of locations, by name.
pub async fn list(scope: &impl TenantScope, context: &Context, paging: &Paging<NameCursor>) -> Result<Page<Model>, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::page_by_name::<Entity>(scope, Column::Name, Column::Id, paging).await
}

/// How many locations there are.
pub async fn count(scope: &impl TenantScope, context: &Context) -> Result<u64, Error> {
    context.require(Permission::ReadDirectory)?;
    fetch::count::<Entity>(scope).await
}

/// A location to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLocation {
    /// Its name: at most 100 characters, unique.
    pub name: String,
    /// ISO 3166-1 alpha-2: `DE`.
    pub country_code: String,
    /// A name of the IANA time zone database: `Europe/Berlin`.
    pub time_zone: String,
}

/// Creates a location.
pub async fn create(scope: &impl TenantScope, context: &Context, input: CreateLocation) -> Result<Model, Error> {
    context.require(Permission::ManageLocations)?;
    let name = required::<Title>("name", &input.name)?;
    let country = CountryCode::parse("countryCode", &input.country_code)?;
    let time_zone = TimeZoneName::from_text("timeZone", &input.time_zone)?;
    let transaction = scope.begin().await?;
    refuse_unknown(&transaction, &time_zone).await?;
    let location = ActiveModel {
        id: Set(LocationId::generate()),
        name: Set(name),
        country_code: Set(country.as_str().to_owned()),
        time_zone: Set(time_zone.into_text()),
        created_at: Set(context.now),
        updated_at: Set(context.now),
    };
    let location = location.insert(&transaction).await?;
    let changes = Changes::default()
        .with("name", None::<String>, &location.name)
        .with("countryCode", None::<String>, &location.country_code)
        .with("timeZone", None::<String>, &location.time_zone);
    record(&transaction, context, "location.created", location.id, changes).await?;
    transaction.commit().await?;
    Ok(location)
}

/// Gives a location another name.
pub async fn rename(scope: &impl TenantScope, context: &Context, id: LocationId, name: String) -> Result<Model, Error> {
    context.require(Permission::ManageLocations)?;
    let name = required::<Title>("name", &name)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let location = find(&transaction, id).await?;
    let changes = Changes::default().with("name", &location.name, &name);
    if changes.is_empty() {
        return Ok(location);
    }
    let renamed = ActiveModel { name: Set(name), updated_at: Set(context.now), ..location.into() };
    let location = renamed.update(&transaction).await?;
    record(&transaction, context, "location.renamed", id, changes).await?;
    transaction.commit().await?;
    Ok(location)
}

/// Deletes a location where nobody works, former employees included.
pub async fn delete(scope: &impl TenantScope, context: &Context, id: LocationId) -> Result<(), Error> {
    context.require(Permission::ManageLocations)?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let location = find(&transaction, id).await?;
    let employees = employee::Entity::find().filter(employee::Column::LocationId.eq(id)).count(&transaction).await?;
    if employees > 0 {
        return Err(Error::refused(format!("This location still has employees (former ones count too): {employees}.")));
    }
    let changes = Changes::default().with("name", &location.name, None::<String>);
    location.delete(&transaction).await?;
    record(&transaction, context, "location.deleted", id, changes).await?;
    transaction.commit().await?;
    Ok(())
}

/// Asks the database, which keeps a copy of the time zone database.
async fn refuse_unknown(transaction: &TenantTransaction, time_zone: &TimeZoneName) -> Result<(), Error> {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT 1 FROM pg_timezone_names WHERE name = $1",
        [time_zone.as_str().into()],
    );
    match transaction.query_one_raw(statement).await? {
        Some(_) => Ok(()),
        None => Err(TimeZoneName::unknown("timeZone")),
    }
}

async fn find(transaction: &TenantTransaction, id: LocationId) -> Result<Model, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or(Error::NotFound("location"))
}

async fn record(
    transaction: &TenantTransaction,
    context: &Context,
    action: &'static str,
    id: LocationId,
    changes: Changes,
) -> Result<(), Error> {
    let event = audit::Event { action, subject_type: "location", subject_id: id.uuid(), changes };
    audit::record(transaction, context, [event]).await
}
