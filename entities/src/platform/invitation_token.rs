//! Tokens by which invitations are accepted. Each is made when a mail is sent.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::InvitationId;

/// One token; a mail that had to be sent twice has left two.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "invitation_tokens")]
pub struct Model {
    /// The token's SHA-256.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub token_hash: Vec<u8>,
    /// The invitation; it may have been accepted or withdrawn since.
    pub invitation_id: InvitationId,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// Tokens stand alone: the id of an invitation is never used again.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
