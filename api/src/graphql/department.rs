//! Departments: the organisation's tree.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::{Error, NameCursor, Permission, department::CreateDepartment};
use entities::{id::DepartmentId, tenant::department::Model};
use serde::Serialize;

use super::{
    DeletePayload,
    connection::{Arguments, Connection, Listed},
    context::{RequestContext, ResolverContext},
    id, loaders,
    resolved::{Resolved, ResolvedList},
    selected::selects_more_than_id,
};

/// The most departments on a page.
const MOST: i32 = 500;

/// A department of the organisation.
pub struct Department(pub Model);

/// A department of the organisation.
#[Object]
impl Department {
    /// The department's opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// The name, unique among the departments of the same parent.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The department that this one belongs to; null at the top.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Resolved<'_, Department>>> {
        match self.0.parent_id {
            None => Ok(None),
            Some(id) if !selects_more_than_id(ctx) => Ok(Some(Resolved::Id(id::encode(id)))),
            Some(id) => Ok(loaders::department(ctx.request()?, id).await?.map(Resolved::Shared)),
        }
    }

    /// The departments directly below this one, by name.
    async fn children(&self, ctx: &Context<'_>) -> Result<ResolvedList<'_, Department>> {
        let children = loaders::children(ctx.request()?, self.0.id).await?;
        Ok(children.iter().cloned().map(Resolved::Shared).collect())
    }

    /// Active employees directly in this department.
    async fn employee_count(&self, ctx: &Context<'_>) -> Result<u64> {
        loaders::department_count(ctx.request()?, self.0.id).await
    }

    /// When the department was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the department was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

impl Listed for Department {
    const CONNECTION: &'static str = "DepartmentConnection";
    const EDGE: &'static str = "DepartmentEdge";
    type List = ();

    fn cursor(&self, (): &()) -> impl Serialize {
        NameCursor::from(&self.0)
    }

    async fn count(request: &RequestContext, (): &()) -> Result<u64, Error> {
        domain::department::count(request.scope(), request.domain()).await
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Resolved<'static, Department>> {
    let request = ctx.member()?;
    let row = domain::department::by_id(request.scope(), request.domain(), id::decode(id)?).await?;
    Ok(Resolved::made(Department(row)))
}

/// The queries about departments.
#[derive(Default)]
pub struct DepartmentQuery;

#[Object]
impl DepartmentQuery {
    /// A department by its id.
    async fn department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department's opaque id.")] id: ID,
    ) -> Option<Resolved<'_, Department>> {
        ctx.or_null(find(ctx, &id).await)
    }

    /// All departments by name; at most 500 a page (default 100).
    async fn departments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 500.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Resolved<'_, Connection<Department>>> {
        let request = ctx.member()?;
        let paging = Arguments::forward(first, after).paging(MOST)?;
        let page = domain::department::list(request.scope(), request.domain(), &paging).await?;
        Ok(Connection::new(page, (), Department).resolved())
    }
}

/// A new department.
#[derive(Debug, InputObject)]
pub struct CreateDepartmentInput {
    /// The name, unique among the departments of the same parent; at most 100 characters.
    name: String,
    /// The department that it belongs to; left out or null: the top.
    parent_id: Option<ID>,
}

/// A department's new name.
#[derive(Debug, InputObject)]
pub struct RenameDepartmentInput {
    /// The department's opaque id.
    id: ID,
    /// The new name, unique among the departments of the same parent; at most 100 characters.
    name: String,
}

/// A department's new place in the tree.
#[derive(Debug, InputObject)]
pub struct MoveDepartmentInput {
    /// The department's opaque id.
    id: ID,
    /// The department that it shall belong to. Null: to the top.
    parent_id: Option<ID>,
}

/// Everything of the source goes to the target; the source is deleted.
#[derive(Debug, InputObject)]
pub struct MergeDepartmentsInput {
    /// The department that is deleted.
    source_id: ID,
    /// The department that takes over its employees and children.
    target_id: ID,
}

/// The department as it is after the change.
#[derive(SimpleObject)]
pub struct DepartmentPayload {
    /// The department as it is after the change.
    department: Resolved<'static, Department>,
}

impl DepartmentPayload {
    fn of(row: Model) -> Resolved<'static, Self> {
        Resolved::made(Self { department: Resolved::made(Department(row)) })
    }
}

/// The mutations of departments.
#[derive(Default)]
pub struct DepartmentMutation;

#[Object]
impl DepartmentMutation {
    /// Creates a department.
    async fn create_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new department.")] input: CreateDepartmentInput,
    ) -> Result<Resolved<'_, DepartmentPayload>> {
        let request = ctx.adder(Permission::ManageDepartments).await?;
        let parent_id = id::decode_optional(input.parent_id.as_ref())?;
        let input = CreateDepartment { name: input.name, parent_id };
        Ok(DepartmentPayload::of(domain::department::create(request.scope(), request.domain(), input).await?))
    }

    /// Gives a department another name.
    async fn rename_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department and its new name.")] input: RenameDepartmentInput,
    ) -> Result<Resolved<'_, DepartmentPayload>> {
        let request = ctx.writer().await?;
        let id = id::decode(&input.id)?;
        Ok(DepartmentPayload::of(domain::department::rename(request.scope(), request.domain(), id, input.name).await?))
    }

    /// Moves a department, with all below it, to another place in the tree.
    async fn move_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department and its new parent.")] input: MoveDepartmentInput,
    ) -> Result<Resolved<'_, DepartmentPayload>> {
        let request = ctx.writer().await?;
        let (id, parent_id) = (id::decode(&input.id)?, id::decode_optional(input.parent_id.as_ref())?);
        Ok(DepartmentPayload::of(domain::department::move_to(request.scope(), request.domain(), id, parent_id).await?))
    }

    /// Merges a department into another, which is returned.
    async fn merge_departments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The two departments.")] input: MergeDepartmentsInput,
    ) -> Result<Resolved<'_, DepartmentPayload>> {
        let request = ctx.writer().await?;
        let (source, target) = (id::decode(&input.source_id)?, id::decode(&input.target_id)?);
        Ok(DepartmentPayload::of(domain::department::merge(request.scope(), request.domain(), source, target).await?))
    }

    /// Deletes a department that has neither employees nor children.
    async fn delete_department(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department's opaque id.")] id: ID,
    ) -> Result<DeletePayload> {
        let request = ctx.writer().await?;
        domain::department::delete(request.scope(), request.domain(), id::decode::<DepartmentId>(&id)?).await?;
        Ok(DeletePayload { deleted_id: id })
    }
}
