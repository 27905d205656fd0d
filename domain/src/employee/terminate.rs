//! Ending an employment.

use chrono::NaiveDate;
use entities::{
    id::EmployeeId,
    tenant::employee::{Column, EmploymentStatus, Entity, Model},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, TransactionSession,
    sea_query::{Expr, LockType},
};
use tenancy::{TenantScope, TenantTransaction};

use super::{reporting_line, save, transfer::require_employed};
use crate::{
    Context, Error, Permission,
    audit::{self, Changes},
    sequence,
    value::{Reason, TerminationDate, optional},
};

/// Whose employment ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminate {
    /// Whose.
    pub id: EmployeeId,
    /// Last day: not before the first, at most a year ahead.
    pub terminated_on: NaiveDate,
    /// At most 500 characters, of several lines. Private.
    pub reason: Option<String>,
    /// Who takes over the direct reports; else the manager of the one who leaves.
    pub new_manager_id: Option<EmployeeId>,
}

/// Ends an employment. The direct reports go to the new manager, who takes the leaver's place if below it.
pub async fn terminate(scope: &impl TenantScope, context: &Context, input: Terminate) -> Result<Model, Error> {
    context.require(Permission::TerminateEmployees)?;
    if context.owns(input.id) {
        return Err(Error::conflict("id", "You cannot end your own employment."));
    }
    let reason = optional::<Reason>("reason", input.reason.as_deref())?;
    let transaction = scope.begin().await?;
    sequence::take_turn(&transaction).await?;
    let before = save::lock(&transaction, input.id).await?;
    require_employed(&before)?;
    let last_day = TerminationDate::parse("terminatedOn", input.terminated_on, before.hired_on, context.today())?.date();
    hand_over(&transaction, context, &before, input.new_manager_id).await?;
    let after = Model {
        status: EmploymentStatus::Terminated,
        terminated_on: Some(last_day),
        termination_reason: reason,
        ..before.clone()
    };
    let employee = save::update(&transaction, context, "employee.terminated", &before, after).await?;
    transaction.commit().await?;
    Ok(employee)
}

/// Gives the leaver's direct reports to the successor.
async fn hand_over(
    transaction: &TenantTransaction,
    context: &Context,
    leaver: &Model,
    successor: Option<EmployeeId>,
) -> Result<(), Error> {
    if let Some(successor) = successor {
        require_successor(transaction, leaver.id, successor).await?;
        if reporting_line::reports(transaction, leaver.id).await?.contains(&successor) {
            // Someone below the leaver who took over those above would lead a cycle, so moves up first.
            let before = save::lock(transaction, successor).await?;
            let after = Model { manager_id: leaver.manager_id, ..before.clone() };
            save::update(transaction, context, "employee.manager_changed", &before, after).await?;
        }
    }
    let manager = successor.or(leaver.manager_id);
    // Former employees move along: nobody's manager has left, or a rehire would bring such a manager back.
    let reports: Vec<EmployeeId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ManagerId.eq(leaver.id))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(transaction)
        .await?;
    if reports.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::ManagerId, Expr::val(manager))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(context.now))
        .filter(Column::ManagerId.eq(leaver.id))
        .exec(transaction)
        .await?;
    let events = reports.into_iter().map(|report| {
        let changes = Changes::default().with("managerId", leaver.id, manager);
        save::event("employee.manager_changed", report, changes)
    });
    audit::record(transaction, context, events).await
}

async fn require_successor(transaction: &TenantTransaction, leaver: EmployeeId, successor: EmployeeId) -> Result<(), Error> {
    if successor == leaver {
        return Err(Error::conflict("newManagerId", "Whoever leaves cannot take over the direct reports."));
    }
    reporting_line::require_active(transaction, successor, "newManagerId").await
}
