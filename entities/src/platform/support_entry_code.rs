//! Codes that carry an operator from the console to a tenant's host. Each is good for one use.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{SessionId, SupportGrantId};

/// One code; used ones are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "support_entry_codes")]
pub struct Model {
    /// The code's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub code_hash: Vec<u8>,
    /// The consent that it rests on.
    pub grant_id: SupportGrantId,
    /// The operator's session at the console that it was made in.
    pub operator_session_id: SessionId,
    /// The tenant that it is good for.
    pub tenant_id: Uuid,
    /// The SHA-256 of what the browser keeps at the tenant's host that asked for it.
    #[sea_orm(column_type = "Blob")]
    pub nonce_hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
