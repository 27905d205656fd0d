//! What operators have done: written with the deed, never changed, and kept when the tenant is gone.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::{Page, Paging};
use entities::{
    id::{OperatorEventId, OperatorId},
    platform::operator_event::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Set};
use serde_json::Value;
use tenancy::{Tenant, TenantId};

use super::Operators;

/// Page size when the request gives none.
const USUAL_ROWS: usize = 50;

/// Who does something: an operator at the console, or whoever has the command line.
#[derive(Debug, Clone)]
pub struct Doer {
    /// The operator; none for the command line.
    pub operator: Option<OperatorId>,
    /// The name.
    pub name: String,
    /// The network address; none for the command line.
    pub address: Option<IpAddr>,
}

impl Doer {
    /// Whoever has the command line.
    pub fn command_line() -> Self {
        Self { operator: None, name: "command line".to_owned(), address: None }
    }
}

/// What was done.
#[derive(Debug)]
pub struct Event {
    action: &'static str,
    subject: Option<(TenantId, String)>,
    details: Value,
}

impl Event {
    /// Something that concerns no tenant.
    pub fn of_platform(action: &'static str, details: Value) -> Self {
        Self { action, subject: None, details }
    }

    /// Something that was done to a tenant.
    pub fn of_tenant(action: &'static str, tenant: &Tenant, details: Value) -> Self {
        Self { action, subject: Some((tenant.id, tenant.slug.to_string())), details }
    }
}

/// Writes an event, in the transaction of the deed.
pub async fn write_event<C: ConnectionTrait>(connection: &C, doer: &Doer, event: Event, now: DateTime<Utc>) -> Result<(), DbErr> {
    let (subject_tenant, subject_slug) = event.subject.map(|(tenant, slug)| (tenant.0, slug)).unzip();
    let row = ActiveModel {
        id: Set(OperatorEventId::generate()),
        occurred_at: Set(now),
        operator_id: Set(doer.operator),
        operator_name: Set(doer.name.clone()),
        action: Set(event.action.to_owned()),
        subject_tenant: Set(subject_tenant),
        subject_slug: Set(subject_slug),
        details: Set(event.details),
        address: Set(doer.address.map(|address| address.to_string())),
    };
    Entity::insert(row).exec_without_returning(connection).await.map(drop)
}

impl Operators {
    /// Writes down what was done to a tenant, once it is done: where a change has a transaction of its own, or several.
    pub async fn note(
        &self,
        doer: &Doer,
        tenant: &Tenant,
        action: &'static str,
        details: Value,
        now: DateTime<Utc>,
    ) -> Result<(), DbErr> {
        write_event(&self.platform, doer, Event::of_tenant(action, tenant, details), now).await
    }

    /// A page of events, the newest first; of one tenant, if one is given.
    pub async fn events(&self, paging: &Paging<OperatorEventId>, tenant: Option<TenantId>) -> Result<Page<Model>, domain::Error> {
        let window = paging.window(USUAL_ROWS)?;
        let rows = Entity::find()
            .apply_if(tenant, |select, tenant| select.filter(Column::SubjectTenant.eq(tenant.0)))
            .apply_if(paging.after, |select, id| select.filter(Column::Id.lt(id)))
            .order_by_desc(Column::Id)
            .limit(window.limit())
            .all(&self.platform)
            .await?;
        Ok(window.page(rows))
    }
}
