//! No file outlives its time, its successors or its tenant.

use std::fs;

use chrono::TimeDelta;
use domain::Role;

use super::{Outlet, asked, cookie, download, get, list, permit, states};

#[tokio::test]
async fn a_file_is_removed_when_its_days_are_over() {
    let outlet = Outlet::open(&["--export-days", "2"]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    assert_eq!(owner.ask(super::LIST).await.data("/exports/daysKept"), 2);
    let id = asked(&owner).await;
    outlet.make().await;
    outlet.office.clock.advance(TimeDelta::days(2) - TimeDelta::seconds(30));
    outlet.make().await;
    let late = cookie(&permit(&owner, &id).await);
    assert_eq!(outlet.files(&company).len(), 1);
    outlet.office.clock.advance(TimeDelta::seconds(30));
    // From the moment on, before anybody has removed it.
    assert_eq!(states(&owner).await, ["EXPIRED"]);
    assert_eq!(permit(&owner, &id).await.code(), "CONFLICT");
    assert_eq!(get(outlet.server(), &company.host(), &id, &late, "*/*").await.status, 404);
    outlet.make().await;
    assert!(!outlet.home(&company).exists(), "the directory goes with its last file");
    let export = list(&owner).await.remove(0);
    assert!(export["bytes"].is_null() && export["expiresAt"].is_null() && export["sha256"].is_null(), "{export}");
    outlet.office.clock.advance(TimeDelta::days(30));
    outlet.make().await;
    assert!(list(&owner).await.is_empty());
}

#[tokio::test]
async fn so_many_files_are_kept_and_the_oldest_makes_room() {
    let outlet = Outlet::open(&["--exports-kept", "2"]).await;
    let (company, other) = (outlet.server().company().await, outlet.server().company().await);
    let (owner, others) = (outlet.office.caller(&company, Role::Owner), outlet.office.caller(&other, Role::Owner));
    asked(&others).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(asked(&owner).await);
        outlet.make().await;
        outlet.office.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(states(&owner).await, ["DONE", "DONE", "EXPIRED"]);
    assert_eq!((outlet.files(&company).len(), outlet.files(&other).len()), (2, 1));
    download(&company, &owner, &ids[1]).await;
    assert_eq!(permit(&owner, &ids[0]).await.code(), "CONFLICT");
}

/// Many that cannot be removed are tried again and again, and keep nothing that comes after them.
#[tokio::test]
async fn what_cannot_be_removed_does_not_keep_the_others() {
    let outlet = Outlet::open(&["--export-days", "1"]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    asked(&owner).await;
    outlet.make().await;
    // A directory is no file, and is not removed as one.
    let stuck = outlet.home(&company).join("stuck.zip");
    fs::create_dir(&stuck).unwrap();
    let rows = format!(
        "INSERT INTO platform.exports (id, tenant_id, asked_by, format, state, asked_at, due_at, tries, place) \
         SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, tenant_id, asked_by, format, 'expired', asked_at, due_at, 1, \
         '{}' FROM platform.exports, generate_series(1, 250) n WHERE tenant_id = '{}'",
        stuck.display(),
        company.tenant.id
    );
    super::change(&outlet, &rows).await;
    outlet.office.clock.advance(TimeDelta::days(1));
    outlet.make().await;
    assert_eq!(outlet.files(&company), ["stuck.zip"]);
    fs::remove_dir(&stuck).unwrap();
    outlet.make().await;
    assert!(!outlet.home(&company).exists());
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_tenant() {
    let outlet = Outlet::open(&[]).await;
    let (company, other) = (outlet.server().company().await, outlet.server().company().await);
    let (owner, others) = (outlet.office.caller(&company, Role::Owner), outlet.office.caller(&other, Role::Owner));
    let id = asked(&owner).await;
    asked(&others).await;
    outlet.make().await;
    permit(&owner, &id).await.data("");
    // One that was being made by a process that is gone.
    asked(&owner).await;
    let half = outlet.home(&company).join("half.zip");
    fs::write(half.with_extension("zip.partial"), "half").unwrap();
    let claim = format!(
        "UPDATE platform.exports SET state = 'running', claimed_until = now() + interval '1 hour', place = '{}' \
         WHERE tenant_id = '{}' AND state = 'waiting'",
        half.display(),
        company.tenant.id
    );
    super::change(&outlet, &claim).await;

    let now = outlet.office.clock.now();
    outlet.server().act(&company.tenant, api::operators::Deed::Delete(now), now).await.unwrap();
    outlet.server().app.lifecycle.do_due(|| now).await;
    assert!(!outlet.home(&company).exists());
    let mut connection = outlet.office.database.connect().await;
    for table in ["exports", "export_downloads"] {
        let rows = format!("SELECT count(*) FROM platform.{table} WHERE tenant_id = '{}'", company.tenant.id);
        assert_eq!(tests::value::<i64>(&mut connection, &rows).await, 0, "{table}");
    }
    let certificate = "SELECT (certificate -> 'removed' ->> 'exports')::bigint FROM platform.deletion_certificates";
    assert_eq!(tests::value::<i64>(&mut connection, certificate).await, 2);
    assert_eq!((outlet.files(&other).len(), states(&others).await), (1, vec!["DONE".to_owned()]));
}

/// A deletion is not finished, and no certificate says so, while a file is left.
#[tokio::test]
async fn a_deletion_waits_for_a_file_that_cannot_be_removed() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    asked(&owner).await;
    outlet.make().await;
    // A directory is no file, and is not removed as one.
    let file = outlet.home(&company).join(&outlet.files(&company)[0]);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let now = outlet.office.clock.now();
    outlet.server().act(&company.tenant, api::operators::Deed::Delete(now), now).await.unwrap();
    let lifecycle = &outlet.server().app.lifecycle;
    lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap_err();
    fs::remove_dir(&file).unwrap();
    let certificate = lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();
    assert_eq!(certificate.removed.get("exports"), Some(&1));
    assert!(!outlet.home(&company).exists());
}
