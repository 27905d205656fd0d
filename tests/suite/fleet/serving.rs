//! Requests while the fleet is migrated.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use api::app::system_clock;
use domain::Role;
use tests::{Caller, Company, Server, make_tenant};

use super::{Fleet, Next, migrate};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_fleet_is_migrated() {
    let fleet = Fleet::of(0).await;
    let server = fleet.database.server().await;
    let companies = [server.company().await, server.company().await, server.company().await];
    for _ in 0..12 {
        make_tenant(server.tenants()).await;
    }
    let next = Server::start_on(fleet.next::<Next>(), &[], system_clock()).await;
    let (over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let ask = async |company: &Company<'_>| {
        let caller = company.caller(Role::Owner);
        let mut number = 0;
        while !over.load(Ordering::Relaxed) || number < 5 {
            let answer = caller.ask("{ employees { totalCount nodes { name department { name } } } }").await;
            assert_eq!(answer.data("/employees/totalCount"), 4);
            let title = format!("Title {number}");
            let create = format!("mutation {{ createPosition(input: {{ title: \"{title}\" }}) {{ position {{ title }} }} }}");
            assert_eq!(caller.ask(&create).await.data("/createPosition/position/title"), title.as_str());
            answered.fetch_add(2, Ordering::Relaxed);
            number += 1;
        }
    };
    let work = async {
        // Not before each tenant has been asked: their statements are then prepared.
        tests::until("requests are answered", async || answered.load(Ordering::Relaxed) >= 6).await;
        let report = migrate(next.tenants(), 2).await;
        over.store(true, Ordering::Relaxed);
        report
    };
    let (report, ..) = tokio::join!(work, ask(&companies[0]), ask(&companies[1]), ask(&companies[2]));
    assert_eq!((report.migrated, report.failed.len()), (15, 0));
    // The program that migrated them serves them too.
    for company in &companies {
        let caller = Caller::new(next.router.clone(), company.host(), Some(company.token(Role::Owner)));
        assert_eq!(caller.ask("{ employees { totalCount } }").await.data("/employees/totalCount"), 4);
    }
    next.tenants().close().await;
    server.tenants().close().await;
    fleet.stop().await;
}

/// A tenant is served as soon as it is done, while another is still worked on.
#[tokio::test]
async fn a_tenant_that_is_done_is_served_while_others_are_migrated() {
    let fleet = Fleet::of(0).await;
    let server = fleet.database.server().await;
    let companies = [server.company().await, server.company().await];
    let mut slow = fleet.database.connect().await;
    let mut ordered: Vec<_> = companies.iter().collect();
    ordered.sort_by(|left, right| left.tenant.slug.cmp(&right.tenant.slug));
    let (first, second) = (ordered[0], ordered[1]);
    tests::run(&mut slow, &format!("BEGIN; LOCK TABLE {}.employees IN ACCESS SHARE MODE", second.tenant.schema)).await;
    let next = Server::start_on(fleet.next::<Next>(), &[], system_clock()).await;
    let ask = async |company: &Company<'_>| {
        let caller = Caller::new(next.router.clone(), company.host(), Some(company.token(Role::Owner)));
        caller.ask("{ employees { totalCount } }").await
    };
    let meanwhile = async {
        tests::until("the first is served", async || ask(first).await.status == 200).await;
        assert_eq!(ask(second).await.code(), "TENANT_MIGRATING");
        tests::run(&mut slow, "ROLLBACK").await;
    };
    let (report, ()) = tokio::join!(migrate(next.tenants(), 1), meanwhile);
    assert_eq!(report.migrated, 2);
    assert_eq!(ask(second).await.data("/employees/totalCount"), 4);
    next.tenants().close().await;
    server.tenants().close().await;
    fleet.stop().await;
}
