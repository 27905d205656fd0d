//! A deletion that is broken off goes on, and what was under way when it came ends with its code.

use api::operators::Deed;
use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use chrono::{TimeDelta, Utc};
use domain::Role;
use migration::tenant::TenantMigrator;
use sea_orm::{ConnectionTrait as _, TransactionSession as _, TransactionTrait as _};
use tenancy::{AskedBy, Tenant, TenantStatus, Tenants};
use tests::{Answer, PostOffice, Server, cancelled_after, database_url, one_connection, until, value, waiters};

/// The process dies after so many steps of its work, again and again; the last one finishes. Nothing is counted twice or not at all.
#[tokio::test]
async fn a_deletion_that_is_killed_at_any_moment_is_gone_on_with() {
    let office = PostOffice::open().await;
    let mut connection = office.database.connect().await;
    for (first, further) in [(1, 1), (6, 5)] {
        let company = office.server.company().await;
        let (lifecycle, id, now) = (&office.server.app.lifecycle, company.tenant.id, office.clock.now());
        let tables = format!("SELECT count(*) FROM pg_tables WHERE schemaname = '{}'", company.tenant.schema);
        let tables: i64 = value(&mut connection, &tables).await;
        let rows = format!(
            "SELECT sum((xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), \
             false, true, '')))[1]::text::bigint)::bigint FROM pg_tables WHERE schemaname = '{}'",
            company.tenant.schema
        );
        let rows: i64 = value(&mut connection, &rows).await;
        office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
        let mut certificate = None;
        let mut polls = first;
        while certificate.is_none() && polls < 1_000 {
            certificate = cancelled_after(polls, lifecycle.carry_out_deletion(id, || now)).await.and_then(|done| done.unwrap());
            polls += further;
            // Once begun, there is no way back.
            let tenant = office.server.tenants().directory().by_id(id).await.unwrap();
            if tenant.is_some_and(|tenant| tenant.status == TenantStatus::Deleting) {
                assert!(office.server.act(&company.tenant, Deed::Keep, now).await.is_err());
            }
        }
        let Some(certificate) = certificate else {
            // Killed after the last commit, before it was told.
            assert!(office.server.tenants().directory().by_id(id).await.unwrap().is_none());
            continue;
        };
        assert_eq!(certificate.removed["tables"], u64::try_from(tables).unwrap(), "{polls}");
        assert_eq!(
            (certificate.removed["rows"], certificate.removed["memberships"]),
            (u64::try_from(rows).unwrap(), 5),
            "{polls}"
        );
    }
}

/// Who pushes a deletion that has begun has not asked for it.
#[tokio::test]
async fn the_certificate_names_who_asked_before_it_began() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let (tenants, id, now) = (office.server.tenants(), company.tenant.id, office.clock.now());
    let ask = async |by, at| {
        let transaction = tenants.platform().begin().await.unwrap();
        tenants.schedule_deletion(&transaction, id, by, at, at).await.unwrap();
        transaction.commit().await.unwrap();
    };
    ask(AskedBy::Owner, now).await;
    assert!(tenants.erase(id, &["memberships"], now).await.unwrap());
    ask(AskedBy::Operator, now + TimeDelta::hours(1)).await;
    let certificate = office.server.app.lifecycle.carry_out_deletion(id, || now + TimeDelta::hours(1)).await.unwrap().unwrap();
    assert_eq!((certificate.asked_by, certificate.asked_at.timestamp()), (AskedBy::Owner, now.timestamp()));
}

/// Nobody can say when data went by a time at which it was still there.
#[tokio::test]
async fn the_certificate_says_when_all_was_gone() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let (id, now) = (company.tenant.id, office.clock.now());
    office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    // A clock that goes on by a minute, and a nanosecond that Postgres has not, whenever it is looked at.
    let looks = AtomicI32::new(0);
    let clock = || now + TimeDelta::nanoseconds(60_000_000_001) * looks.fetch_add(1, Ordering::Relaxed);
    let certificate = office.server.app.lifecycle.carry_out_deletion(id, clock).await.unwrap().unwrap();
    assert!(certificate.finished_at >= certificate.begun_at + TimeDelta::minutes(1), "{certificate:?}");
    assert_eq!(certificate.finished_at.timestamp_subsec_nanos() % 1_000, 0, "{certificate:?}");
}

/// A request that reads keeps its tables until it has ended; the deletion waits, and nothing hangs.
#[tokio::test]
async fn a_request_that_has_begun_is_waited_for() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let reading = office.server.tenants().read_only(&company.tenant);
    domain::employee::list(&reading, &tests::owner(), &domain::employee::ListEmployees::default()).await.unwrap();
    let (lifecycle, id, now) = (Arc::clone(&office.server.app.lifecycle), company.tenant.id, office.clock.now());
    office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    let deleting = tokio::spawn(async move { lifecycle.carry_out_deletion(id, || now).await });
    let mut connection = office.database.connect().await;
    until("the deletion waits", async || waiters(&mut connection).await > 0).await;
    assert_eq!(company.caller(Role::Hr).ask("{ employees { totalCount } }").await.code(), "TENANT_DELETING");
    // What has been begun reads on as if nothing had happened.
    domain::employee::list(&reading, &tests::owner(), &domain::employee::ListEmployees::default()).await.unwrap();
    reading.finish().await.unwrap();
    assert!(deleting.await.unwrap().unwrap().is_some());
}

/// A request that was let in just before, and finds nothing there any more.
#[tokio::test]
async fn a_request_that_comes_too_late_for_its_data_says_so() {
    let answer = too_late(async |other, tenant| {
        other.tenants().delete(tenant, Utc::now()).await.unwrap();
    })
    .await;
    assert_eq!(answer.codes(), ["TENANT_DELETING", "TENANT_DELETING"], "{}", answer.body);
}

/// The first table is gone, and with it the transaction in which the second one is asked for.
#[tokio::test]
async fn a_request_that_finds_half_of_its_data_says_so() {
    let answer = too_late(async |other, tenant| {
        let schema = &tenant.schema;
        let begun = format!(
            "DROP TABLE {schema}.employees CASCADE; UPDATE platform.tenants SET status = 'deleting' WHERE schema_name = '{schema}'"
        );
        other.tenants().platform().execute_unprepared(&begun).await.unwrap();
    })
    .await;
    assert_eq!(answer.codes(), ["TENANT_DELETING", "TENANT_DELETING"], "{}", answer.body);
}

/// What somebody is answered who was let in, and whose tenant `another` program is deleting before the request gets a connection.
async fn too_late(delete: impl AsyncFnOnce(&Server, &Tenant)) -> Answer {
    let tenants = Tenants::connect::<TenantMigrator>(&one_connection(&database_url())).unwrap();
    let server = Server::start_on(tenants, &[], api::app::system_clock()).await;
    let other = Server::start().await;
    let company = other.company().await;
    let caller = crate::standing::through(&server, &company, Some(company.token(Role::Hr)));
    let query = "{ employees { totalCount } departments { nodes { id } } }";
    // Host and rights are remembered from here on.
    caller.ask(query).await.data("");
    let held = server.tenants().platform().begin().await.unwrap();
    let asking = tokio::spawn(async move { caller.ask(query).await });
    // Lets it come to where it waits for the connection: nothing before that waits for anything.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    delete(&other, &company.tenant).await;
    held.rollback().await.unwrap();
    asking.await.unwrap()
}

#[tokio::test]
async fn whoever_watches_learns_that_it_is_over() {
    let office = PostOffice::open().await;
    let second = office.second(&[]).await;
    let company = office.server.company().await;
    let listening = second.listen().await;
    let mut socket = listening.connect(&company.host(), &company.token(Role::Hr)).await;
    socket.subscribe("a", "subscription { employeesChanged { kind } }").await;
    let now = office.clock.now() + TimeDelta::seconds(1);
    office.server.act(&company.tenant, Deed::Delete(now), now).await.unwrap();
    office.server.app.lifecycle.carry_out_deletion(company.tenant.id, || now).await.unwrap().unwrap();
    let (code, reason) = socket.closed().await;
    // Whichever it hears of first: that it is deleted, or that the session is.
    assert!(
        code == 4403 && ["TENANT_DELETING", "UNAUTHENTICATED", "TENANT_NOT_FOUND"].contains(&reason.as_str()),
        "{code} {reason}"
    );
    until("nothing is left", async || second.app.live.counts() == api::live::Counts::default()).await;
}
