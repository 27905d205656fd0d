//! Which tenants are tried, and which first.

use std::sync::Arc;

use tenancy::{Canaries, Ended, Error, FleetOptions, Slug};
use tests::{run, value};

use super::{Fleet, Next, migrate, migrate_with, options, slugs};

impl Fleet {
    /// Makes the next migration fail for a tenant, or not any more.
    async fn obstruct(&mut self, index: usize, obstructed: bool) {
        let change = if obstructed { "ADD COLUMN nickname text" } else { "DROP COLUMN nickname" };
        let sql = format!("ALTER TABLE {}.employees {change}", self.tenants[index].schema);
        run(&mut self.operator, &sql).await;
    }
}

#[tokio::test]
async fn canaries_go_first_and_the_others_only_if_they_succeed() {
    let mut fleet = Fleet::of(5).await;
    let next = fleet.next::<Next>();
    fleet.obstruct(3, true).await;
    let canaries = slugs(&[Arc::clone(&fleet.tenants[3]), Arc::clone(&fleet.tenants[4])]);
    let first = FleetOptions { canaries: Canaries::Named(canaries), ..options() };
    let report = migrate_with(&next, &first).await;
    assert_eq!((report.behind, report.migrated, report.failed.len(), report.untouched), (5, 1, 1, 3));
    assert_eq!(report.ended, Ended::CanaryFailed);
    for (index, tenant) in fleet.tenants.clone().iter().enumerate().filter(|(index, _)| *index != 3) {
        assert_eq!(fleet.is_migrated(tenant).await, index == 4, "the others are untouched");
    }

    fleet.obstruct(3, false).await;
    let mut order = Vec::new();
    let report = next.migrate_fleet(&first, |step| order.push((step.tenant.slug.clone(), step.canary))).await.unwrap();
    assert_eq!((report.behind, report.migrated, report.ended), (4, 4, Ended::Complete));
    assert_eq!(order[0], (fleet.tenants[3].slug.clone(), true));
    assert!(order[1..].iter().all(|(_, canary)| !canary));
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn so_many_canaries_are_chosen_where_none_is_named() {
    let fleet = Fleet::of(4).await;
    let next = fleet.next::<Next>();
    let counted = FleetOptions { canaries: Canaries::Count(2), ..options() };
    let plan = next.plan_fleet(&counted).await.unwrap();
    assert_eq!((plan.canaries.len(), plan.others.len()), (2, 2));
    assert_eq!(migrate_with(&next, &counted).await.migrated, 4);
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn only_the_named_tenants_are_migrated() {
    let mut fleet = Fleet::of(4).await;
    let next = fleet.next::<Next>();
    let only = FleetOptions { only: slugs(&fleet.tenants[1..3]), ..options() };
    let report = migrate_with(&next, &only).await;
    assert_eq!((report.behind, report.migrated), (2, 2));
    for (index, tenant) in fleet.tenants.clone().iter().enumerate() {
        assert_eq!(fleet.is_migrated(tenant).await, (1..3).contains(&index));
    }
    // Again: they are done, and no others are meant.
    assert_eq!(migrate_with(&next, &only).await.behind, 0);
    let unknown = FleetOptions { only: vec![Slug::parse("nobody").unwrap()], ..options() };
    let refused = next.migrate_fleet(&unknown, |_| {}).await.unwrap_err();
    assert!(matches!(&refused, Error::NotFound(slug) if slug == "nobody"), "{refused:?}");
    let unknown = FleetOptions { canaries: Canaries::Named(vec![Slug::parse("nobody").unwrap()]), ..options() };
    assert!(matches!(next.migrate_fleet(&unknown, |_| {}).await, Err(Error::NotFound(_))));
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_run_ends_after_as_many_failures_as_may_be_and_those_that_failed_can_be_tried_alone() {
    let mut fleet = Fleet::of(5).await;
    let next = fleet.next::<Next>();
    for index in 0..3 {
        fleet.obstruct(index, true).await;
    }
    let careful = FleetOptions { parallel: 1, max_failures: Some(2), ..options() };
    let report = migrate_with(&next, &careful).await;
    assert_eq!((report.migrated, report.failed.len(), report.untouched), (0, 2, 3));
    assert_eq!(report.ended, Ended::TooManyFailures);

    for index in 0..3 {
        fleet.obstruct(index, false).await;
    }
    let again = FleetOptions { retry_failed: true, ..options() };
    let report = migrate_with(&next, &again).await;
    assert_eq!((report.behind, report.migrated), (2, 2), "those that were not begun wait");
    let tries: i32 =
        value(&mut fleet.operator, &format!("SELECT tries FROM platform.fleet WHERE slug = '{}'", fleet.tenants[0].slug)).await;
    assert_eq!(tries, 2);
    assert_eq!(migrate(&next, 4).await.migrated, 3);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_rehearsal_says_what_would_fail_and_changes_nothing() {
    let mut fleet = Fleet::of(3).await;
    let next = fleet.next::<Next>();
    fleet.obstruct(1, true).await;
    let rehearsal = FleetOptions { rehearse: true, ..options() };
    let report = migrate_with(&next, &rehearsal).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (3, 2, 1));
    assert_eq!(report.failed[0].tenant.id, fleet.tenants[1].id);
    assert!(fleet.failures().await.is_empty(), "the ledger is as it was");
    fleet.obstruct(1, false).await;
    for tenant in fleet.tenants.clone() {
        assert!(!fleet.is_migrated(&tenant).await);
    }
    assert_eq!(migrate(&next, 4).await.migrated, 3);
    next.close().await;
    fleet.stop().await;
}
