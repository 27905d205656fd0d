//! People and programs as identity providers know them.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, ExternalIdentityId};

/// One subject of one tenant's provider.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "external_identities")]
pub struct Model {
    /// The id here.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExternalIdentityId,
    /// The tenant whose provider it is.
    pub tenant_id: Uuid,
    /// The provider.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// The provider's id of whoever it is.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The account that signs in by it.
    pub account_id: Option<AccountId>,
    /// When it was first seen.
    pub created_at: DateTime<Utc>,
}

/// They stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
