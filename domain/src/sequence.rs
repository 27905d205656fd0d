//! The tenant's turn, and the numbers given out in it.
//!
//! Some rules look at many rows: no cycles among managers and departments, no department deleted while someone is
//! hired into it, no gaps in the employee numbers. Verbs bound by such a rule first lock one row, the counter of
//! employee numbers, and hold it until they commit. They are rare and short, so one at a time is enough; and since all of
//! them take that lock before any other, they cannot deadlock with each other.

use entities::tenant::number_sequence::{Column, Entity};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use tenancy::TenantTransaction;

use crate::Error;

/// The counter of employee numbers.
const EMPLOYEE: &str = "employee";

/// Waits for the tenant's turn and keeps it until the transaction ends.
pub(crate) async fn take_turn(transaction: &TenantTransaction) -> Result<(), Error> {
    let counter = Entity::find_by_id(EMPLOYEE.to_owned()).lock(LockType::NoKeyUpdate).one(transaction).await?;
    counter.map(|_| ()).ok_or_else(missing)
}

/// Takes the tenant's turn and the next employee number, which goes back if the transaction does not commit.
pub(crate) async fn next_employee_number(transaction: &TenantTransaction) -> Result<i64, Error> {
    let counters = Entity::update_many()
        .col_expr(Column::NextValue, Expr::col(Column::NextValue).add(1))
        .filter(Column::Name.eq(EMPLOYEE))
        .exec_with_returning(transaction)
        .await?;
    counters.first().map(|counter| counter.next_value - 1).ok_or_else(missing)
}

fn missing() -> Error {
    Error::Database(DbErr::RecordNotFound("number_sequences has no row 'employee'".to_owned()))
}
