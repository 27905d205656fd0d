//! Sessions of operators in tenants. They are apart from those of members: neither is ever looked for among the other.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{OperatorId, SessionId, SupportGrantId};

/// One visit of one operator to one tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "support_sessions")]
pub struct Model {
    /// The session's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// The consent that it rests on, and ends with.
    pub grant_id: SupportGrantId,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Who entered.
    pub operator_id: OperatorId,
    /// The operator's session at the console that it was begun from, and ends with. Without one it is over.
    pub operator_session_id: Option<SessionId>,
    /// The key that the session's refresh tokens are made with.
    #[sea_orm(column_type = "Blob")]
    pub refresh_secret: Vec<u8>,
    /// The number of the refresh token that is good now; those before it are used up.
    pub generation: i32,
    /// When the present token replaced the previous.
    pub rotated_at: Option<DateTime<Utc>>,
    /// When the operator entered.
    pub created_at: DateTime<Utc>,
    /// When it ends, however it is used.
    pub expires_at: DateTime<Utc>,
    /// When it was ended before that.
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
