//! Failed sign-ins, counted across all processes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// The failures of one address, one account, or one of both.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "sign_in_attempts")]
pub struct Model {
    /// A digest of what is counted, so that the table lists no addresses.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub key: Vec<u8>,
    /// How many there were in a row.
    pub failures: i32,
    /// When the last one was.
    pub last_failed_at: DateTime<Utc>,
}

/// Counts stand alone.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
