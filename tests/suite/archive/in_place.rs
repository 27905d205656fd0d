//! Restoring over a tenant that is used.

use std::time::Instant;

use api::app::system_clock;
use chrono::Utc;
use domain::Role;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tenancy::{ArchiveError, Error};
use tests::{Caller, Company, Server, cancelled_after, database_url, opaque, until, value};

use super::{Shelf, archive_error, contents, fill, traces};

const ALL: &str =
    "{ employees { totalCount } departments(first: 100) { nodes { name } } positions(first: 100) { nodes { title } } }";

/// What a request sees, in a text that can be compared.
fn seen(answer: &Value) -> String {
    answer["data"].to_string()
}

/// A person at the same tenant through another process.
fn elsewhere(server: &Server, company: &Company<'_>) -> Caller {
    Caller::new(server.router.clone(), company.host(), Some(company.token(Role::Owner)))
}

#[tokio::test]
async fn requests_see_the_old_state_or_the_new_one() {
    let server = Server::start().await;
    // Another process, which hears of the change by a notification alone.
    let other = Server::start_on(
        tenancy::Tenants::connect::<migration::tenant::TenantMigrator>(&tests::pool_options(&database_url())).unwrap(),
        &[],
        system_clock(),
    )
    .await;
    let company = server.company().await;
    fill(&company, 300).await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let archived = company.contents().await;
    let first = seen(&company.caller(Role::Owner).ask(ALL).await.body);
    // What happens after the backup, in tables that a request reads one after the other.
    let later = "INSERT INTO positions (id, title, created_at, updated_at) VALUES (gen_random_uuid(), 'Later', now(), now());
        INSERT INTO departments (id, name, created_at, updated_at) VALUES (gen_random_uuid(), 'Later', now(), now());
        UPDATE employees SET family_name = 'Later'";
    company.scope().execute_unprepared(later).await.unwrap();
    let second = seen(&company.caller(Role::Owner).ask(ALL).await.body);
    assert_ne!(first, second);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let read = async |caller: Caller| {
        let (mut olds, mut news) = (0, 0);
        while !*stopped.borrow() {
            let answer = caller.ask(ALL).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            match seen(&answer.body) {
                state if state == second => {
                    assert_eq!(news, 0, "the old state came back");
                    olds += 1;
                }
                state if state == first => news += 1,
                state => panic!("{state}"),
            }
        }
        (olds, news)
    };
    let restore = async {
        let restored = server.tenants().restore_in_place(&file, None, Utc::now()).await.unwrap();
        // Long enough for everyone to see it.
        for caller in [company.caller(Role::Owner), elsewhere(&other, &company)] {
            assert_eq!(seen(&caller.ask(ALL).await.body), first);
        }
        stop.send(true).unwrap();
        restored
    };
    let (one, two, three, (tenant, _)) = tokio::join!(
        read(company.caller(Role::Owner)),
        read(company.caller(Role::Hr)),
        read(elsewhere(&other, &company)),
        restore
    );
    for (olds, news) in [one, two, three] {
        assert!(olds > 0 && news > 0, "{olds} {news}");
    }
    assert_eq!(contents(server.tenants(), &tenant).await, archived);
    // The same tenant under its old name, in one schema, whose rights are as before.
    assert_eq!((tenant.id, &tenant.slug), (company.tenant.id, &company.tenant.slug));
    assert_ne!(tenant.schema, company.tenant.schema);
    assert_eq!(traces(tenant.id).await, [1, 1, 1]);

    // And again: the number goes up, and nothing piles up.
    let (again, _) = server.tenants().restore_in_place(&file, None, Utc::now()).await.unwrap();
    assert!(again.schema != tenant.schema && again.schema != company.tenant.schema);
    assert_eq!(traces(tenant.id).await, [1, 1, 1]);
    assert_eq!(contents(server.tenants(), &again).await, archived);
    // Also by somebody who has read it before all this.
    server.tenants().delete(&company.tenant, Utc::now()).await.unwrap();
    assert_eq!(traces(tenant.id).await, [0, 0, 0]);
}

/// A write that was acknowledged is in the restored tenant, or it came before everything that saw the restored tenant.
#[tokio::test]
async fn no_write_is_acknowledged_and_lost_after_the_change_over() {
    let server = Server::start().await;
    let other = Server::start().await;
    let company = server.company().await;
    fill(&company, 300).await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    company.scope().execute_unprepared("UPDATE departments SET name = 'Later'").await.unwrap();

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let write = async |caller: Caller, who: &str| {
        let mut written: Vec<(Instant, Instant, String)> = Vec::new();
        let mut refused = Vec::new();
        let mut number = 0;
        while !*stopped.borrow() {
            number += 1;
            let name = format!("{who} {number}");
            let began = Instant::now();
            let answer = caller.mutate("createDepartment", json!({ "name": name }), "department { name }").await;
            match answer.first_code() {
                None => written.push((began, Instant::now(), name)),
                Some(code) => refused.push(code.to_owned()),
            }
        }
        (written, refused)
    };
    let see = async {
        let caller = company.caller(Role::Owner);
        let query = format!("{{ department(id: \"{}\") {{ name }} }}", opaque(company.department.id));
        loop {
            let answer = caller.ask(&query).await;
            if answer.body.to_string().contains("Workshop") {
                return Some(Instant::now());
            }
            if *stopped.borrow() {
                return None;
            }
        }
    };
    let restore = async {
        let restored = server.tenants().restore_in_place(&file, None, Utc::now()).await;
        stop.send(true).unwrap();
        restored
    };
    let (one, two, seen, restored) =
        tokio::join!(write(company.caller(Role::Owner), "one"), write(elsewhere(&other, &company), "two"), see, restore);
    let (tenant, _) = restored.unwrap();
    let seen = seen.unwrap();
    let kept = contents(server.tenants(), &tenant).await["departments"].to_string();
    let mut refusals = 0;
    for (written, refused) in [one, two] {
        assert!(refused.iter().all(|code| code == "TENANT_MIGRATING"), "{refused:?}");
        refusals += refused.len();
        let (found, lost): (Vec<_>, Vec<_>) = written.into_iter().partition(|(_, _, name)| kept.contains(&format!("\"{name}\"")));
        assert!(!found.is_empty() && !lost.is_empty(), "{} {}", found.len(), lost.len());
        assert!(lost.iter().all(|(began, _, _)| *began < seen), "a write that came after the change was lost");
        let first_found = found.iter().map(|(_, ended, _)| *ended).min().unwrap();
        assert!(lost.iter().all(|(began, _, _)| *began < first_found));
    }
    // Those who were at the door at that moment.
    assert!(refusals <= 20, "{refusals} writes were refused");
}

/// A transaction that has written and is still open is waited for; nothing changes until then.
#[tokio::test]
async fn an_open_write_is_waited_for() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let mut holder = PgConnection::connect(&database_url()).await.unwrap();
    let schema = &company.tenant.schema;
    let write = format!("BEGIN; UPDATE {schema}.employees SET family_name = 'Later'");
    holder.execute(sqlx::AssertSqlSafe(write)).await.unwrap();
    let mut restore = Box::pin(server.tenants().restore_in_place(&file, None, Utc::now()));
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock' AND relation = '{schema}.employees'::regclass"
    );
    tokio::select! {
        restored = &mut restore => panic!("{restored:?}"),
        () = until("the restore waits", async || value::<i64>(&mut operator, &waiting).await == 1) => {}
    }
    // Meanwhile others read and write: they wait for a moment at most.
    let caller = company.caller(Role::Owner);
    let made = caller.mutate("createDepartment", json!({ "name": "Meanwhile" }), "department { name }");
    let (made, ()) = tokio::join!(made, async {
        tokio::select! {
            restored = &mut restore => panic!("{restored:?}"),
            () = until("it waits again", async || value::<i64>(&mut operator, &waiting).await == 1) => {}
        }
    });
    assert_eq!(made.data("/createDepartment/department/name"), "Meanwhile");
    holder.execute("COMMIT").await.unwrap();
    let (tenant, _) = restore.await.unwrap();
    let names = contents(server.tenants(), &tenant).await.to_string();
    assert!(!names.contains("Later") && !names.contains("Meanwhile"));
}

/// As by a program that is killed at any moment.
#[tokio::test]
async fn a_restore_in_place_that_is_broken_off_leaves_the_old_state_or_the_new_one() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let archived = company.contents().await;
    company.scope().execute_unprepared("UPDATE departments SET name = 'Later'").await.unwrap();
    let later = company.contents().await;
    let mut ends = Vec::new();
    // Small steps, to be broken off at each kind of work: in the midst of COPY, for one, the server waits for rows.
    for polls in (2..400).step_by(7) {
        let restored = cancelled_after(polls, server.tenants().restore_in_place(&file, None, Utc::now())).await;
        let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
        let state = contents(server.tenants(), &tenant).await;
        assert!(state == later || state == archived, "after {polls} polls");
        let caller = Caller::new(server.router.clone(), company.host(), Some(company.token(Role::Owner)));
        assert_eq!(caller.ask("{ employees { totalCount } }").await.data("/employees/totalCount"), 4);
        ends.push(state == archived);
        if restored.is_some() || state == archived {
            break;
        }
    }
    assert!(!ends[0], "{ends:?}");
    // Whoever comes next finishes and cleans up.
    let began = Instant::now();
    let restored = server.tenants().restore_in_place(&file, None, Utc::now()).await;
    assert!(restored.is_ok(), "{restored:?} after {:?}, {ends:?}", began.elapsed());
    let tenant = server.tenants().directory().by_id(company.tenant.id).await.unwrap().unwrap();
    assert_eq!(contents(server.tenants(), &tenant).await, archived);
    assert_eq!(traces(tenant.id).await, [1, 1, 1]);
}

#[tokio::test]
async fn one_at_a_time_and_only_where_there_is_a_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    let shelf = Shelf::new();
    let file = shelf.backup(server.tenants(), &company.tenant).await;
    let mut holder = PgConnection::connect(&database_url()).await.unwrap();
    let lock = format!("SELECT pg_advisory_lock(hashtextextended('tenantry {}', 0))", company.tenant.id);
    holder.execute(sqlx::AssertSqlSafe(lock)).await.unwrap();
    let busy = shelf.path("busy");
    let (backup, restore) = tokio::join!(
        server.tenants().backup(&company.tenant, &busy, None, Utc::now()),
        server.tenants().restore_in_place(&file, None, Utc::now())
    );
    assert!(matches!(archive_error(backup), ArchiveError::Busy(slug) if slug == company.tenant.slug.as_str()));
    assert!(matches!(archive_error(restore), ArchiveError::Busy(_)));
    holder.close().await.unwrap();
    assert_eq!(shelf.names().len(), 1);

    // What a program has left that was killed after the change goes with the tenant.
    let left = format!("{}_7", company.tenant.schema);
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let leave =
        format!("CREATE ROLE {left}; GRANT {left} TO CURRENT_USER; CREATE SCHEMA {left}; GRANT USAGE ON SCHEMA {left} TO {left}");
    operator.execute(sqlx::AssertSqlSafe(leave)).await.unwrap();
    assert_eq!(traces(company.tenant.id).await, [2, 2, 1]);
    server.tenants().delete(&company.tenant, Utc::now()).await.unwrap();
    let gone = server.tenants().restore_in_place(&file, None, Utc::now()).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone}");
    let gone = server.tenants().backup(&company.tenant, &busy, None, Utc::now()).await.unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone}");
    assert_eq!(traces(company.tenant.id).await, [0, 0, 0]);
}
