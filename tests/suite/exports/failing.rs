//! Where the file cannot be written, the page and a mail say so.

use std::fs;

use chrono::TimeDelta;
use domain::Role;

use super::{Outlet, asked, download, list, permit, states, unpack};

#[tokio::test]
async fn a_place_that_cannot_be_written_is_tried_again_and_then_given_up() {
    // Root writes everywhere, but not into a file as if it were a directory.
    let blocked = tempfile::NamedTempFile::new().unwrap();
    let outlet = Outlet::open(&["--export-to", blocked.path().join("below").to_str().unwrap()]).await;
    let company = outlet.server().company().await;
    let (account, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    for (minutes, state) in [(0, "WAITING"), (1, "WAITING"), (10, "FAILED")] {
        outlet.office.clock.advance(TimeDelta::minutes(minutes));
        outlet.make().await;
        let export = list(&owner).await.remove(0);
        assert_eq!(export["state"], state);
        assert!(export["problem"].as_str().unwrap().starts_with("The file could not be written."), "{export}");
    }
    assert_eq!(permit(&owner, &id).await.code(), "CONFLICT");
    let letter = outlet.office.last_mail_to(&account.email).await;
    assert!(letter.header("Subject").ends_with("failed"), "{:?}", letter.headers);
    assert!(letter.text.contains("could not be written"), "{}", letter.text);
    assert!(!letter.text.contains(blocked.path().to_str().unwrap()), "{}", letter.text);
    // It is given up for good, and another one can be asked for.
    outlet.office.clock.advance(TimeDelta::hours(1));
    outlet.make().await;
    assert_eq!(outlet.office.mail_to(&account.email).await.len(), 1);
    asked(&outlet.office.caller(&company, Role::Owner)).await;
}

#[tokio::test]
async fn a_place_that_is_mended_meanwhile_is_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("exports");
    fs::write(&place, "in the way").unwrap();
    let outlet = Outlet::open(&["--export-to", place.to_str().unwrap()]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    let id = asked(&owner).await;
    outlet.make().await;
    assert_eq!(states(&owner).await, ["WAITING"]);
    fs::remove_file(&place).unwrap();
    outlet.office.clock.advance(TimeDelta::minutes(1));
    outlet.make().await;
    let export = list(&owner).await.remove(0);
    assert_eq!((export["state"].as_str(), export["problem"].is_null()), (Some("DONE"), true));
    unpack(&download(&company, &owner, &id).await.bytes);
}
