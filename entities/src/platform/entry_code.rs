//! Codes that carry a sign-in from the apex to a tenant's host. Each is good for one use.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, SessionId};

/// One code; used ones are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "entry_codes")]
pub struct Model {
    /// The code's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub code_hash: Vec<u8>,
    /// Whose sign-in it is.
    pub account_id: AccountId,
    /// The session on the apex that it was made in.
    pub session_id: SessionId,
    /// The tenant that it is good for.
    pub tenant_id: Uuid,
    /// The SHA-256 of what the browser keeps at the tenant's host that asked for it; codes of before have none, and are good no more.
    #[sea_orm(column_type = "Blob", nullable)]
    pub nonce_hash: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Codes stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
