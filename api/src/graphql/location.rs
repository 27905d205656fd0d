//! Locations: where people work.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, NameCursor, Permission, location::CreateLocation};
use entities::{id::LocationId, tenant::location::Model};
use serde::Serialize;

use super::{
    DeletePayload,
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    id,
    resolved::Resolved,
};

/// The most locations on a page.
const MOST: i32 = 500;

/// A place where employees work.
pub struct Location(pub Model);

/// A place where employees work.
#[Object]
impl Location {
    /// The location's opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The name, unique within the organisation.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The country, ISO 3166-1 alpha-2: `DE`.
    async fn country_code(&self) -> &str {
        &self.0.country_code
    }

    /// The time zone of the IANA database: `Europe/Berlin`.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// When the location was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the location was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl Listed for Location {
    const CONNECTION: &'static str = "LocationConnection";
    const EDGE: &'static str = "LocationEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        NameCursor::from(&self.0)
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        domain::location::count(request.scope(), request.domain()).await
    }
}

/// The queries about locations.
#[derive(Default)]
pub struct LocationQuery;

#[Object]
impl LocationQuery {
    /// All locations by name; at most 500 a page (default 100).
    async fn locations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Location>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging(MOST)?;
        let page = domain::location::list(request.scope(), request.domain(), &paging).await?;
        Ok(Connection::new(page, (), Location).resolved())
    }
}

/// A new location.
#[derive(Debug, InputObject)]
pub struct CreateLocationInput {
    /// The name, unique within the organisation; at most 100 characters.
    name: String,
    /// The country, ISO 3166-1 alpha-2: `DE`.
    country_code: String,
    /// The time zone of the IANA database: `Europe/Berlin`.
    time_zone: String,
}

/// A location's new name.
#[derive(Debug, InputObject)]
pub struct RenameLocationInput {
    /// The location's opaque id.
    id: ID,
    /// The new name, unique within the organisation; at most 100 characters.
    name: String,
}

/// The location as it is after the change.
#[derive(SimpleObject)]
pub struct LocationPayload {
    /// The location as it is after the change.
    location: Resolved<'static, Location>,
}

impl LocationPayload {
    fn of(row: Model) -> Resolved<'static, Self> {
        Resolved::made(Self { location: Resolved::made(Location(row)) })
    }
}

/// The mutations of locations.
#[derive(Default)]
pub struct LocationMutation;

#[Object]
impl LocationMutation {
    /// Creates a location.
    async fn create_location(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new location.")] input: CreateLocationInput,
    ) -> Result<Resolved<'_, LocationPayload>> {
        let request = ctx.adder(Permission::ManageLocations).await?;
        let input = CreateLocation { name: input.name, country_code: input.country_code, time_zone: input.time_zone };
        Ok(LocationPayload::of(domain::location::create(request.scope(), request.domain(), input).await?))
    }

    /// Gives a location another name.
    async fn rename_location(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The location and its new name.")] input: RenameLocationInput,
    ) -> Result<Resolved<'_, LocationPayload>> {
        let request = ctx.writer().await?;
        let id = id::decode(&input.id)?;
        Ok(LocationPayload::of(domain::location::rename(request.scope(), request.domain(), id, input.name).await?))
    }

    /// Deletes a location where nobody works.
    async fn delete_location(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The location's opaque id.")] id: ID,
    ) -> Result<DeletePayload> {
        let request = ctx.writer().await?;
        domain::location::delete(request.scope(), request.domain(), id::decode::<LocationId>(&id)?).await?;
        Ok(DeletePayload { deleted_id: id })
    }
}
