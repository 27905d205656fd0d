//! The list of tenants.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use tenancy::SurveyOrder;

use super::{
    context::OperatorResolverContext as _,
    tenant::{Tenant, Wanted, objects},
};
use crate::{
    graphql::{
        connection::{Arguments, PageInfo, write_cursor},
        standing::TenantState,
    },
    operators::{ListTenants, TenantCursor},
};

/// The most tenants on a page.
const MOST: i32 = 100;

/// The order of tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "SurveyOrder")]
pub enum TenantOrder {
    /// By slug.
    Slug,
    /// By name.
    Name,
    /// The newest first.
    Newest,
}

/// One page of tenants.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct TenantConnection {
    /// The tenants of the page, each with its cursor.
    edges: Vec<TenantEdge>,
    /// Where the page begins and ends, and whether there are others.
    page_info: PageInfo,
}

/// One tenant of a page.
#[derive(SimpleObject)]
pub struct TenantEdge {
    /// The tenant itself.
    node: Tenant,
    /// The place of the tenant in the list, for `after`.
    cursor: String,
}

#[async_graphql::ComplexObject]
impl TenantConnection {
    /// The tenants of the page by themselves.
    async fn nodes(&self) -> Vec<&Tenant> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// The query of the tenants.
#[derive(Default)]
pub struct TenantListQuery;

#[Object]
impl TenantListQuery {
    /// The organisations on the platform; at most 100 a page (default 50). Where few of many are in the state that is asked for, a
    /// page may have fewer than it could, none even, with others after `endCursor`.
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those whose slug, name or host has this text in it.")] search: Option<String>,
        #[graphql(desc = "Only those in this state.")] state: Option<TenantState>,
        #[graphql(desc = "In which order.", default_with = "TenantOrder::Slug")] order_by: TenantOrder,
    ) -> Result<TenantConnection> {
        let request = ctx.reader()?;
        let order = SurveyOrder::from(order_by);
        let paging = Arguments::forward(first, after).paging::<TenantCursor>(MOST)?;
        let list = ListTenants { search, state: state.map(Into::into), order };
        let (page, end) = request.operators.list(&list, &paging, request.now).await?;
        let selected = ctx.look_ahead();
        let wanted = Wanted::of(&[selected.field("nodes"), selected.field("edges").field("node")]);
        let nodes = objects(request, &page.rows, &wanted).await?;
        let mut edges = Vec::with_capacity(nodes.len());
        for (tenant, node) in page.rows.iter().zip(nodes) {
            edges.push(TenantEdge { node, cursor: write_cursor(&TenantCursor::of(order, tenant))? });
        }
        let page_info = PageInfo {
            has_next_page: page.has_next_page,
            has_previous_page: page.has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: end.as_ref().map(write_cursor).transpose()?,
        };
        Ok(TenantConnection { edges, page_info })
    }
}
