//! An employee with the relations that a list was asked for, out of one row.

use entities::tenant::{department, employee, location, position};
use sea_orm::{
    ColumnTrait, DbErr, ExprTrait, Iterable, QueryResult, TryGetable,
    sea_query::{Expr, IntoTableRef, JoinType, SelectStatement},
};
use uuid::Uuid;

/// Names of the joined tables.
pub(super) const DEPARTMENT: &str = "department";
pub(super) const POSITION: &str = "position";
pub(super) const LOCATION: &str = "location";
pub(super) const MANAGER: &str = "manager";

/// Which relations to read along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent wishes, not the states of one thing")]
pub struct With {
    /// The department.
    pub department: bool,
    /// The position.
    pub position: bool,
    /// The location.
    pub location: bool,
    /// The manager.
    pub manager: bool,
}

/// An employee with the relations asked for. A relation is none if it was not asked for, if there is none, or if the
/// actor may not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmployeeRow {
    /// The employee.
    pub employee: employee::Model,
    /// The employee's department.
    pub department: Option<department::Model>,
    /// The employee's position.
    pub position: Option<position::Model>,
    /// The employee's location.
    pub location: Option<location::Model>,
    /// The employee's manager.
    pub manager: Option<employee::Model>,
}

impl With {
    /// Adds the joins and the columns, in the order in which [`With::read`] takes them. A search looks at titles, so it
    /// needs the position joined even when nobody asked to read it.
    pub(super) fn select(self, select: &mut SelectStatement, searches: bool) {
        select.columns(employee::Column::iter().map(|column| (employee::Entity, column)));
        if self.department {
            join(select, department::Entity, DEPARTMENT, employee::Column::DepartmentId);
            read_columns::<department::Column>(select, DEPARTMENT);
        }
        if self.position || searches {
            join(select, position::Entity, POSITION, employee::Column::PositionId);
        }
        if self.position {
            read_columns::<position::Column>(select, POSITION);
        }
        if self.location {
            join(select, location::Entity, LOCATION, employee::Column::LocationId);
            read_columns::<location::Column>(select, LOCATION);
        }
        if self.manager {
            join(select, employee::Entity, MANAGER, employee::Column::ManagerId);
            read_columns::<employee::Column>(select, MANAGER);
        }
    }

    /// Takes the columns of one row.
    pub(super) fn read(self, row: &QueryResult) -> Result<EmployeeRow, DbErr> {
        let mut cells = Cells { row, next: 0 };
        Ok(EmployeeRow {
            employee: employee(&mut cells)?,
            department: if self.department { cells.optional::<department::Column, _>(department)? } else { None },
            position: if self.position { cells.optional::<position::Column, _>(position)? } else { None },
            location: if self.location { cells.optional::<location::Column, _>(location)? } else { None },
            manager: if self.manager { cells.optional::<employee::Column, _>(employee)? } else { None },
        })
    }
}

/// Joins a table that a column of the employee refers to.
pub(super) fn join(select: &mut SelectStatement, table: impl IntoTableRef, alias: &'static str, column: employee::Column) {
    let matches = Expr::col((employee::Entity, column)).equals((alias, "id"));
    select.join_as(JoinType::LeftJoin, table, alias, matches);
}

fn read_columns<C: ColumnTrait + Iterable>(select: &mut SelectStatement, alias: &'static str) {
    select.columns(C::iter().map(|column| (alias, column)));
}

/// The cells of one row, taken from left to right. Found by place, not by name: a list has thousands of them.
struct Cells<'row> {
    row: &'row QueryResult,
    next: usize,
}

impl Cells<'_> {
    fn take<T: TryGetable>(&mut self) -> Result<T, DbErr> {
        let cell = self.row.try_get_by_index(self.next)?;
        self.next += 1;
        Ok(cell)
    }

    /// What an outer join found, if anything: the id, in the first cell, tells.
    fn optional<C: Iterable, T>(&mut self, read: fn(&mut Self) -> Result<T, DbErr>) -> Result<Option<T>, DbErr> {
        let id: Option<Uuid> = self.row.try_get_by_index(self.next)?;
        if id.is_some() {
            return read(self).map(Some);
        }
        self.next += C::iter().count();
        Ok(None)
    }
}

// The fields below stand in the order of the columns, which is that of the model; a test watches over that.

fn employee(cells: &mut Cells<'_>) -> Result<employee::Model, DbErr> {
    Ok(employee::Model {
        id: cells.take()?,
        employee_number: cells.take()?,
        given_name: cells.take()?,
        family_name: cells.take()?,
        preferred_name: cells.take()?,
        work_email: cells.take()?,
        department_id: cells.take()?,
        position_id: cells.take()?,
        location_id: cells.take()?,
        manager_id: cells.take()?,
        employment_type: cells.take()?,
        status: cells.take()?,
        hired_on: cells.take()?,
        terminated_on: cells.take()?,
        termination_reason: cells.take()?,
        birth_date: cells.take()?,
        personal_email: cells.take()?,
        phone: cells.take()?,
        address: cells.take()?,
        salary_amount: cells.take()?,
        salary_currency: cells.take()?,
        version: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

fn department(cells: &mut Cells<'_>) -> Result<department::Model, DbErr> {
    Ok(department::Model {
        id: cells.take()?,
        name: cells.take()?,
        parent_id: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

fn position(cells: &mut Cells<'_>) -> Result<position::Model, DbErr> {
    Ok(position::Model { id: cells.take()?, title: cells.take()?, created_at: cells.take()?, updated_at: cells.take()? })
}

fn location(cells: &mut Cells<'_>) -> Result<location::Model, DbErr> {
    Ok(location::Model {
        id: cells.take()?,
        name: cells.take()?,
        country_code: cells.take()?,
        time_zone: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{PostgresQueryBuilder, Query};

    use super::*;

    #[test]
    fn the_columns_stand_in_the_order_in_which_they_are_read() {
        let mut select = Query::select();
        select.from(employee::Entity);
        With { department: true, position: true, location: true, manager: true }.select(&mut select, true);
        let sql = select.to_string(PostgresQueryBuilder);
        let columns = sql.strip_prefix("SELECT ").and_then(|rest| rest.split_once(" FROM ")).unwrap().0;
        let of_employee = "id employee_number given_name family_name preferred_name work_email department_id position_id \
            location_id manager_id employment_type status hired_on terminated_on termination_reason birth_date \
            personal_email phone address salary_amount salary_currency version created_at updated_at";
        let tables = [
            ("employees", of_employee),
            (DEPARTMENT, "id name parent_id created_at updated_at"),
            (POSITION, "id title created_at updated_at"),
            (LOCATION, "id name country_code time_zone created_at updated_at"),
            (MANAGER, of_employee),
        ];
        let expected: Vec<String> = tables
            .iter()
            .flat_map(|(table, names)| names.split_whitespace().map(move |name| format!("\"{table}\".\"{name}\"")))
            .collect();
        assert_eq!(columns, expected.join(", "));
        assert_eq!(sql.matches("LEFT JOIN").count(), 4);
    }

    #[test]
    fn a_relation_nobody_asked_for_is_not_joined() {
        let mut select = Query::select();
        select.from(employee::Entity);
        With::default().select(&mut select, false);
        assert!(!select.to_string(PostgresQueryBuilder).contains("JOIN"));
    }
}
