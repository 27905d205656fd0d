//! The audit: what was changed, when and by whom.

use chrono::TimeDelta;
use domain::Role;
use entities::id::EmployeeId;
use migration::tenant::TenantMigrator;
use serde_json::{Value, json};
use tests::{FakeProvider, Server, TestClock, TestDatabase, opaque, run, until, value};

use crate::identity_providers;

#[tokio::test]
async fn every_mutation_leaves_one_event_of_its_name() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let expect = async |mutation: &str, input: Value, selection: &str, action: &str| {
        clock.advance(TimeDelta::seconds(1));
        let before = company.texts("SELECT id::text FROM audit_events").await.len();
        let answer = if mutation.starts_with("delete") {
            hr.delete(mutation, input.as_str().unwrap()).await
        } else {
            hr.mutate(mutation, input, selection).await
        };
        let payload = answer.data(&format!("/{mutation}"));
        let events = hr.ask("{ auditEvents(first: 100) { nodes { action occurredAt actorName subjectId } } }").await;
        let events = events.data("/auditEvents/nodes");
        assert_eq!(events.as_array().unwrap().len(), before + 1, "{mutation}");
        let subject =
            payload.pointer("/deletedId").unwrap_or_else(|| &payload.as_object().unwrap().values().next().unwrap()["id"]);
        let now = clock.now().to_rfc3339();
        let expected = json!({ "action": action, "occurredAt": now, "actorName": "the hr", "subjectId": subject });
        assert_eq!(events[0], expected, "{mutation}");
        subject.as_str().unwrap().to_owned()
    };

    let department = expect("createDepartment", json!({ "name": "Sales" }), "department { id }", "department.created").await;
    let input = json!({ "id": department, "name": "Trade" });
    expect("renameDepartment", input, "department { id }", "department.renamed").await;
    let input = json!({ "id": department, "parentId": opaque(company.department.id) });
    expect("moveDepartment", input, "department { id }", "department.moved").await;
    let position = expect("createPosition", json!({ "title": "Seller" }), "position { id }", "position.created").await;
    let input = json!({ "id": position, "title": "Buyer" });
    expect("renamePosition", input, "position { id }", "position.renamed").await;
    let input = json!({ "name": "Paris", "countryCode": "FR", "timeZone": "Europe/Paris" });
    let location = expect("createLocation", input, "location { id }", "location.created").await;
    let input = json!({ "id": location, "name": "Lyon" });
    expect("renameLocation", input, "location { id }", "location.renamed").await;
    let input = json!({
        "givenName": "Ada", "familyName": "New", "workEmail": "ada@example.test", "departmentId": department,
        "positionId": position, "hiredOn": "2024-03-01",
    });
    let employee = expect("hireEmployee", input, "employee { id }", "employee.hired").await;
    let input = json!({ "id": employee, "phone": "1" });
    expect("updateEmployee", input, "employee { id }", "employee.updated").await;
    let input = json!({ "id": employee, "departmentId": opaque(company.department.id) });
    expect("transferEmployee", input, "employee { id }", "employee.transferred").await;
    let input = json!({ "id": employee, "managerId": opaque(company.chief.id) });
    expect("changeManager", input, "employee { id }", "employee.manager_changed").await;
    let input = json!({ "id": employee, "terminatedOn": "2025-06-30" });
    expect("terminateEmployee", input, "employee { id }", "employee.terminated").await;
    let input = json!({ "id": employee, "hiredOn": "2025-09-01" });
    expect("rehireEmployee", input, "employee { id }", "employee.rehired").await;
    let input = json!({ "sourceId": position, "targetId": opaque(company.position.id) });
    expect("mergePositions", input, "position { id }", "position.merged").await;
    let input = json!({ "sourceId": department, "targetId": opaque(company.department.id) });
    expect("mergeDepartments", input, "department { id }", "department.merged").await;
    expect("deleteLocation", json!(location), "", "location.deleted").await;
    let empty = expect("createDepartment", json!({ "name": "Empty" }), "department { id }", "department.created").await;
    expect("deleteDepartment", json!(empty), "", "department.deleted").await;
    let unused = expect("createPosition", json!({ "title": "Unused" }), "position { id }", "position.created").await;
    expect("deletePosition", json!(unused), "", "position.deleted").await;
}

#[tokio::test]
async fn an_event_is_written_in_the_transaction_of_its_change() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let member = opaque(company.member.id);
    hr.mutate("updateEmployee", json!({ "id": member, "phone": "1" }), "__typename").await.data("");
    hr.mutate("renameDepartment", json!({ "id": opaque(company.department.id), "name": "Hall" }), "__typename").await.data("");
    // The number of the transaction that wrote a row.
    let pairs = "SELECT (row.xmin = event.xmin)::text FROM audit_events event JOIN employees row ON row.id = event.subject_id
                 WHERE event.action = 'employee.updated'
                 UNION ALL
                 SELECT (row.xmin = event.xmin)::text FROM audit_events event JOIN departments row ON row.id = event.subject_id
                 WHERE event.action = 'department.renamed'";
    assert_eq!(company.texts(pairs).await, ["true", "true"]);
}

#[tokio::test]
async fn the_fields_of_one_request_are_transactions_of_their_own() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    let answer = hr
        .ask(
            "mutation { a: createPosition(input: { title: \"First\" }) { position { title } }
                        b: createPosition(input: { title: \"first\" }) { position { title } }
                        c: createPosition(input: { title: \"Third\" }) { position { title } } }",
        )
        .await;
    assert_eq!(answer.code(), "CONFLICT");
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1, "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["path"], json!(["b"]));
    let created =
        company.texts("SELECT changes->'title'->>'to' FROM audit_events WHERE action = 'position.created' ORDER BY id").await;
    let positions = company.texts("SELECT title FROM positions ORDER BY id").await;
    assert_eq!(created, positions, "one event a position");
    assert!(positions.contains(&"First".to_owned()) && !positions.contains(&"first".to_owned()));
}

#[tokio::test]
async fn the_audit_is_paged_and_newest_first() {
    let server = Server::start().await;
    let company = server.company().await;
    let hr = company.caller(Role::Hr);
    for number in 0..3 {
        hr.mutate("createPosition", json!({ "title": format!("P{number}") }), "__typename").await.data("");
    }
    let query =
        "query($first: Int, $after: String, $subject: ID) { auditEvents(first: $first, after: $after, subjectId: $subject) {
        edges { cursor node { id action occurredAt } } nodes { id } pageInfo { hasNextPage endCursor } } }";
    let whole = hr.ask_with(query, json!({})).await.data("/auditEvents");
    let whole = whole["edges"].as_array().unwrap();
    assert_eq!(whole.len(), 9, "department, position, four hires, three positions");
    let times: Vec<&str> = whole.iter().map(|edge| edge["node"]["occurredAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");

    let pages = hr.pages(query, json!({ "first": 2 }), "/auditEvents").await;
    let edges: Vec<Value> = pages.iter().flat_map(|page| page["edges"].as_array().unwrap().clone()).collect();
    assert_eq!(&edges, whole);

    let one = hr.ask_with(query, json!({ "subject": opaque(company.member.id) })).await.data("/auditEvents/edges");
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["node"]["action"], "employee.hired");
}

#[tokio::test]
async fn those_who_may_not_read_the_audit_are_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    for role in Role::ALL {
        let may = matches!(role, Role::Owner | Role::Admin | Role::Hr);
        let own = company.record_of(role).map(opaque);
        let answer = company
            .caller(role)
            .ask_with("query($id: ID) { auditEvents(subjectId: $id) { nodes { id } } }", json!({ "id": own }))
            .await;
        assert_eq!(answer.first_code(), (!may).then_some("FORBIDDEN"), "{role}");
    }
    assert_eq!(company.anonymous().ask("{ auditEvents { nodes { id } } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn the_audit_of_another_tenant_is_not_read() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let owner = company.caller(Role::Owner);
    let query = "query($id: ID) { auditEvents(subjectId: $id) { nodes { id subjectId } } }";
    // The audit outlives what it is about, so an unknown subject is one without events.
    for subject in [opaque(other.member.id), opaque(other.department.id), opaque(EmployeeId::generate())] {
        assert_eq!(owner.ask_with(query, json!({ "id": subject })).await.data("/auditEvents/nodes"), json!([]));
    }
    for subject in ["nonsense", ""] {
        assert_eq!(owner.ask_with(query, json!({ "id": subject })).await.code(), "NOT_FOUND");
    }
    let all = owner.ask("{ auditEvents { nodes { id subjectId } } }").await.data("/auditEvents/nodes");
    assert_eq!(all.as_array().unwrap().len(), 6);
    let event = all[0]["id"].clone();
    assert_eq!(owner.ask_with("query($id: ID!) { node(id: $id) { id } }", json!({ "id": event })).await.code(), "NOT_FOUND");
    assert_eq!(owner.ask_with(query, json!({ "id": event })).await.code(), "NOT_FOUND", "an event is no subject");
}

/// The request ends between the change and its event: somebody else has locked the audit.
#[tokio::test]
async fn whoever_leaves_too_early_is_in_the_audit_all_the_same() {
    let (database, clock) = (TestDatabase::create().await, TestClock::start());
    let server = Server::start_on(database.tenants::<TenantMigrator>(), &[], clock.clock()).await;
    let company = server.company().await;
    let (mut locking, mut observer) = (database.connect().await, database.connect().await);
    let schema = company.tenant.schema.as_str();
    run(&mut locking, &format!("BEGIN; LOCK TABLE \"{schema}\".audit_events IN ACCESS EXCLUSIVE MODE")).await;
    let owner = company.caller(Role::Owner);
    let input = json!({ "name": "Payroll", "permissions": ["READ_DIRECTORY"] });
    let mut request = Box::pin(owner.mutate("createApiKey", input, "token"));
    let keys = "SELECT count(*) FROM platform.api_keys";
    tokio::select! {
        answer = &mut request => panic!("it did not wait: {}", answer.body),
        () = until("the key is there", async || value::<i64>(&mut observer, keys).await == 1) => {}
    }
    drop(request);
    run(&mut locking, "ROLLBACK").await;

    server.app.auth.tidy(clock.now() + TimeDelta::minutes(2)).await.unwrap();
    let deeds = "SELECT action || ' by ' || actor_name FROM audit_events WHERE subject_type = 'api_key'";
    assert_eq!(company.texts(deeds).await, ["api_key.created by the owner"]);
}

/// The tenant's data cannot be written meanwhile: as after a crash between the change and its event.
#[tokio::test]
async fn what_is_done_to_ways_in_is_written_down_with_it() {
    let (database, clock) = (TestDatabase::create().await, TestClock::start());
    let tenants = database.tenants::<TenantMigrator>();
    let server = Server::start_on(tenants, &["--allow-local-identity-providers"], clock.clock()).await;
    let (company, provider) = (server.company().await, FakeProvider::start().await);
    let owner = company.caller(Role::Owner);
    let schema = company.tenant.schema.as_str();
    let mut connection = database.connect().await;
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".audit_events RENAME TO away")).await;
    let input = json!({ "name": "Payroll", "permissions": ["READ_DIRECTORY"] });
    let key = owner.mutate("createApiKey", input, "apiKey { id }").await.text("/createApiKey/apiKey/id");
    for _ in 0..2 {
        // What is so already is no deed.
        let end = "mutation($id: ID!) { endApiKey(id: $id) { apiKey { id } } }";
        owner.ask_with(end, json!({ "id": key })).await.data("");
        identity_providers::set_up(&company, &provider).await;
    }
    for removed in [true, false] {
        let answer = owner.ask("mutation { removeIdentityProvider { removed } }").await;
        assert_eq!(answer.data("/removeIdentityProvider/removed"), removed);
    }
    run(&mut connection, &format!("ALTER TABLE \"{schema}\".away RENAME TO audit_events")).await;
    let deeds = "SELECT action FROM audit_events WHERE subject_type IN ('api_key', 'identity_provider') ORDER BY id";
    assert!(company.texts(deeds).await.is_empty());

    server.app.auth.tidy(clock.now() + TimeDelta::minutes(2)).await.unwrap();
    let expected = ["api_key.created", "api_key.ended", "identity_provider.set", "identity_provider.removed"];
    assert_eq!(company.texts(deeds).await, expected);
}
