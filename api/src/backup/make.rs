//! One archive: known before it is begun, there whole or not at all.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use entities::platform::backup::{ActiveModel, Column, Entity, State};
use futures::future::join_all;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use tenancy::{ArchiveError, ArchivePlace, Error, Tenant, TenantStatus, Written};
use uuid::Uuid;

use super::{Backups, turn::Turn};
use crate::{app::Clock, claim::until_lost};

/// What becomes of an archive whose process ended.
const BROKEN_OFF: &str = "The process that made it has ended before it was complete.";

/// A backup that was made, or failed.
#[derive(Debug)]
pub struct Attempt {
    /// The tenant.
    pub tenant: Arc<Tenant>,
    /// Where the archive is, and what it comes to; or why there is none.
    pub result: Result<(ArchivePlace, Written), Error>,
}

impl Backups {
    /// Backs up those whose turn it is, several at a time. Says how many succeeded.
    pub(super) async fn make_due(
        &self,
        place: &ArchivePlace,
        only: Option<&[Uuid]>,
        clock: &Clock,
        watch: &(dyn Fn(&Attempt) + Sync),
    ) -> Result<usize, DbErr> {
        let mut workers = Vec::new();
        for _ in 0..self.options.backups_at_once {
            workers.push(self.take_turns(place, only, clock, watch));
        }
        join_all(workers).await.into_iter().sum()
    }

    async fn take_turns(
        &self,
        place: &ArchivePlace,
        only: Option<&[Uuid]>,
        clock: &Clock,
        watch: &(dyn Fn(&Attempt) + Sync),
    ) -> Result<usize, DbErr> {
        let mut succeeded = 0;
        while let Some(turn) = self.claim(only, clock()).await? {
            succeeded += usize::from(self.take_turn(place, turn, clock, watch).await?);
        }
        Ok(succeeded)
    }

    /// Says whether an archive was made.
    async fn take_turn(
        &self,
        place: &ArchivePlace,
        turn: Turn,
        clock: &Clock,
        watch: &(dyn Fn(&Attempt) + Sync),
    ) -> Result<bool, DbErr> {
        self.clear_up(turn, clock()).await?;
        let found = self.tenants.directory().by_id(turn.tenant).await;
        let tenant = match found {
            // What is being deleted is not whole any more.
            Ok(Some(tenant)) if tenant.status != TenantStatus::Deleting => tenant,
            Ok(_) => {
                self.change("DELETE FROM platform.backup_turns WHERE tenant_id = $1", [turn.tenant.0.into()]).await?;
                return Ok(false);
            }
            Err(error) => {
                tracing::warn!(tenant = %turn.tenant, %error, "a tenant could not be read for its backup");
                self.give_back(turn, false, clock()).await?;
                return Ok(false);
            }
        };
        let began = clock();
        let id = Uuid::now_v7();
        let name = format!("{}-{}.tenantry", tenant.slug, began.format("%Y%m%dT%H%M%S%3fZ"));
        let target = place.join(&tenant.id.to_string()).join(&name);
        self.note_begin(id, &tenant, &target, began).await?;
        let result = tokio::select! {
            result = self.tenants.backup_into(&tenant, &target, self.key.as_ref(), began) => result,
            // Another process has taken over, and removes what this one has begun.
            () = until_lost(|| self.renew(turn, clock())) => Err(Error::Archive(ArchiveError::Busy(tenant.slug.to_string()))),
        };
        let result = match result {
            Ok(written) => match self.note_done(id, &written, clock()).await {
                Ok(true) => Ok((target, written)),
                // Its row is gone with its tenant, or another process has taken over: the archive is nobody's.
                Ok(false) => {
                    if let Err(error) = target.remove().await {
                        tracing::warn!(%error, place = %target, "an archive that is not wanted any more could not be removed");
                    }
                    Err(Error::NotFound(tenant.slug.to_string()))
                }
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error),
        };
        let now = clock();
        let succeeded = result.is_ok();
        if let Err(error) = &result {
            match error {
                // What is there is somebody else's: no row may say that it came from here.
                Error::Archive(ArchiveError::Exists(_)) => self.note_nothing(id).await?,
                error => self.note_failure(id, &error.to_string(), now).await?,
            }
            tracing::error!(tenant = %tenant.slug, %error, "a tenant was not backed up; it is tried again");
        }
        metrics::counter!("backups_total", "outcome" => if succeeded { "done" } else { "failed" }).increment(1);
        self.give_back(turn, succeeded, now).await?;
        if succeeded && let Err(error) = self.rotate(tenant.id, now).await {
            tracing::warn!(tenant = %tenant.slug, %error, "old archives could not be removed; it is tried again with the next backup");
        }
        watch(&Attempt { tenant, result });
        Ok(succeeded)
    }

    async fn note_begin(&self, id: Uuid, tenant: &Tenant, target: &ArchivePlace, now: DateTime<Utc>) -> Result<(), DbErr> {
        let row = ActiveModel {
            id: Set(id),
            tenant_id: Set(tenant.id.0),
            place: Set(target.to_string()),
            state: Set(State::Running),
            started_at: Set(now),
            ..Default::default()
        };
        Entity::insert(row).exec_without_returning(&self.platform).await.map(drop)
    }

    async fn note_done(&self, id: Uuid, written: &Written, now: DateTime<Utc>) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.backups SET state = 'done', finished_at = $2, bytes = $3, row_count = $4, sha256 = $5, \
                   schema_version = $6 WHERE id = $1 AND state = 'running'";
        let (bytes, rows) = (i64::try_from(written.bytes), i64::try_from(written.contents.rows()));
        let version = written.contents.manifest.version();
        let values = [
            id.into(),
            now.into(),
            bytes.unwrap_or(i64::MAX).into(),
            rows.unwrap_or(i64::MAX).into(),
            written.sha256.as_str().into(),
            version.into(),
        ];
        self.change(sql, values).await.map(|changed| changed == 1)
    }

    async fn note_failure(&self, id: Uuid, error: &str, now: DateTime<Utc>) -> Result<(), DbErr> {
        let sql =
            "UPDATE platform.backups SET state = 'failed', finished_at = $2, error = $3 WHERE id = $1 AND state = 'running'";
        self.change(sql, [id.into(), now.into(), error.into()]).await.map(drop)
    }

    async fn note_nothing(&self, id: Uuid) -> Result<(), DbErr> {
        self.change("DELETE FROM platform.backups WHERE id = $1", [id.into()]).await.map(drop)
    }

    /// Removes what a process has left that had this turn before and was killed.
    async fn clear_up(&self, turn: Turn, now: DateTime<Utc>) -> Result<(), DbErr> {
        let left = Entity::find().filter(Column::TenantId.eq(turn.tenant.0)).filter(Column::State.eq(State::Running));
        for backup in left.all(&self.platform).await? {
            let removed = match backup.place.parse::<ArchivePlace>() {
                Ok(place) => place.remove().await,
                Err(error) => Err(error.into()),
            };
            match removed {
                Ok(()) => self.note_failure(backup.id, BROKEN_OFF, now).await?,
                Err(error) => tracing::warn!(%error, place = backup.place, "what is left of a backup could not be removed"),
            }
        }
        Ok(())
    }
}
