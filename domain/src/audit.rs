//! Who did what, when, to what: written by every verb that changes something, in the same transaction.

use chrono::{DateTime, Utc};
use entities::{
    id::{AccountId, AuditEventId},
    tenant::audit_event::{ActiveModel, Column, Entity, Model},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, TransactionSession,
    sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tenancy::{TenantScope, TenantTransaction};
use uuid::Uuid;

use crate::{
    Context, Error, Page, Paging, Permission, Principal,
    announcement::{Announcement, announce},
};

/// Page size when the request gives none.
const USUAL_ROWS: usize = 100;

/// What an operator in support sees the history of. Of what one sees only where one may also change it, such as members and
/// addresses, the history would tell as much as the lists do.
const SEEN_FOR_SUPPORT: [&str; 4] = ["employee", "department", "position", "location"];

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

    /// The changes as a JSON object: each field with its value before and after.
    pub fn into_json(self) -> Value {
        Value::Object(self.0)
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

/// An event with all that the audit keeps of it. What is done elsewhere than in the tenant's data is written down there, and put
/// into the audit afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    id: AuditEventId,
    occurred_at: DateTime<Utc>,
    actor_account_id: Option<AccountId>,
    actor_type: String,
    actor_id: Uuid,
    actor_name: String,
    action: String,
    subject_type: String,
    subject_id: Uuid,
    changes: Value,
}

impl Entry {
    /// The entry of what the actor has just done.
    pub fn new(context: &Context, event: Event) -> Result<Self, Error> {
        let actor = context.actor()?;
        Ok(Self {
            id: AuditEventId::generate(),
            occurred_at: context.now,
            actor_account_id: actor.account_id(),
            actor_type: actor.principal.kind().to_owned(),
            actor_id: actor.principal.uuid(),
            actor_name: actor.name.clone(),
            action: event.action.to_owned(),
            subject_type: event.subject_type.to_owned(),
            subject_id: event.subject_id,
            changes: Value::Object(event.changes.0),
        })
    }

    /// The event's id.
    pub const fn id(&self) -> AuditEventId {
        self.id
    }

    fn row(self) -> ActiveModel {
        ActiveModel {
            id: Set(self.id),
            occurred_at: Set(self.occurred_at),
            actor_account_id: Set(self.actor_account_id),
            actor_type: Set(self.actor_type),
            actor_id: Set(Some(self.actor_id)),
            actor_name: Set(self.actor_name),
            action: Set(self.action),
            subject_type: Set(self.subject_type),
            subject_id: Set(self.subject_id),
            changes: Set(self.changes),
        }
    }
}

/// Writes the events of one deed, in the transaction that does it, and announces them to those who watch.
pub async fn record(
    transaction: &TenantTransaction,
    context: &Context,
    events: impl IntoIterator<Item = Event>,
) -> Result<(), Error> {
    let events: Vec<Event> = events.into_iter().collect();
    let announcements: Vec<Announcement> = events.iter().map(Announcement::from).collect();
    let rows: Vec<ActiveModel> =
        events.into_iter().map(|event| Entry::new(context, event).map(Entry::row)).collect::<Result<_, _>>()?;
    // One statement a thousand events: a statement takes at most 65,535 values.
    for rows in rows.chunks(1_000) {
        Entity::insert_many(rows.to_vec()).exec_without_returning(transaction).await?;
    }
    announce(transaction, &announcements).await
}

/// Puts an entry into the audit that was written down elsewhere, and announces it. One that is there already stays as it is.
pub async fn deliver(scope: &impl TenantScope, entry: Entry) -> Result<(), Error> {
    let announcement = Announcement {
        action: entry.action.clone(),
        subject_id: entry.subject_id,
        // No department is left by what is done elsewhere.
        former_department_id: None,
    };
    let transaction = scope.begin().await?;
    let same = OnConflict::column(Column::Id).do_nothing().to_owned();
    let delivered = Entity::insert(entry.row()).on_conflict(same).exec_without_returning(&transaction).await?;
    if delivered > 0 {
        announce(&transaction, &[announcement]).await?;
    }
    Ok(transaction.commit().await?)
}

/// A page of events, the newest first; of one subject, if one is given. An operator in support sees those of the directory alone.
pub async fn list(
    scope: &impl TenantScope,
    context: &Context,
    paging: &Paging<AuditEventId>,
    subject_id: Option<Uuid>,
) -> Result<Page<Model>, Error> {
    let actor = context.require(Permission::ReadAudit)?;
    let seen = matches!(actor.principal, Principal::Operator(_)).then_some(SEEN_FOR_SUPPORT);
    let window = paging.window(USUAL_ROWS)?;
    let order = if window.backwards() { Order::Asc } else { Order::Desc };
    let rows = Entity::find()
        .apply_if(subject_id, |select, id| select.filter(Column::SubjectId.eq(id)))
        .apply_if(seen, |select, types| select.filter(Column::SubjectType.is_in(types)))
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
