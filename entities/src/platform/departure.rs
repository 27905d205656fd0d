//! Employments that are being ended, whose memberships have to end with them.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{DepartureId, EmployeeId};

/// One that is under way; those that are over are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "departures")]
pub struct Model {
    /// The departure's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DepartureId,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Whose employment it is.
    pub employee_id: EmployeeId,
    /// Who ends it: what `domain::Actor` has of principal, name and role.
    #[sea_orm(column_type = "JsonBinary")]
    pub actor: Json,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
}

/// Departures stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
