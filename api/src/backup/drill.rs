//! Proof by schedule that archives can be restored.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::backup::{Entity, Model};
use sea_orm::{DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, sea_query::Expr};
use tenancy::{ArchiveError, ArchivePlace, Contents, Error};

use super::Backups;
use crate::app::Clock;

/// For how long the drill belongs to the process that took it. It is not renewed: a restore that takes longer is tried by two.
const LEASE: TimeDelta = TimeDelta::hours(2);

/// What a drill has found.
#[derive(Debug)]
pub struct DrillResult {
    /// The archive.
    pub backup: Model,
    /// How many rows were restored and compared, or why this program cannot restore it.
    pub result: Result<u64, Flaw>,
}

/// Why an archive cannot be restored by this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// What is wrong with it: nobody can restore it.
    #[error("{0}")]
    Damaged(String),
    /// What a migration that has come since refuses. It is whole, and the program that made it can restore it.
    #[error("{0}")]
    Unfit(String),
}

impl Backups {
    /// Tries an archive if it is time for it. None: it is not, or another process does so, or there is no archive.
    pub async fn drill_due(&self, clock: &Clock) -> anyhow::Result<Option<DrillResult>> {
        let Some(every) = self.options.backup_drill_every else { return Ok(None) };
        let now = clock();
        let insert = "INSERT INTO platform.backup_drills (name, next_at) VALUES ('restore', $1) ON CONFLICT DO NOTHING";
        self.change(insert, [now.into()]).await?;
        // Not later than the interval says, should that have been a longer one before.
        let claim = "UPDATE platform.backup_drills SET next_at = $2 WHERE name = 'restore' AND (next_at <= $1 OR next_at > $3)";
        if self.change(claim, [now.into(), (now + LEASE).into(), (now + every.0.max(LEASE)).into()]).await? == 0 {
            return Ok(None);
        }
        let result = self.drill(clock).await;
        // Without an archive, or without a database to restore into, it is looked again before long.
        let next = clock() + if matches!(result, Ok(Some(_))) { every.0 } else { every.0.min(TimeDelta::minutes(10)) };
        self.change("UPDATE platform.backup_drills SET next_at = $1 WHERE name = 'restore'", [next.into()]).await?;
        result
    }

    /// Restores the latest archive of some tenant into a schema that is never committed, and compares. None: there is no archive, or
    /// it was removed meanwhile.
    ///
    /// # Errors
    /// When the archive could not be tried, which says nothing of the archive.
    pub async fn drill(&self, clock: &Clock) -> anyhow::Result<Option<DrillResult>> {
        let Some(backup) = self.any_recent().await? else { return Ok(None) };
        let result = match self.try_and_note(&backup, clock).await {
            // Nothing was found out about an archive that is not wanted any more.
            Ok(None) => return Ok(None),
            Ok(Some(result)) => result,
            Err(error) => {
                count("failed");
                return Err(error);
            }
        };
        let place = &backup.place;
        match &result {
            Ok(rows) => {
                count("good");
                tracing::info!(place, rows, "an archive was restored for a test, and is as it was");
            }
            Err(Flaw::Damaged(error)) => {
                count("bad");
                tracing::error!(place, error, "an archive cannot be restored");
            }
            Err(Flaw::Unfit(error)) => {
                count("unfit");
                tracing::error!(
                    place,
                    error,
                    "an archive is whole, but this program cannot restore it, only the one that made it"
                );
            }
        }
        Ok(Some(DrillResult { backup, result }))
    }

    /// None: the archive was removed meanwhile.
    async fn try_and_note(&self, backup: &Model, clock: &Clock) -> anyhow::Result<Option<Result<u64, Flaw>>> {
        let result = self.try_out(backup).await.with_context(|| format!("{} could not be tried", backup.place))?;
        let is_there = self.note_drill(backup, result.as_ref().err(), clock()).await?;
        Ok(is_there.then_some(result))
    }

    /// How many rows were restored and compared, or why the archive cannot be restored. An error is not the archive's fault.
    async fn try_out(&self, backup: &Model) -> anyhow::Result<Result<u64, Flaw>> {
        let place: ArchivePlace = backup.place.parse()?;
        let verified = match self.tenants.verify(&place, self.key.as_ref()).await {
            Ok(contents) => Ok(contents),
            Err(Error::Archive(error)) if error.is_damage() => return Ok(Err(Flaw::Damaged(error.to_string()))),
            Err(Error::Archive(refusal @ ArchiveError::Unfit { .. })) => Err(refusal.to_string()),
            Err(error) => return Err(error.into()),
        };
        let mut difference = verified.as_ref().ok().and_then(|contents| difference(backup, contents));
        // Another archive of the tenant may have as many rows.
        if difference.is_none() && backup.sha256.as_deref() != Some(place.sha256().await?.as_str()) {
            difference = Some("its bytes are not those that were written");
        }
        Ok(match (difference, verified) {
            (Some(difference), _) => Err(Flaw::Damaged(format!("The archive is not the one that was put there: {difference}."))),
            (None, Ok(contents)) => Ok(contents.rows()),
            (None, Err(refusal)) => Err(Flaw::Unfit(refusal)),
        })
    }

    async fn any_recent(&self) -> Result<Option<Model>, DbErr> {
        let latest = "id IN (SELECT DISTINCT ON (tenant_id) id FROM platform.backups WHERE state = 'done' \
                      ORDER BY tenant_id, started_at DESC)";
        Entity::find().filter(Expr::cust(latest)).order_by_asc(Expr::cust("random()")).one(&self.platform).await
    }

    /// A damaged archive makes way for another one at once; one that a migration refuses stays as good as it is, for the next would be
    /// refused as well, and another program can restore it. False: the archive was removed meanwhile, which this waits for.
    async fn note_drill(&self, backup: &Model, flaw: Option<&Flaw>, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let (damage, refusal) = match flaw {
            Some(Flaw::Damaged(error)) => (Some(error.as_str()), None),
            Some(Flaw::Unfit(error)) => (None, Some(error.as_str())),
            None => (None, None),
        };
        let sql = "UPDATE platform.backups SET verified_at = $2, verify_error = $3, unfit_error = $4 WHERE id = $1";
        if self.change(sql, [backup.id.into(), now.into(), damage.into(), refusal.into()]).await? == 0 {
            return Ok(false);
        }
        if damage.is_some() {
            let sql = "UPDATE platform.backup_turns SET due_at = least(due_at, $2) WHERE tenant_id = $1";
            self.change(sql, [backup.tenant_id.into(), now.into()]).await?;
        }
        Ok(true)
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("backup_drills_total", "outcome" => outcome).increment(1);
}

/// What tells a whole archive from the one that was made, if anything does.
fn difference(backup: &Model, contents: &Contents) -> Option<&'static str> {
    if contents.manifest.tenant.0 != backup.tenant_id {
        Some("it is another organisation's")
    } else if i64::try_from(contents.rows()).ok() != backup.row_count {
        Some("it has more rows or fewer")
    } else if Some(contents.manifest.version()) != backup.schema_version.as_deref() {
        Some("its schema is of another version")
    } else {
        None
    }
}
