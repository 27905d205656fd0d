//! Tenants that come from archives are tenants of the fleet like any other.

use std::{path::PathBuf, time::Duration};

use chrono::Utc;
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use sqlx::PgConnection;
use tempfile::TempDir;
use tenancy::{Error, ExportFormat, FleetOptions, Tenant, Tenants};
use tests::{Step, new_tenant, run, until, value};

use super::{Fleet, Next, SECOND, migrate, migrate_with, options};

async fn backup(tenants: &Tenants, tenant: &Tenant) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("archive");
    tenants.backup(tenant, &file, None, Utc::now()).await.unwrap();
    (directory, file)
}

/// All that the ledger says of a tenant.
async fn ledger(operator: &mut PgConnection, tenant: &Tenant) -> Vec<String> {
    let sql = format!(
        "SELECT array_agg(version || ' ' || state || coalesce(' ' || error_code, '') ORDER BY version) \
         FROM platform.tenant_migrations WHERE tenant_id = '{}'",
        tenant.id
    );
    value(operator, &sql).await
}

async fn state(operator: &mut PgConnection, tenant: &Tenant) -> String {
    value(operator, &format!("SELECT state FROM platform.fleet WHERE tenant_id = '{}'", tenant.id)).await
}

#[tokio::test]
async fn a_tenant_from_an_archive_is_at_the_head_in_the_ledger_and_its_migrations_are_frozen() {
    let mut fleet = Fleet::of(1).await;
    let old = fleet.tenants[0].clone();
    let (directory, file) = backup(fleet.server.tenants(), &old).await;
    let export = directory.path().join("export");
    fleet.server.tenants().export(&old, &export, ExportFormat::Ndjson, Utc::now()).await.unwrap();
    // No tenant has the migrations of this program yet.
    run(&mut fleet.operator, "DELETE FROM platform.frozen_migrations").await;
    let next = fleet.next::<Next>();
    let (restored, _) = next.restore(&file, None, &new_tenant()).await.unwrap();
    assert!(next.frozen().await.unwrap().iter().any(|frozen| frozen.version == SECOND));
    let (cloned, _) = next.clone_tenant(&restored, &new_tenant()).await.unwrap();
    let (imported, _) = next.import(&export, &new_tenant()).await.unwrap();
    for tenant in [&restored, &cloned, &imported] {
        assert!(fleet.is_migrated(tenant).await);
        assert_eq!(ledger(&mut fleet.operator, tenant).await, [format!("{SECOND} done")]);
        assert_eq!(state(&mut fleet.operator, tenant).await, "current");
    }
    let behind: Vec<_> = next.tenants_behind().await.unwrap().into_iter().map(|tenant| tenant.id).collect();
    assert_eq!(behind, [old.id]);
    let drift = next.find_drift(&[], 2, |drift| panic!("{drift:?}")).await.unwrap();
    assert_eq!((drift.checked, drift.drifted), (4, 0));
    next.close().await;
    fleet.stop().await;
}

/// What the ledger said of the former schema is said of the new one no more: neither a failure nor a version that it does not have.
#[tokio::test]
async fn a_restore_in_place_begins_the_ledger_anew() {
    let mut fleet = Fleet::of(2).await;
    let (failing, ahead) = (fleet.tenants[0].clone(), fleet.tenants[1].clone());
    let (_directory, failing_file) = backup(fleet.server.tenants(), &failing).await;
    let (_other_directory, ahead_file) = backup(fleet.server.tenants(), &ahead).await;
    run(&mut fleet.operator, &format!("ALTER TABLE {}.employees ADD COLUMN nickname text", failing.schema)).await;
    let next = fleet.next::<Next>();
    let report = migrate(&next, 2).await;
    assert_eq!((report.migrated, report.failed.len()), (1, 1));
    assert_eq!(state(&mut fleet.operator, &failing).await, "failed");

    let (failing, _) = next.restore_in_place(&failing_file, None, Utc::now()).await.unwrap();
    assert!(fleet.is_migrated(&failing).await);
    assert_eq!(ledger(&mut fleet.operator, &failing).await, [format!("{SECOND} done")]);
    assert_eq!(state(&mut fleet.operator, &failing).await, "current");
    assert!(fleet.failures().await.is_empty());

    // By the program before: the tenant is behind again, and the next run brings it to the head.
    let (ahead, _) = fleet.server.tenants().restore_in_place(&ahead_file, None, Utc::now()).await.unwrap();
    assert_eq!(ledger(&mut fleet.operator, &ahead).await, [format!("{} done", fleet.server.tenants().head())]);
    assert_eq!(state(&mut fleet.operator, &ahead).await, "behind");
    let report = migrate(&next, 2).await;
    assert_eq!((report.behind, report.migrated, report.failed.len()), (1, 1, 0));
    assert!(fleet.is_migrated(&ahead).await);
    let drift = next.find_drift(&[], 2, |drift| panic!("{drift:?}")).await.unwrap();
    assert_eq!((drift.checked, drift.drifted), (2, 0));
    next.close().await;
    fleet.stop().await;
}

/// The run has read the tenant before the restore and comes to it afterwards.
#[tokio::test]
async fn a_tenant_that_is_restored_in_place_during_a_run_is_migrated_in_its_new_schema() {
    let mut fleet = Fleet::of(2).await;
    let (first, second) = (fleet.tenants[0].clone(), fleet.tenants[1].clone());
    let (_directory, file) = backup(fleet.server.tenants(), &second).await;
    let mut holder = fleet.database.connect().await;
    run(&mut holder, &format!("BEGIN; LOCK TABLE {}.employees IN ACCESS SHARE MODE", first.schema)).await;
    let next = fleet.next::<Next>();
    // One at a time, and the first waits for its lock.
    let patient = FleetOptions { parallel: 1, lock_timeout: Duration::from_mins(1), ..options() };
    let waiting = format!(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relation = '{}.employees'::regclass",
        first.schema
    );
    let restore = async {
        until("the run waits", async || value::<i64>(&mut fleet.operator, &waiting).await == 1).await;
        let (restored, _) = fleet.server.tenants().restore_in_place(&file, None, Utc::now()).await.unwrap();
        run(&mut holder, "ROLLBACK").await;
        restored
    };
    let (report, restored) = tokio::join!(migrate_with(&next, &patient), restore);
    assert_ne!(restored.schema, second.schema);
    assert_eq!(report.failed.len(), 0, "{:?}", report.failed);
    for tenant in [&first, &restored] {
        assert!(fleet.is_migrated(tenant).await);
    }
    assert!(next.tenants_behind().await.unwrap().is_empty());
    next.close().await;
    fleet.stop().await;
}

/// The present version as somebody edited it after it was released.
struct Edited;

impl MigratorTrait for Edited {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        migrations.push(Step::boxed("m20990101_000001_table", "CREATE TABLE added (id uuid PRIMARY KEY)"));
        migrations.push(Step::boxed(SECOND, "ALTER TABLE employees ADD COLUMN nickname varchar(20)"));
        migrations
    }
}

/// A tenant that another program's version made would be unlike the others of its version.
#[tokio::test]
async fn nothing_is_restored_by_a_program_whose_migrations_were_changed() {
    let mut fleet = Fleet::of(1).await;
    let next = fleet.next::<Next>();
    assert_eq!(migrate(&next, 1).await.migrated, 1);
    let tenant = fleet.tenants[0].clone();
    let (directory, file) = backup(&next, &tenant).await;
    let export = directory.path().join("export");
    next.export(&tenant, &export, ExportFormat::Csv, Utc::now()).await.unwrap();
    let edited = fleet.next::<Edited>();
    for refused in [
        edited.restore(&file, None, &new_tenant()).await.map(drop),
        edited.restore_in_place(&file, None, Utc::now()).await.map(drop),
        edited.clone_tenant(&tenant, &new_tenant()).await.map(drop),
        edited.import(&export, &new_tenant()).await.map(drop),
        edited.verify(&file, None).await.map(drop),
    ] {
        assert!(matches!(&refused, Err(Error::MigrationChanged(version)) if version == SECOND), "{refused:?}");
    }
    assert_eq!(value::<i64>(&mut fleet.operator, "SELECT count(*) FROM platform.tenants").await, 1);
    assert!(fleet.is_migrated(&tenant).await);
    edited.close().await;
    next.close().await;
    fleet.stop().await;
}

/// Backups share the lock of a tenant that migrations hold alone.
#[tokio::test]
async fn a_tenant_that_is_backed_up_is_not_under_way() {
    let mut fleet = Fleet::of(1).await;
    let tenant = fleet.tenants[0].clone();
    let mut holder = fleet.database.connect().await;
    let lock = |kind: &str| format!("SELECT {kind}(hashtextextended('tenantry {}', 0))", tenant.schema);
    run(&mut holder, &lock("pg_advisory_lock_shared")).await;
    assert_eq!(state(&mut fleet.operator, &tenant).await, "current");
    run(&mut holder, &lock("pg_advisory_unlock_shared")).await;
    run(&mut holder, &lock("pg_advisory_lock")).await;
    assert_eq!(state(&mut fleet.operator, &tenant).await, "under way");
    drop(holder);
    fleet.stop().await;
}
