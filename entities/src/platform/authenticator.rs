//! Second factors: apps that show time-based codes (RFC 6238).

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::AccountId;

/// One account's app.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "authenticators")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: AccountId,
    /// What the codes are computed from. Secret.
    #[sea_orm(column_type = "Blob")]
    pub secret: Vec<u8>,
    /// The time step of the last code that was taken: each is good once.
    pub last_step: Option<i64>,
    /// When it was set up.
    pub created_at: DateTime<Utc>,
    /// When a first code proved that it works; before that it asks nobody for a code.
    pub confirmed_at: Option<DateTime<Utc>>,
}

// By hand, so that a secret never gets into a log.
impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("account_id", &self.account_id)
            .field("last_step", &self.last_step)
            .field("created_at", &self.created_at)
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// Authenticators stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
