//! Which account belongs to which tenant, and as what.

use std::fmt;

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, EmployeeId};

/// What a member may do in the tenant; `domain::Permission` has the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns the tenant.
    #[sea_orm(string_value = "owner")]
    Owner,
    /// Administers the tenant.
    #[sea_orm(string_value = "admin")]
    Admin,
    /// Manages its people.
    #[sea_orm(string_value = "hr")]
    Hr,
    /// Leads a team.
    #[sea_orm(string_value = "manager")]
    Manager,
    /// Works there.
    #[sea_orm(string_value = "employee")]
    Employee,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Hr, Self::Manager, Self::Employee];

    /// The role's word as stored and as written in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Hr => "hr",
            Self::Manager => "manager",
            Self::Employee => "employee",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One account's membership of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "memberships")]
pub struct Model {
    /// The member's account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// The tenant; no foreign key, since the directory of tenants has another owner.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// What the member may do.
    pub role: Role,
    /// The member's own employee record in the tenant's data, if there is one.
    pub employee_id: Option<EmployeeId>,
    /// When the account became a member.
    pub created_at: DateTime<Utc>,
}

/// A membership leads to its account.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The member's account.
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
