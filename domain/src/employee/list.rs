//! The employee list.

use entities::tenant::{
    employee::{Column, Entity},
    position,
};
use sea_orm::{
    Condition,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use tenancy::TenantScope;

use super::{
    Direction, EmployeeCursor, EmployeeFilter, EmployeeOrder, EmployeeRow, With,
    filter::{contains, words},
    is_visible,
    row::{POSITION, join},
};
use crate::{Context, Error, Page, Paging, Permission, page::beyond};

/// Page size when the request gives none.
const USUAL_ROWS: usize = 50;

/// Which employees to list, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListEmployees {
    /// Which page.
    pub paging: Paging<EmployeeCursor>,
    /// Whom.
    pub filter: EmployeeFilter,
    /// Words that must each be part of a name, of the work e-mail address or of the position's title.
    pub search: Option<String>,
    /// By what.
    pub order: EmployeeOrder,
    /// Which way round.
    pub direction: Direction,
    /// What else to read in the same statement.
    pub with: With,
}

/// A page of employees whom the actor may see, with the relations asked for: one statement.
pub async fn list(scope: &impl TenantScope, context: &Context, request: &ListEmployees) -> Result<Page<EmployeeRow>, Error> {
    context.require(Permission::ReadDirectory)?;
    let window = request.paging.window(USUAL_ROWS)?;
    let words = words(request.search.as_deref())?;

    let falling = (request.direction == Direction::Descending) != window.backwards();
    let order = if falling { Order::Desc } else { Order::Asc };
    let mut select = Query::select();
    select.from(Entity);
    request.with.select(&mut select, !words.is_empty());
    select.cond_where(request.filter.condition(context)?);
    for word in &words {
        select.cond_where(contains(word, POSITION));
    }
    select.cond_where(request.between_cursors()?);
    for column in request.order.columns() {
        select.order_by((Entity, *column), order.clone());
    }
    select.limit(window.limit());

    let rows = scope.query_all(&select).await?;
    let mut rows = rows.iter().map(|row| request.with.read(row)).collect::<Result<Vec<_>, _>>()?;
    for row in &mut rows {
        row.manager.take_if(|manager| !is_visible(context, manager));
    }
    let page = window.page(rows);
    if page.rows.is_empty() {
        request.filter.refuse_unknown(scope, context).await?;
    }
    Ok(page)
}

impl ListEmployees {
    fn between_cursors(&self) -> Result<Condition, Error> {
        let rising = self.direction == Direction::Ascending;
        let cursors = [("after", &self.paging.after, rising), ("before", &self.paging.before, !rising)];
        let mut condition = Condition::all();
        for (field, cursor, behind) in cursors {
            let Some(cursor) = cursor else { continue };
            let Some(values) = cursor.values(self.order) else {
                return Err(Error::bad_input(field, "This cursor belongs to a list in another order."));
            };
            condition = condition.add(beyond(self.order.expressions(), values, behind));
        }
        Ok(condition)
    }
}

/// How many employees meet the conditions.
pub async fn count(
    scope: &impl TenantScope,
    context: &Context,
    filter: &EmployeeFilter,
    search: Option<&str>,
) -> Result<u64, Error> {
    context.require(Permission::ReadDirectory)?;
    let words = words(search)?;
    let mut select = Query::select();
    select.expr(Expr::col((Entity, Column::Id)).count()).from(Entity).cond_where(filter.condition(context)?);
    if !words.is_empty() {
        join(&mut select, position::Entity, POSITION, Column::PositionId);
    }
    for word in &words {
        select.cond_where(contains(word, POSITION));
    }
    let row = scope.query_one(&select).await?;
    let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}
