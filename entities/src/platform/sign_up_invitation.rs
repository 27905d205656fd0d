//! Invitations of the operator, by which an organisation may sign up where not everybody may.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// One invitation, good for one organisation; deleted by being used.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sign_up_invitations")]
pub struct Model {
    /// The SHA-256 of its code.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub code_hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Invitations stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
