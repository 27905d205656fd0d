//! Those who operate the platform. Their accounts are apart from those of tenants' people.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::OperatorId;

/// What an operator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum OperatorRole {
    /// Reads and changes everything.
    #[sea_orm(string_value = "admin")]
    Admin,
    /// Reads everything.
    #[sea_orm(string_value = "viewer")]
    Viewer,
}

impl OperatorRole {
    /// The role's word, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
        }
    }
}

/// One operator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "operators")]
pub struct Model {
    /// The operator's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OperatorId,
    /// The e-mail address in lower case; unique among operators.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// The name, for people.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// What the operator may do.
    pub role: OperatorRole,
    /// The Argon2id hash of the password; none until the account is set up.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// What the codes of the authenticator app are computed from.
    #[sea_orm(column_type = "Blob")]
    pub authenticator_secret: Vec<u8>,
    /// The time step of the last code that was used; neither it nor an earlier one is good again.
    pub authenticator_last_step: Option<i64>,
    /// The hash of the token of the link by which the account is set up; none when it has been.
    #[sea_orm(column_type = "Blob", nullable)]
    pub setup_hash: Option<Vec<u8>>,
    /// Until when that link is good.
    pub setup_expires_at: Option<DateTime<Utc>>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// Since when it may not be used.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// No relation is used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
