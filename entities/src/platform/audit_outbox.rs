//! Audit events of what was done in the control plane, on their way into the tenant's audit.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AuditEventId;

/// One event; those that have arrived are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "audit_outbox")]
pub struct Model {
    /// The event's id, here and in the audit: it arrives once.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditEventId,
    /// The tenant whose audit it belongs into.
    pub tenant_id: Uuid,
    /// The event, a `domain::audit::Entry`.
    #[sea_orm(column_type = "JsonBinary")]
    pub entry: Json,
    /// When it was written down, in the transaction of the change.
    pub created_at: DateTime<Utc>,
}

/// Events stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
