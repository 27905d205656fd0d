//! What owners ask for, and what they see of it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Context, Error, Permission,
    audit::{Changes, Event},
};
use entities::{
    id::ExportId,
    platform::export::{ActiveModel, Column, Entity, Format, Model, State},
};
use sea_orm::{
    ActiveEnum as _, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Set, Statement, TransactionSession as _, TransactionTrait as _,
};
use tenancy::{PlatformTransaction, Tenant, TenantId};

use super::Exports;
use crate::auth::{Auth, audit_outbox};

/// Within which time the wishes of a tenant are counted.
const DAY: TimeDelta = TimeDelta::days(1);
/// How many are shown, the newest.
const SHOWN: u64 = 20;

impl Exports {
    /// Asks for an export of an organisation, for its owners. It is made beside the requests; the owner gets a mail.
    pub async fn ask(&self, auth: &Auth, context: &Context, tenant: &Arc<Tenant>, format: Format) -> Result<Model, Error> {
        context.require(Permission::ManageTenant)?;
        let (account, now) = (context.account_id()?, context.now);
        let transaction = self.platform.begin().await?;
        // Of two who ask at once, the second sees the first.
        lock(&transaction, tenant.id).await?;
        self.check_may_ask(&transaction, tenant.id, now).await?;
        let wish = ActiveModel {
            id: Set(ExportId::generate()),
            tenant_id: Set(tenant.id.0),
            asked_by: Set(account),
            format: Set(format),
            state: Set(State::Waiting),
            asked_at: Set(now),
            due_at: Set(now),
            tries: Set(0),
            ..Default::default()
        };
        let export = Entity::insert(wish).exec_with_returning(&transaction).await?;
        let changes = Changes::default().with("format", None::<String>, format.to_value());
        let entry = audit_outbox::put(&transaction, tenant.id, context, event(&export, "export.requested", changes)).await?;
        transaction.commit().await?;
        // Past the request's own connection, which writes nothing where the organisation may only be read.
        auth.deliver(&self.tenants.read_write(tenant), [entry]).await;
        self.due.notify_one();
        Ok(export)
    }

    /// The latest exports of an organisation, for its owners; the newest first.
    pub async fn list(&self, context: &Context, tenant: TenantId) -> Result<Vec<Model>, Error> {
        context.require(Permission::ManageTenant)?;
        let latest =
            Entity::find().filter(Column::TenantId.eq(tenant.0)).order_by_desc(Column::AskedAt).order_by_desc(Column::Id);
        Ok(latest.limit(SHOWN).all(&self.platform).await?)
    }

    /// Days for which an export can be downloaded.
    pub fn days_kept(&self) -> u16 {
        self.options.export_days
    }

    async fn check_may_ask(&self, transaction: &PlatformTransaction, tenant: TenantId, now: DateTime<Utc>) -> Result<(), Error> {
        let of_tenant = Entity::find().filter(Column::TenantId.eq(tenant.0));
        let open = of_tenant.clone().filter(Column::State.is_in([State::Waiting, State::Running]));
        if open.count(transaction).await? > 0 {
            return Err(refused("An export is being made already.".to_owned()));
        }
        let most = self.options.exports_per_day;
        if of_tenant.filter(Column::AskedAt.gt(now - DAY)).count(transaction).await? >= u64::from(most) {
            let message =
                format!("An organisation is exported {most} times within a day at the most. Please ask again tomorrow.");
            return Err(refused(message));
        }
        Ok(())
    }
}

/// Has those who ask for the same tenant wait for one another, and refuses them where it is being deleted or gone.
async fn lock(transaction: &PlatformTransaction, tenant: TenantId) -> Result<(), Error> {
    let sql = "SELECT 1 FROM platform.tenants WHERE id = $1 AND status <> 'deleting' FOR NO KEY UPDATE";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [tenant.0.into()]);
    transaction.query_one_raw(statement).await?.map(drop).ok_or(Error::NotFound("organisation"))
}

pub(super) fn refused(message: String) -> Error {
    Error::Conflict { field: None, message }
}

pub(super) fn event(export: &Model, action: &'static str, changes: Changes) -> Event {
    Event { action, subject_type: "export", subject_id: export.id.uuid(), changes }
}
