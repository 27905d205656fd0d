use std::{sync::Arc, time::Duration};

use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{Maintenance, SchemaName, Slug, TenantId, tenant::Statements};

const TERMS: Terms = Terms { warning_days: 14, read_only_after_days: 7, suspend_after_days: 30 };

/// Day 0 is some day; dates are given as days from it.
fn day(days: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + days)
}

fn tenant() -> Tenant {
    let id = TenantId(Uuid::from_u128(1));
    let schema = SchemaName::of(id);
    Tenant {
        id,
        slug: Slug::parse("acme").unwrap(),
        name: "Acme".to_owned(),
        status: TenantStatus::Active,
        status_since: day(-100),
        schema_version: Some("m2".to_owned()),
        primary_host: None,
        created_at: day(-100),
        trial_ends_at: None,
        paid_until: None,
        delete_at: None,
        deletion_asked_by: None,
        maintenance: None,
        settings: Arc::new(json!({})),
        statements: Statements::of(&schema, Duration::from_secs(1)),
        schema,
    }
}

fn state(tenant: &Tenant, now: DateTime<Utc>) -> State {
    standing(tenant, "m2", now, TERMS).state
}

#[rstest]
#[case(None, None, State::Active)]
#[case(None, Some(15), State::Active)]
#[case(None, Some(14), State::Warned)]
#[case(None, Some(0), State::Warned)]
#[case(None, Some(-6), State::Warned)]
#[case(None, Some(-7), State::ReadOnly)]
#[case(None, Some(-29), State::ReadOnly)]
#[case(None, Some(-30), State::PastDue)]
#[case(None, Some(-3_000), State::PastDue)]
#[case(Some(15), None, State::Trial)]
#[case(Some(14), None, State::Warned)]
#[case(Some(-1), None, State::Warned)]
#[case(Some(-7), None, State::ReadOnly)]
#[case(Some(-30), None, State::PastDue)]
// A trial that was prolonged beyond what was paid, and one that was paid for before it ended.
#[case(Some(20), Some(-40), State::Trial)]
#[case(Some(20), Some(20), State::Active)]
#[case(Some(-40), Some(20), State::Active)]
fn the_dates(#[case] trial: Option<i64>, #[case] paid: Option<i64>, #[case] expected: State) {
    let tenant = Tenant { trial_ends_at: trial.map(day), paid_until: paid.map(day), ..tenant() };
    assert_eq!(state(&tenant, day(0)), expected);
}

#[rstest]
#[case(State::Warned, day(7) - TimeDelta::nanoseconds(1))]
#[case(State::ReadOnly, day(7))]
#[case(State::ReadOnly, day(30) - TimeDelta::nanoseconds(1))]
#[case(State::PastDue, day(30))]
fn a_date_takes_effect_at_its_moment(#[case] expected: State, #[case] now: DateTime<Utc>) {
    let tenant = Tenant { paid_until: Some(day(0)), ..tenant() };
    assert_eq!(state(&tenant, now), expected);
}

#[rstest]
#[case(TenantStatus::Active, false, None, 20, "m2", State::Active)]
#[case(TenantStatus::Active, false, None, 20, "m3", State::Active)]
#[case(TenantStatus::Active, false, None, 20, "m1", State::Migrating)]
#[case(TenantStatus::Active, false, None, -10, "m1", State::Migrating)]
#[case(TenantStatus::Active, false, None, -10, "m2", State::ReadOnly)]
#[case(TenantStatus::Active, false, None, -40, "m1", State::PastDue)]
#[case(TenantStatus::Active, true, None, -40, "m1", State::Maintenance)]
#[case(TenantStatus::Suspended, true, None, -40, "m1", State::Suspended)]
#[case(TenantStatus::Suspended, true, Some(5), -40, "m1", State::Deleting)]
#[case(TenantStatus::Active, false, Some(5), 20, "m2", State::Deleting)]
#[case(TenantStatus::Active, false, Some(-5), 20, "m2", State::Deleting)]
#[case(TenantStatus::Deleting, false, None, 20, "m2", State::Deleting)]
fn what_was_decided_comes_before_the_dates_and_these_before_the_version(
    #[case] status: TenantStatus,
    #[case] in_maintenance: bool,
    #[case] delete: Option<i64>,
    #[case] paid: i64,
    #[case] version: &str,
    #[case] expected: State,
) {
    let maintenance = in_maintenance.then(|| Maintenance { since: day(-1), message: Arc::from("Back at noon.") });
    let tenant = Tenant {
        status,
        maintenance,
        delete_at: delete.map(day),
        paid_until: Some(day(paid)),
        schema_version: Some(version.to_owned()),
        ..tenant()
    };
    assert_eq!(state(&tenant, day(0)), expected);
    assert_eq!(expected.is_served(), matches!(expected, State::Active | State::ReadOnly));
}

#[test]
fn a_tenant_without_a_version_is_not_served() {
    let tenant = Tenant { schema_version: None, ..tenant() };
    assert_eq!(state(&tenant, day(0)), State::Migrating);
}

#[rstest]
#[case(json!({ "terms": { "suspendAfterDays": 100 } }), State::ReadOnly)]
#[case(json!({ "terms": { "readOnlyAfterDays": 90, "suspendAfterDays": 100 } }), State::Warned)]
#[case(json!({ "terms": { "suspendAfterDays": u64::MAX } }), State::ReadOnly)]
#[case(json!({ "terms": { "suspendAfterDays": "many" } }), State::PastDue)]
#[case(json!({ "terms": 7 }), State::PastDue)]
fn a_tenant_may_have_terms_of_its_own(#[case] settings: Value, #[case] expected: State) {
    let tenant = Tenant { paid_until: Some(day(-40)), settings: Arc::new(settings), ..tenant() };
    assert_eq!(state(&tenant, day(0)), expected);
}

#[test]
fn the_next_change_is_known() {
    let tenant = Tenant { paid_until: Some(day(0)), ..tenant() };
    let next = |now| standing(&tenant, "m2", now, TERMS).changes_at(now);
    assert_eq!(next(day(-20)), Some(day(-14)));
    assert_eq!(next(day(-14)), Some(day(7)));
    assert_eq!(next(day(7)), Some(day(30)));
    assert_eq!(next(day(30)), None);
    assert_eq!(standing(&self::tenant(), "m2", day(0), TERMS).changes_at(day(0)), None);
}

#[test]
fn dates_at_the_end_of_time_are_dates() {
    let tenant = Tenant { paid_until: Some(DateTime::<Utc>::MAX_UTC), trial_ends_at: Some(DateTime::<Utc>::MIN_UTC), ..tenant() };
    assert_eq!(state(&tenant, day(0)), State::Active);
}
