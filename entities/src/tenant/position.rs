//! Positions: what people are employed as.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::PositionId;

/// One position.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "positions")]
pub struct Model {
    /// The position's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PositionId,
    /// Its title; unique, whatever the case.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A position leads to its employees.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who holds it.
    #[sea_orm(has_many = "super::employee::Entity")]
    Employees,
}

impl Related<super::employee::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Employees.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
