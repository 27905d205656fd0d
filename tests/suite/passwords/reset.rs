//! A new password for somebody who has forgotten the old one.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use domain::Role;
use futures::future::join_all;
use serde_json::json;
use tests::{Caller, Letter, PostOffice, SmtpMood, SmtpServer, until};

use super::{request, reset};

#[tokio::test]
async fn a_mail_leads_to_a_new_password_and_ends_all_sessions() {
    let office = PostOffice::open().await;
    let (company, other) = (office.server.company().await, office.server.company().await);
    let account = company.account(Role::Hr).await;
    let new = api::auth::NewAccount::parse(&account.email, None, None).unwrap();
    let platform = office.server.tenants().platform();
    api::auth::join(&platform, &new, other.tenant.id, Role::Admin, None, office.clock.now()).await.unwrap();
    let mut sessions = Vec::new();
    for company in [&company, &other] {
        let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
        let caller = company.anonymous().with_token(Some(token));
        caller.ask("{ viewer { role } }").await.data("");
        sessions.push(caller);
    }
    let guest = company.anonymous();
    assert_eq!(request(&guest, &format!(" {} ", account.email.to_uppercase())).await.data("/requestPasswordReset/sent"), true);
    let letter = office.last_mail_to(&account.email).await;
    assert!(letter.link().starts_with(&format!("http://{}:8000/reset-password#", company.host())), "{}", letter.link());
    // The password is as it was until another is chosen.
    guest.sign_in(&account.email, &account.password).await.data("");

    assert_eq!(reset(&guest, &letter.token(), "another long password").await.data("/resetPassword/reset"), true);
    for caller in &sessions {
        until("the session is over", async || caller.ask("{ viewer { role } }").await.status == 401).await;
    }
    assert_eq!(guest.sign_in(&account.email, &account.password).await.code(), "UNAUTHENTICATED");
    guest.sign_in(&account.email, "another long password").await.data("");
    // The owner is told, without a way to do it again.
    let told = office.mail_to(&account.email).await;
    let told = told.iter().find(|letter| letter.header("Subject") == "Your password was changed").unwrap();
    assert!(!told.text.contains('#'));
    // Once is enough.
    let again = reset(&guest, &letter.token(), "a third long password").await;
    assert_eq!((again.code(), again.field()), ("BAD_USER_INPUT", Some("token")));
}

/// Whoever has an organisation's own domain could read there what opens an account, which belongs to others as well.
#[tokio::test]
async fn the_link_never_leads_to_an_organisations_own_domain() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let own = tenancy::Hostname::parse(&format!("{}.example.test", company.tenant.slug)).unwrap();
    office.server.tenants().add_host(company.tenant.id, &own, true, office.clock.now()).await.unwrap();
    request(&company.anonymous().at(own.as_str()), &account.email).await.data("");
    let letter = office.last_mail_to(&account.email).await;
    assert!(letter.link().starts_with(&format!("http://{}:8000/reset-password#", company.host())), "{}", letter.link());
}

#[tokio::test]
async fn whoever_asks_does_not_learn_whether_an_address_is_known() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let known = request(&company.anonymous(), &account.email).await;
    let unknown = request(&company.anonymous(), "nobody@example.test").await;
    assert_eq!(known.body, unknown.body);
    assert_eq!((known.status, &known.headers["content-type"]), (unknown.status, &unknown.headers["content-type"]));
    // Both have left the same behind, so both took the same time: which of them has an account is looked up by the worker.
    let mut connection = office.database.connect().await;
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT subject, text_body, html_body, (SELECT count(*) FROM platform.password_resets) FROM platform.outgoing_mail",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(rows, vec![(String::new(), String::new(), String::new(), 0); 2]);
    assert_eq!(office.send().await, 2);
    let letters: Vec<String> = office.files().iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(Letter::parse(&letters[0]).header("To"), account.email);
}

#[tokio::test]
async fn of_those_who_use_a_token_at_once_one_sets_the_password() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let second = office.second(&[]).await;
    let elsewhere = Caller::new(second.router.clone(), company.host(), None);
    for round in 0..3 {
        request(&company.anonymous(), &account.email).await.data("");
        let token = newest_token(&office, &account.email).await;
        let callers = [company.anonymous(), elsewhere.clone(), company.anonymous(), elsewhere.clone()];
        let password = |index: usize| format!("the password {round} of {index}");
        let answers = join_all(callers.iter().enumerate().map(|(index, caller)| {
            let (token, password) = (token.clone(), password(index));
            async move { reset(caller, &token, &password).await }
        }))
        .await;
        let winners: Vec<usize> = (0..4).filter(|index| answers[*index].first_code().is_none()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        company.anonymous().sign_in(&account.email, &password(winners[0])).await.data("");
        office.clock.advance(TimeDelta::minutes(20));
    }
}

/// The last mail in the order of its file's name, which begins with the time.
async fn newest_token(office: &PostOffice, email: &str) -> String {
    let letters = office.mail_to(email).await;
    letters.iter().rfind(|letter| letter.text.contains("/reset-password#")).unwrap().token()
}

#[tokio::test]
async fn a_way_to_a_new_password_is_good_for_an_hour() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let guest = company.anonymous();
    request(&guest, &account.email).await.data("");
    let first = newest_token(&office, &account.email).await;
    office.clock.advance(TimeDelta::minutes(30));
    request(&guest, &account.email).await.data("");
    let second = newest_token(&office, &account.email).await;
    assert_ne!(first, second);
    office.clock.advance(TimeDelta::minutes(30));
    assert_eq!(reset(&guest, &first, "another long password").await.field(), Some("token"));
    // What cannot be a password does not use it up.
    for (password, long) in [("short", 1), ("", 1), ("x", 2_000)] {
        let answer = reset(&guest, &second, &password.repeat(long)).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("newPassword")));
    }
    for token in ["", "nonsense", "\u{0}", &second[1..]] {
        assert_eq!(reset(&guest, token, "another long password").await.field(), Some("token"));
    }
    reset(&guest, &second, "another long password").await.data("");
}

#[tokio::test]
async fn a_new_password_makes_the_other_ways_to_one_useless() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    for _ in 0..2 {
        request(&company.anonymous(), &account.email).await.data("");
    }
    let letters = office.mail_to(&account.email).await;
    let tokens: BTreeSet<String> = letters.iter().map(Letter::token).collect();
    assert_eq!(tokens.len(), 2);
    let [first, second] = [tokens.first().unwrap(), tokens.last().unwrap()];
    reset(&company.anonymous(), first, "another long password").await.data("");
    assert_eq!(reset(&company.anonymous(), second, "a third long password").await.field(), Some("token"));
}

#[tokio::test]
async fn nobody_can_fill_anothers_mailbox() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    for _ in 0..10 {
        assert_eq!(request(&company.anonymous(), &account.email).await.data("/requestPasswordReset/sent"), true);
    }
    assert_eq!(office.mail_to(&account.email).await.len(), 3);
    office.clock.advance(TimeDelta::minutes(15));
    request(&company.anonymous(), &account.email).await.data("");
    assert_eq!(office.mail_to(&account.email).await.len(), 4);
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    for email in ["", "nonsense", "a\u{0}@example.test", "a@example.test\r\nBcc: b@example.test", &"x".repeat(1_000)] {
        let answer = request(&company.anonymous(), email).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("email")));
    }
    assert_eq!(office.send().await, 0);
}

#[tokio::test]
async fn the_apex_leads_to_a_new_password_as_well() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let apex = company.anonymous().at("localhost");
    request(&apex, &account.email).await.data("");
    let letter = office.last_mail_to(&account.email).await;
    assert!(letter.link().starts_with("http://localhost:8000/reset-password#"), "{}", letter.link());
    reset(&apex, &letter.token(), "another long password").await.data("");
    company.anonymous().sign_in(&account.email, "another long password").await.data("");
}

/// A token that a server may have taken stays good when the mail is sent again, and so is the one of the second mail.
#[tokio::test]
async fn a_mail_that_comes_twice_leads_to_a_new_password_by_either() {
    let smtp = SmtpServer::start().await;
    let office = PostOffice::open_with(&["--smtp-url", &smtp.url()]).await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    request(&company.anonymous(), &account.email).await.data("");
    smtp.set(SmtpMood::Silent);
    let clock = office.clock.clock();
    let killed = tokio::time::timeout(Duration::from_secs(2), office.server.app.mail.send_due(&clock)).await;
    assert!(killed.is_err());
    smtp.set(SmtpMood::Willing);
    office.clock.advance(TimeDelta::minutes(5));
    assert_eq!(office.send().await, 1);
    let tokens: BTreeSet<String> = smtp.received().iter().map(|received| received.letter.token()).collect();
    assert_eq!(tokens.len(), 2);
    reset(&company.anonymous(), tokens.first().unwrap(), "another long password").await.data("");
}

#[tokio::test]
async fn a_mail_that_has_waited_for_an_hour_is_not_sent() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    request(&company.anonymous(), &account.email).await.data("");
    office.clock.advance(TimeDelta::hours(1));
    assert_eq!(office.mail_to(&account.email).await.len(), 0);
}

#[tokio::test]
async fn an_account_without_a_password_gets_one() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let member = company.member_with(Role::Hr);
    let query = json!({ "currentPassword": "anything at all", "newPassword": "a long password" });
    let answer = company.caller(Role::Hr).mutate("changePassword", query, "changed").await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("currentPassword")));
    request(&company.anonymous(), &member.email()).await.data("");
    let token = office.last_mail_to(&member.email()).await.token();
    reset(&company.anonymous(), &token, "a long password").await.data("");
    company.anonymous().sign_in(&member.email(), "a long password").await.data("");
}
