//! Migrators that are killed, and migrators that meet.

use std::time::Duration;

use futures::FutureExt as _;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::Connection as _;
use tenancy::{Canaries, Ended, FleetOptions};
use tests::{Step, assert_reads_own, run, until, value};
use tokio::sync::watch;

use super::{Fleet, Next, SECOND, migrate, migrate_with, options};

/// The next version, but it stops half-way in the tenants that `public.gate` names, until lock 4711 is free.
struct Gated;

impl MigratorTrait for Gated {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (id uuid PRIMARY KEY)"));
        let gate = "DO $$ BEGIN
                IF EXISTS (SELECT FROM public.gate WHERE schema_name = current_schema()) THEN
                    PERFORM pg_advisory_xact_lock(4711);
                END IF;
            END $$;
            ALTER TABLE employees ADD COLUMN nickname text";
        migrations.push(Step::boxed(SECOND, gate));
        migrations
    }
}

#[tokio::test]
async fn two_migrators_at_once_do_no_harm() {
    let mut fleet = Fleet::of(6).await;
    let (one, other) = (fleet.next::<Next>(), fleet.next::<Next>());
    let (first, second) = tokio::join!(migrate(&one, 3), migrate(&other, 3));
    assert!(first.failed.is_empty() && second.failed.is_empty(), "{first:?} {second:?}");
    assert_eq!(first.migrated + second.migrated, 6, "each tenant is migrated by one of them: {first:?} {second:?}");
    assert_eq!((first.migrated + first.elsewhere, second.migrated + second.elsewhere), (first.behind, second.behind));
    let tries: i64 = value(&mut fleet.operator, "SELECT sum(tries) FROM platform.fleet").await;
    assert_eq!(tries, 6);
    fleet.all_are_migrated().await;
    for tenant in &fleet.tenants {
        assert_reads_own(&one.read_only(tenant), tenant, 1).await;
    }
    assert_eq!(migrate(&one, 3).await.behind, 0);
    one.close().await;
    other.close().await;
    fleet.stop().await;
}

/// How a run over the tenants is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The program stops waiting for it, or is killed.
    Dropped,
    /// The server ends its connections.
    Terminated,
}

#[tokio::test]
async fn a_run_that_is_broken_off_leaves_each_tenant_done_or_untouched() {
    for end in [End::Dropped, End::Terminated] {
        let mut fleet = Fleet::of(4).await;
        let schemas: Vec<_> = fleet.tenants.iter().map(|tenant| format!("('{}')", tenant.schema)).collect();
        let gate = format!("CREATE TABLE public.gate AS SELECT * FROM (VALUES {}) AS g (schema_name)", schemas[2..].join(", "));
        run(&mut fleet.operator, &gate).await;
        let mut holder = fleet.database.connect().await;
        run(&mut holder, "SELECT pg_advisory_lock(4711)").await;

        let next = fleet.next::<Gated>();
        // The server that ends a connection once may do so again.
        let once = FleetOptions { parallel: 2, tries: 1, ..options() };
        let mut work = Box::pin(migrate_with(&next, &once).fuse());
        let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
        tokio::select! {
            report = &mut work => panic!("the gate is open: {report:?}"),
            () = until("two tenants are half-way", async || {
                value::<i64>(&mut fleet.operator, &format!("SELECT count(*) {waiting}")).await == 2
            }) => {}
        }
        match end {
            End::Dropped => drop(work),
            End::Terminated => {
                let terminate = format!("SELECT count(pg_terminate_backend(pid)) {waiting}");
                assert_eq!(value::<i64>(&mut fleet.operator, &terminate).await, 2);
                let report = work.await;
                assert_eq!((report.migrated, report.failed.len()), (2, 2), "{report:?}");
                assert_eq!(fleet.failures().await.len(), 2);
            }
        }
        run(&mut holder, "SELECT pg_advisory_unlock(4711)").await;
        until("what was broken off has ended", async || {
            let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                        AND backend_xid IS NOT NULL";
            value::<i64>(&mut fleet.operator, open).await == 0
        })
        .await;

        for (index, tenant) in fleet.tenants.clone().iter().enumerate() {
            match end {
                // What was done is in the schema; the control plane may not have heard of it.
                End::Dropped => assert!(!fleet.has_next_schema(tenant).await || index < 2),
                End::Terminated => assert_eq!(fleet.is_migrated(tenant).await, index < 2),
            }
            assert_reads_own(&fleet.server.tenants().read_only(tenant), tenant, 1).await;
        }
        // Whoever comes next finishes the work.
        let after = migrate(&next, 2).await;
        assert!(after.failed.is_empty(), "{after:?}");
        fleet.all_are_migrated().await;
        next.close().await;
        fleet.stop().await;
    }
}

/// A backup takes as long as it takes: whoever has said how long to wait goes on without its tenant.
#[tokio::test]
async fn a_tenant_that_is_being_backed_up_is_waited_for_as_long_as_was_said() {
    let mut fleet = Fleet::of(3).await;
    let next = fleet.next::<Next>();
    let schema = fleet.tenants[1].schema.clone();
    let mut backup = fleet.database.connect().await;
    let lock = format!("SELECT pg_advisory_lock_shared(hashtextextended('tenantry ' || '{schema}', 0))");
    run(&mut backup, &lock).await;
    let patient = FleetOptions { patience: Some(Duration::ZERO), ..options() };
    let report = migrate_with(&next, &patient).await;
    assert_eq!((report.migrated, report.untouched, report.ended), (2, 1, Ended::Elsewhere), "{report:?}");
    assert!(!fleet.is_migrated(&fleet.tenants[1].clone()).await);
    // Nothing of the others is touched while a canary is not done.
    let canary = Canaries::Named(vec![fleet.tenants[1].slug.clone()]);
    let report = migrate_with(&next, &FleetOptions { canaries: canary, ..patient.clone() }).await;
    assert_eq!((report.untouched, report.ended), (1, Ended::Elsewhere), "{report:?}");
    backup.close().await.unwrap();
    assert_eq!(migrate_with(&next, &patient).await.migrated, 1);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

/// Who waits for another program asks again and again which tenants are behind, and loses a connection now and then.
#[tokio::test]
async fn a_lost_connection_is_no_end_of_waiting() {
    let mut fleet = Fleet::of(2).await;
    let next = fleet.next::<Next>();
    let (mut backup, mut holder) = (fleet.database.connect().await, fleet.database.connect().await);
    let mut operator = fleet.database.connect().await;
    let lock = format!("SELECT pg_advisory_lock_shared(hashtextextended('tenantry ' || '{}', 0))", fleet.tenants[1].schema);
    run(&mut backup, &lock).await;
    let meanwhile = async {
        let done = format!("SELECT count(*) FROM platform.tenants WHERE schema_version = '{SECOND}'");
        until("the other one is migrated", async || value::<i64>(&mut operator, &done).await == 1).await;
        // The look reads the hosts as well, a migration does not.
        run(&mut holder, "BEGIN; LOCK TABLE platform.domains").await;
        let waiting = "FROM pg_locks WHERE NOT granted AND relation = 'platform.domains'::regclass";
        let looks = format!("SELECT count(*) {waiting}");
        until("it is looked", async || value::<i64>(&mut operator, &looks).await == 1).await;
        let terminate = format!("SELECT count(pg_terminate_backend(pid)) {waiting}");
        assert_eq!(value::<i64>(&mut operator, &terminate).await, 1);
        run(&mut holder, "ROLLBACK").await;
        backup.close().await.unwrap();
    };
    let options = options();
    let (report, ()) = tokio::join!(migrate_with(&next, &options), meanwhile);
    assert_eq!((report.migrated, report.failed.len(), report.ended), (2, 0, Ended::Complete), "{report:?}");
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

/// Commits do not wait for the disk. What a server has lost that crashed during the run is there again when the run ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_has_lost_meanwhile_is_done_again() {
    let mut fleet = Fleet::of(2).await;
    let (next, before) = (fleet.next::<Next>(), fleet.server.tenants().head().to_owned());
    let mut crasher = fleet.database.connect().await;
    let mut steps = Vec::new();
    let report = next
        .migrate_fleet(&options(), |step| {
            steps.push(step.finished);
            if steps.len() == 2 {
                // As of a commit that never came to the disk: schema and ledger are as they were.
                let (schema, id) = (&step.tenant.schema, step.tenant.id);
                let lost = format!(
                    "DROP TABLE {schema}.added; ALTER TABLE {schema}.employees DROP COLUMN nickname;
                     DELETE FROM {schema}.seaql_migrations WHERE version > '{before}';
                     DELETE FROM platform.tenant_migrations WHERE tenant_id = '{id}' AND version = '{SECOND}';
                     UPDATE platform.tenants SET schema_version = '{before}' WHERE id = '{id}'"
                );
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(run(&mut crasher, &lost)));
            }
        })
        .await
        .unwrap();
    assert_eq!((report.migrated, report.failed.len(), report.ended), (2, 0, Ended::Complete), "{report:?}");
    assert_eq!(steps, [1, 2, 2]);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

/// Ctrl-C: the tenants under way are finished, no further one is begun, and the next run goes on.
#[tokio::test]
async fn a_run_that_is_asked_to_stop_ends_after_the_tenants_under_way() {
    let mut fleet = Fleet::of(6).await;
    let schemas: Vec<_> = fleet.tenants.iter().map(|tenant| format!("('{}')", tenant.schema)).collect();
    let gate = format!("CREATE TABLE public.gate AS SELECT * FROM (VALUES {}) AS g (schema_name)", schemas.join(", "));
    run(&mut fleet.operator, &gate).await;
    let mut holder = fleet.database.connect().await;
    run(&mut holder, "SELECT pg_advisory_lock(4711)").await;

    let next = fleet.next::<Gated>();
    let (stop, stopped) = watch::channel(false);
    let asked = FleetOptions { parallel: 2, stop: Some(stopped), ..options() };
    let meanwhile = async {
        let states = "SELECT count(*) FROM platform.fleet WHERE state = 'under way'";
        until("two tenants are under way", async || value::<i64>(&mut fleet.operator, states).await == 2).await;
        stop.send_replace(true);
        run(&mut holder, "SELECT pg_advisory_unlock(4711)").await;
    };
    let (report, ()) = tokio::join!(migrate_with(&next, &asked), meanwhile);
    assert_eq!((report.behind, report.migrated, report.untouched, report.ended), (6, 2, 4, Ended::Stopped));
    assert!(report.failed.is_empty());
    for (index, tenant) in fleet.tenants.clone().iter().enumerate() {
        assert_eq!(fleet.is_migrated(tenant).await, index < 2);
    }
    assert_eq!(migrate(&next, 2).await.migrated, 4);
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}
