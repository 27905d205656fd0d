//! A new password for somebody who knows the old one.

use domain::Role;
use futures::future::join_all;
use tests::{PostOffice, Server, until};

use super::change;

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Manager).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
        sessions.push(company.anonymous().with_token(Some(token)));
    }
    let [own, others @ ..] = sessions.as_slice() else { panic!() };
    for caller in others {
        caller.ask("{ viewer { role } }").await.data("");
    }
    assert_eq!(change(own, &account.password, "another long password").await.data("/changePassword/changed"), true);
    for caller in others {
        until("the session is over", async || caller.ask("{ viewer { role } }").await.status == 401).await;
    }
    own.ask("{ viewer { role } }").await.data("");
    assert_eq!(company.anonymous().sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
    company.anonymous().sign_in(&account.email, "another long password").await.data("");
    let letter = office.last_mail_to(&account.email).await;
    assert_eq!(letter.header("Subject"), "Your password was changed");
}

#[tokio::test]
async fn the_present_password_has_to_be_right() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Manager).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let caller = company.anonymous().with_token(Some(token));
    let long = "x".repeat(2_000);
    for (current, new, field) in [
        ("wrong password", "another long password", "currentPassword"),
        (long.as_str(), "another long password", "currentPassword"),
        ("", "another long password", "currentPassword"),
        (account.password.as_str(), "short", "newPassword"),
        (account.password.as_str(), long.as_str(), "newPassword"),
    ] {
        let answer = change(&caller, current, new).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some(field)));
        assert!(!answer.body.to_string().contains("another long"));
    }
    assert_eq!(change(&company.anonymous(), &account.password, "another long password").await.code(), "UNAUTHENTICATED");
    company.anonymous().sign_in(&account.email, &account.password).await.data("");
}

/// Whoever finds an open browser shall not find out the password.
#[tokio::test]
async fn the_present_password_cannot_be_guessed() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Manager).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let caller = company.anonymous().with_token(Some(token));
    for guess in 0..5 {
        assert_eq!(change(&caller, &format!("a guess {guess}"), "another long password").await.code(), "BAD_USER_INPUT");
    }
    let answer = change(&caller, &account.password, "another long password").await;
    assert_eq!(answer.code(), "RATE_LIMITED");
    assert!(answer.body["errors"][0]["extensions"]["retryAfter"].is_u64());
}

#[tokio::test]
async fn of_two_new_passwords_at_once_one_counts() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Manager).await;
    let mut callers = Vec::new();
    for _ in 0..2 {
        let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
        callers.push(company.anonymous().with_token(Some(token)));
    }
    let news = ["the first new password", "the second new password"];
    let answers = join_all(callers.iter().zip(news).map(|(caller, new)| change(caller, &account.password, new))).await;
    let winners: Vec<usize> = (0..2).filter(|index| answers[*index].first_code().is_none()).collect();
    assert_eq!(winners.len(), 1, "{answers:?}");
    company.anonymous().sign_in(&account.email, news[winners[0]]).await.data("");
    assert_eq!(company.anonymous().sign_in(&account.email, news[1 - winners[0]]).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_session_on_the_apex_changes_the_password_too() {
    let server = Server::start().await;
    let company = server.company().await;
    let token = server.signer.platform_token(company.tenant.id).await;
    let apex = company.anonymous().at("localhost").with_token(Some(token));
    // This account has none yet; it is asked for, not let through.
    assert_eq!(change(&apex, "anything at all", "another long password").await.field(), Some("currentPassword"));
    let anonymous = company.anonymous().at("localhost");
    assert_eq!(change(&anonymous, "anything at all", "another long password").await.code(), "UNAUTHENTICATED");
}
