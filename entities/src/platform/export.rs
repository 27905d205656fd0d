//! Exports that owners have asked for.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::id::{AccountId, ExportId};

/// An export of one tenant as one file, or the wish for one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "exports")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExportId,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The account of the owner who has asked.
    pub asked_by: AccountId,
    /// How rows are written.
    pub format: Format,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// From when on it is made, or tried again.
    pub due_at: DateTime<Utc>,
    /// Until when it belongs to the process that makes it.
    pub claimed_until: Option<DateTime<Utc>>,
    /// How often it was begun.
    pub tries: i32,
    /// When it was last begun; its data is that of one moment soon after.
    pub begun_at: Option<DateTime<Utc>>,
    /// When it was complete, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why the last try failed.
    pub failure: Option<Failure>,
    /// Where its file is, or may be: a path, or s3://bucket/key. None once there is none.
    #[sea_orm(column_type = "Text", nullable)]
    pub place: Option<String>,
    /// Bytes of the file.
    pub bytes: Option<i64>,
    /// The SHA-256 of the file, in hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha256: Option<String>,
    /// Until when it can be downloaded.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Format {
    /// A table a file, for spreadsheets.
    Csv,
    /// A JSON object a line.
    Ndjson,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// It waits to be made, or to be tried again.
    Waiting,
    /// It is being made, or was when its process ended.
    Running,
    /// It can be downloaded until it expires.
    Done,
    /// It was given up.
    Failed,
    /// Its file was removed.
    Expired,
}

/// Why an export was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Failure {
    /// Its file could not be written.
    Storage,
    /// The tenant was being restored or migrated for too long.
    Busy,
    /// The process that made it has ended.
    Interrupted,
    /// Anything else.
    Internal,
}

/// Exports stand alone: the tenants have another owner in the code.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether it can be downloaded.
    pub fn is_available(&self, now: DateTime<Utc>) -> bool {
        self.state == State::Done && self.expires_at.is_some_and(|until| now < until)
    }
}
