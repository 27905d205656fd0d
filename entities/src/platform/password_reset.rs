//! Ways to a new password that were sent by mail. Each is good for one use.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One way; used ones are deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "password_resets")]
pub struct Model {
    /// The token's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub token_hash: Vec<u8>,
    /// Whose password it sets.
    pub account_id: AccountId,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// They stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
