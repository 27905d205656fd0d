//! Sign-ins of operators. They are apart from those of accounts: neither is ever looked for among the other.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{OperatorId, SessionId};

/// One session of one operator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "operator_sessions")]
pub struct Model {
    /// The session's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// Who signed in.
    pub operator_id: OperatorId,
    /// The key that the session's refresh tokens are made with.
    #[sea_orm(column_type = "Blob")]
    pub refresh_secret: Vec<u8>,
    /// The number of the refresh token that is good now; those before it are used up.
    pub generation: i32,
    /// When the present token replaced the previous.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When the session began.
    pub created_at: DateTime<Utc>,
    /// When it ends, however it is used.
    pub expires_at: DateTime<Utc>,
    /// When it was ended: signed out or revoked.
    pub ended_at: Option<DateTime<Utc>>,
    /// The network address that it was begun from.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    /// What the browser said of itself.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
