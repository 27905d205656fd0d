//! Hosts that tenants claim as their own.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

/// What one tenant says of one host. Others may say the same; the one who proves it is served there.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(schema_name = "platform", table_name = "domain_claims")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// The host, in its one spelling.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub hostname: String,
    /// What the record in DNS has to say: this tenant's word for this host, and for as long as it is claimed.
    #[sea_orm(column_type = "Text")]
    pub token: String,
    /// When it was claimed.
    pub created_at: DateTime<Utc>,
    /// When DNS was last asked.
    pub checked_at: Option<DateTime<Utc>>,
    /// What was wrong then, by its name.
    #[sea_orm(column_type = "Text", nullable)]
    pub problem: Option<String>,
    /// On how many days in a row the proof of a host that is served was gone.
    pub failures: i32,
    /// When the last of those was counted.
    pub failed_at: Option<DateTime<Utc>>,
    /// When DNS is asked next, if the host is served.
    pub next_check_at: DateTime<Utc>,
}

/// Claims stand alone: the tenants have another owner in the code.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
