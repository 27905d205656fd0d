//! The program itself: killed while it makes an export, and with a store that speaks S3.

use std::{net::TcpListener, time::Duration};

use axum::http::StatusCode;
use chrono::{TimeDelta, Utc};
use domain::Role;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tests::{ObjectStore, hexadecimal, within};
use tokio::process::{Child, Command};

use super::{Outlet, asked, cookie, list, made, permit, states, unpack};
use crate::command_line::{command, signal};

/// How long the program may take to start, on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program beside the tests' own process, on the same database, at a free port.
fn serve(outlet: &Outlet, more: &[&str], prepare: impl Fn(&mut Command)) -> (Child, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut program = command(&["serve", "--standby-tenants", "0", "--listen", &format!("127.0.0.1:{port}")]);
    // Where mail is put: nowhere else.
    program.arg("--data-directory").arg(outlet.office.folder().parent().unwrap());
    program.args(more).env("DATABASE_URL", outlet.office.database.url());
    program.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    prepare(&mut program);
    (program.spawn().unwrap(), port)
}

#[tokio::test]
async fn what_a_program_had_begun_that_was_killed_is_made_by_another() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    asked(&owner).await;
    let holder = made::hold(&outlet, &company, "positions").await;
    let home = outlet.home(&company);
    let (mut child, _) = serve(&outlet, &["--export-to", home.parent().unwrap().to_str().unwrap()], |_| {});
    within(PATIENCE, "the export is begun", async || outlet.files(&company).iter().any(|file| file.ends_with(".partial"))).await;
    signal(child.id().unwrap(), "KILL");
    child.wait().await.unwrap();
    drop(holder);
    assert_eq!(outlet.files(&company).len(), 1, "nobody has cleared up");

    outlet.make().await;
    assert_eq!(states(&owner).await, ["RUNNING"]);
    outlet.office.clock.advance(TimeDelta::minutes(10));
    outlet.make().await;
    assert_eq!(states(&owner).await, ["DONE"]);
    let files = outlet.files(&company);
    assert!(files.len() == 1 && files[0].ends_with("-2.zip"), "{files:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_a_store_is_made_sent_and_removed() {
    let (outlet, store) = (Outlet::open(&[]).await, ObjectStore::start().await);
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    let id = asked(&owner).await;
    let place = store.address("exports");
    let (mut child, port) = serve(&outlet, &["--export-to", &place, "--exports-kept", "1"], |program| {
        store.known_to(program);
    });
    within(PATIENCE, "the export is made", async || states(&owner).await == ["DONE"]).await;
    let key = format!("exports/{}/", company.tenant.id);
    let objects = || store.keys().into_iter().filter(|name| name.starts_with(&key)).collect::<Vec<_>>();
    assert!(objects().iter().any(|name| name.ends_with("-1.zip")), "{:?}", store.keys());

    // The clock of the tests stands still, that of the program does not.
    outlet.office.clock.advance(Utc::now() - outlet.office.clock.now());
    // This process has no way to the store.
    let answer = reqwest::Client::new()
        .get(format!("http://127.0.0.1:{port}/exports/{id}"))
        .header("host", company.host())
        .header("cookie", cookie(&permit(&owner, &id).await))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let bytes = answer.bytes().await.unwrap();
    let sum = hexadecimal(&Sha256::digest(&bytes));
    assert_eq!(list(&owner).await[0]["sha256"], Value::from(sum));
    assert!(unpack(&bytes).path().join("manifest.json").exists());

    // A further one takes its place.
    let before = objects();
    asked(&owner).await;
    within(PATIENCE, "the oldest makes room", async || states(&owner).await == ["DONE", "EXPIRED"]).await;
    within(PATIENCE, "its object goes", async || before.iter().all(|name| !objects().contains(name))).await;
    signal(child.id().unwrap(), "INT");
    child.wait().await.unwrap();
}
