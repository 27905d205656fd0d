//! Where accounts have signed in from.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One network that one account has signed in from.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "familiar_networks")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// The network: an address, or of IPv6 its /64.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub network: String,
    /// When it last signed in from there.
    pub last_used_at: DateTime<Utc>,
}

/// They stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
