//! Which archives are kept.

use std::fs;

use tests::run;

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
