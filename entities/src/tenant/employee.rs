//! Employees.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{DepartmentId, EmployeeId, LocationId, PositionId};

/// The kind of contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum EmploymentType {
    /// The usual full week.
    #[sea_orm(string_value = "full_time")]
    FullTime,
    /// Fewer hours.
    #[sea_orm(string_value = "part_time")]
    PartTime,
    /// For a time or a piece of work.
    #[sea_orm(string_value = "contract")]
    Contract,
    /// To learn.
    #[sea_orm(string_value = "intern")]
    Intern,
}

/// Whether someone works here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum EmploymentStatus {
    /// Works here, or is hired to begin soon.
    #[sea_orm(string_value = "active")]
    Active,
    /// Has left, or is known to leave.
    #[sea_orm(string_value = "terminated")]
    Terminated,
}

/// One employee.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "employees")]
pub struct Model {
    /// The employee's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmployeeId,
    /// Given in order of hiring, from 1, without gaps; unique.
    #[sea_orm(unique)]
    pub employee_number: i64,
    /// Given name.
    #[sea_orm(column_type = "Text")]
    pub given_name: String,
    /// Family name.
    #[sea_orm(column_type = "Text")]
    pub family_name: String,
    /// The name that the person goes by, if not the given name.
    #[sea_orm(column_type = "Text", nullable)]
    pub preferred_name: Option<String>,
    /// Work e-mail address; unique, whatever the case.
    #[sea_orm(column_type = "Text")]
    pub work_email: String,
    /// Where in the organisation.
    pub department_id: DepartmentId,
    /// As what.
    pub position_id: PositionId,
    /// Where on the map; unknown for some.
    pub location_id: Option<LocationId>,
    /// Who leads; nobody at the top.
    pub manager_id: Option<EmployeeId>,
    /// The kind of contract.
    pub employment_type: EmploymentType,
    /// Whether the person works here.
    pub status: EmploymentStatus,
    /// First day of the present (or last) employment.
    pub hired_on: NaiveDate,
    /// Last day, for a terminated employee.
    pub terminated_on: Option<NaiveDate>,
    /// Why the employment ended. Private.
    #[sea_orm(column_type = "Text", nullable)]
    pub termination_reason: Option<String>,
    /// Private.
    pub birth_date: Option<NaiveDate>,
    /// Private.
    #[sea_orm(column_type = "Text", nullable)]
    pub personal_email: Option<String>,
    /// Private.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<String>,
    /// Private; lines separated by `\n`.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// Yearly gross, in `salary_currency`; both are there or neither. Confidential.
    #[sea_orm(column_type = "Decimal(Some((14, 2)))", nullable)]
    pub salary_amount: Option<Decimal>,
    /// ISO 4217. Confidential.
    #[sea_orm(column_type = "Text", nullable)]
    pub salary_currency: Option<String>,
    /// Grows by one with every change; from 1.
    pub version: i32,
    /// When the record was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An employee leads to the department, the position, the location and the manager.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Where in the organisation.
    #[sea_orm(belongs_to = "super::department::Entity", from = "Column::DepartmentId", to = "super::department::Column::Id")]
    Department,
    /// As what.
    #[sea_orm(belongs_to = "super::position::Entity", from = "Column::PositionId", to = "super::position::Column::Id")]
    Position,
    /// Where on the map.
    #[sea_orm(belongs_to = "super::location::Entity", from = "Column::LocationId", to = "super::location::Column::Id")]
    Location,
    /// Who leads.
    #[sea_orm(belongs_to = "Entity", from = "Column::ManagerId", to = "Column::Id")]
    Manager,
}

impl Related<super::department::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Department.def()
    }
}

impl Related<super::position::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Position.def()
    }
}

impl Related<super::location::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Location.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
