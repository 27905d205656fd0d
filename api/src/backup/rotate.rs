//! Which archives go. Only what has a row is known, and only what is known goes.

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::backup::{Column, Entity, Model, State};
use sea_orm::{ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, Statement, Value};
use tenancy::{ArchivePlace, Result, TenantId};

use super::{Backups, retention::Kept};

/// For how long it is known that a backup failed.
const FAILURES_KEPT: TimeDelta = TimeDelta::days(30);

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

    /// Removes the archives of a tenant that the rules do not keep. Says how many.
    pub async fn rotate(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<usize> {
        let old = self.superfluous(tenant).await?;
        let count = old.len();
        for backup in old.into_iter().chain(self.old_failures(tenant, now).await?) {
            // The row goes last: what is killed in between finds its way again.
            backup.place.parse::<ArchivePlace>()?.remove().await?;
            Entity::delete_by_id(backup.id).exec(&self.platform).await?;
        }
        Ok(count)
    }

    /// Backups that failed long ago, and were followed by others. They may have left something.
    async fn old_failures(&self, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
        let sql = "SELECT f.* FROM platform.backups f WHERE f.tenant_id = $1 AND f.state = 'failed' AND f.started_at < $2 \
                   AND EXISTS (SELECT FROM platform.backups b WHERE b.tenant_id = $1 AND b.state = 'done' \
                   AND b.started_at > f.started_at)";
        let values: [Value; 2] = [tenant.0.into(), (now - FAILURES_KEPT).into()];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        Entity::find().from_raw_sql(statement).all(&self.platform).await
    }
}
