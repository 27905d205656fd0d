//! Which archives are kept.

use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use entities::platform::backup::State;
use tests::{run, until, value, waiters};

use super::Archives;

#[tokio::test]
async fn only_what_is_known_goes_and_only_when_something_better_is_there() {
    let archives = Archives::open(&["--backup-keep", "2 daily"]).await;
    let tenants = archives.tenants(2).await;
    archives.do_due().await;
    for _ in 0..3 {
        archives.day().await;
    }
    assert_eq!((archives.done(&tenants[0]).await.len(), archives.files(&tenants[0]).len()), (2, 2));
    let foreign = archives.home(&tenants[0]).join("somebody-20200101T000000000Z.tenantry");
    fs::write(&foreign, "mine").unwrap();

    // While backups fail, what is there stays, however long.
    let mut operator = archives.office.database.connect().await;
    let schema = &tenants[0].schema;
    run(&mut operator, &format!("REVOKE SELECT ON {schema}.positions FROM {schema}")).await;
    for _ in 0..3 {
        archives.day().await;
    }
    assert_eq!(archives.done(&tenants[0]).await.len(), 2);
    assert_eq!(archives.done(&tenants[1]).await.len(), 2);
    // What turned out to be no good is no reason to remove what is.
    let good = archives.done(&tenants[1]).await.remove(1);
    let latest = archives.done(&tenants[1]).await.remove(0);
    let bad = format!("UPDATE platform.backups SET verified_at = now(), verify_error = 'x' WHERE id = '{}'", latest.id);
    run(&mut operator, &bad).await;
    assert!(archives.office.server.app.backups.superfluous(tenants[1].id).await.unwrap().is_empty());
    archives.day().await;
    let left: Vec<_> = archives.done(&tenants[1]).await.into_iter().map(|backup| backup.id).collect();
    assert!(left.contains(&good.id) && !left.contains(&latest.id) && left.len() == 2, "{left:?}");
    assert!(foreign.exists());

    // A file that somebody has removed is no failure.
    run(&mut operator, &format!("GRANT SELECT ON {schema}.positions TO {schema}")).await;
    for backup in archives.done(&tenants[0]).await {
        fs::remove_file(&backup.place).unwrap();
    }
    archives.day().await;
    archives.day().await;
    assert_eq!(archives.done(&tenants[0]).await.len(), 2);
    assert_eq!(archives.files(&tenants[0]).len(), 3, "two and the foreign one");
}

#[tokio::test]
async fn what_a_failed_backup_has_left_goes_with_its_row() {
    let archives = Archives::open(&[]).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let backup = archives.of(&tenant).await.remove(0);
    // The store took the last request, and its answer was lost.
    let failed = format!(
        "UPDATE platform.backups SET state = 'failed', error = 'x', started_at = started_at - interval '31 days' WHERE id = '{}'",
        backup.id
    );
    run(&mut archives.office.database.connect().await, &failed).await;
    assert!(Path::new(&backup.place).exists());
    archives.day().await;
    let left = archives.of(&tenant).await;
    assert!(left.len() == 1 && left[0].id != backup.id, "{left:?}");
    assert_eq!(archives.files(&tenant).len(), 1);
}

#[tokio::test]
async fn what_somebody_else_has_put_in_the_place_is_never_taken_for_an_archive() {
    let archives = Archives::open(&[]).await;
    let tenant = archives.tenants(1).await.remove(0);
    let time = archives.office.clock.now().format("%Y%m%dT%H%M%S%3fZ");
    let foreign = archives.home(&tenant).join(format!("{}-{time}.tenantry", tenant.slug));
    fs::create_dir(archives.home(&tenant)).unwrap();
    fs::write(&foreign, "mine").unwrap();
    let (backups, clock) = (&archives.office.server.app.backups, archives.office.clock.clock());
    assert_eq!(backups.make_now(Some(&[tenant.id]), &clock, &|_| {}).await.unwrap(), 0);
    assert!(archives.of(&tenant).await.is_empty(), "a row would lead to it");
    assert_eq!(backups.status(archives.office.clock.now()).await.unwrap().failing, 1);
    archives.day().await;
    assert_eq!(archives.done(&tenant).await.len(), 1);
    assert_eq!(fs::read(&foreign).unwrap(), b"mine");
}

#[tokio::test]
async fn what_cannot_be_removed_is_in_no_others_way() {
    let archives = Archives::open(&["--backup-keep", "1 daily"]).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let blocked = archives.done(&tenant).await.remove(0);
    // A directory cannot be removed as a file is.
    let block = |place: &Path| {
        fs::remove_file(place).unwrap();
        fs::create_dir(place).unwrap();
    };
    block(Path::new(&blocked.place));
    let (left, beyond) = (archives.directory.path().join("left"), archives.directory.path().join("beyond"));
    let mut operator = archives.office.database.connect().await;
    for place in [&left, &beyond] {
        fs::write(place, "half").unwrap();
        let failed = format!(
            "INSERT INTO platform.backups (id, tenant_id, place, state, started_at, error) \
             VALUES (gen_random_uuid(), '{}', '{}', 'failed', '{}', 'x')",
            tenant.id,
            place.display(),
            (archives.office.clock.now() - TimeDelta::days(31)).to_rfc3339()
        );
        run(&mut operator, &failed).await;
    }
    block(&beyond);
    archives.day().await;
    assert_eq!(archives.done(&tenant).await.len(), 2, "the one in the blocked place is known still");
    assert!(!left.exists() && beyond.exists());
    let backups = &archives.office.server.app.backups;
    let now = archives.office.clock.now();
    let rotation = backups.rotate(tenant.id, now).await.unwrap();
    assert_eq!((rotation.removed.len(), rotation.failed), (0, 2), "{rotation:?}");

    fs::remove_dir(&blocked.place).unwrap();
    let rotation = backups.rotate(tenant.id, now).await.unwrap();
    let removed: Vec<_> = rotation.removed.iter().map(|backup| backup.id).collect();
    assert_eq!((removed, rotation.failed), (vec![blocked.id], 1), "{rotation:?}");
    // What a failed backup may have left is not looked for without end.
    let rotation = backups.rotate(tenant.id, now + TimeDelta::days(30)).await.unwrap();
    assert_eq!((rotation.removed.len(), rotation.failed), (0, 0), "{rotation:?}");
    let rows = archives.of(&tenant).await;
    assert!(rows.len() == 1 && rows[0].state == State::Done, "{rows:?}");
    assert!(beyond.exists());
}

#[tokio::test]
async fn a_drill_finds_no_fault_with_what_a_rotation_removes() {
    let archives = Archives::open(&["--backup-keep", "1 daily"]).await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.day().await;
    let (mut holder, mut operator) = (archives.office.database.connect().await, archives.office.database.connect().await);

    // An archive goes while its row is locked: not before.
    let first = archives.done(&tenant).await.remove(0);
    run(&mut holder, "BEGIN; SELECT id FROM platform.backups FOR UPDATE").await;
    let meanwhile = async {
        until("the rotation waits", async || waiters(&mut operator).await == 1).await;
        assert!(Path::new(&first.place).exists());
        run(&mut holder, "ROLLBACK").await;
    };
    tokio::join!(archives.day(), meanwhile);
    assert!(!Path::new(&first.place).exists());

    let last = archives.done(&tenant).await.remove(0);
    assert_ne!(last.id, first.id);
    run(&mut holder, &format!("BEGIN; DELETE FROM platform.backups WHERE id = '{}'", last.id)).await;
    fs::remove_file(&last.place).unwrap();
    let turn = "SELECT due_at FROM platform.backup_turns";
    let before: DateTime<Utc> = value(&mut operator, turn).await;
    let clock = archives.office.clock.clock();
    let meanwhile = async {
        until("the drill waits", async || waiters(&mut operator).await == 1).await;
        run(&mut holder, "COMMIT").await;
    };
    let (drill, ()) = tokio::join!(archives.office.server.app.backups.drill(&clock), meanwhile);
    assert!(drill.unwrap().is_none());
    assert_eq!(value::<DateTime<Utc>>(&mut operator, turn).await, before, "nothing has to be made anew");
}
