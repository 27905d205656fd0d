//! How many prepared schemas there are.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Result, SchemaName, Tenants};

/// What there is of schemas for tenants to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandbyStatus {
    /// Ready to be taken by this program.
    pub ready: u64,
    /// Of another version: dropped when a newer program starts.
    pub other_version: u64,
    /// Of which the schema or the role is missing.
    pub broken: u64,
    /// Schemas that no tenant has had and that nothing names any more.
    pub forgotten: Vec<SchemaName>,
}

impl Tenants {
    /// What there is of schemas for tenants to come.
    pub async fn standby_status(&self) -> Result<StandbyStatus> {
        let sql = "SELECT count(*) FILTER (WHERE whole AND schema_version = $1) AS ready, \
                   count(*) FILTER (WHERE whole AND schema_version <> $1) AS other_version, \
                   count(*) FILTER (WHERE NOT whole) AS broken FROM (\
                       SELECT schema_version, to_regnamespace(schema_name) IS NOT NULL \
                           AND to_regrole(schema_name) IS NOT NULL AS whole FROM platform.standby_schemas) s";
        let counts = Statement::from_sql_and_values(DbBackend::Postgres, sql, [self.head().into()]);
        let row = self.platform().query_one_raw(counts).await?;
        let count = |name: &str| {
            let count: i64 = row.as_ref().map_or(Ok(0), |row| row.try_get("", name))?;
            Ok::<_, sea_orm::DbErr>(u64::try_from(count).unwrap_or_default())
        };
        Ok(StandbyStatus {
            ready: count("ready")?,
            other_version: count("other_version")?,
            broken: count("broken")?,
            forgotten: self.forgotten_standby().await?,
        })
    }
}
