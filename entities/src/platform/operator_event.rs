//! What operators have done. Rows are only ever added.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{OperatorEventId, OperatorId};

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "operator_events")]
pub struct Model {
    /// The event's id; later ones are greater.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OperatorEventId,
    /// When it was done.
    pub occurred_at: DateTime<Utc>,
    /// Who did it; none for the command line.
    pub operator_id: Option<OperatorId>,
    /// The name at that time.
    #[sea_orm(column_type = "Text")]
    pub operator_name: String,
    /// The deed, as noun and past verb: `tenant.suspended`.
    #[sea_orm(column_type = "Text")]
    pub action: String,
    /// The tenant that it was done to, if it was done to one. It may be gone by now.
    pub subject_tenant: Option<Uuid>,
    /// The tenant's slug at that time.
    #[sea_orm(column_type = "Text", nullable)]
    pub subject_slug: Option<String>,
    /// What was changed: a JSON object.
    #[sea_orm(column_type = "JsonBinary")]
    pub details: Json,
    /// The network address that it was done from; none for the command line.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
