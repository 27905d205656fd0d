//! Support access of operators to tenants: what was asked for, what an owner has said, and how it ended.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, OperatorId, SupportGrantId};

/// One request, and the access that came of it. Which state it is in follows from its times.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "support_grants")]
pub struct Model {
    /// The id; later requests are greater.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupportGrantId,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Who asks, and who alone may use it.
    pub operator_id: OperatorId,
    /// The operator's name when it was asked for.
    #[sea_orm(column_type = "Text")]
    pub operator_name: String,
    /// The operator's e-mail address when it was asked for.
    #[sea_orm(column_type = "Text")]
    pub operator_email: String,
    /// Why, for the owners.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// For how many hours from the consent on.
    pub hours: i16,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// Until when it can be answered.
    pub lapses_at: DateTime<Utc>,
    /// When an owner answered.
    pub decided_at: Option<DateTime<Utc>>,
    /// What the owner answered.
    pub consented: Option<bool>,
    /// The owner.
    pub decided_by: Option<AccountId>,
    /// The owner's name at that time.
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_by_name: Option<String>,
    /// When the access ends by itself; none without consent.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the operator last entered the tenant.
    pub last_entered_at: Option<DateTime<Utc>>,
    /// When it was withdrawn, or ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who did that: an owner's name, or an operator's.
    #[sea_orm(column_type = "Text", nullable)]
    pub ended_by: Option<String>,
    /// When the tenant's audit was told that it has ended by itself.
    pub expiry_noted_at: Option<DateTime<Utc>>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
