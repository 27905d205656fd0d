//! The keys that sign tokens: replaced without a request that fails. Each test has a database of its own, since all processes on
//! one share the keys.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use api::{
    auth::{KeyState, list_keys, retire_key, rotate_keys},
    secret::SecretKeys,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Role;
use migration::tenant::TenantMigrator;
use serde_json::json;
use tests::{Caller, Server, TestClock, TestDatabase, until};

static UNENCRYPTED: LazyLock<SecretKeys> = LazyLock::new(SecretKeys::default);
const LIFE: TimeDelta = TimeDelta::minutes(15);

fn key_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

async fn states(server: &Server, now: DateTime<Utc>) -> Vec<(String, KeyState)> {
    let keys = list_keys(&server.tenants().platform(), now).await.unwrap();
    keys.into_iter().map(|(key, state)| (key.id, state)).collect()
}

async fn published(caller: &Caller) -> Vec<String> {
    let keys = caller.get("/.well-known/jwks.json").await.body;
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Somebody who signs in once, renews the session again and again, and asks with every token at both processes.
async fn load(
    callers: [Caller; 2],
    email: String,
    password: String,
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
) -> Vec<String> {
    let mut failed = Vec::new();
    let session = callers[0].sign_in(&email, &password).await;
    let mut refresh_token = session.text("/signIn/refreshToken");
    let mut turn = 0;
    while !stop.load(Ordering::SeqCst) {
        turn += 1;
        let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken refreshToken } }";
        let renewed = callers[turn % 2].ask_with(query, json!({ "token": refresh_token })).await;
        if renewed.first_code().is_some() {
            failed.push(renewed.body.to_string());
            break;
        }
        refresh_token = renewed.text("/refresh/refreshToken");
        let token = renewed.text("/refresh/accessToken");
        for caller in &callers {
            let answer = caller.with_token(Some(token.clone())).ask("{ viewer { role } employees { totalCount } }").await;
            asked.fetch_add(1, Ordering::SeqCst);
            if answer.first_code().is_some() {
                failed.push(format!("{} {}", key_of(&token), answer.body));
            }
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_rotate_under_load_without_a_failed_request() {
    let database = TestDatabase::create().await;
    let clock = TestClock::start();
    // A clock that stands still fills no allowance of requests; 0 is for none to be counted.
    let flags = ["--tenant-requests-per-second", "0", "--actor-requests-per-second", "0"];
    let one = Server::start_on(database.tenants::<TenantMigrator>(), &flags, clock.clock()).await;
    let two = Server::start_on(database.tenants::<TenantMigrator>(), &flags, clock.clock()).await;
    let company = one.company().await;
    let account = company.account(Role::Hr).await;
    let callers = [company.anonymous(), Caller::new(two.router.clone(), company.host(), None)];
    let platform = one.tenants().platform();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let work = |_| {
        tokio::spawn(load(
            callers.clone(),
            account.email.clone(),
            account.password.clone(),
            Arc::clone(&stop),
            Arc::clone(&asked),
        ))
    };
    let loads: Vec<_> = (0..3).map(work).collect();
    let more = async |count: usize| {
        let before = asked.load(Ordering::SeqCst);
        until("requests go on", async || asked.load(Ordering::SeqCst) >= before + count).await;
    };
    // A step is shorter than a token's life, and requests go on between two.
    let pass = async |time: TimeDelta| {
        let minutes = 5;
        for _ in 0..=time.num_minutes() / minutes {
            clock.advance(TimeDelta::minutes(minutes));
            more(12).await;
        }
    };
    more(12).await;
    let mut signing = Vec::new();
    for _ in 0..2 {
        let old = states(&one, clock.now()).await.iter().find(|(_, state)| *state == KeyState::Signing).unwrap().0.clone();
        let new = rotate_keys(&platform, &UNENCRYPTED, TimeDelta::minutes(10), clock.now()).await.unwrap().id;
        for caller in &callers {
            until("the new key is published", async || published(caller).await.contains(&new)).await;
        }
        // Published, but it does not sign before its time.
        let token = callers[1].sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
        assert_eq!(key_of(&token), old);
        pass(TimeDelta::minutes(10)).await;
        let token = callers[1].sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
        assert_eq!(key_of(&token), new);
        pass(LIFE).await;
        retire_key(&platform, &old, LIFE, false, clock.now()).await.unwrap();
        for caller in &callers {
            until("the old key is gone", async || published(caller).await == [new.clone()]).await;
        }
        more(12).await;
        signing.push(new);
    }
    stop.store(true, Ordering::SeqCst);
    let mut failed = Vec::new();
    for load in loads {
        failed.extend(load.await.unwrap());
    }
    let asked = asked.load(Ordering::SeqCst);
    eprintln!("{asked} requests while two rotations went on, {} failed", failed.len());
    assert_eq!(failed, Vec::<String>::new(), "of {asked} requests");
    assert_eq!(states(&one, clock.now()).await[0], (signing[1].clone(), KeyState::Signing));
}

#[tokio::test]
async fn a_retired_key_is_refused_in_every_process_at_once() {
    let database = TestDatabase::create().await;
    let one = database.server().await;
    let two = database.server().await;
    let company = one.company().await;
    let account = company.account(Role::Hr).await;
    let session = company.anonymous().sign_in(&account.email, &account.password).await;
    let token = session.text("/signIn/accessToken");
    let callers = [&one, &two].map(|server| Caller::new(server.router.clone(), company.host(), Some(token.clone())));
    for caller in &callers {
        caller.ask("{ viewer { role } }").await.data("");
    }
    let platform = one.tenants().platform();
    let (old, now) = (key_of(&token), Utc::now());
    let refused = retire_key(&platform, &old, LIFE, true, now).await.unwrap_err();
    assert!(refused.to_string().contains("rotate"), "{refused}");
    rotate_keys(&platform, &UNENCRYPTED, TimeDelta::zero(), now).await.unwrap();
    let refused = retire_key(&platform, &old, LIFE, false, Utc::now()).await.unwrap_err();
    assert!(refused.to_string().contains("--now"), "{refused}");
    callers[1].ask("{ viewer { role } }").await.data("");
    retire_key(&platform, &old, LIFE, true, Utc::now()).await.unwrap();
    for caller in &callers {
        until("the key's tokens are refused", async || caller.ask("{ __typename }").await.status == 401).await;
    }
    // Whoever has a session goes on by renewing it.
    let query = "mutation($token: String) { refresh(refreshToken: $token) { accessToken } }";
    let renewed = callers[1].with_token(None).ask_with(query, json!({ "token": session.text("/signIn/refreshToken") })).await;
    assert_ne!(key_of(&renewed.text("/refresh/accessToken")), old);
    // Nothing of the private half is left.
    let mut connection = database.connect().await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM platform.signing_keys WHERE retired_at IS NOT NULL AND length(private_key) > 0")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(left, 0);
    assert!(retire_key(&platform, &old, LIFE, true, Utc::now()).await.is_err());
    assert!(retire_key(&platform, "unknown", LIFE, true, Utc::now()).await.is_err());
}

#[tokio::test]
async fn of_two_rotations_at_once_one_is_made() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let platform = server.tenants().platform();
    let now = Utc::now();
    let lead = TimeDelta::minutes(10);
    let (one, two) =
        tokio::join!(rotate_keys(&platform, &UNENCRYPTED, lead, now), rotate_keys(&platform, &UNENCRYPTED, lead, now));
    assert!(one.is_ok() != two.is_ok());
    let states: Vec<KeyState> = states(&server, now).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [KeyState::Waiting, KeyState::Signing]);
    // One that waits can be taken back.
    let waiting = list_keys(&platform, now).await.unwrap()[0].0.id.clone();
    retire_key(&platform, &waiting, LIFE, false, now).await.unwrap();
    assert!(rotate_keys(&platform, &UNENCRYPTED, lead, now).await.is_ok());
}
