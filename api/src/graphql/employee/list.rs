//! Lists of employees.

use async_graphql::{Context, Enum, ID, InputObject, Lookahead, Object, Result};
use domain::{
    Error,
    employee::{Direction, EmployeeCursor, EmployeeFilter as Filter, EmployeeOrder as Order, ListEmployees, With},
};
use entities::id::EmployeeId;
use serde::Serialize;

use super::{
    super::{
        connection::{Arguments, Connection, Listed},
        context::{RequestContext, ResolverContext},
        id,
        resolved::Resolved,
        selected::asks_for_more_than_id,
    },
    Employee, EmploymentStatus, EmploymentType,
};

/// The most employees on a page.
const MOST: i32 = 100;

/// Which employees, and in which order.
#[derive(Debug, Clone, Default)]
pub struct EmployeeList {
    filter: Filter,
    search: Option<String>,
    order: Order,
    direction: Direction,
}

impl EmployeeList {
    /// The active employees who report directly to one.
    pub fn reports_of(manager: EmployeeId) -> Self {
        Self { filter: Filter { manager_id: Some(manager), ..Filter::default() }, ..Self::default() }
    }

    /// A page of the list, with the relations that the selection asks for in the same statement.
    pub async fn page(self, ctx: &Context<'_>, arguments: &Arguments) -> Result<Resolved<'static, Connection<Employee>>> {
        let request = ctx.member()?;
        let list = ListEmployees {
            paging: arguments.paging(MOST)?,
            filter: self.filter.clone(),
            search: self.search.clone(),
            order: self.order,
            direction: self.direction,
            with: relations(&ctx.look_ahead()),
        };
        let page = domain::employee::list(request.scope(), request.domain(), &list).await?;
        Ok(Connection::new(page, self, Employee::from).resolved())
    }
}

/// The relations of the rows that a connection is selected with. One of which only the id is asked for is not needed.
fn relations(connection: &Lookahead<'_>) -> With {
    let (nodes, node) = (connection.field("nodes"), connection.field("edges").field("node"));
    let needs = |name| asks_for_more_than_id(&nodes.field(name)) || asks_for_more_than_id(&node.field(name));
    With { department: needs("department"), position: needs("position"), location: needs("location"), manager: needs("manager") }
}

impl Listed for Employee {
    const CONNECTION: &'static str = "EmployeeConnection";
    const EDGE: &'static str = "EmployeeEdge";
    type List = EmployeeList;

    fn cursor(&self, list: &EmployeeList) -> impl Serialize {
        EmployeeCursor::of(&self.row, list.order)
    }

    async fn count(request: &RequestContext, list: &EmployeeList) -> Result<u64, Error> {
        domain::employee::count(request.scope(), request.domain(), &list.filter, list.search.as_deref()).await
    }
}

/// All given conditions must hold. Without `status` only active employees are listed.
#[derive(Debug, Default, InputObject)]
pub struct EmployeeFilter {
    /// Only those in this department.
    department_id: Option<ID>,
    /// Whether the department's subdepartments count as the department.
    #[graphql(default_with = "Some(true)")]
    include_subdepartments: Option<bool>,
    /// Only those in this position.
    position_id: Option<ID>,
    /// Only those at this location.
    location_id: Option<ID>,
    /// Only those who report directly to this employee.
    manager_id: Option<ID>,
    /// Only those of this status.
    status: Option<EmploymentStatus>,
    /// Only those with this kind of contract.
    employment_type: Option<EmploymentType>,
}

impl TryFrom<EmployeeFilter> for Filter {
    type Error = Error;

    fn try_from(filter: EmployeeFilter) -> Result<Self, Error> {
        Ok(Self {
            department_id: id::decode_optional(filter.department_id.as_ref())?,
            include_subdepartments: filter.include_subdepartments.unwrap_or(true),
            position_id: id::decode_optional(filter.position_id.as_ref())?,
            location_id: id::decode_optional(filter.location_id.as_ref())?,
            manager_id: id::decode_optional(filter.manager_id.as_ref())?,
            status: filter.status.map(Into::into),
            employment_type: filter.employment_type.map(Into::into),
        })
    }
}

/// The order of a list of employees. Employees that are equal in it follow each other by id.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct EmployeeOrder {
    /// What to order by.
    field: EmployeeOrderField,
    /// Which end comes first.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What employees can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::employee::EmployeeOrder")]
pub enum EmployeeOrderField {
    /// Family name, then given name.
    Name,
    /// The first day of employment.
    HiredOn,
    /// The number, which is the order of hiring.
    EmployeeNumber,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// From A to Z, from old to new, from small to large.
    Asc,
    /// The other way.
    Desc,
}

impl From<OrderDirection> for Direction {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Asc => Self::Ascending,
            OrderDirection::Desc => Self::Descending,
        }
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Resolved<'static, Employee>> {
    let request = ctx.member()?;
    let row = domain::employee::by_id(request.scope(), request.domain(), id::decode(id)?).await?;
    Ok(Resolved::made(row.into()))
}

/// The queries about employees.
#[derive(Default)]
pub struct EmployeeQuery;

#[Object]
impl EmployeeQuery {
    /// An employee by id.
    async fn employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee's opaque id.")] id: ID,
    ) -> Option<Resolved<'_, Employee>> {
        ctx.or_null(find(ctx, &id).await)
    }

    /// The directory: employees by name, unless ordered otherwise; at most 100 a page (default 50).
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    async fn employees(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many from the start, 1 to 100. Not with `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many from the end, 1 to 100. Not with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which employees; left out: all active ones.")] filter: Option<EmployeeFilter>,
        #[graphql(desc = "Words that must each occur in the names, the work e-mail address or the position's title.")]
        search: Option<String>,
        #[graphql(desc = "The order; left out: by name.")] order_by: Option<EmployeeOrder>,
    ) -> Result<Resolved<'_, Connection<Employee>>> {
        ctx.member()?;
        let (order, direction) = match order_by {
            Some(order) => (order.field.into(), order.direction.into()),
            None => (Order::default(), Direction::default()),
        };
        let filter = filter.map(Filter::try_from).transpose()?.unwrap_or_default();
        let wanted = EmployeeList { filter, search, order, direction };
        wanted.page(ctx, &Arguments { first, after, last, before }).await
    }
}
