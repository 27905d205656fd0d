//! Locations: where people work.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::LocationId;

/// One location.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "locations")]
pub struct Model {
    /// The location's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LocationId,
    /// Its name; unique, whatever the case.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// ISO 3166-1 alpha-2, in upper case: `DE`.
    #[sea_orm(column_type = "Text")]
    pub country_code: String,
    /// A name of the IANA time zone database: `Europe/Berlin`.
    #[sea_orm(column_type = "Text")]
    pub time_zone: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A location leads to its employees.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who works there.
    #[sea_orm(has_many = "super::employee::Entity")]
    Employees,
}

impl Related<super::employee::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Employees.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
