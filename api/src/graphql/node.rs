//! Objects by their id alone, as Relay refetches them.

use async_graphql::{Context, ID, Interface, Object, Result};
use domain::Error;

use super::{
    context::ResolverContext,
    department::Department,
    employee::Employee,
    id::{self, Kind},
    location::Location,
    position::Position,
};

/// An object that can be fetched again by its id.
#[derive(Interface)]
#[expect(clippy::large_enum_variant, reason = "one a request, and most are employees")]
#[graphql(field(name = "id", ty = "ID", desc = "The object's opaque id."))]
pub enum Node {
    /// A department.
    Department(Department),
    /// An employee.
    Employee(Employee),
    /// A location.
    Location(Location),
    /// A position.
    Position(Position),
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Node> {
    let request = ctx.member()?;
    let (scope, viewer) = (request.scope(), request.domain());
    Ok(match id::parse(id) {
        Some((Kind::Department, key)) => domain::department::by_id(scope, viewer, key.into()).await.map(Department)?.into(),
        Some((Kind::Employee, key)) => domain::employee::by_id(scope, viewer, key.into()).await.map(Employee::from)?.into(),
        Some((Kind::Location, key)) => domain::location::by_id(scope, viewer, key.into()).await.map(Location)?.into(),
        Some((Kind::Position, key)) => domain::position::by_id(scope, viewer, key.into()).await.map(Position)?.into(),
        Some((
            Kind::Account
            | Kind::ApiKey
            | Kind::AuditEvent
            | Kind::Export
            | Kind::Invitation
            | Kind::Operator
            | Kind::OperatorEvent
            | Kind::Passkey
            | Kind::Session
            | Kind::SupportGrant
            | Kind::Tenant,
            _,
        ))
        | None => {
            return Err(Error::NotFound("object").into());
        }
    })
}

/// The query of any object.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// An employee, a department, a position or a location by its id.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The object's opaque id.")] id: ID) -> Option<Node> {
        ctx.or_null(find(ctx, &id).await)
    }
}
