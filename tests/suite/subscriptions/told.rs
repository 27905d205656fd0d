//! What is told of a change, by whichever process.

use domain::{Role, employee};
use sea_orm_migration::sea_orm::TransactionTrait as _;
use serde_json::{Value, json};
use tests::{Server, opaque};

use super::{EMPLOYEES, change, kind_and_name, rename, socket};

#[tokio::test]
async fn every_process_tells_of_every_change_and_of_no_other_tenants() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let (acme, globex) = (server.company().await, server.company().await);
    let (here, there) = (server.listen().await, other_process.listen().await);
    let mut watching = Vec::new();
    for company in [&acme, &globex] {
        for listening in [&here, &there] {
            let mut socket = socket(company, listening, Role::Employee).await;
            socket.subscribe("a", EMPLOYEES).await;
            watching.push(socket);
        }
    }
    let (of_acme, of_globex) = (acme.caller(Role::Hr), globex.caller(Role::Hr));
    // At once, so that what is mixed up would show.
    for round in 0..5 {
        let names = [format!("Acme {round}"), format!("Globex {round}")];
        tokio::join!(rename(&of_acme, acme.chief.id, &names[0]), rename(&of_globex, globex.chief.id, &names[1]));
        for (index, socket) in watching.iter_mut().enumerate() {
            let answer = socket.told("a").await;
            assert_eq!(kind_and_name(&answer), ("UPDATED".to_owned(), names[index / 2].clone()));
            let chief = [acme.chief.id, globex.chief.id][index / 2];
            assert_eq!(change(&answer, "employeesChanged")["employeeId"], opaque(chief));
        }
    }
    for socket in &mut watching {
        socket.assert_silent().await;
    }
}

#[tokio::test]
async fn every_deed_done_to_an_employee_is_told() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.subscribe("a", "subscription { x: employeesChanged { kind employee { givenName status manager { id } } } }").await;
    let hr = company.caller(Role::Hr);
    let new = json!({
        "givenName": "Nora", "familyName": "New", "workEmail": "nora@example.test", "employmentType": "FULL_TIME",
        "departmentId": opaque(company.department.id), "positionId": opaque(company.position.id), "hiredOn": "2024-01-01",
    });
    let nora = hr.mutate("hireEmployee", new, "employee { id }").await.text("/hireEmployee/employee/id");
    rename_by_id(&hr, &nora, "Norah").await;
    let steps = [
        ("changeManager", json!({ "id": nora, "managerId": opaque(company.chief.id) })),
        ("transferEmployee", json!({ "id": nora, "managerId": opaque(company.manager.id) })),
        ("terminateEmployee", json!({ "id": nora, "terminatedOn": "2025-01-01" })),
        ("rehireEmployee", json!({ "id": nora, "hiredOn": "2025-02-01" })),
    ];
    for (name, input) in steps {
        hr.mutate(name, input, "__typename").await.data("");
    }
    let mut kinds = Vec::new();
    for _ in 0..6 {
        let answer = socket.told("a").await;
        kinds.push(change(&answer, "x")["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["HIRED", "UPDATED", "MANAGER_CHANGED", "TRANSFERRED", "TERMINATED", "REHIRED"]);
    // An update that changes nothing is no change.
    rename_by_id(&hr, &nora, "Norah").await;
    socket.assert_silent().await;
}

async fn rename_by_id(caller: &tests::Caller, id: &str, name: &str) {
    caller.mutate("updateEmployee", json!({ "id": id, "givenName": name }), "__typename").await.data("");
}

#[tokio::test]
async fn what_is_taken_back_is_not_told() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.subscribe("a", EMPLOYEES).await;
    let context = tests_owner();
    let scope = company.scope();
    let transaction = scope.begin().await.unwrap();
    let update = |name: &str| employee::Update { given_name: Some(name.to_owned()), ..employee::Update::of(company.chief.id) };
    employee::update(&transaction, &context, update("Nobody")).await.unwrap();
    sea_orm_migration::sea_orm::TransactionSession::rollback(transaction).await.unwrap();
    employee::update(&scope, &context, update("Somebody")).await.unwrap();
    assert_eq!(kind_and_name(&socket.told("a").await), ("UPDATED".to_owned(), "Somebody".to_owned()));
    socket.assert_silent().await;
}

fn tests_owner() -> domain::Context {
    let actor = domain::Actor::person(entities::id::AccountId::generate(), "The owner", Role::Owner, None);
    domain::Context { actor: Some(actor), now: chrono::Utc::now() }
}

#[tokio::test]
async fn a_deed_done_to_hundreds_is_told_of_each() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let (scope, owner) = (company.scope(), tests_owner());
    for number in 0..120 {
        let hire = employee::Hire {
            given_name: format!("Report {number}"),
            family_name: "Example".to_owned(),
            preferred_name: None,
            work_email: format!("report{number}@example.test"),
            department_id: company.department.id,
            position_id: company.position.id,
            location_id: None,
            manager_id: Some(company.manager.id),
            employment_type: entities::tenant::employee::EmploymentType::FullTime,
            hired_on: "2024-01-01".parse().unwrap(),
            personal: employee::PersonalDetails { birth_date: None, personal_email: None, phone: None, address: None },
            salary: None,
        };
        employee::hire(&scope, &owner, hire).await.unwrap();
    }
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.subscribe("a", "subscription { employeesChanged { kind employeeId } }").await;
    let input = json!({ "id": opaque(company.manager.id), "terminatedOn": "2025-06-30" });
    company.caller(Role::Hr).mutate("terminateEmployee", input, "__typename").await.data("");
    let mut told = std::collections::HashSet::new();
    for _ in 0..121 {
        let answer = socket.told("a").await;
        let change = change(&answer, "employeesChanged");
        assert_eq!(change["kind"], "MANAGER_CHANGED");
        told.insert(change["employeeId"].as_str().unwrap().to_owned());
    }
    assert_eq!(told.len(), 121);
    assert_eq!(change(&socket.told("a").await, "employeesChanged")["kind"], "TERMINATED");
}

#[tokio::test]
async fn departments_are_told_of() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let listening = server.listen().await;
    let query = "subscription { departmentsChanged { kind departmentId department { name parent { name } } } }";
    let mut socket = socket(&company, &listening, Role::Employee).await;
    socket.subscribe("d", query).await;
    let hr = company.caller(Role::Hr);
    other.caller(Role::Hr).mutate("createDepartment", json!({ "name": "Elsewhere" }), "__typename").await.data("");
    let create = async |name: &str| {
        let answer = hr.mutate("createDepartment", json!({ "name": name }), "department { id }").await;
        answer.text("/createDepartment/department/id")
    };
    let (one, two) = (create("One").await, create("Two").await);
    hr.mutate("renameDepartment", json!({ "id": one, "name": "First" }), "__typename").await.data("");
    hr.mutate("moveDepartment", json!({ "id": one, "parentId": two }), "__typename").await.data("");
    let three = create("Three").await;
    hr.mutate("mergeDepartments", json!({ "sourceId": three, "targetId": two }), "__typename").await.data("");
    hr.delete("deleteDepartment", &one).await.data("");
    let mut told = Vec::new();
    for _ in 0..7 {
        let answer = socket.told("d").await;
        let change = change(&answer, "departmentsChanged");
        let is_known = [&one, &two, &three].iter().any(|id| change["departmentId"] == id.as_str());
        assert!(is_known, "{change}");
        told.push(change["kind"].as_str().unwrap().to_owned());
        if told.last().unwrap() == "DELETED" {
            assert_eq!(change["department"], Value::Null);
        }
    }
    assert_eq!(told, ["CREATED", "CREATED", "RENAMED", "MOVED", "CREATED", "MERGED", "DELETED"]);
    socket.assert_silent().await;
}

#[tokio::test]
async fn the_tenant_itself_is_told_of_in_every_process() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let other = server.company().await;
    let listening = other_process.listen().await;
    let mut socket = socket(&company, &listening, Role::Employee).await;
    socket.subscribe("t", "subscription { tenantChanged { slug name } }").await;
    let tenants = server.tenants();
    let touch = async |tenant| {
        let change = |settings: &mut serde_json::Map<String, Value>| drop(settings.insert("touched".to_owned(), true.into()));
        tenants.change_settings(tenant, chrono::Utc::now(), change).await.unwrap();
    };
    touch(other.tenant.id).await;
    touch(company.tenant.id).await;
    let answer = socket.told("t").await;
    assert_eq!(change(&answer, "tenantChanged")["slug"], company.tenant.slug.as_str());
    socket.assert_silent().await;
}

#[tokio::test]
async fn one_hears_what_one_asked_for() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let hr = company.caller(Role::Hr);
    let create = async |name: &str, parent: Option<&str>| {
        let answer = hr.mutate("createDepartment", json!({ "name": name, "parentId": parent }), "department { id }").await;
        answer.text("/createDepartment/department/id")
    };
    let yard = create("Yard", None).await;
    let below = create("Shed", Some(&yard)).await;
    let mut socket = socket(&company, &listening, Role::Hr).await;
    let query =
        "subscription($filter: EmployeeChangeFilter) { employeesChanged(filter: $filter) { kind employee { givenName } } }";
    socket.subscribe_with("yard", query, json!({ "filter": { "departmentId": yard } })).await;
    let cleo = opaque(company.colleague.id);
    let transfer = async |id: &str, department: &str| {
        hr.mutate("transferEmployee", json!({ "id": id, "departmentId": department }), "__typename").await.data("");
    };
    // Where somebody is, is asked at the moment in which it is told, so each is waited for.
    let mut told = async |kind: &str, name: &str| {
        assert_eq!(kind_and_name(&socket.told("yard").await), (kind.to_owned(), name.to_owned()));
    };
    transfer(&opaque(company.chief.id), &below).await;
    told("TRANSFERRED", &company.chief.given_name).await;
    rename(&hr, company.colleague.id, "Nobody").await;
    rename(&hr, company.chief.id, "Ada").await;
    told("UPDATED", "Ada").await;
    transfer(&cleo, &below).await;
    told("TRANSFERRED", "Nobody").await;
    rename(&hr, company.colleague.id, "Cleo").await;
    told("UPDATED", "Cleo").await;
    // Whoever watches a department also hears who leaves it.
    transfer(&cleo, &opaque(company.department.id)).await;
    told("TRANSFERRED", "Cleo").await;
    rename(&hr, company.colleague.id, "Again").await;
    rename(&hr, company.chief.id, "Grace").await;
    told("UPDATED", "Grace").await;
    socket.assert_silent().await;
    socket.complete("yard").await;

    let filter = json!({ "employeeId": cleo, "kinds": ["TERMINATED", "UPDATED"] });
    socket.subscribe_with("cleo", query, json!({ "filter": filter })).await;
    rename(&hr, company.chief.id, "Nobody else").await;
    transfer(&cleo, &yard).await;
    rename(&hr, company.colleague.id, "Cleopatra").await;
    assert_eq!(kind_and_name(&socket.told("cleo").await), ("UPDATED".to_owned(), "Cleopatra".to_owned()));
    socket.assert_silent().await;
}

#[tokio::test]
async fn several_operations_share_a_connection_and_end_by_themselves() {
    let server = Server::start_with(&["--subscriptions-per-connection", "2"], api::app::system_clock()).await;
    let company = server.company().await;
    let listening = server.listen().await;
    let hr = company.caller(Role::Hr);
    let mut socket = socket(&company, &listening, Role::Hr).await;
    socket.subscribe("a", EMPLOYEES).await;
    socket
        .subscribe(
            "b",
            "subscription { ...F } fragment F on Subscription { employeesChanged { ...G } } \
        fragment G on EmployeeChange { kind employee { givenName } }",
        )
        .await;
    socket.send(json!({ "type": "subscribe", "id": "c", "payload": { "query": EMPLOYEES } })).await;
    let refused = socket.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("c")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    rename(&hr, company.chief.id, "One").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let message = socket.hear().await;
        assert_eq!(kind_and_name(&message["payload"]).1, "One");
        ids.push(message["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    assert_eq!(ids, ["a", "b"]);
    socket.complete("a").await;
    socket.assert_silent().await;
    rename(&hr, company.chief.id, "Two").await;
    assert_eq!(kind_and_name(&socket.told("b").await).1, "Two");
    // Its place, and its name, are free again.
    socket.subscribe("a", "subscription { tenantChanged { id } }").await;
    assert_eq!(server.app.live.counts().subscriptions, 2);

    socket.complete("a").await;
    socket.send(json!({ "type": "subscribe", "id": "q", "payload": { "query": "{ tenant { slug } viewer { role } }" } })).await;
    let answer = socket.told("q").await;
    assert_eq!(answer["data"], json!({ "tenant": { "slug": company.tenant.slug.as_str() }, "viewer": { "role": "HR" } }));
    assert_eq!(socket.hear().await, json!({ "id": "q", "type": "complete" }));
}
