//! Keys that programs get in by.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::ApiKeyId;

/// One key of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "api_keys")]
pub struct Model {
    /// The key's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// The tenant that it is good for.
    pub tenant_id: Uuid,
    /// What it is for.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The SHA-256 of the key, which is shown once and not stored.
    #[sea_orm(column_type = "Blob", unique)]
    pub token_hash: Vec<u8>,
    /// The last characters of the key, to tell keys apart.
    #[sea_orm(column_type = "Text")]
    pub token_hint: String,
    /// What it may do: a list of names of `domain::Permission`.
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Json,
    /// The name of whoever made it.
    #[sea_orm(column_type = "Text")]
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Keys stand alone: they outlive the one who made them.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
