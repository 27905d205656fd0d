//! Which archives go. Only what has a row is known, and only what is known goes.

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::backup::{Column, Entity, Model, State};
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, TransactionSession as _, TransactionTrait as _,
    sea_query::Expr,
};
use tenancy::{ArchivePlace, Error, Result, TenantId};

use super::{Backups, retention::Kept};

/// For how long it is known that a backup failed.
const FAILURES_KEPT: TimeDelta = TimeDelta::days(30);

/// What a rotation has done.
#[derive(Debug, Default)]
pub struct Rotation {
    /// The archives that were removed.
    pub removed: Vec<Model>,
    /// How many archives, or leftovers of failed backups, could not be removed. Why is in the log.
    pub failed: usize,
}

impl Backups {
    /// The archives, of one tenant or of all, and the tries to make one; the newest first.
    pub async fn list(&self, tenant: Option<TenantId>) -> Result<Vec<Model>, DbErr> {
        let mut query = Entity::find().order_by_asc(Column::TenantId).order_by_desc(Column::StartedAt);
        if let Some(tenant) = tenant {
            query = query.filter(Column::TenantId.eq(tenant.0));
        }
        query.all(&self.platform).await
    }

    /// The archives that the rules do not keep.
    pub async fn superfluous(&self, tenant: TenantId) -> Result<Vec<Model>, DbErr> {
        let mut backups = self.list(Some(tenant)).await?;
        backups.retain(|backup| backup.state == State::Done);
        let archives: Vec<Kept> =
            backups.iter().map(|backup| Kept { id: backup.id, made_at: backup.started_at, is_good: backup.is_good() }).collect();
        let gone = self.options.backup_keep.superfluous(&archives);
        backups.retain(|backup| gone.contains(&backup.id));
        Ok(backups)
    }

    /// Removes the archives of a tenant that the rules do not keep. One that cannot be removed is in no other's way.
    ///
    /// # Errors
    /// When it is not known which archives there are.
    pub async fn rotate(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<Rotation, DbErr> {
        let mut rotation = Rotation::default();
        let old = self.superfluous(tenant).await?;
        for backup in old.into_iter().chain(self.old_failures(tenant, now).await?) {
            match self.remove(&backup).await {
                Ok(true) if backup.state == State::Done => rotation.removed.push(backup),
                Ok(_) => {}
                // Its place may be one that was given by mistake, and never can be reached.
                Err(error)
                    if backup.state == State::Failed
                        && backup.started_at < now - FAILURES_KEPT * 2
                        && !matches!(error, Error::Database(_)) =>
                {
                    tracing::warn!(place = backup.place, %error, "what a failed backup may have left is not looked for any more");
                    Entity::delete_by_id(backup.id).exec(&self.platform).await?;
                }
                Err(error) => {
                    tracing::warn!(place = backup.place, %error, "an old archive could not be removed; it is tried again later");
                    rotation.failed += 1;
                }
            }
        }
        Ok(rotation)
    }

    /// Removes an archive with its row. False: another process has done so.
    ///
    /// The row is locked while the archive goes. Where this process is killed in between, the row is there still, and leads to what is
    /// left; and a drill that does not find the archive waits for the row, rather than finding fault with what is not wanted any more.
    async fn remove(&self, backup: &Model) -> Result<bool> {
        let place: ArchivePlace = backup.place.parse()?;
        let transaction = self.platform.begin().await?;
        let row = Entity::delete_by_id(backup.id).exec(&transaction).await?;
        let removed = if row.rows_affected == 0 { Ok(false) } else { place.remove().await.map(|()| true) };
        if matches!(removed, Ok(true)) {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        removed
    }

    /// Backups that failed long ago, and were followed by others. They may have left something.
    async fn old_failures(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
        let followed = "EXISTS (SELECT FROM platform.backups b WHERE b.tenant_id = backups.tenant_id AND b.state = 'done' \
                        AND b.started_at > backups.started_at)";
        Entity::find()
            .filter(Column::TenantId.eq(tenant.0))
            .filter(Column::State.eq(State::Failed))
            .filter(Column::StartedAt.lt(now - FAILURES_KEPT))
            .filter(Expr::cust(followed))
            .all(&self.platform)
            .await
    }
}
