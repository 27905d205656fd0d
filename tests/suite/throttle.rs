//! How often a sign-in may be tried: by account, by network address, and in all processes together.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use domain::Role;
use entities::{
    id::AccountId,
    platform::{account, sign_in_attempt},
};
use futures::future::join_all;
use sea_orm::{EntityTrait as _, Set};
use tests::{Answer, Caller, Company, Server, TestClock, TestDatabase};
use uuid::Uuid;

/// Seconds that somebody is told to wait.
#[track_caller]
fn told_to_wait(answer: &Answer) -> i64 {
    assert_eq!(answer.code(), "RATE_LIMITED", "{}", answer.body);
    answer.body["errors"][0]["extensions"]["retryAfter"].as_i64().unwrap()
}

fn unknown() -> String {
    format!("{}@nobody.test", Uuid::now_v7().simple())
}

async fn fail(caller: &Caller, email: &str) -> Answer {
    caller.sign_in(email, "wrong password").await
}

#[tokio::test]
async fn each_failure_after_the_fifth_doubles_the_wait_whether_the_address_is_known_or_not() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let second = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let known = company.account(Role::Hr).await;
    // On two processes in turn.
    let callers = [company.anonymous(), Caller::new(second.router.clone(), company.host(), None)];
    for email in [known.email.clone(), unknown()] {
        for round in 0..5 {
            assert_eq!(fail(&callers[round % 2], &email).await.code(), "UNAUTHENTICATED", "{email} {round}");
        }
        for (round, wait) in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900].into_iter().enumerate() {
            let caller = &callers[round % 2];
            assert_eq!(told_to_wait(&fail(caller, &email).await), wait, "{email} {round}");
            // Neither in other letters, nor with the right password, nor on the apex.
            assert_eq!(told_to_wait(&fail(caller, &format!(" {}", email.to_uppercase())).await), wait);
            assert_eq!(told_to_wait(&caller.sign_in(&email, &known.password).await), wait);
            clock.advance(TimeDelta::milliseconds(wait * 1000 - 1));
            assert_eq!(told_to_wait(&fail(caller, &email).await), 1);
            clock.advance(TimeDelta::milliseconds(1));
            assert_eq!(fail(caller, &email).await.code(), "UNAUTHENTICATED", "{email} {round}");
        }
    }
    // Others are not concerned.
    let other = company.account(Role::Owner).await;
    callers[0].sign_in(&other.email, &other.password).await.data("");
}

#[tokio::test]
async fn failures_are_forgotten_by_a_success_and_forgiven_in_time() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(fail(&anonymous, &account.email).await.code(), "UNAUTHENTICATED");
        }
        anonymous.sign_in(&account.email, &account.password).await.data("");
    }
    for _ in 0..5 {
        fail(&anonymous, &account.email).await;
    }
    told_to_wait(&fail(&anonymous, &account.email).await);
    clock.advance(TimeDelta::hours(2));
    // Two were forgiven in two hours.
    for _ in 0..2 {
        assert_eq!(fail(&anonymous, &account.email).await.code(), "UNAUTHENTICATED");
    }
    told_to_wait(&fail(&anonymous, &account.email).await);
    clock.advance(TimeDelta::days(1));
    anonymous.sign_in(&account.email, &account.password).await.data("");
}

#[tokio::test]
async fn many_tries_at_once_are_not_more_than_one_after_another() {
    let (server, second) = (Server::start().await, Server::start().await);
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let callers = [company.anonymous(), Caller::new(second.router.clone(), company.host(), None)];
    let tries = (0..24).map(|round| fail(&callers[round % 2], &account.email));
    let answers = join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.code() == "UNAUTHENTICATED").count();
    // Five are free; with a slow machine another may fit in after the first second.
    assert!((5..=7).contains(&looked_at), "{looked_at} passwords were looked at");
    assert!(answers.iter().all(|answer| ["UNAUTHENTICATED", "RATE_LIMITED"].contains(&answer.code())));
}

/// A list of stolen passwords is tried against one account each.
#[tokio::test]
async fn a_network_address_has_its_own_count() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    // Of this test alone: the tests share the database.
    let network = Uuid::now_v7();
    let part = |index: usize| network.as_bytes()[index];
    let prefix = format!("fd{:02x}:{:02x}{:02x}:{:02x}{:02x}", part(5), part(12), part(13), part(14), part(15));
    let (bad, neighbour) = (format!("{prefix}:1::1"), format!("{prefix}:1:ffff::2"));
    let from = |address: &str| company.anonymous().from_address(address);
    for _ in 0..20 {
        assert_eq!(fail(&from(&bad), &unknown()).await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(told_to_wait(&fail(&from(&bad), &unknown()).await), 1);
    assert_eq!(told_to_wait(&fail(&from(&neighbour), &unknown()).await), 1, "the same customer's network");
    told_to_wait(&from(&bad).sign_in(&account.email, &account.password).await);
    from(&format!("{prefix}:2::1")).sign_in(&account.email, &account.password).await.data("");
    // One is forgiven in half a minute.
    clock.advance(TimeDelta::seconds(60));
    for _ in 0..2 {
        assert_eq!(fail(&from(&bad), &unknown()).await.code(), "UNAUTHENTICATED");
    }
    assert_eq!(told_to_wait(&fail(&from(&bad), &unknown()).await), 1);
    // Whoever gets in is not counted.
    clock.advance(TimeDelta::minutes(10));
    for _ in 0..30 {
        from(&bad).sign_in(&account.email, &account.password).await.data("");
    }
}

/// Failing in somebody's name must not keep them out of where they are at home.
#[tokio::test]
async fn nobody_is_locked_out_of_where_they_have_signed_in_before() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let home = company.anonymous().from_address("198.51.100.4");
    home.sign_in(&account.email, &account.password).await.data("");
    let stranger = company.anonymous();
    for _ in 0..5 {
        fail(&stranger, &account.email).await;
    }
    told_to_wait(&stranger.sign_in(&account.email, &account.password).await);
    home.sign_in(&account.email, &account.password).await.data("");
    // Their own failures count as anybody's.
    for _ in 0..5 {
        assert_eq!(fail(&home, &account.email).await.code(), "UNAUTHENTICATED");
    }
    told_to_wait(&home.sign_in(&account.email, &account.password).await);
}

/// An office behind one address, in which somebody fails in any name: those who have signed in from there before are not held up.
#[tokio::test]
async fn an_address_with_many_failures_holds_up_strangers_alone() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (known, new) = (company.account(Role::Hr).await, company.account(Role::Owner).await);
    let network = Uuid::now_v7();
    let part = |index: usize| network.as_bytes()[index];
    let prefix = format!("fd{:02x}:{:02x}{:02x}:{:02x}{:02x}", part(5), part(12), part(13), part(14), part(15));
    let office = company.anonymous().from_address(&format!("{prefix}:1::1"));
    let desk = company.anonymous().from_address(&format!("{prefix}:1::2"));
    // Signed in and out again: that it was there before is what counts.
    let token = desk.sign_in(&known.email, &known.password).await.text("/signIn/accessToken");
    desk.with_token(Some(token)).ask("mutation { signOut { signedOut } }").await.data("");
    for _ in 0..20 {
        assert_eq!(fail(&office, &unknown()).await.code(), "UNAUTHENTICATED");
    }
    told_to_wait(&office.sign_in(&new.email, &new.password).await);
    for _ in 0..3 {
        office.sign_in(&known.email, &known.password).await.data("");
    }
    // Their own failures count, and no more than anybody's.
    for _ in 0..5 {
        assert_eq!(fail(&office, &known.email).await.code(), "UNAUTHENTICATED");
    }
    told_to_wait(&office.sign_in(&known.email, &known.password).await);
}

/// Accounts with one password, for which one hash is made.
async fn accounts(company: &Company<'_>, count: usize) -> Vec<String> {
    let hash = api::auth::Passwords::new().hash("the password of all".into()).await.unwrap();
    let emails: Vec<String> = std::iter::repeat_with(|| format!("{}@known.test", Uuid::now_v7().simple())).take(count).collect();
    let rows = emails.iter().map(|email| account::ActiveModel {
        id: Set(AccountId::generate()),
        email: Set(email.clone()),
        name: Set(email.clone()),
        password_hash: Set(Some(hash.clone())),
        password_changed_at: Set(None),
        created_at: Set(Utc::now()),
        updated_at: Set(Utc::now()),
    });
    account::Entity::insert_many(rows).exec_without_returning(&company.server.tenants().platform()).await.unwrap();
    emails
}

/// If unknown addresses were answered without the work of a password, each of them would be faster than each known one.
#[tokio::test]
async fn the_time_of_an_answer_does_not_tell_whether_an_address_is_known() {
    const ROUNDS: usize = 16;
    let server = Server::start().await;
    let company = server.company().await;
    let anonymous = company.anonymous();
    let time = async |email: &str| {
        let begin = Instant::now();
        assert_eq!(fail(&anonymous, email).await.code(), "UNAUTHENTICATED");
        begin.elapsed()
    };
    time(&unknown()).await;
    let (mut known, mut strange) = (Vec::new(), Vec::new());
    for email in accounts(&company, ROUNDS).await {
        known.push(time(&email).await);
        strange.push(time(&unknown()).await);
    }
    let slower = |one: &Duration| strange.iter().filter(|other| one > *other).count();
    let share = known.iter().map(slower).sum::<usize>() * 100 / (ROUNDS * ROUNDS);
    assert!((10..=90).contains(&share), "known addresses were slower in {share} of 100 pairs: {known:?} {strange:?}");
}

#[tokio::test]
async fn what_has_expired_is_deleted() {
    let database = TestDatabase::create().await;
    let server = database.server().await;
    let company = server.company().await;
    let platform = server.tenants().platform();
    fail(&company.anonymous(), &unknown()).await;
    company.anonymous().ask("mutation { beginPasskeySignIn { challenge } }").await.data("");
    let count = async || {
        let attempts = sign_in_attempt::Entity::find().all(&platform).await.unwrap().len();
        let challenges = entities::platform::sign_in_challenge::Entity::find().all(&platform).await.unwrap().len();
        (attempts, challenges)
    };
    server.app.auth.tidy(Utc::now()).await.unwrap();
    assert_eq!(count().await, (1, 1));
    server.app.auth.tidy(Utc::now() + TimeDelta::minutes(6)).await.unwrap();
    assert_eq!(count().await, (1, 0));
    server.app.auth.tidy(Utc::now() + TimeDelta::days(8)).await.unwrap();
    assert_eq!(count().await, (0, 0));
}
