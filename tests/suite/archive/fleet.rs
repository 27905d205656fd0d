//! A backup of every tenant.

use std::fs;

use chrono::{TimeDelta, Utc};
use tenancy::ArchivePlace;
use tests::{TestDatabase, make_tenant, mark, new_tenant, run};

use super::{Shelf, contents};

#[tokio::test]
async fn all_tenants_are_backed_up_and_the_latest_archives_kept() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let tenants = server.tenants();
    let mut all = Vec::new();
    for _ in 0..4 {
        let tenant = make_tenant(tenants).await;
        mark(tenants, &tenant, 3).await;
        all.push(tenant);
    }
    let shelf = Shelf::new();
    let directory = shelf.path("all");
    let place = ArchivePlace::from(&directory);
    let archives = |tenant: &tenancy::Tenant| {
        let entries = fs::read_dir(directory.join(tenant.id.to_string())).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let begin = Utc::now();
    for round in 0..4 {
        let mut told = 0;
        let now = begin + TimeDelta::minutes(round);
        let report = tenants.backup_all(&place, 2, None, now, |_, done| told += usize::from(done)).await.unwrap();
        assert_eq!((report.done, report.failed.len(), told), (4, 0, 4));
        assert_eq!(report.removed, if round < 2 { 0 } else { 4 });
    }
    let kept = archives(&all[0]);
    assert_eq!(kept.len(), 2);
    assert!(kept[0].to_str().unwrap().contains(all[0].slug.as_str()));

    // One that cannot be read is told, keeps what it has, and is in nobody's way.
    let mut operator = database.connect().await;
    run(
        &mut operator,
        &format!("ALTER TABLE {0}.positions RENAME TO elsewhere; REVOKE ALL ON {0}.elsewhere FROM {0}", all[1].schema),
    )
    .await;
    // Files of somebody else are left alone, and so are the archives of the schedule in the same place.
    let scheduled = format!("{}-20200101T000000000Z.tenantry", all[0].slug);
    let foreign = ["notes.txt", &scheduled].map(|name| directory.join(all[0].id.to_string()).join(name));
    for path in &foreign {
        fs::write(path, "mine").unwrap();
    }
    let report = tenants.backup_all(&place, 1, None, begin + TimeDelta::minutes(9), |_, _| {}).await.unwrap();
    assert_eq!((report.done, report.failed.len(), report.removed), (3, 1, 6));
    assert_eq!(report.failed[0].tenant.id, all[1].id);
    assert_eq!(archives(&all[1]).len(), 2, "the former archives of the one that failed");
    assert_eq!(archives(&all[0]).len(), 3);
    assert!(foreign.iter().all(|path| path.exists()));

    for tenant in [&all[0], &all[2], &all[3]] {
        let file = archives(tenant).into_iter().find(|path| !foreign.contains(path)).unwrap();
        let (restored, _) = tenants.restore(&file, None, &new_tenant()).await.unwrap();
        assert_eq!(contents(tenants, &restored).await, contents(tenants, tenant).await);
    }
    tenants.close().await;
}
