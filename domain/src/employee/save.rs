//! Writing employees: the version grows and the audit gets its event.

use entities::{
    id::{DepartmentId, EmployeeId, PositionId},
    tenant::employee::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType, Value},
};
use tenancy::TenantTransaction;

use crate::{
    Context, Error,
    audit::{self, Changes, Event},
};

/// One employee, who stays as read until the transaction ends.
pub(super) async fn lock(transaction: &TenantTransaction, id: EmployeeId) -> Result<Model, Error> {
    Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(transaction).await?.ok_or(Error::NotFound("employee"))
}

/// Writes a new employee.
pub(super) async fn insert(transaction: &TenantTransaction, context: &Context, new: Model) -> Result<Model, Error> {
    let saved = new.into_active_model().reset_all().insert(transaction).await?;
    let event = event("employee.hired", saved.id, changes(None, &saved));
    audit::record(transaction, context, [event]).await?;
    Ok(saved)
}

/// Writes a changed employee; one that is the same as before is left alone.
pub(super) async fn update(
    transaction: &TenantTransaction,
    context: &Context,
    action: &'static str,
    before: &Model,
    after: Model,
) -> Result<Model, Error> {
    let changes = changes(Some(before), &after);
    if changes.is_empty() {
        return Ok(after);
    }
    let after = Model { version: before.version + 1, updated_at: context.now, ..after };
    let saved = ActiveModel::from(after).reset_all().update(transaction).await?;
    audit::record(transaction, context, [event(action, saved.id, changes)]).await?;
    Ok(saved)
}

/// An event of an employee.
pub(super) fn event(action: &'static str, id: EmployeeId, changes: Changes) -> Event {
    Event { action, subject_type: "employee", subject_id: id.uuid(), changes }
}

/// What differs between two states of an employee, the number and the times of the record aside.
fn changes(before: Option<&Model>, after: &Model) -> Changes {
    /// Notes a field by its name in the input and in the model.
    macro_rules! note {
        ($($name:literal $field:ident),* $(,)?) => {
            Changes::default()$(.with($name, before.map(|before| &before.$field), &after.$field))*
        };
    }
    let salary = |employee: &Model| employee.salary_amount.zip(employee.salary_currency.clone());
    note![
        "employeeNumber" employee_number,
        "givenName" given_name,
        "familyName" family_name,
        "preferredName" preferred_name,
        "workEmail" work_email,
        "departmentId" department_id,
        "positionId" position_id,
        "locationId" location_id,
        "managerId" manager_id,
        "employmentType" employment_type,
        "status" status,
        "hiredOn" hired_on,
        "terminatedOn" terminated_on,
        "terminationReason" termination_reason,
        "birthDate" birth_date,
        "personalEmail" personal_email,
        "phone" phone,
        "address" address,
    ]
    .with("salary", before.and_then(salary).map(as_money), salary(after).map(as_money))
}

/// A salary as the audit shows it.
fn as_money((amount, currency): (rust_decimal::Decimal, String)) -> serde_json::Value {
    serde_json::json!({ "amount": amount, "currency": currency })
}

/// What a whole group of employees can be moved from and to.
pub(crate) trait Group: Copy + Into<Value> {
    /// The column that holds it.
    const COLUMN: Column;
}

impl Group for DepartmentId {
    const COLUMN: Column = Column::DepartmentId;
}

impl Group for PositionId {
    const COLUMN: Column = Column::PositionId;
}

/// Moves everyone from one department, or position, to another. Returns how many. The verb records the event.
pub(crate) async fn move_all<G: Group>(
    transaction: &TenantTransaction,
    context: &Context,
    source: G,
    target: G,
) -> Result<u64, Error> {
    let moved = Entity::update_many()
        .col_expr(G::COLUMN, Expr::val(target))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .col_expr(Column::UpdatedAt, Expr::val(context.now))
        .filter(G::COLUMN.eq(source))
        .exec(transaction)
        .await?;
    Ok(moved.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::employee::example;

    #[test]
    fn nothing_changed_is_no_change() {
        let employee = example(EmployeeId::generate());
        assert!(changes(Some(&employee), &employee.clone()).is_empty());
        assert!(changes(Some(&employee), &Model { version: 9, ..employee.clone() }).is_empty());
    }

    #[test]
    fn a_hire_notes_what_is_known() {
        let text = format!("{:?}", changes(None, &example(EmployeeId::generate())));
        assert!(text.contains("givenName") && !text.contains("phone") && !text.contains("salary"), "{text}");
    }
}
