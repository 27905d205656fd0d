//! What operators do: they ask to be let in, take that back, and give back what they were given.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Error,
    audit::Entry,
    value::{FromText as _, Paragraph},
};
use entities::{
    id::{OperatorId, SupportGrantId},
    platform::{
        operator,
        support_grant::{ActiveModel, Column, Entity, Model},
    },
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait as _, QueryFilter, QuerySelect, Set,
    TransactionSession, TransactionTrait,
};
use serde_json::json;
use tenancy::Tenant;

use super::{Doer, Event, Operators, write_event};
use crate::{
    auth::audit_outbox,
    lifecycle::owners,
    support::{PATIENCE, SupportState, conflict, event, let_go, locked, of_tenant, operator_context, state},
};

/// For at most so many hours an operator is let in.
const MOST_HOURS: i16 = 8;
/// So often one operator asks one tenant within [`WINDOW`]: each time is a mail to every owner.
const MOST_REQUESTS: u64 = 5;
const WINDOW: TimeDelta = TimeDelta::days(1);

/// A request to be let in.
#[derive(Debug, Clone)]
pub struct NewRequest {
    reason: String,
    hours: i16,
}

impl NewRequest {
    /// Parses what an operator has written.
    pub fn parse(reason: &str, hours: i32) -> Result<Self, Error> {
        let reason = Paragraph::<500>::from_text("reason", reason)?.into_text();
        let hours = i16::try_from(hours).ok().filter(|hours| (1..=MOST_HOURS).contains(hours));
        let refused = || Error::bad_input("hours", format!("Support access is for 1 to {MOST_HOURS} hours."));
        Ok(Self { reason, hours: hours.ok_or_else(refused)? })
    }
}

impl Operators {
    /// Asks the owners of a tenant, by mail and on a page of theirs. Nobody has to answer.
    pub async fn ask_for_support(
        &self,
        operator: OperatorId,
        doer: &Doer,
        tenant: &Tenant,
        new: NewRequest,
        now: DateTime<Utc>,
    ) -> Result<(Model, Entry), Error> {
        let transaction = self.platform.begin().await?;
        // Two requests of one operator wait for each other.
        let asker = operator::Entity::find_by_id(operator).lock_exclusive().one(&transaction).await?;
        let asker = asker.filter(|asker| asker.disabled_at.is_none()).ok_or(Error::Unauthenticated)?;
        let waits = |grant: &Model| matches!(state(grant, now), SupportState::Asked | SupportState::Open);
        if of_operator(&transaction, operator, tenant).await?.iter().any(waits) {
            return Err(conflict("You have asked already. Withdraw that request, or give the access back, to ask anew."));
        }
        if asked_since(&transaction, operator, tenant, now - WINDOW).await? >= MOST_REQUESTS {
            return Err(conflict(&format!("You have asked {MOST_REQUESTS} times within a day. Its owners have heard of it.")));
        }
        let row = ActiveModel {
            id: Set(SupportGrantId::generate()),
            tenant_id: Set(tenant.id.0),
            operator_id: Set(operator),
            operator_name: Set(asker.name),
            operator_email: Set(asker.email),
            reason: Set(new.reason),
            hours: Set(new.hours),
            asked_at: Set(now),
            lapses_at: Set(now + PATIENCE),
            decided_at: Set(None),
            consented: Set(None),
            decided_by: Set(None),
            decided_by_name: Set(None),
            expires_at: Set(None),
            last_entered_at: Set(None),
            ended_at: Set(None),
            ended_by: Set(None),
            expiry_noted_at: Set(None),
        };
        let grant = row.insert(&transaction).await?;
        // The reason stands in the grant, which goes with the tenant; events stay, and it may name some of its people.
        let details = json!({ "grant": grant.id, "hours": grant.hours });
        write_event(&transaction, doer, Event::of_tenant("support.requested", tenant, details), now).await?;
        let context = operator_context(operator, &grant.operator_name, now);
        let entry = audit_outbox::put(&transaction, tenant.id, &context, event(&grant, "support.requested")).await?;
        for owner in owners(&transaction, tenant.id).await? {
            self.mail.write_support_request(&transaction, &owner, tenant, &grant, now).await?;
        }
        transaction.commit().await?;
        Ok((grant, entry))
    }

    /// Takes a request back, or gives back what it has led to. Any operator may do so: it opens nothing.
    pub async fn end_support(
        &self,
        operator: OperatorId,
        doer: &Doer,
        tenant: &Tenant,
        id: SupportGrantId,
        now: DateTime<Utc>,
    ) -> Result<(Model, Entry), Error> {
        let transaction = self.platform.begin().await?;
        let grant = locked(&transaction, tenant.id, id).await?;
        let action = match state(&grant, now) {
            SupportState::Asked => "support.withdrawn",
            SupportState::Open => "support.given_back",
            _ => return Err(conflict("This is over already.")),
        };
        let ended = ActiveModel { ended_at: Set(Some(now)), ended_by: Set(Some(doer.name.clone())), ..grant.into() };
        let grant = ended.update(&transaction).await?;
        let details = json!({ "grant": grant.id, "operator": grant.operator_email });
        write_event(&transaction, doer, Event::of_tenant(action, tenant, details), now).await?;
        let context = operator_context(operator, &doer.name, now);
        let entry = audit_outbox::put(&transaction, tenant.id, &context, event(&grant, action)).await?;
        let_go(&transaction, grant.operator_id).await?;
        transaction.commit().await?;
        Ok((grant, entry))
    }

    /// The requests to a tenant, of all operators, the newest first.
    pub async fn support_grants(&self, tenant: &Tenant) -> Result<Vec<Model>, DbErr> {
        of_tenant(&self.platform, tenant.id).await
    }

    /// What lets an operator into a tenant now.
    pub async fn open_support(&self, operator: OperatorId, tenant: &Tenant, now: DateTime<Utc>) -> Result<Model, Error> {
        let found = of_operator(&self.platform, operator, tenant).await?;
        let open = found.into_iter().find(|grant| state(grant, now) == SupportState::Open);
        open.ok_or(Error::Forbidden("No owner of this organisation has let you in, or not any more."))
    }
}

/// How often an operator has asked a tenant since a moment, whatever became of it.
async fn asked_since<C: ConnectionTrait>(
    connection: &C,
    operator: OperatorId,
    tenant: &Tenant,
    since: DateTime<Utc>,
) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::OperatorId.eq(operator))
        .filter(Column::TenantId.eq(tenant.id.0))
        .filter(Column::AskedAt.gt(since))
        .count(connection)
        .await
}

async fn of_operator<C: ConnectionTrait>(connection: &C, operator: OperatorId, tenant: &Tenant) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::OperatorId.eq(operator))
        .filter(Column::TenantId.eq(tenant.id.0))
        .filter(Column::EndedAt.is_null())
        .all(connection)
        .await
}
