//! Departments, a tree.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::DepartmentId;

/// One department.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "departments")]
pub struct Model {
    /// The department's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DepartmentId,
    /// Its name; unique among its siblings, whatever the case.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The department above; none at the top.
    pub parent_id: Option<DepartmentId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A department leads to the one above and to its employees.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The department above.
    #[sea_orm(belongs_to = "Entity", from = "Column::ParentId", to = "Column::Id")]
    Parent,
    /// Who works in it.
    #[sea_orm(has_many = "super::employee::Entity")]
    Employees,
}

impl Related<super::employee::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Employees.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
