//! What operators have done.

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Error;
use entities::{id::OperatorEventId, platform::operator_event::Model};
use tenancy::TenantId;

use super::context::OperatorResolverContext as _;
use crate::graphql::{
    connection::{Arguments, PageInfo, write_cursor},
    id::{self, Kind},
};

/// The most events on a page.
const MOST: i32 = 100;

/// One deed of an operator.
#[derive(SimpleObject)]
pub struct OperatorEvent {
    /// The event's opaque id.
    id: ID,
    /// When it was done.
    occurred_at: DateTime<Utc>,
    /// Who did it: the operator's name at that time, or `command line`.
    operator_name: String,
    /// What was done: `tenant.suspended`.
    action: String,
    /// The opaque id of the organisation that it was done to, which may be gone by now.
    tenant_id: Option<ID>,
    /// The organisation's slug at that time.
    tenant_slug: Option<String>,
    /// What was changed, each field with the values before and after.
    details: Json<serde_json::Value>,
    /// The network address that it was done from; null for the command line.
    address: Option<String>,
}

impl From<Model> for OperatorEvent {
    fn from(row: Model) -> Self {
        Self {
            id: id::encode(row.id),
            occurred_at: row.occurred_at,
            operator_name: row.operator_name,
            action: row.action,
            tenant_id: row.subject_tenant.map(|tenant| id::encode_tenant(TenantId(tenant))),
            tenant_slug: row.subject_slug,
            details: Json(row.details),
            address: row.address,
        }
    }
}

/// One page of events.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct OperatorEventConnection {
    /// The events of the page, each with its cursor.
    edges: Vec<OperatorEventEdge>,
    /// Where the page begins and ends, and whether there are others.
    page_info: PageInfo,
}

/// One event of a page.
#[derive(SimpleObject)]
pub struct OperatorEventEdge {
    /// The event itself.
    node: OperatorEvent,
    /// The place of the event in the list, for `after`.
    cursor: String,
}

#[async_graphql::ComplexObject]
impl OperatorEventConnection {
    /// The events of the page by themselves.
    async fn nodes(&self) -> Vec<&OperatorEvent> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// The query of events.
#[derive(Default)]
pub struct OperatorEventQuery;

#[Object]
impl OperatorEventQuery {
    /// What operators have done, at the console and at the command line. Newest first; at most 100 a page (default 50).
    async fn operator_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only what was done to this organisation; it may be gone.")] tenant_id: Option<ID>,
    ) -> Result<OperatorEventConnection> {
        let request = ctx.reader()?;
        let tenant = match tenant_id.as_ref().map(id::parse) {
            None => None,
            Some(Some((Kind::Tenant, key))) => Some(TenantId(key)),
            Some(_) => return Err(Error::NotFound("organisation").into()),
        };
        let paging = Arguments::forward(first, after).paging::<OperatorEventId>(MOST)?;
        let page = request.operators.events(&paging, tenant).await?;
        let mut edges = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            edges.push(OperatorEventEdge { cursor: write_cursor(&row.id)?, node: row.into() });
        }
        let page_info = PageInfo {
            has_next_page: page.has_next_page,
            has_previous_page: page.has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(OperatorEventConnection { edges, page_info })
    }
}
