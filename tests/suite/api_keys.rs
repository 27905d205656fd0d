//! API keys: what programs get in by.

mod refused;

use chrono::TimeDelta;
use domain::{Permission, Role};
use serde_json::{Value, json};
use sqlx::Connection as _;
use tests::{Answer, Caller, Company, Server, TestClock, opaque, until};

const SHAPE: &str = "apiKey { id name hint permissions createdBy createdAt expiresAt lastUsedAt endedAt } token";

/// The name of a permission in the schema.
fn name(permission: Permission) -> String {
    permission.as_str().to_uppercase()
}

async fn make(company: &Company<'_>, permissions: &[Permission], expires_at: Option<String>) -> (String, String) {
    let names: Vec<String> = permissions.iter().copied().map(name).collect();
    let input = json!({ "name": "Payroll", "permissions": names, "expiresAt": expires_at });
    let answer = company.caller(Role::Admin).mutate("createApiKey", input, SHAPE).await;
    (answer.text("/createApiKey/apiKey/id"), answer.text("/createApiKey/token"))
}

fn program(company: &Company, token: &str) -> Caller {
    company.anonymous().with_token(Some(token.to_owned()))
}

async fn end(caller: &Caller, id: &str) -> Answer {
    caller.ask_with("mutation($id: ID!) { endApiKey(id: $id) { apiKey { id endedAt } } }", json!({ "id": id })).await
}

#[track_caller]
fn assert_refused(answer: &Answer, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "UNAUTHENTICATED"), "{case}");
    assert_eq!(answer.message(), "The sign-in is not valid or has expired. Please sign in again.", "{case}");
}

#[tokio::test]
async fn a_key_is_shown_once_and_stored_hashed() {
    let server = Server::start().await;
    let company = server.company().await;
    let admin = company.caller(Role::Admin);
    let input = json!({ "name": " Payroll ", "permissions": ["READ_SALARIES", "READ_DIRECTORY", "READ_DIRECTORY"] });
    let answer = admin.mutate("createApiKey", input, SHAPE).await;
    let (key, token) = (answer.data("/createApiKey/apiKey"), answer.text("/createApiKey/token"));
    assert!(token.starts_with("tnt_") && token.len() == 53, "{token}");
    assert_eq!(key["name"], "Payroll");
    assert_eq!(key["permissions"], json!(["READ_DIRECTORY", "READ_SALARIES"]));
    assert_eq!(key["createdBy"], "the admin");
    assert!(token.contains(key["hint"].as_str().unwrap()) && key["hint"].as_str().unwrap().len() == 4);
    let list = admin.ask("{ apiKeys { totalCount nodes { id name } edges { cursor } pageInfo { hasNextPage } } }").await;
    assert_eq!(list.data("/apiKeys/totalCount"), 1);
    assert!(!list.body.to_string().contains(&token));
    let sql = format!("SELECT to_jsonb(k)::text FROM platform.api_keys k WHERE tenant_id = '{}'", company.tenant.id);
    let mut connection = sqlx::postgres::PgConnection::connect(&tests::database_url()).await.unwrap();
    let stored: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
    assert!(stored.contains("Payroll") && !stored.contains(&token) && !stored.contains(&token[4..40]), "{stored}");
    let audit = company.caller(Role::Owner).ask("{ auditEvents(first: 1) { nodes { action actorName subjectId } } }").await;
    let expected = json!([{ "action": "api_key.created", "actorName": "the admin", "subjectId": key["id"] }]);
    assert_eq!(audit.data("/auditEvents/nodes"), expected);
    assert!(!audit.body.to_string().contains(&token));
}

#[tokio::test]
async fn a_key_acts_in_its_tenant_on_its_host_and_on_the_host_of_programs() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let (_, token) = make(&company, &[Permission::ReadDirectory, Permission::ManagePositions, Permission::ReadAudit], None).await;
    let here = program(&company, &token);
    let viewer =
        here.ask("{ tenant { slug } viewer { name role account { id } employee { id } } employees { totalCount } }").await;
    assert_eq!(viewer.text("/tenant/slug"), company.tenant.slug.as_str());
    assert_eq!(viewer.data("/viewer"), json!({ "name": "Payroll", "role": null, "account": null, "employee": null }));
    assert_eq!(here.at("api.localhost").ask("{ tenant { slug } }").await.text("/tenant/slug"), company.tenant.slug.as_str());
    let position = here.mutate("createPosition", json!({ "title": "Robot" }), "position { id }").await;
    let events = here.ask("{ auditEvents(first: 1) { nodes { action actorName subjectId } } }").await;
    let id = position.text("/createPosition/position/id");
    let expected = json!([{ "action": "position.created", "actorName": "Payroll", "subjectId": id }]);
    assert_eq!(events.data("/auditEvents/nodes"), expected);

    let there = here.at(other.host()).ask("{ viewer { name } }").await;
    assert_eq!((there.status.as_u16(), there.code()), (403, "TENANT_MISMATCH"));
    let apex = here.at("localhost").ask("{ __typename }").await;
    assert_eq!((apex.status.as_u16(), apex.code()), (403, "TENANT_MISMATCH"));
    // And what is the other tenant's is not found.
    let foreign = here.ask(&format!("{{ employee(id: \"{}\") {{ id }} }}", opaque(other.member.id))).await;
    assert_eq!(foreign.code(), "NOT_FOUND");
}

#[tokio::test]
async fn a_tenants_keys_are_its_own() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    let (id, token) = make(&company, &[Permission::ReadDirectory], None).await;
    let stranger = other.caller(Role::Owner);
    assert_eq!(end(&stranger, &id).await.code(), "NOT_FOUND");
    assert_eq!(
        stranger.ask("{ apiKeys { totalCount nodes { id } } }").await.data("/apiKeys"),
        json!({ "totalCount": 0, "nodes": [] })
    );
    program(&company, &token).ask("{ employees { totalCount } }").await.data("");
    for role in [Role::Hr, Role::Manager, Role::Employee] {
        assert_eq!(end(&company.caller(role), &id).await.code(), "FORBIDDEN");
        assert_eq!(company.caller(role).ask("{ apiKeys { totalCount } }").await.code(), "FORBIDDEN");
    }
}

#[tokio::test]
async fn the_last_use_is_known_to_the_minute() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (_, token) = make(&company, &[Permission::ReadDirectory], None).await;
    let used = async || {
        company.caller(Role::Admin).ask("{ apiKeys { nodes { lastUsedAt } } }").await.data("/apiKeys/nodes/0/lastUsedAt")
    };
    assert_eq!(used().await, Value::Null);
    for _ in 0..2 {
        program(&company, &token).ask("{ __typename }").await.data("");
        let minute = clock.now().timestamp() / 60 * 60;
        let expected = json!(chrono::DateTime::from_timestamp_secs(minute).unwrap().to_rfc3339());
        until("the use is written", async || used().await == expected).await;
        clock.advance(TimeDelta::minutes(3));
    }
}

/// Each permission alone opens what it names, and nothing else.
#[tokio::test]
async fn permissions_confine_a_key() {
    let server = Server::start().await;
    let company = server.company().await;
    let salary = "{ employees { nodes { salary { amount } } } }";
    let person = opaque(company.member.id);
    let hire = json!({
        "givenName": "New", "familyName": "Comer", "workEmail": "new@example.test", "hiredOn": "2024-03-01",
        "departmentId": opaque(company.department.id), "positionId": opaque(company.position.id),
    });
    for permission in Permission::ALL.into_iter().filter(|permission| permission.is_for_programs()) {
        let wanted =
            if permission == Permission::ReadDirectory { vec![permission] } else { vec![Permission::ReadDirectory, permission] };
        let (_, token) = make(&company, &wanted, None).await;
        let key = program(&company, &token);
        let may = |other: Permission| wanted.contains(&other);
        let allowed =
            async |name: &str, input: Value| key.mutate(name, input, "__typename").await.first_code() != Some("FORBIDDEN");
        let case = permission.as_str();
        let salaries = key.ask(salary).await.data("/employees/nodes");
        let seen = salaries.as_array().unwrap().iter().any(|node| !node["salary"].is_null());
        assert_eq!(seen, may(Permission::ReadSalaries), "{case}: salaries");
        let audit = key.ask("{ auditEvents { nodes { id } } }").await;
        assert_eq!(audit.first_code().is_none(), may(Permission::ReadAudit), "{case}: audit");
        assert_eq!(
            allowed("createLocation", json!({ "name": case, "countryCode": "CH", "timeZone": "Europe/Zurich" })).await,
            may(Permission::ManageLocations),
            "{case}: locations"
        );
        assert_eq!(
            allowed("createPosition", json!({ "title": case })).await,
            may(Permission::ManagePositions),
            "{case}: positions"
        );
        assert_eq!(
            allowed("createDepartment", json!({ "name": case })).await,
            may(Permission::ManageDepartments),
            "{case}: departments"
        );
        assert_eq!(allowed("hireEmployee", hire.clone()).await, may(Permission::HireEmployees), "{case}: hire");
        let terminate = json!({ "id": person, "terminatedOn": "2010-01-01" });
        assert_eq!(allowed("terminateEmployee", terminate).await, may(Permission::TerminateEmployees), "{case}: terminate");
        let update = json!({ "id": person, "familyName": case });
        assert_eq!(allowed("updateEmployee", update).await, may(Permission::UpdateEmployees), "{case}: update");
        // Who gets in is decided by people.
        let input = json!({ "name": "More", "permissions": ["READ_DIRECTORY"] });
        assert!(!allowed("createApiKey", input).await, "{case}: keys");
        assert_eq!(key.ask("{ apiKeys { totalCount } }").await.code(), "FORBIDDEN", "{case}");
        assert_eq!(key.ask("{ identityProvider { name } }").await.code(), "FORBIDDEN", "{case}");
        assert_eq!(key.ask("mutation { removeIdentityProvider { removed } }").await.code(), "FORBIDDEN", "{case}");
    }
    // Without the directory a key sees nobody.
    let (_, token) = make(&company, &[Permission::ReadAudit], None).await;
    assert_eq!(program(&company, &token).ask("{ employees { totalCount } }").await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn keys_are_listed_in_pages_newest_first() {
    let server = Server::start().await;
    let company = server.company().await;
    let owner = company.caller(Role::Owner);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.insert(0, json!(make(&company, &[Permission::ReadDirectory], None).await.0));
    }
    let query = "query($after: String) { apiKeys(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }";
    let first = owner.ask_with(query, json!({})).await.data("/apiKeys");
    let second = owner.ask_with(query, json!({ "after": first["pageInfo"]["endCursor"] })).await.data("/apiKeys");
    let ids = |page: &Value| page["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), made);
    assert_eq!((&first["pageInfo"]["hasNextPage"], &second["pageInfo"]["hasNextPage"]), (&json!(true), &json!(false)));
    assert_eq!(owner.ask("{ apiKeys(first: 101) { totalCount } }").await.field(), Some("first"));
}

#[tokio::test]
async fn a_deleted_tenant_leaves_no_keys() {
    let server = Server::start().await;
    let company = server.company().await;
    let (_, token) = make(&company, &[Permission::ReadDirectory], None).await;
    let api = Caller::new(server.router.clone(), "api.localhost", Some(token));
    api.ask("{ employees { totalCount } }").await.data("");
    server.tenants().delete(&company.tenant, chrono::Utc::now()).await.unwrap();
    until("the key is refused", async || api.ask("{ __typename }").await.status == 401).await;
}
