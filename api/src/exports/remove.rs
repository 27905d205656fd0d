//! What goes: exports that have expired or make room for others, what failed tries have left, and those of a deleted tenant.

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::export::{Column, Entity, Model, State};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use tenancy::TenantId;

use super::{Exports, make::remove_file};

/// For how long it is shown that there was an export.
const SHOWN: TimeDelta = TimeDelta::days(30);
/// How many are removed at a time.
const AT_A_TIME: u64 = 100;

impl Exports {
    /// Removes files whose time is over, and forgets what was long ago. Several processes may do so at once.
    pub(super) async fn remove_due(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        let is_over = Condition::any()
            .add(Column::State.is_in([State::Failed, State::Expired]))
            .add(Condition::all().add(Column::State.eq(State::Done)).add(Column::ExpiresAt.lte(now)));
        let over = Entity::find().filter(Column::Place.is_not_null()).filter(is_over).order_by_asc(Column::Id).limit(AT_A_TIME);
        let mut page = over.clone().all(&self.platform).await?;
        while let Some(last) = page.last().map(|export| export.id) {
            for export in &page {
                self.remove(export).await?;
            }
            // Those that cannot be removed keep nothing that comes after them.
            page = over.clone().filter(Column::Id.gt(last)).all(&self.platform).await?;
        }
        Self::change(&self.platform, "DELETE FROM platform.export_downloads WHERE expires_at < $1", [now.into()]).await?;
        let sql = "DELETE FROM platform.exports WHERE state IN ('failed', 'expired') AND place IS NULL AND asked_at < $1";
        Self::change(&self.platform, sql, [(now - SHOWN).into()]).await.map(drop)
    }

    /// Removes the oldest files of a tenant that has more than are kept.
    pub(super) async fn make_room(&self, tenant: TenantId) -> Result<(), DbErr> {
        let done = Entity::find().filter(Column::TenantId.eq(tenant.0)).filter(Column::State.eq(State::Done));
        let newest_first = done.order_by_desc(Column::FinishedAt).order_by_desc(Column::Id);
        for export in newest_first.offset(u64::from(self.options.exports_kept)).all(&self.platform).await? {
            self.remove(&export).await?;
        }
        Ok(())
    }

    /// Removes a file. The row forgets it last: what is killed in between finds its way again.
    async fn remove(&self, export: &Model) -> Result<(), DbErr> {
        // Nobody begins to download what is about to go.
        let sql = "UPDATE platform.exports SET state = 'expired' WHERE id = $1 AND state = 'done'";
        Self::change(&self.platform, sql, [export.id.into()]).await?;
        match remove_file(export.place.as_deref()).await {
            Ok(()) => {
                let sql = "UPDATE platform.exports SET place = NULL WHERE id = $1 AND state IN ('failed', 'expired')";
                Self::change(&self.platform, sql, [export.id.into()]).await.map(drop)
            }
            Err(error) => {
                let place = export.place.as_deref();
                tracing::error!(%error, place, "an export that has expired could not be removed; it is tried again");
                Ok(())
            }
        }
    }
}

/// Removes the files of a tenant that is being deleted, in the transaction in which its rows go: the lock keeps a process from noting
/// meanwhile that it has made another one.
pub(crate) async fn remove_all<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> tenancy::Result<()> {
    let of_tenant = Entity::find().filter(Column::TenantId.eq(tenant.0)).lock_exclusive();
    for export in of_tenant.all(connection).await? {
        remove_file(export.place.as_deref()).await?;
    }
    Ok(())
}
