//! Codes for those who have lost their second factor. Each is good for one use.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One code that is left.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "recovery_codes")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// The code's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub code_hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Codes stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
