//! Sign-ins that can be prolonged with a refresh token.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, SessionId};

/// One session of one account at one tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sessions")]
pub struct Model {
    /// The session's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who signed in.
    pub account_id: AccountId,
    /// Where.
    pub tenant_id: Uuid,
    /// SHA-256 of the refresh token that is good now; unique.
    #[sea_orm(column_type = "Blob", unique)]
    pub refresh_hash: Vec<u8>,
    /// SHA-256 of the token before it: whoever shows that one has a stolen or a repeated request.
    #[sea_orm(column_type = "Blob", nullable)]
    pub previous_refresh_hash: Option<Vec<u8>>,
    /// When the present token replaced the previous.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When the session began.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was ended: signed out or revoked.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A session leads to its account.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who signed in.
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id",
        on_delete = "Cascade"
    )]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
