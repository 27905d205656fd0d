//! Renewing a session, and ending it.

use chrono::{TimeDelta, Utc};
use domain::Role;
use entities::platform::membership;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use tests::{Server, TestClock};

use super::{WRONG, refresh};

#[tokio::test]
async fn a_refresh_token_is_replaced_by_its_use() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let first = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let renewed = refresh(&anonymous, &first).await.data("/refresh");
    let second = renewed["refreshToken"].as_str().unwrap();
    assert_ne!(second, first);
    let token = renewed["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(anonymous.with_token(Some(token)).ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    refresh(&anonymous, second).await.data("");
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_ends_the_session_once_the_overlap_is_over() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let first = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let untouched = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    refresh(&anonymous, &first).await.data("");
    // An answer that got lost: asked again within the overlap.
    clock.advance(TimeDelta::seconds(20));
    let latest = refresh(&anonymous, &first).await.text("/refresh/refreshToken");
    clock.advance(TimeDelta::seconds(5));
    let latest = refresh(&anonymous, &latest).await.text("/refresh/refreshToken");
    let used = {
        let next = refresh(&anonymous, &latest).await;
        clock.advance(TimeDelta::seconds(21));
        let stolen = refresh(&anonymous, &latest).await;
        assert_eq!(stolen.code(), "UNAUTHENTICATED");
        next.text("/refresh/refreshToken")
    };
    assert_eq!(refresh(&anonymous, &used).await.code(), "UNAUTHENTICATED", "the newest token ended with its session");
    refresh(&anonymous, &untouched).await.data("");
}

#[tokio::test]
async fn two_tabs_may_renew_at_the_same_moment() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    for round in 0..5 {
        let token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
        let (one, other) = tokio::join!(refresh(&anonymous, &token), refresh(&anonymous, &token));
        assert_eq!((one.first_code(), other.first_code()), (None, None), "round {round}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_for_long() {
    let clock = TestClock::start();
    let server = Server::start_with(&["--session-days", "2"], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let mut token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    for _ in 0..3 {
        clock.advance(TimeDelta::hours(47));
        token = refresh(&anonymous, &token).await.text("/refresh/refreshToken");
    }
    clock.advance(TimeDelta::hours(48));
    assert_eq!(refresh(&anonymous, &token).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn renewing_looks_at_the_membership_again() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Employee).await;
    let platform = server.tenants().platform();
    let anonymous = company.anonymous();
    let token = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/refreshToken");
    let new = api::auth::NewAccount::parse(&account.email, None, None).unwrap();
    api::auth::join(&platform, &new, company.tenant.id, Role::Admin, None, Utc::now()).await.unwrap();
    let renewed = refresh(&anonymous, &token).await.data("/refresh");
    assert_eq!(renewed["viewer"]["role"], "ADMIN");

    membership::Entity::delete_many().filter(membership::Column::AccountId.eq(account.id)).exec(&platform).await.unwrap();
    let answer = refresh(&anonymous, renewed["refreshToken"].as_str().unwrap()).await;
    assert_eq!(answer.code(), "UNAUTHENTICATED");
    assert_eq!(anonymous.sign_in(&account.email, &account.password).await.message(), WRONG);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let anonymous = company.anonymous();
    let access = anonymous.sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    for token in ["", " ", "nonsense", "\u{0}", &access, &"x".repeat(10_000), "' OR 1=1 --"] {
        let answer = refresh(&anonymous, token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, "UNAUTHENTICATED"), "{token:.20}");
    }
    assert_eq!(anonymous.ask("mutation { refresh { accessToken } }").await.code(), "UNAUTHENTICATED", "and none at all");
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let session = company.anonymous().sign_in(&account.email, &account.password).await.data("/signIn");
    let other = company.anonymous().sign_in(&account.email, &account.password).await.data("/signIn");
    let text = |session: &Value, name: &str| session[name].as_str().unwrap().to_owned();
    let caller = company.anonymous().with_token(Some(text(&session, "accessToken")));
    let out = caller.ask("mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), true);
    assert_eq!(refresh(&company.anonymous(), &text(&session, "refreshToken")).await.code(), "UNAUTHENTICATED");
    // The access token has ended with the session, long before its time.
    let again = caller.ask("{ viewer { role } }").await;
    assert_eq!((again.status.as_u16(), again.code()), (401, "UNAUTHENTICATED"));
    let nobody = company.anonymous().ask("mutation { signOut { signedOut } }").await;
    assert_eq!(nobody.data("/signOut/signedOut"), false);
    // Another session of the same account goes on.
    refresh(&company.anonymous(), &text(&other, "refreshToken")).await.data("");
}
