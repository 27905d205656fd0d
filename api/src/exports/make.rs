//! One export: known before it is begun, there whole or not at all.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use entities::platform::{
    account,
    export::{Failure, Format, Model},
    membership,
};
use sea_orm::{ActiveEnum as _, ConnectionTrait, DbErr, EntityTrait as _, TransactionSession as _, TransactionTrait as _};
use tenancy::{ArchiveError, ArchivePlace, Error, ExportFormat, Tenant, TenantId, Written};
use uuid::Uuid;

use super::{Exports, claim::TRIES};
use crate::{app::Clock, claim::until_lost, mail::ExportNews};

impl Exports {
    /// Makes what is due, one after the other.
    pub(super) async fn make_due(&self, clock: &Clock) -> Result<(), DbErr> {
        while let Some(export) = self.claim(clock()).await? {
            self.make(&export, clock).await?;
        }
        Ok(())
    }

    async fn make(&self, export: &Model, clock: &Clock) -> Result<(), DbErr> {
        let found = self.tenants.directory().by_id(TenantId(export.tenant_id)).await;
        let tenant = match found {
            Ok(Some(tenant)) => tenant,
            // Its rows are going, and this one with them.
            Ok(None) => return Ok(()),
            Err(error) => return self.note_failure(export, None, &error, clock()).await.map(drop),
        };
        if export.tries > TRIES {
            let error = anyhow::anyhow!("each process that made it has ended before it was complete");
            return self.give_up(export, &tenant, Failure::Interrupted, &error, clock()).await.map(drop);
        }
        // A try has a name of its own, so that none removes what another has made.
        let target = self.place.join(&tenant.id.to_string()).join(&format!("{}-{}.zip", export.id, export.tries));
        // What a process has left that was killed, before its place is forgotten.
        if let Err(error) = remove_file(export.place.as_deref()).await {
            return self.note_failure(export, Some(&tenant), &error, clock()).await.map(drop);
        }
        if !self.note_place(export, &target).await? {
            return Ok(());
        }
        // Where the claim is lost the work is broken off, and what is complete all the same is removed below.
        let lost = until_lost(|| self.renew(export, clock()));
        let result = self.tenants.export_into(&tenant, &target, format_of(export.format), clock(), lost).await;
        let now = clock();
        let is_noted = match result {
            Ok(written) => self.note_done(export, &tenant, &written, now).await?,
            Err(error) => self.note_failure(export, Some(&tenant), &error, now).await?,
        };
        if is_noted { Ok(()) } else { self.abandon(&target, now).await }
    }

    /// Removes a file that no row names: its row is gone with its tenant, or another process has taken over. What cannot be removed is
    /// written down among what is left of deleted tenants, and tried again.
    async fn abandon(&self, target: &ArchivePlace, now: DateTime<Utc>) -> Result<(), DbErr> {
        let Err(error) = target.remove().await else { return Ok(()) };
        tracing::warn!(%error, place = %target, "an export that is not wanted any more could not be removed; it is tried again");
        let sql = "INSERT INTO platform.backup_removals (id, place, remove_at, error) VALUES ($1, $2, $3, $4)";
        let values = [Uuid::now_v7().into(), target.to_string().into(), now.into(), error.to_string().into()];
        Self::change(&self.platform, sql, values).await.map(drop)
    }

    /// Notes that there is a file. False: the export is another process's by now, or its tenant is gone.
    async fn note_done(
        &self,
        export: &Model,
        tenant: &Arc<Tenant>,
        written: &Written,
        now: DateTime<Utc>,
    ) -> Result<bool, DbErr> {
        let expires_at = now + TimeDelta::days(self.options.export_days.into());
        let sql = "UPDATE platform.exports SET state = 'done', claimed_until = NULL, failure = NULL, finished_at = $3, bytes = $4, \
                   sha256 = $5, expires_at = $6 WHERE id = $1 AND tries = $2 AND state = 'running'";
        let values = [
            export.id.into(),
            export.tries.into(),
            now.into(),
            i64::try_from(written.bytes).unwrap_or(i64::MAX).into(),
            written.sha256.as_str().into(),
            expires_at.into(),
        ];
        let transaction = self.platform.begin().await?;
        if Self::change(&transaction, sql, values).await? == 0 {
            return Ok(false);
        }
        self.tell(&transaction, export, tenant, ExportNews::Ready { bytes: written.bytes, until: expires_at }, now).await?;
        transaction.commit().await?;
        tracing::info!(tenant = %tenant.slug, bytes = written.bytes, rows = written.contents.rows(), "an export was made");
        metrics::counter!("exports_total", "outcome" => "done").increment(1);
        self.make_room(tenant.id).await?;
        Ok(true)
    }

    /// Notes that there is none. False as above.
    async fn note_failure(
        &self,
        export: &Model,
        tenant: Option<&Arc<Tenant>>,
        error: &Error,
        now: DateTime<Utc>,
    ) -> Result<bool, DbErr> {
        let failure = failure_of(error);
        match tenant {
            Some(tenant) if export.tries >= TRIES => self.give_up(export, tenant, failure, &format!("{error}"), now).await,
            _ => {
                let is_given_back = self.give_back(export, failure, now).await?;
                if is_given_back {
                    tracing::warn!(tenant = %export.tenant_id, %error, "an export was not made; it is tried again");
                }
                Ok(is_given_back)
            }
        }
    }

    /// Ends an export that was tried often enough. False as above.
    async fn give_up(
        &self,
        export: &Model,
        tenant: &Arc<Tenant>,
        failure: Failure,
        cause: &(dyn std::fmt::Display + Sync),
        now: DateTime<Utc>,
    ) -> Result<bool, DbErr> {
        let sql = "UPDATE platform.exports SET state = 'failed', claimed_until = NULL, failure = $3, finished_at = $4 \
                   WHERE id = $1 AND tries = $2 AND state = 'running'";
        let values = [export.id.into(), export.tries.into(), failure.to_value().into(), now.into()];
        let transaction = self.platform.begin().await?;
        if Self::change(&transaction, sql, values).await? == 0 {
            return Ok(false);
        }
        self.tell(&transaction, export, tenant, ExportNews::Failed(failure), now).await?;
        transaction.commit().await?;
        tracing::error!(tenant = %tenant.slug, %cause, "an export was given up");
        metrics::counter!("exports_total", "outcome" => "failed").increment(1);
        Ok(true)
    }

    /// Writes to the owner who has asked, unless they are none any more.
    async fn tell<C: ConnectionTrait>(
        &self,
        connection: &C,
        export: &Model,
        tenant: &Tenant,
        news: ExportNews,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        let membership = membership::Entity::find_by_id((export.asked_by, tenant.id.0)).one(connection).await?;
        if membership.is_none_or(|membership| membership.role != Role::Owner) {
            return Ok(());
        }
        match account::Entity::find_by_id(export.asked_by).one(connection).await? {
            Some(owner) => {
                let is_served = self.lifecycle.standing(tenant, now).state.is_served();
                self.mail.write_export_news(connection, &owner, tenant, is_served, news, now).await
            }
            None => Ok(()),
        }
    }
}

/// Removes a file, where there may be one.
pub(super) async fn remove_file(place: Option<&str>) -> Result<(), Error> {
    match place {
        Some(place) => place.parse::<ArchivePlace>()?.remove().await,
        None => Ok(()),
    }
}

fn format_of(format: Format) -> ExportFormat {
    match format {
        Format::Csv => ExportFormat::Csv,
        Format::Ndjson => ExportFormat::Ndjson,
    }
}

fn failure_of(error: &Error) -> Failure {
    match error {
        Error::Archive(ArchiveError::Busy(_)) => Failure::Busy,
        Error::Archive(ArchiveError::File { .. } | ArchiveError::Object { .. } | ArchiveError::Exists(_)) => Failure::Storage,
        _ => Failure::Internal,
    }
}
