//! What was done, by whom, to what.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, AuditEventId};

/// One deed, written in the transaction that did it and never changed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    /// The event's id; greater is later.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// When it was done.
    pub occurred_at: DateTime<Utc>,
    /// Whose account did it; an id of the control plane, so without a foreign key. None when a program did it.
    pub actor_account_id: Option<AccountId>,
    /// What did it: `account`, `api_key`, `external_identity` or `operator`.
    #[sea_orm(column_type = "Text")]
    pub actor_type: String,
    /// The id of what did it; none in events from before programs could act.
    pub actor_id: Option<Uuid>,
    /// Its name at the time.
    #[sea_orm(column_type = "Text")]
    pub actor_name: String,
    /// The deed, as noun and past verb: `employee.hired`.
    #[sea_orm(column_type = "Text")]
    pub action: String,
    /// What kind of thing it was done to: `employee`, `department`, `position` or `location`.
    #[sea_orm(column_type = "Text")]
    pub subject_type: String,
    /// The id of that thing; it may be gone since.
    pub subject_id: Uuid,
    /// The changed fields: `{"field": {"from": ..., "to": ...}}`, names in camel case.
    #[sea_orm(column_type = "JsonBinary")]
    pub changes: Json,
}

/// Audit events stand alone: they outlive what they tell of.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
