//! A migration that was applied does not change any more.
//!
//! Its checksum is kept when a tenant gets it for the first time, by provisioning or by a run. A run with a migration that says
//! something else is refused: tenants of the same version would have different schemas.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::{Error, Result, Tenants};

/// A migration as it was when it was first applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Its name.
    pub version: String,
    /// What it said then.
    pub checksum: String,
}

impl Tenants {
    /// Refuses to go on with a migration that was changed after it had been applied.
    pub async fn refuse_changed(&self) -> Result<()> {
        let frozen: BTreeMap<_, _> = self.frozen().await?.into_iter().map(|frozen| (frozen.version, frozen.checksum)).collect();
        let changed = self
            .recorded_migrations()
            .await?
            .iter()
            .find(|migration| frozen.get(&migration.version).is_some_and(|checksum| *checksum != migration.checksum()));
        match changed {
            Some(migration) => Err(Error::MigrationChanged(migration.version.clone())),
            None => Ok(()),
        }
    }

    /// The migrations that were applied to any tenant.
    pub async fn frozen(&self) -> Result<Vec<Frozen>> {
        let sql = "SELECT version, checksum FROM platform.frozen_migrations ORDER BY version";
        let rows = self.platform().query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        rows.iter()
            .map(|row| Ok(Frozen { version: row.try_get("", "version")?, checksum: row.try_get("", "checksum")? }))
            .collect()
    }

    /// Keeps what this program's migrations say, once in a process. Called when a tenant has got them; what goes wrong is
    /// logged, for the tenant is made.
    pub(crate) async fn freeze(&self, now: DateTime<Utc>) {
        if self.inner.fleet.frozen.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.write_frozen(None, now).await {
            self.inner.fleet.frozen.store(false, Ordering::Relaxed);
            tracing::warn!(%error, "the checksums of the migrations could not be kept");
        }
    }

    /// Takes a changed migration as it is now. For an operator who has seen to it that tenants of both kinds are alike.
    pub async fn accept_changed(&self, version: &str, now: DateTime<Utc>) -> Result<()> {
        self.write_frozen(Some(version), now).await?;
        // They were made by the migration as it was.
        self.shrink_standby(0).await.map(drop)
    }

    async fn write_frozen(&self, accepted: Option<&str>, now: DateTime<Utc>) -> Result<()> {
        let migrations = self.recorded_migrations().await?;
        if let Some(version) = accepted
            && !migrations.iter().any(|migration| migration.version == version)
        {
            let known = migrations.iter().rev().map(|migration| migration.version.clone()).collect();
            return Err(Error::UnknownMigration { version: version.to_owned(), known });
        }
        for migration in migrations.iter().filter(|migration| accepted.is_none_or(|version| migration.version == version)) {
            let values: [Value; 3] = [migration.version.as_str().into(), migration.checksum().into(), now.into()];
            let conflict = if accepted.is_some() {
                "DO UPDATE SET checksum = excluded.checksum, frozen_at = excluded.frozen_at"
            } else {
                "DO NOTHING"
            };
            let sql = format!(
                "INSERT INTO platform.frozen_migrations (version, checksum, frozen_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (version) {conflict}"
            );
            self.platform().execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        }
        Ok(())
    }
}
