//! What is left of a tenant: its certificate.

use api::operators::Deed;
use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tenancy::{Certificate, Hostname};
use tests::{Caller, Company, PostOffice, until, value};

use super::request;

/// The tables of the control plane in which something names the tenant.
async fn traces(connection: &mut PgConnection, company: &Company<'_>) -> Vec<String> {
    let tables = "SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = 'platform' AND c.relkind = 'r' ORDER BY 1";
    let rows = sqlx::query(tables).fetch_all(&mut *connection).await.unwrap();
    let mut found = Vec::new();
    for row in rows {
        let table: String = row.get("name");
        let (id, slug) = (company.tenant.id, &company.tenant.slug);
        let count = format!("SELECT count(*) FROM platform.{table} t WHERE t::text LIKE '%{id}%' OR t::text LIKE '%{slug}%'");
        if value::<i64>(connection, &count).await > 0 {
            found.push(table);
        }
    }
    found
}

/// How many schemas and roles are called like the tenant's.
async fn schemas_and_roles(connection: &mut PgConnection, company: &Company<'_>) -> i64 {
    let name = &company.tenant.schema;
    let sql = format!(
        "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE '{name}%') + (SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%')"
    );
    value(connection, &sql).await
}

async fn certificate(connection: &mut PgConnection, company: &Company<'_>) -> Certificate {
    let sql = format!("SELECT certificate::text FROM platform.deletion_certificates WHERE tenant_id = '{}'", company.tenant.id);
    let text: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Gives a tenant something of everything that is kept of one.
async fn fill(office: &PostOffice, company: &Company<'_>) {
    let owner = office.caller(company, Role::Owner);
    owner.mutate("inviteMember", json!({ "email": "new@example.test", "role": "EMPLOYEE" }), "__typename").await.data("");
    owner.mutate("createApiKey", json!({ "name": "x", "permissions": ["READ_DIRECTORY"] }), "__typename").await.data("");
    let (tenants, id, now) = (office.server.tenants(), company.tenant.id, office.clock.now());
    let host = Hostname::parse(&format!("{}.example.test", id.0.simple())).unwrap();
    tenants.add_host(id, &host, true, now).await.unwrap();
    let passkey = format!(
        "INSERT INTO platform.passkeys (id, account_id, relying_party, credential_id, credential, name, created_at) \
         SELECT gen_random_uuid(), id, '{host}', 'x', '{{}}', 'x', now() FROM platform.accounts LIMIT 1"
    );
    tests::run(&mut office.database.connect().await, &passkey).await;
    // There and back again, which leaves a former slug.
    let to = |slug: String| Deed::Rename { slug: Some(slug), name: None };
    office.server.act(&company.tenant, to(format!("{}-b", company.tenant.slug.as_str())), now).await.unwrap();
    let renamed = tenants.directory().by_id(id).await.unwrap().unwrap();
    office.server.act(&renamed, to(company.tenant.slug.to_string()), now).await.unwrap();
}

#[tokio::test]
async fn nothing_is_left_but_a_certificate_that_names_nobody() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let (owner, hr) = (company.account(Role::Owner).await, company.account(Role::Hr).await);
    fill(&office, &company).await;
    let mut connection = office.database.connect().await;
    let token = company.token(Role::Hr);
    let there = Caller::new(second.router.clone(), company.host(), Some(token.clone()));
    there.ask("{ employees { totalCount } }").await.data("");

    request(&company, &owner).await.data("");
    office.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    office.server.app.lifecycle.do_due(|| office.clock.now()).await;
    assert_eq!(schemas_and_roles(&mut connection, &company).await, 2, "its time has not come");
    office.clock.advance(TimeDelta::seconds(1));
    // Two processes at once.
    let now = office.clock.now();
    tokio::join!(office.server.app.lifecycle.do_due(|| now), second.app.lifecycle.do_due(|| now));

    assert_eq!(schemas_and_roles(&mut connection, &company).await, 0);
    let passkeys = "SELECT count(*) FROM platform.passkeys";
    assert_eq!(value::<i64>(&mut connection, passkeys).await, 0, "a passkey of a host that went with the tenant");
    // The certificate is kept, and sent to those who owned it; accounts are people's, whose addresses here have the slug in them,
    // and what operators did is kept.
    assert_eq!(
        traces(&mut connection, &company).await,
        ["accounts", "deletion_certificates", "operator_events", "outgoing_mail"]
    );
    let certificate = certificate(&mut connection, &company).await;
    assert_eq!((certificate.tenant, certificate.slug.as_str()), (company.tenant.id, company.tenant.slug.as_str()));
    assert_eq!((certificate.finished_at - certificate.asked_at).num_days(), 30);
    let removed = |what: &str| certificate.removed.get(what).copied().unwrap_or_default();
    assert_eq!([removed("schemas"), removed("roles"), removed("domains"), removed("former_slugs")], [1, 1, 1, 1]);
    assert_eq!([removed("invitations"), removed("api_keys"), removed("memberships")], [1, 1, 7]);
    assert!(removed("tables") > 5 && removed("rows") > 10 && removed("sessions") >= 6, "{certificate:?}");
    let text = serde_json::to_string(&certificate).unwrap();
    assert!(!text.contains('@') && !text.contains("Mia"), "{text}");
    let letter = office.last_mail_to(&owner.email).await;
    assert!(letter.text.contains(&company.tenant.id.to_string()) && letter.text.contains("memberships: 7"), "{}", letter.text);
    assert!(office.mail_to(&hr.email).await.is_empty());

    // The other process has nothing of it either; the other tenant has everything.
    until("it is unknown", async || there.ask("{ __typename }").await.first_code() == Some("TENANT_NOT_FOUND")).await;
    let machine = Caller::new(second.router.clone(), "api.localhost", Some(token));
    until("its tokens are refused", async || machine.ask("{ __typename }").await.status == 401).await;
    assert!(second.tenants().directory().by_id(company.tenant.id).await.unwrap().is_none());
    assert_eq!(office.caller(&other, Role::Hr).ask("{ employees { totalCount } }").await.data("/employees/totalCount"), 4);
    let apex = owner.signed_in(&office.server.apex()).await;
    assert_eq!(apex.ask("{ workspaces { slug } }").await.data("/workspaces"), Value::Array(Vec::new()));
    // A second round finds nothing to do.
    office.server.app.lifecycle.do_due(|| now).await;
}

/// A schema of many tables goes in steps that each take few locks, and its former schemas go with it.
#[tokio::test]
async fn many_tables_and_former_schemas_go_in_steps() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let mut connection = office.database.connect().await;
    let schema = &company.tenant.schema;
    let tables: Vec<String> = (0..70)
        .map(|number| {
            format!("CREATE TABLE {schema}.\"t {number}\" (id int PRIMARY KEY); INSERT INTO {schema}.\"t {number}\" VALUES (1);")
        })
        .collect();
    let tables = tables.concat();
    let former = format!(
        "CREATE ROLE {schema}_2; GRANT {schema}_2 TO CURRENT_USER; CREATE SCHEMA {schema}_2; CREATE TABLE {schema}_2.old (id int); \
         CREATE VIEW {schema}.seen AS SELECT * FROM {schema}.\"t 1\"; CREATE SEQUENCE {schema}.numbers"
    );
    tests::run(&mut connection, &format!("{tables}{former}")).await;
    let certificate = office.server.tenants().delete(&company.tenant, office.clock.now()).await.unwrap();
    assert_eq!([certificate.removed["schemas"], certificate.removed["roles"]], [2, 2]);
    assert!(certificate.removed["tables"] > 70 && certificate.removed["rows"] >= 70, "{certificate:?}");
    assert_eq!(schemas_and_roles(&mut connection, &company).await, 0);
}

#[tokio::test]
async fn the_slug_of_a_deleted_tenant_is_nobody_s_for_a_while() {
    let office = PostOffice::open_with(&["--sign-up", "open", "--former-address-days", "90"]).await;
    let (server, clock) = (&office.server, &office.clock);
    let (company, other) = (server.company().await, server.company().await);
    let slug = company.tenant.slug.clone();
    let now = clock.now();
    server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    server.app.lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();

    let available = format!("{{ slugAvailability(slug: \"{slug}\") {{ available }} }}");
    assert_eq!(server.apex().ask(&available).await.data("/slugAvailability/available"), false);
    let owner = office.caller(&other, Role::Owner);
    let refused = owner.mutate("renameTenant", json!({ "slug": slug.as_str() }), "slug").await;
    assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("slug")));
    clock.advance(TimeDelta::days(90));
    assert_eq!(server.apex().ask(&available).await.data("/slugAvailability/available"), true);
    let owner = office.caller(&other, Role::Owner);
    owner.mutate("renameTenant", json!({ "slug": slug.as_str() }), "slug").await.data("");
}

/// An operator who makes it again knows whose it was.
#[tokio::test]
async fn an_operator_makes_a_tenant_at_once_where_one_was_deleted() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let now = office.clock.now();
    office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    office.server.app.lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();
    let again = tenancy::NewTenant { slug: company.tenant.slug.clone(), now, ..tests::new_tenant() };
    office.server.tenants().provision(&again).await.unwrap();
}

/// A request that has begun before the end writes in the control plane after it.
#[tokio::test]
async fn what_is_written_after_the_end_is_swept_away() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let now = office.clock.now();
    office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    office.server.app.lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();
    let mut connection = office.database.connect().await;
    let late = |tenant| {
        format!(
            "INSERT INTO platform.memberships (account_id, tenant_id, role, created_at) \
             SELECT id, '{tenant}', 'employee', now() FROM platform.accounts LIMIT 1"
        )
    };
    let _ = other.account(Role::Employee).await;
    tests::run(&mut connection, &late(company.tenant.id)).await;
    office.server.app.lifecycle.do_due(|| now).await;
    assert!(!traces(&mut connection, &company).await.contains(&"memberships".to_owned()));
    assert!(traces(&mut connection, &other).await.contains(&"memberships".to_owned()));
}
