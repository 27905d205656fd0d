//! Sign-ins that can be prolonged with a refresh token.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, SessionId};

/// One session of one account at one tenant, or on the apex.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sessions")]
pub struct Model {
    /// The session's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who signed in.
    pub account_id: AccountId,
    /// Where; none on the apex.
    pub tenant_id: Option<Uuid>,
    /// The key that the session's refresh tokens are made with.
    #[sea_orm(column_type = "Blob")]
    pub refresh_secret: Vec<u8>,
    /// The number of the refresh token that is good now; those before it are used up.
    pub generation: i32,
    /// When the present token replaced the previous.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When the session began.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was ended: signed out or revoked.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it was begun: `password`, `second_factor`, `passkey`, `entry_code`, `invitation` or `identity_provider`.
    #[sea_orm(column_type = "Text")]
    pub method: String,
    /// The network address that it was begun from.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// What the browser said of itself.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// The host that it was begun at; none in sessions from before that was kept.
    #[sea_orm(column_type = "Text", nullable)]
    pub host: Option<String>,
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
