//! A request for support access, and the access that comes of it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Context, Error,
    audit::{Changes, Event},
};
use entities::{
    id::{OperatorId, SupportGrantId},
    platform::support_grant::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use serde_json::Value;
use tenancy::{PlatformTransaction, TenantId};

use crate::auth::ACCESS_CHANNEL;

/// So long a request waits for an owner, and its mail for a server that takes it.
pub(crate) const PATIENCE: TimeDelta = TimeDelta::hours(72);
/// How many of a tenant are shown, the newest first.
const MOST: u64 = 50;

/// Where a request stands. Nothing has to run for it to lapse or to expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupportState {
    /// It waits for an owner.
    Asked,
    /// No owner has answered in time.
    Lapsed,
    /// The operator has taken it back before an owner answered.
    Withdrawn,
    /// An owner has refused.
    Refused,
    /// An owner has consented: the operator may enter.
    Open,
    /// It was ended before its time.
    Ended,
    /// Its time is over.
    Expired,
}

/// Where a request stands at a moment.
pub fn state(grant: &Model, now: DateTime<Utc>) -> SupportState {
    match (grant.consented, grant.ended_at) {
        (None, Some(_)) => SupportState::Withdrawn,
        (None, None) if now < grant.lapses_at => SupportState::Asked,
        (None, None) => SupportState::Lapsed,
        (Some(false), _) => SupportState::Refused,
        (Some(true), Some(_)) => SupportState::Ended,
        (Some(true), None) if grant.expires_at.is_some_and(|end| now < end) => SupportState::Open,
        (Some(true), None) => SupportState::Expired,
    }
}

/// The requests of a tenant, the newest first.
pub(crate) async fn of_tenant<C: ConnectionTrait>(connection: &C, tenant: TenantId) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::TenantId.eq(tenant.0)).order_by_desc(Column::Id).limit(MOST).all(connection).await
}

/// A request of a tenant, which nobody else changes until the transaction ends.
pub(crate) async fn locked(transaction: &PlatformTransaction, tenant: TenantId, id: SupportGrantId) -> Result<Model, Error> {
    let found = Entity::find_by_id(id).filter(Column::TenantId.eq(tenant.0)).lock_exclusive().one(transaction).await?;
    found.ok_or(Error::NotFound("request for support access"))
}

/// What the tenant's audit says of a deed: always who the operator is and who has consented, whoever of them did it.
pub(crate) fn event(grant: &Model, action: &'static str) -> Event {
    let operator = format!("{} <{}>", grant.operator_name, grant.operator_email);
    let changes = Changes::default()
        .with("operator", Value::Null, operator)
        .with("consentedBy", Value::Null, grant.decided_by_name.as_deref().filter(|_| grant.consented == Some(true)))
        .with("reason", Value::Null, &grant.reason)
        .with("expiresAt", Value::Null, grant.expires_at);
    Event { action, subject_type: "support_grant", subject_id: grant.id.uuid(), changes }
}

/// An operator as the one who does something to a tenant.
pub(crate) fn operator_context(id: OperatorId, name: &str, now: DateTime<Utc>) -> Context {
    Context { actor: Some(Actor::operator(id, name)), now }
}

/// Has every process look again, once the transaction is committed, whether connections of an operator may go on.
pub(crate) async fn let_go<C: ConnectionTrait>(connection: &C, operator: OperatorId) -> Result<(), DbErr> {
    let values = [ACCESS_CHANNEL.into(), operator.to_string().into()];
    connection.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values)).await?;
    Ok(())
}

/// A deed for which it is too late, or too early.
pub(crate) fn conflict(message: &str) -> Error {
    Error::Conflict { field: None, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use entities::id::AccountId;
    use rstest::rstest;
    use uuid::Uuid;

    use super::*;

    const ASKED_AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn hour(hour: i64) -> DateTime<Utc> {
        ASKED_AT + TimeDelta::hours(hour)
    }

    fn grant(consented: Option<bool>, ended: bool) -> Model {
        Model {
            id: SupportGrantId(Uuid::nil()),
            tenant_id: Uuid::nil(),
            operator_id: OperatorId(Uuid::nil()),
            operator_name: "Olga".to_owned(),
            operator_email: "olga@operators.test".to_owned(),
            reason: "To look".to_owned(),
            hours: 2,
            asked_at: ASKED_AT,
            lapses_at: hour(72),
            decided_at: consented.map(|_| hour(1)),
            consented,
            decided_by: consented.map(|_| AccountId(Uuid::nil())),
            decided_by_name: consented.map(|_| "Ann".to_owned()),
            expires_at: consented.filter(|yes| *yes).map(|_| hour(3)),
            last_entered_at: None,
            ended_at: ended.then(|| hour(2)),
            ended_by: ended.then(|| "Ann".to_owned()),
            expiry_noted_at: None,
        }
    }

    #[rstest]
    #[case(None, false, 71, SupportState::Asked)]
    #[case(None, false, 72, SupportState::Lapsed)]
    #[case(None, true, 71, SupportState::Withdrawn)]
    #[case(None, true, 99, SupportState::Withdrawn)]
    #[case(Some(false), false, 2, SupportState::Refused)]
    #[case(Some(true), false, 2, SupportState::Open)]
    #[case(Some(true), false, 3, SupportState::Expired)]
    #[case(Some(true), true, 2, SupportState::Ended)]
    #[case(Some(true), true, 99, SupportState::Ended)]
    fn the_state_follows_from_the_times(
        #[case] consented: Option<bool>,
        #[case] ended: bool,
        #[case] at: i64,
        #[case] expected: SupportState,
    ) {
        assert_eq!(state(&grant(consented, ended), hour(at)), expected);
    }

    #[test]
    fn an_event_names_both() {
        let text = event(&grant(Some(true), false), "support.entered").changes.into_json().to_string();
        assert!(text.contains("Olga <olga@operators.test>") && text.contains("Ann") && text.contains("To look"), "{text}");
        let refused = event(&grant(Some(false), false), "support.refused").changes.into_json();
        assert!(refused.get("consentedBy").is_none(), "{refused}");
    }
}
