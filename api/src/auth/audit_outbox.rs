//! The audit of what is done in the control plane.
//!
//! Members, keys and hosts are in the control plane, their audit in the tenant's schema: two transactions. So an event is written
//! down in the transaction of the change, put into the audit right after it, and forgotten here. What a crash leaves between the two
//! is delivered by whoever tidies up next. An event has one id in both places, so it arrives once however often it is delivered.
//!
//! While an operator works on a tenant's data nothing is written into it: what is done elsewhere meanwhile waits here until that is over.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Context, Error,
    audit::{self, Entry, Event},
};
use entities::{id::AuditEventId, platform::audit_outbox};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set};
use tenancy::{Tenant, TenantConnection, TenantId, TenantScope, TenantStatus};

use super::Auth;

/// After this time nobody is at work on an event any more: a request has ended by then.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);
/// How many are read at a time.
const AT_A_TIME: u64 = 100;

/// Writes an event down, in the transaction of the change. After its commit, [`Auth::deliver`] puts it into the audit.
pub(crate) async fn put<C: ConnectionTrait>(
    connection: &C,
    tenant: TenantId,
    context: &Context,
    event: Event,
) -> Result<Entry, Error> {
    let entry = Entry::new(context, event)?;
    let json = serde_json::to_value(&entry).map_err(|error| DbErr::Json(error.to_string()))?;
    let row = audit_outbox::ActiveModel {
        id: Set(entry.id()),
        tenant_id: Set(tenant.0),
        entry: Set(json),
        created_at: Set(context.now),
    };
    audit_outbox::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(entry)
}

impl Auth {
    /// Puts events into the audit whose change is committed. A failure is no failure of the change: it is tried again later.
    pub(crate) async fn deliver(&self, scope: &impl TenantScope, entries: impl IntoIterator<Item = Entry>) {
        for entry in entries {
            let id = entry.id();
            if self.is_worked_on(scope.tenant_id()).await {
                tracing::info!(event = %id, "an audit event waits for the end of the maintenance");
                continue;
            }
            if let Err(error) = self.deliver_one(scope, entry).await {
                tracing::warn!(event = %id, ?error, "an audit event was not written; it is tried again");
            }
        }
    }

    /// Whether the tenant is under maintenance. Where that is not known, the delivery itself says what is wrong.
    async fn is_worked_on(&self, tenant: TenantId) -> bool {
        let tenant = self.tenants.directory().by_id(tenant).await;
        tenant.is_ok_and(|tenant| tenant.is_some_and(|tenant| tenant.maintenance.is_some()))
    }

    async fn deliver_one(&self, scope: &impl TenantScope, entry: Entry) -> Result<(), Error> {
        let id = entry.id();
        audit::deliver(scope, entry).await?;
        audit_outbox::Entity::delete_by_id(id).exec(&self.platform).await?;
        Ok(())
    }

    /// Delivers what somebody who ended in between has left.
    pub(super) async fn deliver_overdue(&self, now: DateTime<Utc>) -> Result<(), DbErr> {
        let mut after: Option<AuditEventId> = None;
        loop {
            let rows = audit_outbox::Entity::find()
                .filter(audit_outbox::Column::CreatedAt.lt(now - OVERDUE))
                .apply_if(after, |select, id| select.filter(audit_outbox::Column::Id.gt(id)))
                .order_by_asc(audit_outbox::Column::Id)
                .limit(AT_A_TIME)
                .all(&self.platform)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for row in rows {
                let id = row.id;
                if let Err(error) = self.deliver_row(row).await {
                    tracing::warn!(event = %id, error = format!("{error:#}"), "an audit event was not written; it is tried again");
                }
            }
        }
    }

    async fn deliver_row(&self, row: audit_outbox::Model) -> anyhow::Result<()> {
        match self.place_of(TenantId(row.tenant_id)).await? {
            Place::Gone => {
                audit_outbox::Entity::delete_by_id(row.id).exec(&self.platform).await?;
            }
            Place::Behind => {}
            Place::Open(_, scope) => {
                let entry = serde_json::from_value(row.entry).context("an audit event cannot be read")?;
                self.deliver_one(&scope, entry).await?;
            }
        }
        Ok(())
    }

    /// Where the data of a tenant is, for work that no request asked for.
    pub(super) async fn place_of(&self, tenant: TenantId) -> Result<Place, tenancy::Error> {
        let Some(tenant) = self.tenants.directory().by_id(tenant).await? else {
            return Ok(Place::Gone);
        };
        if !tenant.is_current(self.tenants.head()) || tenant.status == TenantStatus::Deleting || tenant.maintenance.is_some() {
            return Ok(Place::Behind);
        }
        let scope = self.tenants.read_write(&tenant);
        Ok(Place::Open(tenant, scope))
    }
}

/// Where the data of a tenant is.
pub(super) enum Place {
    /// The tenant was deleted.
    Gone,
    /// Its schema is behind the program or is being deleted, or an operator works on it; later.
    Behind,
    /// Here.
    Open(std::sync::Arc<Tenant>, TenantConnection),
}
