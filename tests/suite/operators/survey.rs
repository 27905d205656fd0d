//! The tenants as operators see them. Each test looks for its own tenants by their name: others are there too.

use api::{graphql::connection::write_cursor, operators::Deed};
use chrono::Utc;
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tenancy::{Hostname, NewTenant, Slug, SurveyOrder, TenantId, TenantSurvey};
use tests::{Caller, Server, TestDatabase, database_url, new_tenant, until, value};
use uuid::Uuid;

use super::tenant_id;

/// Makes tenants with these names behind a mark that no other test has, and returns the mark.
async fn tenants(server: &Server, names: &[&str]) -> (String, Vec<std::sync::Arc<tenancy::Tenant>>) {
    let mark = format!("q{}", Uuid::now_v7().simple());
    let mut made = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let id = TenantId(Uuid::now_v7());
        let slug = Slug::parse(&format!("{mark}-{}", names.len() - index)).unwrap();
        let new = NewTenant { id, slug, name: format!("{mark} {name}"), hostnames: Vec::new(), now: Utc::now() };
        made.push(server.tenants().provision(&new).await.unwrap());
    }
    (mark, made)
}

async fn list(caller: &Caller, variables: Value) -> (Vec<String>, Value) {
    let query = "query($first: Int, $after: String, $search: String, $state: TenantState, $orderBy: TenantOrder! = SLUG) {
        tenants(first: $first, after: $after, search: $search, state: $state, orderBy: $orderBy) {
            nodes { name } pageInfo { hasNextPage endCursor } } }";
    let page = caller.ask_with(query, variables).await.data("/tenants");
    let name = |node: &Value| node["name"].as_str().unwrap().split_once(' ').unwrap().1.to_owned();
    (page["nodes"].as_array().unwrap().iter().map(name).collect(), page["pageInfo"].clone())
}

#[tokio::test]
async fn tenants_are_found_ordered_and_paged() {
    let server = Server::start().await;
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    let (mark, made) = tenants(&server, &["beta", "Alpha", "gamma"]).await;
    let all = async |order: &str| list(&caller, json!({ "search": mark, "orderBy": order })).await.0;
    assert_eq!(all("SLUG").await, ["gamma", "Alpha", "beta"]);
    assert_eq!(all("NAME").await, ["Alpha", "beta", "gamma"]);
    assert_eq!(all("NEWEST").await, ["gamma", "Alpha", "beta"]);
    for order in ["SLUG", "NAME", "NEWEST"] {
        let (mut paged, mut after) = (Vec::new(), Value::Null);
        loop {
            let (names, info) = list(&caller, json!({ "first": 1, "after": after, "search": mark, "orderBy": order })).await;
            paged.extend(names);
            after = info["endCursor"].clone();
            if info["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, all(order).await, "{order}");
    }
    let host = Hostname::parse(&format!("hr.{mark}.example")).unwrap();
    server.tenants().add_host(made[0].id, &host, true, Utc::now()).await.unwrap();
    assert_eq!(list(&caller, json!({ "search": format!("HR.{mark}") })).await.0, ["beta"]);
    // The characters of patterns stand for themselves.
    assert_eq!(list(&caller, json!({ "search": format!("{mark}%beta") })).await.0, Vec::<String>::new());
    assert_eq!(list(&caller, json!({ "search": format!("{mark}_beta") })).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn a_page_of_many_tenants_is_found_by_an_index() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let mut connection = database.connect().await;
    let many = "INSERT INTO platform.tenants (id, slug, name, schema_name, status, created_at, updated_at) \
                SELECT gen_random_uuid(), 'many-' || n, 'Many ' || n, 'many_' || n, 'active', now() - n * interval '1 minute', now() \
                FROM generate_series(1, 5000) AS n; ANALYZE platform.tenants";
    tests::run(&mut connection, many).await;
    let orders = [(SurveyOrder::Name, "tenants_name_index"), (SurveyOrder::Newest, "tenants_created_at_index")];
    for (order, index) in orders {
        let first = TenantSurvey { order, ..TenantSurvey::default() };
        let page = server.tenants().survey(&first, 50).await.unwrap();
        let next = TenantSurvey { after: page.last().map(|last| (order.key(last), last.id)), ..first };
        // Postgres adds up after a while how often an index was read.
        let read = format!("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{index}'");
        let before: i64 = value(&mut connection, &read).await;
        until("the page is read by the index", async || {
            assert_eq!(server.tenants().survey(&next, 50).await.unwrap().len(), 50);
            value::<i64>(&mut connection, &read).await > before + 1
        })
        .await;
    }
}

#[tokio::test]
async fn tenants_of_a_state_are_found() {
    let server = Server::start().await;
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    let (mark, made) = tenants(&server, &["active", "suspended", "maintained", "deleting", "unpaid"]).await;
    let now = Utc::now();
    server.act(&made[1], Deed::Suspend, now).await.unwrap();
    server.act(&made[2], Deed::SetMaintenance(Some(String::new())), now).await.unwrap();
    server.act(&made[3], Deed::Delete(now + chrono::TimeDelta::days(1)), now).await.unwrap();
    server.tenants().set_dates(made[4].id, None, Some(now - chrono::TimeDelta::days(90)), now).await.unwrap();
    let expected = [
        ("ACTIVE", vec!["active"]),
        ("SUSPENDED", vec!["suspended"]),
        ("MAINTENANCE", vec!["maintained"]),
        ("DELETING", vec!["deleting"]),
        ("PAST_DUE", vec!["unpaid"]),
        ("WARNED", vec![]),
        ("TRIAL", vec![]),
        ("READ_ONLY", vec![]),
        ("MIGRATING", vec![]),
    ];
    for (state, names) in expected {
        assert_eq!(list(&caller, json!({ "search": mark, "state": state })).await.0, names, "{state}");
    }
}

#[tokio::test]
async fn a_tenant_is_shown_with_what_is_known_of_it() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Viewer).await;
    let slug = company.tenant.slug.to_string();
    let query = "query($slug: String) { tenant(slug: $slug) {
        schemaName formerSlugs { slug } deletion { askedBy } terms { warningDays isOwn warnedFrom } limits { name value isOwn }
        tenant { id slug state schemaVersion isBehind sizeBytes memberCount lastActivityAt hosts lastMigrationFailure { code } } } }";
    let found = operator.caller.ask_with(query, json!({ "slug": slug })).await.data("/tenant");
    assert_eq!(found["schemaName"], company.tenant.schema.as_str());
    assert_eq!(found["tenant"]["id"], tenant_id(&company.tenant));
    assert_eq!((&found["tenant"]["isBehind"], &found["tenant"]["state"]), (&json!(false), &json!("ACTIVE")));
    assert!(found["tenant"]["sizeBytes"].as_f64().unwrap() > 8_192.0, "{found}");
    assert!(found["tenant"]["memberCount"].as_i64().unwrap() > 0, "{found}");
    assert!(found["tenant"]["lastActivityAt"].is_string(), "{found}");
    assert_eq!(found["limits"].as_array().unwrap().len(), 11);
    server.act(&company.tenant, Deed::Rename { slug: Some(format!("{slug}-b")), name: None }, Utc::now()).await.unwrap();
    let renamed = operator.caller.ask_with(query, json!({ "slug": slug })).await.data("/tenant");
    assert_eq!((&renamed["tenant"]["slug"], &renamed["formerSlugs"]), (&json!(format!("{slug}-b")), &json!([{ "slug": slug }])));
    company.caller(Role::Hr).at(format!("{slug}-b.{}", server.app.hosts.base())).ask("{ __typename }").await.data("");
}

/// Sessions that have ended are deleted after some days; what is counted of each day is kept for longer.
#[tokio::test]
async fn the_last_activity_of_a_tenant_is_known_also_when_its_sessions_are_gone() {
    let server = Server::start().await;
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    let (used, unused) = (server.tenant().await, server.tenant().await);
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    // On the last day of the first, and on all of the second, there was nobody who was signed in.
    for (tenant, day, requests) in [(&used, "2026-03-04", 7), (&used, "2026-03-05", 0), (&unused, "2026-03-06", 0)] {
        let sql = format!(
            "INSERT INTO platform.usage_days (tenant_id, day, requests, anonymous_requests) \
             VALUES ('{}', '{day}', {requests}, 1)",
            tenant.id
        );
        tests::run(&mut connection, &sql).await;
    }
    let query = "query($id: ID) { tenant(id: $id) { tenant { lastActivityAt } } }";
    for (tenant, at) in [(&used, json!("2026-03-04T00:00:00+00:00")), (&unused, Value::Null)] {
        let answer = caller.ask_with(query, json!({ "id": tenant_id(tenant) })).await;
        assert_eq!(answer.data("/tenant/tenant/lastActivityAt"), at);
    }
}

#[tokio::test]
async fn a_certificate_says_until_when_archives_are_kept() {
    let server = Server::start().await;
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    let (tenant, until) = (TenantId(Uuid::now_v7()), "2999-01-01T00:00:00Z");
    let certificate = json!({
        "tenant": tenant, "slug": "gone", "askedBy": "owner", "askedAt": until, "begunAt": until, "finishedAt": until,
        "removed": {}, "archivesRemovedAt": until,
    });
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let sql = format!(
        "INSERT INTO platform.deletion_certificates (tenant_id, certificate, slug, reserved_until, created_at) \
         VALUES ('{tenant}', '{certificate}', 'gone-{tenant}', now(), now())"
    );
    tests::run(&mut connection, &sql).await;
    let found = caller.ask("{ deletionCertificates(first: 100) { nodes { tenantId archivesRemovedAt } } }").await;
    let nodes = found.data("/deletionCertificates/nodes");
    let own = json!(api::graphql::id::encode_tenant(tenant).to_string());
    let own = nodes.as_array().unwrap().iter().find(|certificate| certificate["tenantId"] == own).unwrap();
    assert_eq!(own["archivesRemovedAt"], "2999-01-01T00:00:00+00:00");
}

#[tokio::test]
async fn cursors_and_searches_that_make_no_sense_are_refused() {
    let server = Server::start().await;
    let caller = server.operator(OperatorRole::Viewer).await.caller;
    let (mark, _) = tenants(&server, &["one"]).await;
    let (_, info) = list(&caller, json!({ "first": 1, "search": mark })).await;
    for (variables, field) in [
        (json!({ "after": "nonsense" }), "after"),
        (json!({ "after": info["endCursor"], "orderBy": "NEWEST" }), "after"),
        (json!({ "first": 101 }), "first"),
        (json!({ "first": 0 }), "first"),
        (json!({ "search": "x".repeat(101) }), "search"),
        (json!({ "search": "\0" }), "search"),
    ] {
        let query = "query($first: Int, $after: String, $search: String, $orderBy: TenantOrder! = SLUG) {
            tenants(first: $first, after: $after, search: $search, orderBy: $orderBy) { nodes { id } } }";
        let answer = caller.ask_with(query, variables.clone()).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)), "{variables}");
    }
    // Cursors that somebody has written by hand.
    let (id, date) = (Uuid::nil(), "-200000-01-01T00:00:00Z");
    for key in [date, "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00", "yesterday"] {
        let after = write_cursor(&json!({ "key": key, "id": id })).unwrap();
        let query = "query($after: String) { tenants(after: $after, orderBy: NEWEST) { nodes { id } } }";
        assert_eq!(caller.ask_with(query, json!({ "after": after })).await.field(), Some("after"), "{key}");
    }
    let after = write_cursor(&json!({ "created_at": date, "tenant": id })).unwrap();
    let query = "query($after: String) { deletionCertificates(after: $after) { nodes { slug } } }";
    assert_eq!(caller.ask_with(query, json!({ "after": after })).await.field(), Some("after"));
    let both = json!({ "id": tenant_id(&server.tenants().provision(&new_tenant()).await.unwrap()), "slug": "acme" });
    let answer = caller.ask_with("query($id: ID, $slug: String) { tenant(id: $id, slug: $slug) { schemaName } }", both).await;
    assert_eq!(answer.field(), Some("id"));
}
