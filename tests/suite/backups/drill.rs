//! Archives are restored for a test.

use std::fs;

use api::backup::Flaw;
use chrono::{DateTime, TimeDelta, Utc};
use migration::tenant::TenantMigrator;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::NamedTempFile;
use tests::{Server, Step, make_tenant, mark, run, value};

use super::Archives;

/// A next program with a rule that rows of today break.
struct Strict;

impl MigratorTrait for Strict {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = TenantMigrator::migrations();
        let rule = "ALTER TABLE departments ADD CONSTRAINT departments_short CHECK (length(name) < 3)";
        migrations.push(Step::boxed("m20990101_000001_short", rule));
        migrations
    }
}

const SCRATCH: &str = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%scratch%'";

#[tokio::test]
async fn an_archive_is_restored_now_and_then_by_one_process() {
    let archives = Archives::open(&["--backup-drill-every", "7d"]).await;
    let second = archives.second().await;
    let tenant = archives.tenants(1).await.remove(0);
    mark(archives.office.server.tenants(), &tenant, 3).await;
    let (backups, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    assert!(backups.drill_due(&clock).await.unwrap().is_none(), "there is nothing to try yet");
    archives.do_due().await;
    archives.day().await;
    let (one, other) = tokio::join!(backups.drill_due(&clock), second.app.backups.drill_due(&clock));
    let drills: Vec<_> = [one.unwrap(), other.unwrap()].into_iter().flatten().collect();
    assert_eq!(drills.len(), 1);
    assert!(drills[0].result.as_ref().unwrap() >= &3, "{drills:?}");
    assert_eq!(archives.of(&tenant).await[0].verified_at, Some(archives.office.clock.now()));
    archives.office.clock.advance(TimeDelta::days(6));
    assert!(backups.drill_due(&clock).await.unwrap().is_none());
    archives.office.clock.advance(TimeDelta::days(1));
    assert!(backups.drill_due(&clock).await.unwrap().is_some());
}

#[tokio::test]
async fn what_cannot_be_restored_is_known_and_replaced() {
    let archives = Archives::open(&["--backup-drill-every", "1h"]).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let backup = archives.done(&tenant).await.remove(0);
    let mut bytes = fs::read(&backup.place).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&backup.place, bytes).unwrap();
    let (backups, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    let drill = backups.drill_due(&clock).await.unwrap().unwrap();
    assert!(matches!(drill.result.unwrap_err(), Flaw::Damaged(error) if error.contains("altered")));
    let now = archives.office.clock.now();
    let status = backups.status(now).await.unwrap();
    assert_eq!((status.bad, status.backed_up), (1, 0), "{status:?}");
    let mut operator = archives.office.database.connect().await;
    assert_eq!(value::<i64>(&mut operator, SCRATCH).await, 0);

    // Another one is made at once, and the bad one goes.
    archives.office.clock.advance(TimeDelta::minutes(1));
    archives.do_due().await;
    let after = archives.done(&tenant).await;
    assert!(after.len() == 1 && after[0].id != backup.id && after[0].is_good(), "{after:?}");
    archives.office.clock.advance(TimeDelta::hours(2));
    assert!(backups.drill_due(&clock).await.unwrap().unwrap().result.is_ok());
    assert_eq!(value::<i64>(&mut operator, SCRATCH).await, 0);
}

fn key_file(byte: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    fs::write(file.path(), byte.repeat(32)).unwrap();
    file
}

#[tokio::test]
async fn what_keeps_a_drill_from_its_work_is_not_held_against_the_archive() {
    let (own, foreign) = (key_file("0f"), key_file("f0"));
    let with = |key: &NamedTempFile| ["--backup-key-file".to_owned(), key.path().to_str().unwrap().to_owned()];
    let (own, foreign) = (with(&own), with(&foreign));
    let every = ["--backup-drill-every", "1d"];
    let archives = Archives::open(&[&every[..], &own.each_ref().map(String::as_str)].concat()).await;
    let keyless = archives.office.second(&every).await;
    let stranger = archives.office.second(&[&every[..], &foreign.each_ref().map(String::as_str)].concat()).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let (backups, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    for (server, part) in [(&keyless, "key is needed"), (&stranger, "not that of the archive")] {
        let error = server.app.backups.drill_due(&clock).await.unwrap_err();
        assert!(format!("{error:#}").contains(part), "{error:#}");
        // It is tried again before long.
        archives.office.clock.advance(TimeDelta::minutes(11));
    }
    let elsewhere = archives.directory.path().join("elsewhere");
    fs::rename(archives.home(&tenant), &elsewhere).unwrap();
    assert!(backups.drill_due(&clock).await.is_err(), "a disk that is not mounted");
    fs::rename(&elsewhere, archives.home(&tenant)).unwrap();
    let backup = archives.done(&tenant).await.remove(0);
    assert!(backup.is_good() && backup.verified_at.is_none(), "{backup:?}");

    archives.office.clock.advance(TimeDelta::minutes(11));
    assert!(backups.drill_due(&clock).await.unwrap().unwrap().result.is_ok());
    // An archive that somebody has removed is none.
    fs::remove_file(&backup.place).unwrap();
    archives.office.clock.advance(TimeDelta::days(1));
    backups.drill_due(&clock).await.unwrap().unwrap().result.unwrap_err();
    assert!(!archives.done(&tenant).await.remove(0).is_good());
}

#[tokio::test]
async fn another_archive_in_the_place_is_no_good() {
    let archives = Archives::open(&[]).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let place = archives.done(&tenant).await.remove(0).place;
    let whole = fs::read(&place).unwrap();
    let (backups, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    let tenants = archives.office.server.tenants();
    let other = make_tenant(tenants).await;
    let cases = [(&other, 1, "another organisation's"), (&tenant, 0, "its bytes"), (&tenant, 3, "more rows or fewer")];
    for (owner, rows, part) in cases {
        if rows > 0 {
            mark(tenants, owner, rows).await;
        }
        fs::remove_file(&place).unwrap();
        tenants.backup(owner, std::path::Path::new(&place), None, Utc::now()).await.unwrap();
        let said = backups.drill(&clock).await.unwrap().unwrap().result.unwrap_err().to_string();
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    fs::write(&place, whole).unwrap();
    assert!(backups.drill(&clock).await.unwrap().unwrap().result.is_ok());
    let mut operator = archives.office.database.connect().await;
    run(&mut operator, "UPDATE platform.backups SET schema_version = 'm20200101_000001_other'").await;
    assert!(backups.drill(&clock).await.unwrap().unwrap().result.unwrap_err().to_string().contains("another version"));
}

/// A release with a faulty migration does not use up the archives that the release before can restore.
#[tokio::test]
async fn what_a_later_migration_refuses_is_said_aloud_and_stays_good() {
    let archives = Archives::open(&["--backup-keep", "5 daily"]).await;
    let tenant = archives.tenants(1).await.remove(0);
    mark(archives.office.server.tenants(), &tenant, 3).await;
    archives.do_due().await;
    archives.day().await;
    let (here, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    let next = Server::start_on(archives.office.database.tenants::<Strict>(), &[], archives.office.clock.clock()).await;
    let mut operator = archives.office.database.connect().await;
    let turn = "SELECT due_at FROM platform.backup_turns";
    let before: DateTime<Utc> = value(&mut operator, turn).await;
    let flaw = next.app.backups.drill(&clock).await.unwrap().unwrap().result.unwrap_err();
    assert!(matches!(&flaw, Flaw::Unfit(error) if error.contains("departments_short")), "{flaw:?}");
    let unfit = archives.done(&tenant).await.remove(0);
    assert!(unfit.is_good() && unfit.verified_at.is_some() && unfit.unfit_error.is_some(), "{unfit:?}");
    assert_eq!(value::<DateTime<Utc>>(&mut operator, turn).await, before, "the next one would be refused as well");
    let now = archives.office.clock.now();
    let status = next.app.backups.status(now).await.unwrap();
    assert_eq!((status.unfit, status.bad, status.backed_up), (1, 0, 1), "{status:?}");
    assert_eq!(here.status(now).await.unwrap().unfit, 0, "this program has no such migration");

    // The next archive, which nobody has tried, does not take its place.
    archives.day().await;
    let left: Vec<_> = archives.done(&tenant).await.into_iter().map(|backup| backup.id).collect();
    assert!(left.len() == 2 && left.contains(&unfit.id), "{left:?}");
    assert_eq!(next.app.backups.status(archives.office.clock.now()).await.unwrap().unfit, 1);
    // The rows are mended: the next archive that is tried is fit.
    run(&mut operator, &format!("UPDATE {}.departments SET name = right(name, 1)", tenant.schema)).await;
    archives.day().await;
    assert!(next.app.backups.drill(&clock).await.unwrap().unwrap().result.is_ok());
    assert_eq!(next.app.backups.status(archives.office.clock.now()).await.unwrap().unfit, 0);
    next.tenants().close().await;
}
