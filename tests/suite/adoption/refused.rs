//! Rows that are refused: each with its reason and the key that it has in the source; and nothing is made.

use tenancy::{AdoptionError, Error, NewTenant};
use tests::{Server, new_tenant};

use super::{MAP, Source, adopt, reasons, traces};

#[tokio::test]
async fn every_rule_names_the_rows_that_break_it() {
    let server = Server::start().await;
    for (change, expected) in [
        ("UPDATE unit SET title = NULL WHERE id = 2", "departments name: A value is needed. 2"),
        ("UPDATE unit SET title = '  ' WHERE id = 2", "departments name: This must not be empty. 2"),
        ("UPDATE unit SET title = repeat('x', 101) WHERE id = 2", "departments name: This may have at most 100 characters. 2"),
        ("INSERT INTO unit VALUES (3, 'sOME', 1)", "departments departments_sibling_name_key: Several rows have the same"),
        (
            "UPDATE unit SET parent = 9 WHERE id = 2",
            "departments departments_parent_fkey: parent_id names a row of departments that is not there. 2",
        ),
        (
            "UPDATE unit SET parent = id WHERE id = 2",
            "departments departments_parent_check: This does not hold: parent_id <> id. 2",
        ),
        (
            "UPDATE unit SET parent = 2 WHERE id = 1",
            "departments parent_id: The departments above form a circle, or lead into one. 1 2",
        ),
        (
            "ALTER TABLE unit DROP CONSTRAINT unit_pkey; INSERT INTO unit VALUES (2, 'Twice', 1)",
            "departments key: Several rows have the same key. 2",
        ),
        (
            "ALTER TABLE site DROP CONSTRAINT site_pkey, ALTER code DROP NOT NULL; UPDATE site SET code = NULL; UPDATE person SET site = NULL",
            "locations key: The key is empty. (none)",
        ),
        // Ann is given twice, once led by nobody and once by Bob, whom she leads: a circle that is none.
        (
            "ALTER TABLE person DROP CONSTRAINT person_pkey; \
             INSERT INTO person SELECT 1, first, last, 'twice@old.example', unit, job, site, 2, kind, since FROM person WHERE id = 1",
            "employees key: Several rows have the same key. 1",
        ),
        (
            "ALTER TABLE unit DROP CONSTRAINT unit_pkey; INSERT INTO unit VALUES (1, 'Twice', 2)",
            "departments key: Several rows have the same key. 1",
        ),
        ("UPDATE site SET country = 'XX'", "locations country_code: This is not the code of a country"),
        ("UPDATE site SET zone = 'Europe/Atlantis'", "locations time_zone: This is not a time zone, such as Europe/Berlin. B"),
        ("UPDATE site SET zone = 'nowhere'", "locations time_zone: This is not a time zone, such as Europe/Berlin. B"),
        ("UPDATE person SET job = NULL WHERE id = 2", "positions key: The key is empty."),
        ("UPDATE person SET first = E'a\\tb' WHERE id = 2", "employees given_name: This must not contain control characters. 2"),
        ("UPDATE person SET mail = 'nobody' WHERE id = 2", "employees work_email: This is not an e-mail address. 2"),
        (
            "UPDATE person SET mail = 'ANN@old.example' WHERE id = 2",
            "employees employees_work_email_key: Several rows have the same lower(work_email). 1 2",
        ),
        (
            "UPDATE person SET unit = 9 WHERE id = 2",
            "employees employees_department_fkey: department_id names a row of departments that is not there. 2",
        ),
        ("UPDATE person SET unit = NULL WHERE id = 2", "employees department_id: A value is needed. 2"),
        (
            "UPDATE person SET boss = 9 WHERE id = 2",
            "employees employees_manager_fkey: manager_id names a row of employees that is not there. 2",
        ),
        (
            "UPDATE person SET boss = 2 WHERE id = 1",
            "employees manager_id: The managers above form a circle, or lead into one. 1 2",
        ),
        ("UPDATE person SET boss = 2 WHERE id = 2", "employees employees_manager_check: This does not hold: manager_id <> id. 2"),
        ("UPDATE person SET until = '2010-01-01' WHERE id = 1", "employees manager_id: This manager no longer works here. 2"),
        (
            "UPDATE person SET kind = 'F' WHERE id = 2",
            "employees employment_type: This is none of full_time, part_time, contract, intern. 2",
        ),
        ("UPDATE person SET since = NULL WHERE id = 2", "employees hired_on: A value is needed. 2"),
        ("UPDATE person SET since = '1800-01-01' WHERE id = 2", "employees hired_on: This date is before the year 1900. 2"),
        ("UPDATE person SET since = 'infinity' WHERE id = 2", "employees hired_on: This is not a date, such as 2020-02-29. 2"),
        (
            "UPDATE person SET until = '2001-01-01' WHERE id = 2",
            "employees terminated_on: The employment began on 2002-01-01; it cannot end before. 2",
        ),
        (
            "UPDATE person SET born = '2000-01-01' WHERE id = 2",
            "employees birth_date: An employee is at least 14 years old when hired. 2",
        ),
        ("UPDATE person SET pay = 5 WHERE id = 2", "employees salary_currency: An amount needs a currency. 2"),
        ("UPDATE person SET pay = -5 WHERE id = 1", "employees salary_amount: An amount cannot be negative. 1"),
        ("UPDATE person SET pay = 'NaN' WHERE id = 1", "employees salary_amount: This is not an amount, such as 52000.00. 1"),
        ("UPDATE person SET currency = 'XXZ' WHERE id = 1", "employees salary_currency: This is not the code of a currency"),
    ] {
        let source = Source::and(change).await;
        let new = new_tenant();
        let (report, tenant) = adopt(server.tenants(), &source, MAP, &new).await.unwrap();
        assert!(tenant.is_none() && report.refused() > 0, "{change}");
        let reasons = reasons(&report);
        assert!(reasons.iter().any(|reason| reason.starts_with(expected)), "{change}: {expected:?} is not in {reasons:?}");
        assert_eq!(traces(&new).await, [0, 0, 0], "{change}");
    }
}

#[tokio::test]
async fn a_map_may_say_what_makes_rows_impossible() {
    let server = Server::start().await;
    let source = Source::and("UPDATE person SET until = '2010-01-01' WHERE id = 2").await;
    for (good, bad, expected) in [
        (
            "birth_date = \"born\"",
            "status = { column = \"active\", values = { true = \"active\" } }",
            "employees status: Somebody who has a last day is terminated. 2",
        ),
        (
            "terminated_on = \"until\"",
            "status = { constant = \"terminated\" }",
            "employees terminated_on: Of somebody who has left, the last day is needed. 1 2",
        ),
        (
            "employment_type = \"kind\"",
            "employment_type = { column = \"kind\", values = { x = \"intern\" } }",
            "employees employment_type: \"full_time\" is not among the values of the map. 1 2",
        ),
        (
            "birth_date = \"born\"",
            "employee_number = { constant = 1 }",
            "employees employees_number_key: Several rows have the same employee_number. 1 2",
        ),
        (
            "birth_date = \"born\"",
            "employee_number = \"first\"",
            "employees employee_number: This is not a whole number from 1 to 4294967295. 1 2",
        ),
        (
            "birth_date = \"born\"",
            "created_at = { constant = \"soon\" }",
            "employees created_at: This is not a date and time. 1 2",
        ),
        ("birth_date = \"born\"", "created_at = { constant = 2999-01-01 }", "employees created_at: This is in the future. 1 2"),
        (
            "birth_date = \"born\"",
            "termination_reason = { constant = \"Moved away\" }",
            "employees termination_reason: Of somebody who works here there is none. 1",
        ),
        (
            "birth_date = \"born\"",
            "created_at = { constant = \"0000-01-01 00:00:00\" }",
            "employees created_at: This date is before the year 1900. 1 2",
        ),
    ] {
        let map = MAP.replacen(good, bad, 1);
        let (report, _) = adopt(server.tenants(), &source, &map, &new_tenant()).await.unwrap();
        let reasons = reasons(&report);
        assert!(reasons.iter().any(|reason| reason == expected), "{expected:?} is not in {reasons:?}");
    }
}

/// A row that is refused by itself is there for those that refer to it: they are not to blame.
#[tokio::test]
async fn who_refers_to_a_refused_row_is_not_refused() {
    let server = Server::start().await;
    let source = Source::and("UPDATE person SET mail = '' WHERE id = 1; UPDATE unit SET title = '' WHERE id = 1").await;
    let (report, _) = adopt(server.tenants(), &source, MAP, &new_tenant()).await.unwrap();
    assert_eq!(
        reasons(&report),
        ["departments name: This must not be empty. 1", "employees work_email: This is not an e-mail address. 1"]
    );
    assert_eq!(report.refused(), 2);
}

#[tokio::test]
async fn many_refusals_are_counted_and_few_are_named() {
    let server = Server::start().await;
    let source = Source::and("INSERT INTO unit SELECT n, 'Same', 1 FROM generate_series(10, 5009) n; \
         INSERT INTO person (id, first, last, mail, unit, job, kind, since, until) \
         SELECT n, 'A', 'B', n || '@old.example', 1, 'Hand', 'intern', '2001-01-01'::date + n, '2000-01-01' FROM generate_series(10, 3009) n").await;
    let (report, _) = adopt(server.tenants(), &source, MAP, &new_tenant()).await.unwrap();
    let [departments, .., employees] = &report.tables[..] else { panic!("{report:?}") };
    assert_eq!((departments.rows, departments.refused), (5_002, 5_000));
    assert_eq!((departments.reasons[0].rows, departments.reasons[0].keys.len()), (5_000, 5));
    // Each has another date in its sentence.
    assert_eq!(employees.refused, 3_000);
    assert!(employees.reasons.len() <= 51, "{}", employees.reasons.len());
    assert_eq!(employees.reasons.iter().map(|reason| reason.rows).sum::<u64>(), 3_000);
}

/// Users of the other program may have typed them.
#[tokio::test]
async fn keys_are_shown_in_a_form_that_no_terminal_obeys() {
    let server = Server::start().await;
    let source = Source::and(
        "UPDATE person SET job = E'a\\x1b[2J\\nall is well' WHERE id = 1; UPDATE person SET job = repeat('y', 5000) WHERE id = 2; \
         ALTER TABLE site DROP CONSTRAINT site_pkey; UPDATE site SET code = E'b\\r'; INSERT INTO site SELECT * FROM site; \
         UPDATE person SET site = NULL",
    )
    .await;
    let (report, _) = adopt(server.tenants(), &source, MAP, &new_tenant()).await.unwrap();
    let reasons = reasons(&report);
    for expected in [
        format!("positions title: This may have at most 100 characters. {}…", "y".repeat(60)),
        "positions title: This must not contain control characters. a\\u{1b}[2J\\nall is well".to_owned(),
        "locations key: Several rows have the same key. b\\r".to_owned(),
    ] {
        assert!(reasons.contains(&expected), "{expected:?} is not in {reasons:?}");
    }
}

#[tokio::test]
async fn a_slug_that_somebody_has_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let source = Source::and("").await;
    let taken = NewTenant { slug: company.tenant.slug.clone(), ..new_tenant() };
    assert!(matches!(adopt(server.tenants(), &source, MAP, &taken).await, Err(Error::SlugTaken(_))));
    // What is refused cannot be committed by mistake.
    source.run("UPDATE person SET mail = ''").await;
    let new = new_tenant();
    let mut adoption = server.tenants().begin_adoption(&new).await.unwrap();
    let map = tenancy::AdoptionMap::parse(MAP).unwrap();
    adoption.load(&mut source.open().await, &map, &domain::adoption::RULES, &mut |_| {}).await.unwrap();
    assert!(matches!(adoption.commit().await, Err(Error::Adoption(AdoptionError::Refused))));
    assert_eq!(traces(&new).await, [0, 0, 0]);
    let adoption = server.tenants().begin_adoption(&new).await.unwrap();
    assert!(matches!(adoption.commit().await, Err(Error::Adoption(AdoptionError::Refused))));
    assert_eq!(traces(&new).await, [0, 0, 0]);
}

/// Nobody sees the tenant before an adoption has ended, which may take hours: whoever wants its slug is told, and does not wait for that.
#[tokio::test]
async fn a_slug_that_is_being_adopted_is_taken() {
    let server = Server::start().await;
    let (company, new) = (server.company().await, new_tenant());
    let tenants = server.tenants();
    let adoption = tenants.begin_adoption(&new).await.unwrap();
    let rival = || NewTenant { slug: new.slug.clone(), ..new_tenant() };
    let [first, second, third] = [rival(), rival(), rival()];
    let (made, cloned, adopted) =
        tokio::join!(tenants.provision(&first), tenants.clone_tenant(&company.tenant, &second), tenants.begin_adoption(&third));
    assert!(matches!(made, Err(Error::SlugTaken(_))), "{made:?}");
    assert!(matches!(cloned, Err(Error::SlugTaken(_))), "{cloned:?}");
    assert!(matches!(adopted, Err(Error::SlugTaken(_))), "{adopted:?}");
    adoption.roll_back().await.unwrap();
    tenants.provision(&first).await.unwrap();
}
