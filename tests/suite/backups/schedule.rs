//! Each tenant in its turn, by whichever process.

use std::{fs, sync::Arc};

use chrono::TimeDelta;
use entities::platform::backup::State;
use sha2::{Digest as _, Sha256};
use sqlx::{Executor as _, PgConnection};
use tests::{mark, new_tenant, run, until, value, waiters_for};

use super::Archives;
use crate::command_line::{command, signal};

#[tokio::test]
async fn each_tenant_is_backed_up_once_in_its_interval_whichever_process_does_it() {
    let archives = Archives::open(&[]).await;
    let second = archives.second().await;
    let tenants = archives.tenants(6).await;
    mark(archives.office.server.tenants(), &tenants[0], 3).await;
    archives.do_due().await;
    assert!(archives.done(&tenants[0]).await.len() <= 1, "they are spread over the day");
    for day in 1..=2 {
        archives.office.clock.advance(TimeDelta::days(1));
        let clock = archives.office.clock.clock();
        tokio::join!(archives.do_due(), second.app.backups.do_due(&clock));
        for tenant in &tenants {
            let backups = archives.of(tenant).await;
            assert_eq!(backups.len(), day, "{backups:?}");
            assert_eq!(archives.files(tenant).len(), day);
        }
    }
    let backup = archives.of(&tenants[0]).await.remove(0);
    let bytes = fs::read(&backup.place).unwrap();
    assert_eq!(backup.state, State::Done);
    assert_eq!(backup.bytes, Some(i64::try_from(bytes.len()).unwrap()));
    let sum = backup.sha256.as_deref().unwrap().as_bytes().chunks(2);
    let sum: Vec<u8> = sum.map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap()).collect();
    assert_eq!(sum, Sha256::digest(&bytes).to_vec());
    assert_eq!(backup.schema_version.as_deref(), Some(archives.office.server.tenants().head()));
    assert!(backup.row_count.unwrap() >= 3 && backup.finished_at.is_some() && backup.is_good());

    let server = &archives.office.server;
    let (_, contents) = server.tenants().restore(std::path::Path::new(&backup.place), None, &new_tenant()).await.unwrap();
    assert_eq!(i64::try_from(contents.rows()).unwrap(), backup.row_count.unwrap());
    let status = server.app.backups.status(archives.office.clock.now()).await.unwrap();
    assert_eq!((status.backed_up, status.failing, status.bad), (6, 0, 0), "{status:?}");
}

#[tokio::test]
async fn what_fails_is_known_tried_again_and_in_nobodys_way() {
    let archives = Archives::open(&[]).await;
    let tenants = archives.tenants(3).await;
    let mut operator = archives.office.database.connect().await;
    let schema = &tenants[1].schema;
    run(&mut operator, &format!("REVOKE SELECT ON {schema}.positions FROM {schema}")).await;
    archives.do_due().await;
    archives.day().await;
    assert_eq!((archives.done(&tenants[0]).await.len(), archives.done(&tenants[2]).await.len()), (1, 1));
    let failed = archives.of(&tenants[1]).await.remove(0);
    assert_eq!(failed.state, State::Failed);
    assert!(failed.error.unwrap().contains("positions"));
    assert!(archives.files(&tenants[1]).is_empty());
    let backups = &archives.office.server.app.backups;
    let status = backups.status(archives.office.clock.now()).await.unwrap();
    assert_eq!((status.failing, status.late), (1, 0), "{status:?}");

    run(&mut operator, &format!("GRANT SELECT ON {schema}.positions TO {schema}")).await;
    archives.office.clock.advance(TimeDelta::minutes(6));
    archives.do_due().await;
    assert_eq!(archives.done(&tenants[1]).await.len(), 1, "it is tried again before its next turn");
    let now = archives.office.clock.now();
    assert_eq!(backups.status(now).await.unwrap().failing, 0);
    let late = backups.status(now + TimeDelta::hours(37)).await.unwrap();
    assert!(late.late == 3 && late.oldest.unwrap() >= TimeDelta::hours(36) && late.late_slugs.is_some(), "{late:?}");
}

#[tokio::test]
async fn what_a_killed_process_has_begun_is_cleared_up_and_done_by_another() {
    let archives = Archives::open(&[]).await;
    let tenant = archives.tenants(1).await.remove(0);
    let url = archives.office.database.url();
    let mut holder = archives.office.database.connect().await;
    holder.execute(sqlx::AssertSqlSafe(format!("BEGIN; LOCK TABLE {}.positions", tenant.schema))).await.unwrap();
    let mut program = command(&["backup", "run", tenant.slug.as_str()]);
    let mut child = program.args(&archives.flags).env("DATABASE_URL", &url).spawn().unwrap();
    let mut operator: PgConnection = archives.office.database.connect().await;
    let held = format!("{}.positions", tenant.schema);
    until("the backup waits", async || waiters_for(&mut operator, &held).await == 1).await;
    assert!(archives.files(&tenant)[0].ends_with(".partial"));
    signal(child.id().unwrap(), "KILL");
    child.wait().await.unwrap();
    drop(holder);

    // As long as it may be alive, nobody else begins.
    archives.do_due().await;
    assert_eq!(archives.of(&tenant).await.len(), 1);
    archives.office.clock.advance(TimeDelta::minutes(6));
    archives.do_due().await;
    let backups = archives.of(&tenant).await;
    let states: Vec<State> = backups.iter().map(|backup| backup.state).collect();
    assert_eq!(states, [State::Done, State::Failed]);
    assert!(backups[1].error.as_deref().unwrap().contains("has ended"));
    let files = archives.files(&tenant);
    assert!(files.len() == 1 && files[0].ends_with(".tenantry"), "{files:?}");
}

#[tokio::test]
async fn a_process_that_was_stalled_does_not_give_back_the_turn_of_another() {
    let archives = Archives::open(&[]).await;
    let second = archives.second().await;
    let tenant = archives.tenants(1).await.remove(0);
    archives.do_due().await;
    archives.office.clock.advance(TimeDelta::days(1));
    let (mut holder, mut operator) = (archives.office.database.connect().await, archives.office.database.connect().await);
    run(&mut holder, &format!("BEGIN; LOCK TABLE {}.positions", tenant.schema)).await;
    let held = format!("{}.positions", tenant.schema);
    let begin = |server: &tests::Server| {
        let (backups, clock) = (Arc::clone(&server.app.backups), archives.office.clock.clock());
        tokio::spawn(async move { backups.do_due(&clock).await })
    };
    let stalled = begin(&archives.office.server);
    until("the first one waits", async || waiters_for(&mut operator, &held).await == 1).await;
    let waiting = format!("SELECT pid FROM pg_locks WHERE NOT granted AND relation = '{held}'::regclass");
    let process: i32 = value(&mut operator, &waiting).await;
    archives.office.clock.advance(TimeDelta::minutes(6));
    let other = begin(&second);
    until("the second one waits", async || waiters_for(&mut operator, &held).await == 2).await;

    // The first one fails when the turn is not its own any more.
    assert!(value::<bool>(&mut operator, &format!("SELECT pg_terminate_backend({process})")).await);
    stalled.await.unwrap();
    let turn = "SELECT claimed_until IS NOT NULL AND claimed_by IS NOT NULL AND failures = 0 FROM platform.backup_turns";
    assert!(value::<bool>(&mut operator, turn).await, "the turn is still the other's");
    run(&mut holder, "ROLLBACK").await;
    other.await.unwrap();
    let states: Vec<State> = archives.of(&tenant).await.into_iter().map(|backup| backup.state).collect();
    assert_eq!(states, [State::Done, State::Failed]);
    assert_eq!(archives.files(&tenant).len(), 1);
}
