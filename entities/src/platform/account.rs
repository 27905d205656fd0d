//! People who can sign in, across all tenants.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "accounts")]
pub struct Model {
    /// The account's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountId,
    /// The e-mail address to sign in with, in lower case; unique.
    #[sea_orm(column_type = "Text", unique)]
    pub email: String,
    /// The person's name, for display.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The password's hash, in the PHC string format; none for those who get in by other ways alone.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// When the password was last changed.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When the account was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Accounts lead to their memberships and sessions.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The tenants that the account belongs to.
    #[sea_orm(has_many = "super::membership::Entity")]
    Memberships,
    /// The account's sessions.
    #[sea_orm(has_many = "super::session::Entity")]
    Sessions,
}

impl Related<super::membership::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Memberships.def()
    }
}

impl Related<super::session::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Sessions.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
