//! Taking tenants back to an older version, where nothing is lost by it.

mod refused;

use std::time::Duration;

use api::app::system_clock;
use chrono::Utc;
use domain::Role;
use futures::FutureExt as _;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tenancy::{Ended, FleetOptions, FleetReport, Tenants};
use tests::{Caller, Company, Server, Step, assert_reads_own, run, until, value, waiters};
use tokio::sync::watch;

use super::{Fleet, Next, SECOND, migrate, options, slugs};

const FIRST: &str = "m20990101_000001_table";
const ADD: &str = "CREATE TABLE added (id uuid PRIMARY KEY); ALTER TABLE departments ADD COLUMN colour text";
const TAKE_AWAY: &str = "ALTER TABLE departments DROP COLUMN colour; DROP TABLE added";

/// The program's next version, of which all can be taken back.
struct Reversible;

impl MigratorTrait for Reversible {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::with_way_back(FIRST, ADD, TAKE_AWAY));
        let (nickname, back) = ("ALTER TABLE employees ADD COLUMN nickname text", "ALTER TABLE employees DROP COLUMN nickname");
        migrations.push(Step::with_way_back(SECOND, nickname, back));
        migrations
    }
}

impl Fleet {
    /// The present version.
    fn version(&self) -> String {
        self.server.tenants().head().to_owned()
    }

    /// How many tenants are of the next version. Schema, registry and ledger of each agree.
    async fn migrated(&mut self) -> usize {
        let mut migrated = 0;
        for tenant in self.tenants.clone() {
            migrated += usize::from(self.is_migrated(&tenant).await);
            assert_reads_own(&self.server.tenants().read_only(&tenant), &tenant, 1).await;
        }
        migrated
    }

    async fn prepared(&mut self) -> i64 {
        value(&mut self.operator, "SELECT count(*) FROM platform.standby_schemas").await
    }
}

async fn take_back(tenants: &Tenants, version: &str, options: &FleetOptions) -> FleetReport {
    tenants.take_fleet_back(version, options, |_| {}).await.unwrap()
}

#[tokio::test]
async fn tenants_go_back_and_forward_again_and_keep_what_they_have() {
    let mut fleet = Fleet::of(4).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    for _ in 0..2 {
        assert_eq!(migrate(&next, 4).await.migrated, 4);
        assert_eq!(fleet.migrated().await, 4);
        let rehearsal = FleetOptions { rehearse: true, ..options() };
        assert_eq!(take_back(&next, &before, &rehearsal).await.migrated, 4);
        assert_eq!(fleet.migrated().await, 4, "nothing is changed by a rehearsal");
        assert_eq!(next.plan_back(&before, &options()).await.unwrap().len(), 4);

        let mut steps = Vec::new();
        let report = next.take_fleet_back(&before, &options(), |step| steps.push(step.finished)).await.unwrap();
        assert_eq!((report.behind, report.migrated, report.failed.len(), report.ended), (4, 4, 0, Ended::Complete));
        assert_eq!(steps, [1, 2, 3, 4]);
        assert_eq!(fleet.migrated().await, 0);
        let states = "SELECT array_agg(DISTINCT state || ' ' || schema_version) FROM platform.fleet";
        let states: Vec<String> = value(&mut fleet.operator, states).await;
        assert_eq!(states, [format!("current {before}")], "nobody is measured by what nobody has");
        let drift = fleet.server.tenants().find_drift(&[], 2, |_| {}).await.unwrap();
        assert_eq!((drift.checked, drift.drifted), (4, 0), "they are as the older program makes them");
        assert_eq!(take_back(&next, &before, &options()).await.behind, 0);
    }
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn only_the_named_tenants_go_back() {
    let mut fleet = Fleet::of(3).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    assert_eq!(migrate(&next, 4).await.migrated, 3);
    let only = FleetOptions { only: slugs(&fleet.tenants[1..2]), ..options() };
    let report = take_back(&next, &before, &only).await;
    assert_eq!((report.behind, report.migrated), (1, 1));
    for (index, tenant) in fleet.tenants.clone().iter().enumerate() {
        assert_eq!(fleet.is_migrated(tenant).await, index != 1);
    }
    next.close().await;
    fleet.stop().await;
}

/// A run forward that is killed between its two commits leaves a schema that the control plane does not know of.
#[tokio::test]
async fn a_tenant_whose_run_was_killed_before_the_ledger_was_written_goes_back_too() {
    let mut fleet = Fleet::of(3).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    let older = TenantMigrator::migrations().first().unwrap().name().to_owned();
    assert_eq!(migrate(&next, 4).await.migrated, 3);
    for (index, known) in [(0, &before), (1, &older)] {
        let torn = format!(
            "DELETE FROM platform.tenant_migrations WHERE tenant_id = '{0}' AND version > '{known}';
             UPDATE platform.tenants SET schema_version = '{known}' WHERE id = '{0}'",
            fleet.tenants[index].id
        );
        run(&mut fleet.operator, &torn).await;
    }
    let plan = next.plan_back(&before, &options()).await.unwrap();
    let at: Vec<_> = plan.others.iter().map(|tenant| tenant.schema_version.as_deref()).collect();
    assert_eq!(at, [Some(SECOND); 3], "as their schemas are");
    let only = FleetOptions { only: slugs(&fleet.tenants[..1]), ..options() };
    assert_eq!(next.plan_back(&before, &only).await.unwrap().len(), 1);

    // It is not back as long as another program, such as one that makes a backup, keeps the run from it.
    let mut backup = fleet.database.connect().await;
    let key = format!("hashtextextended('tenantry ' || '{}', 0)", fleet.tenants[0].schema);
    run(&mut backup, &format!("SELECT pg_advisory_lock_shared({key})")).await;
    let hasty = FleetOptions { patience: Some(Duration::from_millis(500)), ..options() };
    let report = take_back(&next, &before, &hasty).await;
    assert_eq!((report.migrated, report.untouched, report.ended), (2, 1, Ended::Elsewhere));
    run(&mut backup, &format!("SELECT pg_advisory_unlock_shared({key})")).await;

    let report = take_back(&next, &before, &options()).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (1, 1, 0));
    assert_eq!(fleet.migrated().await, 0);
    let versions: Vec<String> =
        value(&mut fleet.operator, "SELECT array_agg(DISTINCT schema_version) FROM platform.tenants").await;
    assert_eq!(versions, std::slice::from_ref(&before));
    let drift = fleet.server.tenants().find_drift(&[], 2, |_| {}).await.unwrap();
    assert_eq!((drift.checked, drift.drifted), (3, 0));
    assert_eq!(take_back(&next, &before, &options()).await.behind, 0);
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_run_that_is_stopped_or_broken_off_leaves_each_tenant_back_or_untouched_and_another_goes_on() {
    let mut fleet = Fleet::of(5).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    assert_eq!(migrate(&next, 4).await.migrated, 5);
    let (stop, stopped) = watch::channel(false);
    let asked = FleetOptions { parallel: 1, stop: Some(stopped), ..options() };
    let report = next
        .take_fleet_back(&before, &asked, |_| {
            stop.send_replace(true);
        })
        .await
        .unwrap();
    assert_eq!(report.ended, Ended::Stopped);
    let left = 5 - report.migrated;
    assert_eq!((report.failed.len(), report.untouched), (0, left));
    assert_eq!(fleet.migrated().await, left);

    // The last of them is in use, so it is under way when the run is dropped.
    let last = fleet.tenants[4].clone();
    let mut holder = fleet.database.connect().await;
    run(&mut holder, &format!("BEGIN; LOCK TABLE {}.added IN ACCESS SHARE MODE", last.schema)).await;
    let patient = FleetOptions { lock_timeout: Duration::from_mins(1), ..options() };
    let mut work = Box::pin(next.take_fleet_back(&before, &patient, |_| {}).fuse());
    tokio::select! {
        report = &mut work => panic!("nobody holds it up: {report:?}"),
        () = until("one is held up", async || waiters(&mut fleet.operator).await == 1) => {}
    }
    drop(work);
    run(&mut holder, "ROLLBACK").await;
    until("what was broken off has ended", async || {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                    AND backend_xid IS NOT NULL";
        value::<i64>(&mut fleet.operator, open).await == 0
    })
    .await;
    assert!(fleet.is_migrated(&last).await);
    let left = fleet.migrated().await;
    let report = take_back(&next, &before, &options()).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (left, left, 0));
    assert_eq!(fleet.migrated().await, 0);
    next.close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_newer_program_does_not_serve_who_is_back_and_an_older_one_does() {
    let fleet = Fleet::of(0).await;
    let server = fleet.database.server().await;
    let company = server.company().await;
    let next = Server::start_on(fleet.next::<Reversible>(), &[], system_clock()).await;
    let ask = async |server: &Server, company: &Company<'_>| {
        let caller = Caller::new(server.router.clone(), company.host(), Some(company.token(Role::Owner)));
        caller.ask("{ employees { totalCount } }").await
    };
    assert_eq!(migrate(next.tenants(), 1).await.migrated, 1);
    assert_eq!(ask(&next, &company).await.data("/employees/totalCount"), 4);
    assert_eq!(take_back(next.tenants(), &fleet.version(), &options()).await.migrated, 1);
    assert_eq!(ask(&next, &company).await.code(), "TENANT_MIGRATING");
    assert_eq!(ask(&server, &company).await.data("/employees/totalCount"), 4);
    next.tenants().close().await;
    server.tenants().close().await;
    fleet.stop().await;
}

#[tokio::test]
async fn a_program_takes_nothing_back_that_it_does_not_know() {
    let mut fleet = Fleet::of(2).await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 2).await.migrated, 2);
    let before = fleet.version();
    let report = take_back(fleet.server.tenants(), &before, &options()).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (2, 0, 2));
    let said = report.failed[0].error.to_string();
    assert!(said.ends_with(&format!("this program does not know its migration {SECOND}")), "{said}");
    fleet.all_are_migrated().await;
    next.close().await;
    fleet.stop().await;
}

/// A tenant to come would be ahead of the program that makes it.
#[tokio::test]
async fn schemas_that_are_prepared_at_a_later_version_are_dropped() {
    let mut fleet = Fleet::of(2).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    assert_eq!(fleet.server.tenants().refill_standby(1, Utc::now()).await.unwrap(), 1);
    assert_eq!(next.refill_standby(2, Utc::now()).await.unwrap(), 2);
    assert_eq!(migrate(&next, 2).await.migrated, 2);
    let only = FleetOptions { only: slugs(&fleet.tenants[..1]), ..options() };
    assert_eq!(take_back(&next, &before, &only).await.migrated, 1);
    assert_eq!(fleet.prepared().await, 3, "the others stay with the later version");
    assert_eq!(take_back(&next, &before, &options()).await.migrated, 1);
    assert_eq!(fleet.prepared().await, 1);
    let status = fleet.server.tenants().standby_status().await.unwrap();
    assert_eq!((status.ready, status.other_version, status.broken, status.forgotten.len()), (1, 0, 0, 0));
    next.close().await;
    fleet.stop().await;
}

/// Whoever has the lock makes such schemas, or takes some away.
#[tokio::test]
async fn another_process_that_is_at_the_prepared_schemas_is_waited_for() {
    let mut fleet = Fleet::of(1).await;
    let (before, next) = (fleet.version(), fleet.next::<Reversible>());
    assert_eq!(next.refill_standby(2, Utc::now()).await.unwrap(), 2);
    assert_eq!(migrate(&next, 1).await.migrated, 1);
    let mut other = fleet.database.connect().await;
    run(&mut other, "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tenantry standby', 0))").await;
    let taking_back = async { take_back(&next, &before, &options()).await.migrated };
    let done_by_the_other = async {
        until("it is seen that some are left", async || {
            let counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                           AND query LIKE 'SELECT count(*) AS later FROM platform.standby_schemas%'";
            value::<i64>(&mut fleet.operator, counted).await > 0
        })
        .await;
        run(&mut other, "COMMIT").await;
    };
    let (migrated, ()) = tokio::join!(taking_back, done_by_the_other);
    assert_eq!(migrated, 1);
    assert_eq!(fleet.prepared().await, 0);
    next.close().await;
    fleet.stop().await;
}
