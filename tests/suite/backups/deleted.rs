//! The archives of a tenant that is deleted.

use api::operators::Deed;
use chrono::TimeDelta;
use tests::{run, value};

use super::Archives;

#[tokio::test]
async fn archives_outlive_their_tenant_for_the_days_that_the_certificate_says() {
    let archives = Archives::open(&["--backup-deleted-days", "10"]).await;
    let tenants = archives.tenants(2).await;
    archives.do_due().await;
    archives.day().await;
    archives.day().await;
    // The store may have an archive although its backup failed.
    let mut operator = archives.office.database.connect().await;
    let first = archives.done(&tenants[0]).await.remove(1).id;
    run(&mut operator, &format!("UPDATE platform.backups SET state = 'failed', error = 'x' WHERE id = '{first}'")).await;
    let (lifecycle, now) = (&archives.office.server.app.lifecycle, archives.office.clock.now());
    archives.office.server.act(&tenants[0], Deed::Delete(now), now).await.unwrap();
    let certificate = lifecycle.carry_out_deletion(tenants[0].id, || now).await.unwrap().unwrap();
    assert_eq!(certificate.archives_removed_at, Some(now + TimeDelta::days(10)));
    assert_eq!(certificate.removed.get("backups"), Some(&2), "{certificate:?}");
    let id = tenants[0].id;
    for table in ["backups", "backup_turns"] {
        let left = format!("SELECT count(*) FROM platform.{table} WHERE tenant_id = '{id}'");
        assert_eq!(value::<i64>(&mut operator, &left).await, 0, "{table}");
    }
    archives.office.clock.advance(TimeDelta::days(9));
    archives.do_due().await;
    assert_eq!(archives.files(&tenants[0]).len(), 2);
    archives.office.clock.advance(TimeDelta::days(1));
    archives.do_due().await;
    assert!(!archives.home(&tenants[0]).exists(), "nothing is left, its directory neither");
    assert_eq!(value::<i64>(&mut operator, "SELECT count(*) FROM platform.backup_removals").await, 0);
    assert!(archives.files(&tenants[1]).len() >= 2);

    // Where there is no archive there is nothing to say of one.
    let other = archives.tenants(1).await.remove(0);
    let now = archives.office.clock.now();
    archives.office.server.act(&other, Deed::Delete(now), now).await.unwrap();
    let certificate = lifecycle.carry_out_deletion(other.id, || now).await.unwrap().unwrap();
    assert_eq!(certificate.archives_removed_at, None);
}
