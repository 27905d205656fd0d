//! Archives are restored for a test.

use std::fs;

use chrono::TimeDelta;
use tests::{mark, value};

use super::Archives;

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
    assert!(drill.result.unwrap_err().contains("altered"));
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
