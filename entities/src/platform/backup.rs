//! Archives of tenants that were made by schedule.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// An archive of one tenant, or a try to make one.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "backups")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Where it is: a path, or s3://bucket/key.
    #[sea_orm(column_type = "Text")]
    pub place: String,
    /// How far it is.
    pub state: State,
    /// When it was begun; its data is that of one moment soon after.
    pub started_at: DateTime<Utc>,
    /// When it was complete, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// Bytes of the archive.
    pub bytes: Option<i64>,
    /// Rows in it.
    pub row_count: Option<i64>,
    /// The SHA-256 of the archive, in hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha256: Option<String>,
    /// The version of the tenant's schema.
    #[sea_orm(column_type = "Text", nullable)]
    pub schema_version: Option<String>,
    /// Why it was not made.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    /// When it was last restored for a test.
    pub verified_at: Option<DateTime<Utc>>,
    /// What was wrong with it then.
    #[sea_orm(column_type = "Text", nullable)]
    pub verify_error: Option<String>,
    /// What a migration that has come since it was made refused then, although it is whole.
    #[sea_orm(column_type = "Text", nullable)]
    pub unfit_error: Option<String>,
}

/// How far an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// It is being written, or was when its process ended.
    Running,
    /// It is complete.
    Done,
    /// There is none.
    Failed,
}

/// Archives stand alone: the tenants have another owner in the code.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether a tenant can be restored from it, as far as is known: by this program, or by the one that made it.
    pub fn is_good(&self) -> bool {
        self.state == State::Done && self.verify_error.is_none()
    }
}
