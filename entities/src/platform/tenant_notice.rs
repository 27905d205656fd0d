//! What the owners of a tenant were told of its standing: each state once for each date.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// Something that was told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "tenant_notices")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// The state, as the control plane names it: `read_only`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub state: String,
    /// The date that the state follows from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: DateTime<Utc>,
    /// When it was told.
    pub created_at: DateTime<Utc>,
}

/// Notices stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
