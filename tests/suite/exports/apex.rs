//! Owners whose organisation lets nobody in at its own address export and delete it on the apex.

use api::operators::Deed;
use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use tenancy::TenantStatus;
use tests::{Answer, Caller, Company};

use super::{Outlet, asked, cookie, get, permit, unpack};

const WORKSPACES: &str = "{ workspaces { state canBeKept canBeDeleted canBeExported } }";

fn id_of(company: &Company<'_>) -> String {
    api::graphql::id::encode_tenant(company.tenant.id).to_string()
}

async fn export(apex: &Caller, company: &Company<'_>) -> Answer {
    apex.mutate("requestWorkspaceExport", json!({ "id": id_of(company) }), "export { id state }").await
}

async fn list(apex: &Caller, company: &Company<'_>) -> Answer {
    let query = "query($id: ID!) { workspaceExports(id: $id) { daysKept nodes { id state } } }";
    apex.ask_with(query, json!({ "id": id_of(company) })).await
}

async fn leave(apex: &Caller, company: &Company<'_>, export: &str) -> Answer {
    let query = "mutation($id: ID!, $export: ID!) { downloadWorkspaceExport(id: $id, exportId: $export) { url } }";
    apex.ask_with(query, json!({ "id": id_of(company), "export": export })).await
}

async fn delete(apex: &Caller, company: &Company<'_>, slug: &str, password: &str) -> Answer {
    let input = json!({ "id": id_of(company), "slug": slug, "password": password });
    apex.mutate("requestWorkspaceDeletion", input, "workspace { state canBeKept canBeDeleted canBeExported }").await
}

/// Says that a company has paid until so many days ago.
async fn paid_until_days_ago(outlet: &Outlet, company: &Company<'_>, days: i64) {
    let now = outlet.office.clock.now();
    outlet.server().tenants().set_dates(company.tenant.id, None, Some(now - TimeDelta::days(days)), now).await.unwrap();
}

fn workspace(state: &str, kept: bool, deleted: bool, exported: bool) -> Value {
    json!({ "state": state, "canBeKept": kept, "canBeDeleted": deleted, "canBeExported": exported })
}

#[tokio::test]
async fn who_has_not_paid_gets_the_data_deletes_and_takes_it_back() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let owner = company.account(Role::Owner).await;
    paid_until_days_ago(&outlet, &company, 40).await;
    assert_eq!(company.anonymous().sign_in(&owner.email, &owner.password).await.code(), "TENANT_PAST_DUE");
    let apex = owner.signed_in(&outlet.server().apex()).await;
    assert_eq!(apex.ask(WORKSPACES).await.data("/workspaces/0"), workspace("PAST_DUE", false, true, true));

    let id = export(&apex, &company).await.text("/requestWorkspaceExport/export/id");
    outlet.make().await;
    let nodes = list(&apex, &company).await.data("/workspaceExports/nodes");
    assert_eq!(nodes, json!([{ "id": id, "state": "DONE" }]));
    let letter = outlet.office.last_mail_to(&owner.email).await;
    assert_eq!(letter.link(), "http://localhost:8000");
    let answer = leave(&apex, &company, &id).await;
    assert_eq!(answer.text("/downloadWorkspaceExport/url"), format!("http://localhost:8000/exports/{id}"));
    let file = get(outlet.server(), "localhost", &id, &cookie(&answer), "text/html").await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(unpack(&file.bytes).path().join("manifest.json").exists());
    let again = get(outlet.server(), "localhost", &id, &cookie(&answer), "text/html").await;
    assert_eq!((again.status, again.headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/?problem=download"));

    // The slug and the password, as at its own address.
    let slug = company.tenant.slug.as_str();
    assert_eq!(delete(&apex, &company, "other", &owner.password).await.field(), Some("slug"));
    assert_eq!(delete(&apex, &company, slug, "wrong password").await.field(), Some("password"));
    let gone = delete(&apex, &company, slug, &owner.password).await.data("/requestWorkspaceDeletion/workspace");
    assert_eq!(gone, workspace("DELETING", true, false, true));
    assert_eq!(delete(&apex, &company, slug, &owner.password).await.code(), "CONFLICT");
    // Within the grace the data can be had.
    let id = export(&apex, &company).await.text("/requestWorkspaceExport/export/id");
    outlet.make().await;
    let answer = leave(&apex, &company, &id).await;
    answer.text("/downloadWorkspaceExport/url");
    assert_eq!(get(outlet.server(), "localhost", &id, &cookie(&answer), "*/*").await.status, StatusCode::OK);
    let keep = "mutation($id: ID!) { keepWorkspace(id: $id) { workspace { state } } }";
    let kept = apex.ask_with(keep, json!({ "id": id_of(&company) })).await;
    assert_eq!(kept.text("/keepWorkspace/workspace/state"), "PAST_DUE");
    let deeds = company.texts("SELECT action FROM audit_events WHERE action NOT LIKE '%.created' ORDER BY id DESC LIMIT 6").await;
    let expected = [
        "tenant.deletion_withdrawn",
        "export.downloaded",
        "export.requested",
        "tenant.deletion_requested",
        "export.downloaded",
        "export.requested",
    ];
    assert_eq!(deeds, expected);
}

#[tokio::test]
async fn nobody_else_does_and_not_where_it_is_served_or_closed_by_an_operator() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (owner, admin) = (company.account(Role::Owner).await, company.account(Role::Admin).await);
    let stranger = outlet.server().company().await.account(Role::Owner).await;
    let apex = owner.signed_in(&outlet.server().apex()).await;
    let slug = company.tenant.slug.as_str();
    let id = asked(&outlet.office.caller(&company, Role::Owner)).await;
    outlet.make().await;
    let refusals = async |caller: &Caller| {
        [
            export(caller, &company).await.code().to_owned(),
            list(caller, &company).await.code().to_owned(),
            leave(caller, &company, &id).await.code().to_owned(),
            delete(caller, &company, slug, &owner.password).await.code().to_owned(),
        ]
    };
    let (tenants, now) = (outlet.server().tenants(), outlet.office.clock.now());
    let closed = ["CONFLICT"; 4];
    assert_eq!(refusals(&apex).await, closed, "it is served");
    assert_eq!(apex.ask(WORKSPACES).await.data("/workspaces/0"), workspace("ACTIVE", false, false, false));
    paid_until_days_ago(&outlet, &company, 40).await;
    let others = [(stranger, "NOT_FOUND"), (admin, "FORBIDDEN")];
    for (account, code) in &others {
        let caller = account.signed_in(&outlet.server().apex()).await;
        assert_eq!(refusals(&caller).await, [*code; 4]);
    }
    assert_eq!(refusals(&outlet.server().apex()).await, ["UNAUTHENTICATED"; 4]);
    let before = leave(&apex, &company, &id).await;
    tenants.set_status(company.tenant.id, TenantStatus::Suspended, now).await.unwrap();
    assert_eq!(refusals(&apex).await, closed, "an operator has suspended it");
    assert_eq!(apex.ask(WORKSPACES).await.data("/workspaces/0"), workspace("SUSPENDED", false, false, false));
    assert_eq!(get(outlet.server(), "localhost", &id, &cookie(&before), "*/*").await.status, StatusCode::NOT_FOUND);
    tenants.set_status(company.tenant.id, TenantStatus::Active, now).await.unwrap();
    outlet.server().act(&company.tenant, Deed::Delete(now + TimeDelta::days(1)), now).await.unwrap();
    assert_eq!(refusals(&apex).await, closed, "an operator has asked for the deletion");
}

#[tokio::test]
async fn leave_is_good_at_the_host_that_has_given_it() {
    let outlet = Outlet::open(&[]).await;
    let company = outlet.server().company().await;
    let (owner, here) = outlet.owner(&company).await;
    let apex = owner.signed_in(&outlet.server().apex()).await;
    let id = asked(&here).await;
    outlet.make().await;
    let of_tenant = cookie(&permit(&here, &id).await);
    paid_until_days_ago(&outlet, &company, 40).await;
    let of_apex = cookie(&leave(&apex, &company, &id).await);
    assert_eq!(get(outlet.server(), "localhost", &id, &of_tenant, "*/*").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(outlet.server(), &company.host(), &id, &of_apex, "*/*").await.status, StatusCode::PAYMENT_REQUIRED);
    paid_until_days_ago(&outlet, &company, -40).await;
    assert_eq!(get(outlet.server(), &company.host(), &id, &of_apex, "*/*").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(outlet.server(), &company.host(), &id, &of_tenant, "*/*").await.status, StatusCode::OK);
}
