//! What is in the file, and that it is made whatever happens to the processes that make it.

use std::{fs, path::PathBuf};

use chrono::TimeDelta;
use domain::Role;
use sea_orm::ConnectionTrait as _;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use tests::{Company, contents_of, new_tenant, until, waiters_for};

use super::{Outlet, ask, asked, change, download, list, states, unpack};

/// Keeps everybody from reading a table, until it is dropped.
pub(super) async fn hold(outlet: &Outlet, company: &Company<'_>, table: &str) -> PgConnection {
    let mut holder = outlet.office.database.connect().await;
    holder.execute(AssertSqlSafe(format!("BEGIN; LOCK TABLE {}.{table}", company.tenant.schema))).await.unwrap();
    holder
}

/// Waits until so many processes wait for a table that is held.
async fn until_held(outlet: &Outlet, company: &Company<'_>, table: &str, processes: i64) {
    let mut watcher = outlet.office.database.connect().await;
    let held = format!("{}.{table}", company.tenant.schema);
    until("an export waits", async || waiters_for(&mut watcher, &held).await == processes).await;
}

#[tokio::test]
async fn the_file_is_one_moment_of_a_tenant_that_is_written_to_and_another_tenant_is_made_of_it() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (account, owner) = outlet.owner(&company).await;
    for format in ["CSV", "NDJSON"] {
        let id = ask(&owner, format).await.text("/requestExport/export/id");
        let before = company.contents().await;
        let holder = hold(&outlet, &company, "positions").await;
        let make = outlet.make();
        let write = async {
            until_held(&outlet, &company, "positions", 1).await;
            let sql = "INSERT INTO locations (id, name, country_code, time_zone, created_at, updated_at) \
                       SELECT gen_random_uuid(), gen_random_uuid()::text, 'DE', '', now(), now() FROM generate_series(1, 50); \
                       UPDATE departments SET name = name || '+'; DELETE FROM audit_events";
            company.scope().execute_unprepared(sql).await.unwrap();
            drop(holder);
        };
        tokio::join!(make, write);
        assert_ne!(company.contents().await, before);

        let file = download(&company, &owner, &id).await;
        let directory = unpack(&file.bytes);
        let manifest: Value = serde_json::from_slice(&fs::read(directory.path().join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["tenant"], company.tenant.id.to_string());
        assert_eq!(manifest["format"], format.to_lowercase());
        let (tenant, _) = outlet.server().tenants().import(directory.path(), &new_tenant()).await.unwrap();
        assert_eq!(contents_of(&outlet.server().tenants().read_only(&tenant)).await, before, "{format}");
    }
    let letters = outlet.office.mail_to(&account.email).await;
    assert_eq!(letters.len(), 2);
    assert!(letters[0].header("Subject").ends_with("is ready"), "{:?}", letters[0].headers);
    assert_eq!(letters[0].link(), format!("http://{}:8000/settings/organisation", company.host()));
}

/// Whoever fills a field puts no formula into the owner's spreadsheet, and a tenant that is made of the file has every text as it was.
#[tokio::test]
async fn a_text_that_looks_like_a_formula_is_none_in_a_spreadsheet() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    // The longest is as long as a name may be: the apostrophe is in the file alone.
    let longest = format!("={}", "x".repeat(99));
    let formulas = ["=1+1", "+49 40", "-", "@x", "'quoted", "''", "\u{ff1d}1", longest.as_str()];
    let rows = formulas.iter().chain(&["a=1"]).map(|text| format!("('{}')", text.replace('\'', "''"))).collect::<Vec<_>>();
    let sql = format!(
        "INSERT INTO locations (id, name, country_code, time_zone, created_at, updated_at) \
         SELECT gen_random_uuid(), name, 'DE', '', now(), now() FROM (VALUES {}) texts (name)",
        rows.join(", ")
    );
    company.scope().execute_unprepared(&sql).await.unwrap();
    let id = asked(&owner).await;
    outlet.make().await;
    let before = company.contents().await;
    let directory = unpack(&download(&company, &owner, &id).await.bytes);
    let text = fs::read_to_string(directory.path().join("locations.csv")).unwrap();
    // Spreadsheets know by it that this is UTF-8.
    assert!(text.starts_with("\u{feff}id,"), "{text}");
    for formula in formulas {
        assert!(text.contains(&format!("\"'{formula}\"")) && !text.contains(&format!("\"{formula}\"")), "{formula} {text}");
    }
    assert!(text.contains("\"a=1\""), "{text}");
    let manifest: Value = serde_json::from_slice(&fs::read(directory.path().join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["guarded"], true);
    // A program that knows no guards would take them for part of the texts: it knows the first version alone.
    let path = directory.path().join("manifest.json");
    let mut older = manifest.clone();
    older["version"] = 1.into();
    fs::write(&path, older.to_string()).unwrap();
    let refused = outlet.server().tenants().import(directory.path(), &new_tenant()).await.unwrap_err().to_string();
    assert!(refused.contains("of version 1"), "{refused}");
    fs::write(&path, manifest.to_string()).unwrap();
    let (tenant, _) = outlet.server().tenants().import(directory.path(), &new_tenant()).await.unwrap();
    assert_eq!(contents_of(&outlet.server().tenants().read_only(&tenant)).await, before);
}

/// The traces of a process that was killed while it made an export: the claim, and half a file.
async fn leave_half(outlet: &Outlet, company: &Company<'_>, tries: i32) -> PathBuf {
    let place = outlet.home(company).join(format!("half-{tries}.zip"));
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place.with_extension("zip.partial"), "half").unwrap();
    let until = (outlet.office.clock.now() + TimeDelta::minutes(5)).to_rfc3339();
    let claim = format!(
        "UPDATE platform.exports SET state = 'running', tries = {tries}, claimed_until = '{until}', place = '{}' \
         WHERE tenant_id = '{}' AND state IN ('waiting', 'running')",
        place.display(),
        company.tenant.id
    );
    change(outlet, &claim).await;
    place
}

#[tokio::test]
async fn what_a_killed_process_has_begun_is_made_by_another() {
    let outlet = Outlet::open(&[]).await;
    let second = outlet.office.second(&[]).await;
    let company = outlet.server().company().await;
    let (account, _) = outlet.owner(&company).await;
    let owner = outlet.office.caller(&company, Role::Owner);
    asked(&owner).await;
    leave_half(&outlet, &company, 1).await;
    // As long as it may be alive, nobody else begins.
    outlet.make().await;
    assert_eq!(states(&owner).await, ["RUNNING"]);
    outlet.office.clock.advance(TimeDelta::minutes(5));
    let clock = outlet.office.clock.clock();
    tokio::join!(outlet.make(), second.app.exports.do_due(&clock));
    assert_eq!(states(&owner).await, ["DONE"]);
    let files = outlet.files(&company);
    assert!(files.len() == 1 && !files[0].contains("half"), "{files:?}");
    assert!(outlet.office.mail_to(&account.email).await.is_empty(), "somebody else has asked");

    // A process that is killed each time is no reason to try for ever.
    asked(&owner).await;
    leave_half(&outlet, &company, 3).await;
    outlet.office.clock.advance(TimeDelta::minutes(5));
    outlet.make().await;
    let export = list(&owner).await.remove(0);
    assert_eq!((export["state"].as_str(), export["bytes"].is_null()), (Some("FAILED"), true));
    assert!(export["problem"].as_str().unwrap().contains("was stopped"), "{export}");
    outlet.make().await;
    assert_eq!(outlet.files(&company), files, "what was left goes, too");
    asked(&owner).await;
}

#[tokio::test]
async fn a_process_that_was_slow_leaves_the_export_to_the_one_that_took_over() {
    let outlet = Outlet::open(&[]).await;
    let second = outlet.office.second(&[]).await;
    let company = outlet.server().company().await;
    let owner = outlet.office.caller(&company, Role::Owner);
    let id = asked(&owner).await;
    let holder = hold(&outlet, &company, "positions").await;
    let clock = outlet.office.clock.clock();
    let take_over = async {
        until_held(&outlet, &company, "positions", 1).await;
        outlet.office.clock.advance(TimeDelta::minutes(5));
        let release = async {
            until_held(&outlet, &company, "positions", 2).await;
            drop(holder);
        };
        tokio::join!(second.app.exports.do_due(&clock), release);
    };
    tokio::join!(outlet.make(), take_over);
    assert_eq!(states(&owner).await, ["DONE"]);
    let files = outlet.files(&company);
    assert!(files.len() == 1 && files[0].ends_with("-2.zip"), "{files:?}");
    unpack(&download(&company, &owner, &id).await.bytes);
}
