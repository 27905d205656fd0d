//! What passes by itself is tried again: locks, deadlocks, conflicts, lost connections.

use std::time::Duration;

use migration::tenant::TenantMigrator;
use rstest::rstest;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tenancy::FleetOptions;
use tests::{Step, run, until, value};

use super::{Fleet, Next, migrate_with, options};

#[tokio::test]
async fn a_tenant_whose_table_is_in_use_does_not_hold_up_the_others_and_is_tried_again() {
    let mut fleet = Fleet::of(4).await;
    let next = fleet.next::<Next>();
    let busy = fleet.tenants[0].clone();
    let mut holder = fleet.database.connect().await;
    run(&mut holder, &format!("BEGIN; LOCK TABLE {}.employees IN ACCESS SHARE MODE", busy.schema)).await;
    let patient = FleetOptions { parallel: 1, lock_timeout: Duration::from_millis(50), tries: 100, ..options() };
    let meanwhile = async {
        // One at a time, and the first of them waits: still the others are finished.
        until("the others are done", async || {
            let current = "SELECT count(*) FROM platform.tenants WHERE schema_version >= 'm2099'";
            value::<i64>(&mut fleet.operator, current).await == 3
        })
        .await;
        run(&mut holder, "ROLLBACK").await;
    };
    let (report, ()) = tokio::join!(migrate_with(&next, &patient), meanwhile);
    assert_eq!((report.migrated, report.failed.len()), (4, 0));
    let tries: i32 = value(&mut fleet.operator, &format!("SELECT tries FROM platform.fleet WHERE slug = '{}'", busy.slug)).await;
    assert!(tries > 1, "{tries}");
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_tenant_whose_table_stays_in_use_is_set_aside_with_its_reason() {
    let mut fleet = Fleet::of(2).await;
    let next = fleet.next::<Next>();
    let busy = fleet.tenants[0].clone();
    let mut holder = fleet.database.connect().await;
    run(&mut holder, &format!("BEGIN; LOCK TABLE {}.employees IN ACCESS SHARE MODE", busy.schema)).await;
    let hasty = FleetOptions { lock_timeout: Duration::from_millis(20), tries: 3, ..options() };
    let report = migrate_with(&next, &hasty).await;
    assert_eq!((report.migrated, report.failed.len()), (1, 1));
    assert_eq!((report.failed[0].tenant.id, report.failed[0].tries), (busy.id, 3));
    let reason: String =
        value(&mut fleet.operator, "SELECT error_code || ' ' || tries FROM platform.fleet WHERE state = 'failed'").await;
    assert_eq!(reason, "55P03 3");
    run(&mut holder, "ROLLBACK").await;
    assert_eq!(migrate_with(&next, &hasty).await.migrated, 1);
    next.close().await;
    fleet.stop().await;
}

/// Fails as often as `public.trouble` says, with its code. A sequence counts, because it outlives what is rolled back.
struct Troubled;

impl MigratorTrait for Troubled {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let trouble = "DO $$ BEGIN
                IF current_schema() LIKE 'tenant%' AND nextval('public.tries') <= (SELECT times FROM public.trouble) THEN
                    RAISE EXCEPTION 'trouble' USING ERRCODE = (SELECT code FROM public.trouble);
                END IF;
            END $$";
        migrations.push(Step::boxed("m20990101_000001_trouble", trouble));
        migrations
    }
}

#[rstest]
#[case::deadlock("40P01", true)]
#[case::conflict("40001", true)]
#[case::lock("55P03", true)]
#[case::shut_down("57P01", true)]
#[case::too_many_connections("53300", true)]
#[case::disk_full("53100", false)]
#[case::duplicate("23505", false)]
#[tokio::test]
async fn what_passes_is_tried_again_and_what_is_wrong_is_not(#[case] code: &str, #[case] passes: bool) {
    let mut fleet = Fleet::of(1).await;
    let trouble = format!("CREATE TABLE public.trouble AS SELECT 3 AS times, '{code}' AS code; CREATE SEQUENCE public.tries");
    run(&mut fleet.operator, &trouble).await;
    let next = fleet.next::<Troubled>();
    let report = migrate_with(&next, &options()).await;
    let tries: i64 = value(&mut fleet.operator, "SELECT last_value FROM public.tries").await;
    if passes {
        assert_eq!((report.migrated, report.failed.len(), tries), (1, 0, 4));
    } else {
        assert_eq!((report.migrated, report.failed.len(), tries), (0, 1, 1));
    }
    next.close().await;
    fleet.stop().await;
}

/// The budget: no more connections than were granted, however many tenants at a time were asked for.
#[tokio::test]
async fn a_run_takes_no_more_connections_than_it_may() {
    let mut fleet = Fleet::of(8).await;
    // The programs that are there have their own.
    let mut observer = fleet.database.connect().await;
    let next = fleet.next::<Counted>();
    run(&mut fleet.operator, "CREATE TABLE public.seen (connections integer)").await;
    let modest = FleetOptions { parallel: 8, connections: Some(2), ..options() };
    assert_eq!(migrate_with(&next, &modest).await.migrated, 8);
    let backends: i64 = value(&mut observer, "SELECT count(DISTINCT connections) FROM public.seen").await;
    assert!((1..=2).contains(&backends), "{backends}");
    next.close().await;
    fleet.stop().await;
}

/// Notes which connections migrate tenants.
struct Counted;

impl MigratorTrait for Counted {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let note = "INSERT INTO public.seen SELECT pg_backend_pid() WHERE current_schema() LIKE 'tenant%'";
        migrations.push(Step::boxed("m20990101_000001_note", note));
        migrations
    }
}
