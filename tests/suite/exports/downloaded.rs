//! The file is got by a click: once, soon, by an owner who is signed in, and by nobody else.

use std::fs;

use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::Role;
use sha2::{Digest as _, Sha256};
use tests::hexadecimal;

use super::{Outlet, asked, change, cookie, download, get, list, permit};

#[tokio::test]
async fn the_file_comes_as_it_is_and_nothing_keeps_it() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    outlet.make().await;
    let file = download(&company, &owner, &id).await;
    let header = |name: &str| file.headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/zip");
    assert_eq!(header("content-length"), file.bytes.len().to_string());
    assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store", "nosniff"));
    let date = outlet.office.clock.now().format("%Y-%m-%d");
    assert_eq!(header("content-disposition"), format!("attachment; filename=\"{}-{date}.zip\"", company.tenant.slug));
    assert!(!file.headers.contains_key("content-encoding"));

    let export = list(&owner).await.remove(0);
    let sum = hexadecimal(&Sha256::digest(&file.bytes));
    assert_eq!((export["sha256"].as_str(), header("etag")), (Some(sum.as_str()), format!("\"{sum}\"").as_str()));
    assert_eq!(export["bytes"], f64::from(u32::try_from(file.bytes.len()).unwrap()));
}

#[tokio::test]
async fn leave_is_good_once_for_a_minute_in_one_browser() {
    let outlet = Outlet::open(&[]).await;
    let (company, other) = (outlet.server().company().await, outlet.server().company().await);
    let (account, owner) = outlet.owner(&company).await;
    let (_, others) = outlet.owner(&other).await;
    let (id, their_id) = (asked(&owner).await, asked(&others).await);
    outlet.make().await;
    let (server, host) = (outlet.server(), company.host());
    let leave = async || cookie(&permit(&owner, &id).await);
    let is_refused = async |host: &str, id: &str, cookie: &str| {
        let program = get(server, host, id, cookie, "*/*").await;
        assert_eq!(program.status, StatusCode::NOT_FOUND);
        assert_eq!(program.headers["cache-control"], "no-store");
        assert!(String::from_utf8(program.bytes).unwrap().contains("\"NOT_FOUND\""));
        let person = get(server, host, id, cookie, "text/html,*/*;q=0.8").await;
        assert_eq!((person.status, person.bytes.len()), (StatusCode::SEE_OTHER, 0));
        assert_eq!(person.headers["location"], "/settings/organisation?problem=download");
        assert_eq!(person.headers["cache-control"], "no-store");
    };

    let answer = permit(&owner, &id).await;
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.ends_with(&format!("; Path=/exports/{id}; HttpOnly; SameSite=Strict; Max-Age=60")), "{set}");
    for (host, id, cookie) in [
        (host.as_str(), id.as_str(), "tenantry_export=nonsense"),
        (&host, &id, "other=x"),
        (&host, "nonsense", &cookie(&answer)),
        (&host, "%ff", &cookie(&answer)),
        (&host, &their_id, &cookie(&answer)),
        (&other.host(), &id, &cookie(&answer)),
        (&other.host(), &their_id, &cookie(&answer)),
    ] {
        is_refused(host, id, cookie).await;
    }
    assert_eq!(get(server, &host, &id, &cookie(&answer), "*/*").await.status, StatusCode::OK);
    is_refused(&host, &id, &cookie(&answer)).await;

    let late = leave().await;
    outlet.office.clock.advance(TimeDelta::seconds(60));
    is_refused(&host, &id, &late).await;

    // Who is no owner any more, or has signed out, has no leave either.
    let before = leave().await;
    let set_role = |role: Role| format!("UPDATE platform.memberships SET role = '{role}' WHERE account_id = '{}'", account.id);
    change(&outlet, &set_role(Role::Admin)).await;
    is_refused(&host, &id, &before).await;
    change(&outlet, &set_role(Role::Owner)).await;
    owner.ask("mutation { signOut { signedOut } }").await;
    change(&outlet, &format!("UPDATE platform.sessions SET ended_at = now() WHERE account_id = '{}'", account.id)).await;
    is_refused(&host, &id, &before).await;
}

#[tokio::test]
async fn two_clicks_at_once_give_one_file() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    outlet.make().await;
    let (cookie, host) = (cookie(&permit(&owner, &id).await), company.host());
    let click = || get(outlet.server(), &host, &id, &cookie, "*/*");
    let (one, other) = tokio::join!(click(), click());
    let mut codes = [one.status.as_u16(), other.status.as_u16()];
    codes.sort_unstable();
    assert_eq!(codes, [200, 404]);
}

#[tokio::test]
async fn what_is_not_served_is_not_downloaded() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    outlet.make().await;
    let cookie = cookie(&permit(&owner, &id).await);
    let now = outlet.office.clock.now();
    outlet.server().tenants().set_status(company.tenant.id, tenancy::TenantStatus::Suspended, now).await.unwrap();
    assert_eq!(get(outlet.server(), &company.host(), &id, &cookie, "*/*").await.status, StatusCode::FORBIDDEN);
}

/// As where the rule of a store has removed it, or a disk is not there.
#[tokio::test]
async fn who_asks_for_a_file_that_is_gone_stays_on_the_page() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (_, owner) = outlet.owner(&company).await;
    let id = asked(&owner).await;
    outlet.make().await;
    let file = outlet.home(&company).join(&outlet.files(&company)[0]);
    fs::rename(&file, file.with_extension("away")).unwrap();
    let leave = cookie(&permit(&owner, &id).await);
    let person = get(outlet.server(), &company.host(), &id, &leave, "text/html").await;
    assert_eq!(person.status, StatusCode::SEE_OTHER);
    assert_eq!(person.headers["location"], "/settings/organisation?problem=download");
    assert_eq!(get(outlet.server(), &company.host(), &id, &leave, "*/*").await.status, StatusCode::NOT_FOUND);
    // The leave was not spent, and nobody has downloaded anything.
    fs::rename(file.with_extension("away"), &file).unwrap();
    assert_eq!(get(outlet.server(), &company.host(), &id, &leave, "*/*").await.status, StatusCode::OK);
    let downloads = "SELECT count(*)::text FROM audit_events WHERE action = 'export.downloaded'";
    assert_eq!(company.texts(downloads).await, ["1"]);
}
