//! Positions: what people are employed as.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, NameCursor, Permission};
use entities::{id::PositionId, tenant::position::Model};
use serde::Serialize;

use super::{
    DeletePayload,
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    id, loaders,
    resolved::Resolved,
};

/// The most positions on a page.
const MOST: i32 = 500;

/// A position that employees have.
pub struct Position(pub Model);

/// A position that employees have.
#[Object]
impl Position {
    /// The position's opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The title, unique within the organisation.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Active employees in this position.
    async fn employee_count(&self, ctx: &Context<'_>) -> Result<u64> {
        loaders::position_count(ctx.request()?, self.0.id).await
    }

    /// When the position was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the position was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl Listed for Position {
    const CONNECTION: &'static str = "PositionConnection";
    const EDGE: &'static str = "PositionEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        NameCursor::from(&self.0)
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        domain::position::count(request.scope(), request.domain()).await
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Resolved<'static, Position>> {
    let request = ctx.member()?;
    let row = domain::position::by_id(request.scope(), request.domain(), id::decode(id)?).await?;
    Ok(Resolved::made(Position(row)))
}

/// The queries about positions.
#[derive(Default)]
pub struct PositionQuery;

#[Object]
impl PositionQuery {
    /// A position by its id.
    async fn position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's opaque id.")] id: ID,
    ) -> Option<Resolved<'_, Position>> {
        ctx.or_null(find(ctx, &id).await)
    }

    /// All positions by title; at most 500 a page (default 100).
    async fn positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Position>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging(MOST)?;
        let page = domain::position::list(request.scope(), request.domain(), &paging).await?;
        Ok(Connection::new(page, (), Position).resolved())
    }
}

/// A new position.
#[derive(Debug, InputObject)]
pub struct CreatePositionInput {
    /// The title, unique within the organisation; at most 100 characters.
    title: String,
}

/// A position's new title.
#[derive(Debug, InputObject)]
pub struct RenamePositionInput {
    /// The position's opaque id.
    id: ID,
    /// The new title, unique within the organisation; at most 100 characters.
    title: String,
}

/// Everyone of the source goes to the target; the source is deleted.
#[derive(Debug, InputObject)]
pub struct MergePositionsInput {
    /// The position that is deleted.
    source_id: ID,
    /// The position that its employees get.
    target_id: ID,
}

/// The position as it is after the change.
#[derive(SimpleObject)]
pub struct PositionPayload {
    /// The position as it is after the change.
    position: Resolved<'static, Position>,
}

impl PositionPayload {
    fn of(row: Model) -> Resolved<'static, Self> {
        Resolved::made(Self { position: Resolved::made(Position(row)) })
    }
}

/// The mutations of positions.
#[derive(Default)]
pub struct PositionMutation;

#[Object]
impl PositionMutation {
    /// Creates a position.
    async fn create_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new position.")] input: CreatePositionInput,
    ) -> Result<Resolved<'_, PositionPayload>> {
        let request = ctx.adder(Permission::ManagePositions).await?;
        Ok(PositionPayload::of(domain::position::create(request.scope(), request.domain(), input.title).await?))
    }

    /// Gives a position another title.
    async fn rename_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position and its new title.")] input: RenamePositionInput,
    ) -> Result<Resolved<'_, PositionPayload>> {
        let request = ctx.writer().await?;
        let id = id::decode(&input.id)?;
        Ok(PositionPayload::of(domain::position::rename(request.scope(), request.domain(), id, input.title).await?))
    }

    /// Merges a position into another, which is returned.
    async fn merge_positions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The two positions.")] input: MergePositionsInput,
    ) -> Result<Resolved<'_, PositionPayload>> {
        let request = ctx.writer().await?;
        let (source, target) = (id::decode(&input.source_id)?, id::decode(&input.target_id)?);
        Ok(PositionPayload::of(domain::position::merge(request.scope(), request.domain(), source, target).await?))
    }

    /// Deletes a position that nobody has.
    async fn delete_position(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The position's opaque id.")] id: ID,
    ) -> Result<DeletePayload> {
        let request = ctx.writer().await?;
        domain::position::delete(request.scope(), request.domain(), id::decode::<PositionId>(&id)?).await?;
        Ok(DeletePayload { deleted_id: id })
    }
}
