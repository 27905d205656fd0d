//! Who did what, when, to what: written by every verb that changes something, in the same transaction.

use entities::{
    id::AuditEventId,
    tenant::audit_event::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenancy::{TenantScope, TenantTransaction};
use uuid::Uuid;

use crate::{
    Context, Error, Page, Paging, Permission,
    announcement::{Announcement, announce},
};

/// Page size when the request gives none.
const USUAL_ROWS: usize = 100;

/// The changed fields, each with its value before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(Map<String, Value>);

impl Changes {
    /// Notes a field, unless it is the same before and after. The name is the field's in camel case.
    #[must_use]
    pub fn with(mut self, field: &str, from: impl Serialize, to: impl Serialize) -> Self {
        // Only a map with strange keys or a failing implementation cannot become JSON; ours are texts, numbers and dates.
        let (from, to) = (json!(from), json!(to));
        if from != to {
            self.0.insert(field.to_owned(), json!({ "from": from, "to": to }));
        }
        self
    }

    /// What a field was before, if it changed.
    pub(crate) fn before(&self, field: &str) -> Option<&Value> {
        self.0.get(field)?.get("from")
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What was done to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The deed, as noun and past verb: `employee.hired`.
    pub action: &'static str,
    /// The kind of thing, such as `employee` or `department`.
    pub subject_type: &'static str,
    /// The thing's id.
    pub subject_id: Uuid,
    /// The changed fields.
    pub changes: Changes,
}

/// Writes the events of one deed, in the transaction that does it, and announces them to those who watch.
pub async fn record(
    transaction: &TenantTransaction,
    context: &Context,
    events: impl IntoIterator<Item = Event>,
) -> Result<(), Error> {
    let actor = context.actor()?;
    let events: Vec<Event> = events.into_iter().collect();
    let announcements: Vec<Announcement> = events.iter().map(Announcement::from).collect();
    let rows: Vec<ActiveModel> = events
        .into_iter()
        .map(|event| ActiveModel {
            id: Set(AuditEventId::generate()),
            occurred_at: Set(context.now),
            actor_account_id: Set(actor.account_id()),
            actor_type: Set(actor.principal.kind().to_owned()),
            actor_id: Set(Some(actor.principal.uuid())),
            actor_name: Set(actor.name.clone()),
            action: Set(event.action.to_owned()),
            subject_type: Set(event.subject_type.to_owned()),
            subject_id: Set(event.subject_id),
            changes: Set(Value::Object(event.changes.0)),
        })
        .collect();
    // One statement a thousand events: a statement takes at most 65,535 values.
    for rows in rows.chunks(1_000) {
        Entity::insert_many(rows.to_vec()).exec_without_returning(transaction).await?;
    }
    announce(transaction, &announcements).await
}

/// A page of events, the newest first; of one subject, if one is given.
pub async fn list(
    scope: &impl TenantScope,
    context: &Context,
    paging: &Paging<AuditEventId>,
    subject_id: Option<Uuid>,
) -> Result<Page<Model>, Error> {
    context.require(Permission::ReadAudit)?;
    let window = paging.window(USUAL_ROWS)?;
    let order = if window.backwards() { Order::Asc } else { Order::Desc };
    let rows = Entity::find()
        .apply_if(subject_id, |select, id| select.filter(Column::SubjectId.eq(id)))
        .apply_if(paging.after, |select, id| select.filter(Column::Id.lt(id)))
        .apply_if(paging.before, |select, id| select.filter(Column::Id.gt(id)))
        .order_by(Column::Id, order)
        .limit(window.limit())
        .all(scope)
        .await?;
    Ok(window.page(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_noted() {
        let changes = Changes::default().with("givenName", "Ann", "Anne").with("familyName", "Lee", "Lee").with(
            "phone",
            None::<String>,
            Some("1"),
        );
        let expected = json!({ "givenName": { "from": "Ann", "to": "Anne" }, "phone": { "from": null, "to": "1" } });
        assert_eq!(Value::Object(changes.0), expected);
        assert!(Changes::default().with("phone", "1", Some("1")).is_empty());
    }
}
