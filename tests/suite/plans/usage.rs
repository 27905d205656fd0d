//! What is counted: days, metrics by tenant, and slow operations.

use api::{
    operators::Deed,
    usage::report::{self, UsageDay},
};
use chrono::{TimeDelta, Utc};
use domain::Role;
use tests::{Caller, Company, PostOffice, Server, TestDatabase, run, value};

async fn days(server: &Server, company: &Company<'_>, days: u16) -> Vec<UsageDay> {
    let now = (server.app.clock)();
    report::days(&server.tenants().platform(), company.tenant.id, days, now).await.unwrap()
}

#[tokio::test]
async fn processes_add_up_what_they_have_counted_of_each_tenant_and_day() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let here = office.caller(&company, Role::Hr);
    let there = Caller::new(second.router.clone(), company.host(), here.token().map(str::to_owned));
    for _ in 0..3 {
        here.ask("{ viewer { role } }").await.data("");
        there.ask("{ viewer { role } }").await.data("");
    }
    there.ask("mutation { removeIdentityProvider { removed } }").await.code();
    here.ask("{ nothing }").await.code();
    company.anonymous().ask("{ tenant { slug } }").await.data("");
    office.caller(&other, Role::Hr).ask("{ viewer { role } }").await.data("");
    assert_eq!(days(&office.server, &company, 1).await, []);
    let write = async || {
        let now = office.clock.now();
        tokio::join!(office.server.app.usage.write(now), second.app.usage.write(now), office.server.app.usage.write(now));
    };
    write().await;
    // What is written is not written twice.
    write().await;
    office.server.app.usage.measure(company.tenant.id, office.clock.now()).await.unwrap();
    let written = days(&office.server, &company, 1).await;
    let [day] = &written[..] else { panic!("{written:?}") };
    assert_eq!((day.requests, day.anonymous_requests, day.operations, day.errors), (8, 1, 8, 2));
    assert_eq!(day.members, Some(5));
    assert!(day.storage_bytes.is_some_and(|bytes| bytes > 100_000), "{day:?}");
    assert_eq!(days(&office.server, &other, 1).await[0].requests, 1);

    office.clock.advance(TimeDelta::days(1));
    here.ask("{ viewer { role } }").await.data("");
    write().await;
    assert_eq!(days(&office.server, &company, 1).await[0].requests, 1);
    assert_eq!(days(&office.server, &company, 2).await.len(), 2);
    // Kept for four hundred days.
    office.clock.advance(TimeDelta::days(400));
    office.server.app.usage.delete_old(office.clock.now()).await.unwrap();
    assert_eq!(days(&office.server, &company, u16::MAX).await.iter().map(|day| day.requests).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn what_cannot_be_written_is_written_later() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let hr = office.caller(&company, Role::Hr);
    hr.ask("{ viewer { role } }").await.data("");
    let mut connection = office.database.connect().await;
    let mut rename =
        async |from: &str, to: &str| run(&mut connection, &format!("ALTER TABLE platform.{from} RENAME TO {to}")).await;
    rename("usage_days", "lost").await;
    office.server.app.usage.write(office.clock.now()).await;
    hr.ask("{ viewer { role } }").await.data("");
    rename("lost", "usage_days").await;
    assert_eq!(office.server.app.usage.requests_of(company.tenant.id, office.clock.now().date_naive()), 2);
    office.server.app.usage.write(office.clock.now()).await;
    assert_eq!(days(&office.server, &company, 1).await[0].requests, 2);
}

#[tokio::test]
async fn what_was_written_is_not_added_again_when_the_answer_was_lost() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let (hr, id, now) = (office.caller(&company, Role::Hr), company.tenant.id, office.clock.now());
    let mut connection = office.database.connect().await;
    // An answer that is not understood comes after the commit, as the loss of the connection may.
    let day = now.date_naive();
    let below = format!("INSERT INTO platform.usage_days (tenant_id, day, requests) VALUES ('{id}', '{day}', -1000)");
    run(&mut connection, &below).await;
    hr.ask("{ viewer { role } }").await.data("");
    office.server.app.usage.write(now).await;
    let written = format!("SELECT requests FROM platform.usage_days WHERE tenant_id = '{id}'");
    assert_eq!(value::<i64>(&mut connection, &written).await, -999);
    run(&mut connection, &format!("UPDATE platform.usage_days SET requests = requests + 1000 WHERE tenant_id = '{id}'")).await;

    hr.ask("{ viewer { role } }").await.data("");
    office.server.app.usage.write(now).await;
    assert_eq!(value::<i64>(&mut connection, &written).await, 2);
    assert_eq!(office.server.app.usage.requests_of(id, day), 2);
    hr.ask("{ viewer { role } }").await.data("");
    office.server.app.usage.write(now).await;
    assert_eq!(value::<i64>(&mut connection, &written).await, 3);
}

#[tokio::test]
async fn a_tenant_that_is_gone_leaves_nothing_behind() {
    let database = TestDatabase::create().await;
    let server = Server::start_on(
        database.tenants::<migration::tenant::TenantMigrator>(),
        &["--slow-operation-ms", "0"],
        api::app::system_clock(),
    )
    .await;
    let company = server.company().await;
    company.caller(Role::Hr).ask("{ viewer { role } }").await.data("");
    server.app.usage.write(Utc::now()).await;
    company.caller(Role::Hr).ask("{ viewer { role } }").await.data("");
    let lifecycle = &server.app.lifecycle;
    server.act(&company.tenant, Deed::Delete(Utc::now()), Utc::now()).await.unwrap();
    lifecycle.carry_out_deletion(company.tenant.id, Utc::now).await.unwrap().unwrap();
    server.app.usage.write(Utc::now()).await;
    let mut connection = database.connect().await;
    for table in ["usage_days", "slow_operations"] {
        let count = format!("SELECT count(*) FROM platform.{table}");
        assert_eq!(value::<i64>(&mut connection, &count).await, 0, "{table}");
    }
}

/// The series of a family, by tenant.
fn series(text: &str, name: &str) -> Vec<(String, f64)> {
    let start = format!("{name}{{tenant=\"");
    let rows = text.lines().filter_map(|line| line.strip_prefix(&start)?.split_once("\"} "));
    rows.map(|(slug, value)| (slug.to_owned(), value.parse().unwrap())).collect()
}

#[tokio::test]
async fn the_metrics_name_those_with_the_most_requests_and_sum_up_the_others() {
    let server = Server::start_with(&["--metrics-tenants", "1"], api::app::system_clock()).await;
    let (first, second) = (server.company().await, server.company().await);
    let usage = &server.app.usage;
    let ask = async |company: &Company<'_>, times: usize| {
        for _ in 0..times {
            company.caller(Role::Hr).ask("{ viewer { role } }").await.data("");
        }
    };
    let (slug, other_slug) = (first.tenant.slug.to_string(), second.tenant.slug.to_string());
    ask(&first, 3).await;
    ask(&second, 1).await;
    let requests = || series(&usage.series(), "tenant_requests_total");
    assert_eq!(requests(), [("_other".to_owned(), 4.0)]);
    usage.choose_top();
    ask(&first, 2).await;
    ask(&second, 1).await;
    assert_eq!(requests(), [(slug.clone(), 2.0), ("_other".to_owned(), 5.0)]);
    first.caller(Role::Hr).ask("{ nothing }").await.code();
    assert_eq!(series(&usage.series(), "tenant_errors_total"), [(slug, 1.0), ("_other".to_owned(), 0.0)]);
    let counts = series(&usage.series(), "tenant_request_duration_seconds_count");
    assert_eq!(counts[0], (first.tenant.slug.to_string(), 3.0));

    // Another one comes to the top: the series of the former is gone, and that of the others never falls.
    ask(&second, 20).await;
    usage.choose_top();
    ask(&second, 1).await;
    ask(&first, 1).await;
    assert_eq!(requests(), [(other_slug, 1.0), ("_other".to_owned(), 26.0)]);
}

#[tokio::test]
async fn the_metrics_name_nobody_unless_they_are_asked_to() {
    let server = Server::start().await;
    let company = server.company().await;
    company.caller(Role::Hr).ask("{ viewer { role } }").await.data("");
    server.app.usage.choose_top();
    assert_eq!(server.app.usage.series(), "");
}

#[tokio::test]
async fn slow_operations_are_kept_for_their_tenant_without_what_they_were_given() {
    let slow = Server::start_with(&["--slow-operation-ms", "0"], api::app::system_clock()).await;
    let usual = Server::start().await;
    let (company, other) = (slow.company().await, slow.company().await);
    let query = "query Find($text: String!) { secret: employees(search: $text) { totalCount } departments { totalCount } }";
    let variables = serde_json::json!({ "text": "Mia Example" });
    for _ in 0..2 {
        company.caller(Role::Hr).ask_with(query, variables.clone()).await.data("");
    }
    Caller::new(usual.router.clone(), company.host(), Some(company.token(Role::Hr)))
        .ask("{ departments { totalCount } }")
        .await
        .data("");
    for server in [&slow, &usual] {
        server.app.usage.write(Utc::now()).await;
    }
    company.caller(Role::Hr).ask_with(query, variables).await.data("");
    slow.app.usage.write(Utc::now()).await;
    let platform = slow.tenants().platform();
    let kept = report::slow(&platform, company.tenant.id).await.unwrap();
    let [operation] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!((operation.operation.as_str(), operation.kind.as_str(), operation.count), ("Find", "query", 3));
    assert_eq!(operation.root_fields, serde_json::json!(["departments", "employees"]));
    assert!(operation.statements >= 2 && operation.total_milliseconds >= operation.worst_milliseconds, "{operation:?}");
    assert!(!format!("{kept:?}").contains("Mia") && !format!("{kept:?}").contains("secret"), "{kept:?}");
    assert_eq!(report::slow(&platform, other.tenant.id).await.unwrap(), []);

    // A hundred at the most, the worst.
    for number in 0..120 {
        other.caller(Role::Hr).ask(&format!("query Q{number} {{ viewer {{ role }} }}")).await.data("");
        if number % 60 == 59 {
            slow.app.usage.write(Utc::now()).await;
        }
    }
    assert_eq!(report::slow(&platform, other.tenant.id).await.unwrap().len(), 100);
}
