//! What was changed, when and by whom.

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use domain::Error;
use entities::tenant::audit_event::Model;

use super::{
    connection::{Arguments, PageInfo, write_cursor},
    context::ResolverContext,
    error::Fault,
    id::{self, Kind},
};

/// The most events on a page.
const MOST: i32 = 100;

/// One change, recorded in the transaction that made it.
#[derive(SimpleObject)]
pub struct AuditEvent {
    /// The event's opaque id.
    id: ID,
    /// When the change was made.
    occurred_at: DateTime<Utc>,
    /// Who made it: the account's name at that time.
    actor_name: String,
    /// What was done: `employee.hired`.
    action: String,
    /// The opaque id of what was changed.
    subject_id: ID,
    /// The fields that changed, each with the values before and after: `{"familyName": {"from": "Ash", "to": "Oak"}}`.
    changes: Json<serde_json::Value>,
}

impl TryFrom<Model> for AuditEvent {
    type Error = Fault;

    fn try_from(row: Model) -> Result<Self, Fault> {
        let kind = match row.subject_type.as_str() {
            "employee" => Kind::Employee,
            "department" => Kind::Department,
            "position" => Kind::Position,
            "location" => Kind::Location,
            "member" => Kind::Account,
            "invitation" => Kind::Invitation,
            "api_key" => Kind::ApiKey,
            "export" => Kind::Export,
            "support_grant" => Kind::SupportGrant,
            // There is one for each organisation, or it is known by its name, and it has no id of its own.
            "identity_provider" | "domain" | "tenant" => Kind::Tenant,
            _ => return Err(Fault::new("an audit event has an unknown type of subject")),
        };
        Ok(Self {
            id: id::encode(row.id),
            occurred_at: row.occurred_at,
            actor_name: row.actor_name,
            action: row.action,
            subject_id: id::encode_as(kind, row.subject_id),
            changes: Json(row.changes),
        })
    }
}

/// One page of the audit.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct AuditEventConnection {
    /// The events of the page, each with its cursor.
    edges: Vec<AuditEventEdge>,
    /// Where the page begins and ends, and whether there are others.
    page_info: PageInfo,
}

/// One event of a page.
#[derive(SimpleObject)]
pub struct AuditEventEdge {
    /// The event itself.
    node: AuditEvent,
    /// The place of the event in the list, for `after`.
    cursor: String,
}

#[async_graphql::ComplexObject]
impl AuditEventConnection {
    /// The events of the page by themselves.
    async fn nodes(&self) -> Vec<&AuditEvent> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
}

/// The query of the audit.
#[derive(Default)]
pub struct AuditEventQuery;

#[Object]
impl AuditEventQuery {
    /// What was changed, when and by whom. Newest first; at most 100 a page (default 50). An operator who was let in sees the changes of
    /// employees, departments, positions and locations.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(
            desc = "Only the changes of this employee, department, position, location, invitation, member's account, API key or support \
                    access."
        )]
        subject_id: Option<ID>,
    ) -> Result<AuditEventConnection> {
        let request = ctx.member()?;
        let mut paging = Arguments::forward(first, after).paging(MOST)?;
        paging.first.get_or_insert(50);
        let subject = match subject_id.as_ref().map(id::parse) {
            None => None,
            Some(Some((
                Kind::Account
                | Kind::ApiKey
                | Kind::Department
                | Kind::Employee
                | Kind::Invitation
                | Kind::Location
                | Kind::Position
                | Kind::SupportGrant,
                key,
            ))) => Some(key),
            Some(_) => return Err(Error::NotFound("subject").into()),
        };
        let page = domain::audit::list(request.scope(), request.domain(), &paging, subject).await?;

        let mut edges = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            edges.push(AuditEventEdge { cursor: write_cursor(&row.id)?, node: row.try_into()? });
        }
        let page_info = PageInfo {
            has_next_page: page.has_next_page,
            has_previous_page: page.has_previous_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(AuditEventConnection { edges, page_info })
    }
}
