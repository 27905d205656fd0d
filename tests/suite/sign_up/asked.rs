//! What is asked for, and what waits.

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};

use super::{Wish, confirm, count, open, opened, status};

#[tokio::test]
async fn asking_makes_nothing_but_a_mail() {
    let office = open().await;
    let apex = office.server.apex();
    let wish = Wish::of("acme");
    let asked = wish.ask(&apex).await;
    assert_eq!(asked.text("/signUp/email"), wish.email);
    for table in ["tenants", "accounts", "memberships", "sessions"] {
        assert_eq!(count(&office, table).await, 0, "{table}");
    }
    let waiting = status(&apex, &wish.key).await;
    assert_eq!((waiting["confirmed"].clone(), waiting["url"].clone()), (json!(false), Value::Null));
    assert_eq!(status(&apex, "another key that nobody has used").await, Value::Null);

    let letter = office.last_mail_to(&wish.email).await;
    assert!(letter.link().starts_with("http://localhost:8000/confirm-sign-up#"), "{}", letter.link());
    // Nothing that a stranger has written goes to anybody's mailbox, but the address.
    for text in [&letter.text, &letter.html] {
        assert!(text.contains("http://acme.localhost:8000") && !text.contains("Ada") && !text.contains("The acme"), "{text}");
        assert!(!text.contains("account already"), "{text}");
    }
    let preview = opened(&apex, &letter.token()).await;
    assert_eq!(
        preview,
        json!({ "organisation": "The acme", "slug": "acme", "email": wish.email, "hasAccount": false, "url": null })
    );
    assert_eq!(opened(&apex, "no token").await, Value::Null);
}

#[tokio::test]
async fn whoever_has_an_account_gets_the_same_answer_and_another_mail() {
    let office = open().await;
    let apex = office.server.apex();
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let (known, unknown) = (Wish::by("known", &account.email), Wish::of("unknown"));
    let answers = [known.ask(&apex).await, unknown.ask(&apex).await];
    for (answer, wish) in answers.iter().zip([&known, &unknown]) {
        let expected = json!({ "data": { "signUp": { "email": wish.email, "expiresAt": answer.text("/signUp/expiresAt") } } });
        assert_eq!(answer.body["data"], expected["data"]);
    }
    assert_eq!(count(&office, "sign_ups WHERE password_hash LIKE '$argon2id$%'").await, 2, "the same work is done for both");
    assert!(office.last_mail_to(&account.email).await.text.contains("You have an account already"));
    assert!(!office.last_mail_to(&unknown.email).await.text.contains("account already"));
}

#[tokio::test]
async fn asking_twice_with_one_key_is_asking_once() {
    let office = open().await;
    let apex = office.server.apex();
    let wish = Wish::of("acme");
    let answers = tokio::join!(wish.ask(&apex), wish.ask(&apex));
    assert_eq!(answers.0.data(""), answers.1.data(""));
    assert_eq!(wish.ask(&apex).await.data(""), answers.0.data(""));
    assert_eq!(office.mail_to(&wish.email).await.len(), 1);
    assert_eq!(count(&office, "sign_ups").await, 1);

    let other = Wish { slug: "other".to_owned(), ..wish.clone() };
    let refused = other.ask(&apex).await;
    assert_eq!((refused.code(), refused.field()), ("CONFLICT", Some("idempotencyKey")));
    let guessable = Wish { key: "1".to_owned(), ..wish };
    assert_eq!(guessable.ask(&apex).await.field(), Some("idempotencyKey"));
}

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_field() {
    let office = open().await;
    let apex = office.server.apex();
    let cases = [
        ("organisation", json!("  ")),
        ("ownerName", json!("")),
        ("email", json!("nobody")),
        ("email", json!("a@b@c")),
        ("password", json!("too short")),
        ("password", json!("x".repeat(1025))),
        ("slug", json!("Acme")),
        ("idempotencyKey", json!("x".repeat(129))),
    ];
    for (field, value) in cases {
        let mut input = Wish::of("acme").input();
        input[field] = value.clone();
        let refused = apex.mutate("signUp", input, "email").await;
        assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some(field)), "{value}");
    }
    assert_eq!(count(&office, "sign_ups").await + count(&office, "outgoing_mail").await, 0);
}

#[tokio::test]
async fn an_abandoned_sign_up_is_gone_after_a_day() {
    let office = open().await;
    let apex = office.server.apex();
    let (abandoned, confirmed) = (Wish::of("abandoned"), Wish::of("confirmed"));
    let token = abandoned.token(&office).await;
    let other = confirmed.token(&office).await;
    confirm(&apex, &other, &confirmed).await.data("");
    office.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    let refused = confirm(&apex, &token, &abandoned).await;
    assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("token")));
    assert_eq!(opened(&apex, &token).await, Value::Null);
    assert_eq!(status(&apex, &abandoned.key).await, Value::Null);

    office.server.app.auth.tidy(office.clock.now()).await.unwrap();
    assert_eq!(count(&office, "sign_ups").await, 0);
    assert_eq!(count(&office, "sign_up_tokens").await, 0);
    assert_eq!(count(&office, "tenants").await, 1);
    // A mail that waits for so long is of no use any more.
    let late = Wish::of("late");
    late.ask(&apex).await.data("");
    office.clock.advance(TimeDelta::days(1) + TimeDelta::seconds(1));
    assert!(office.mail_to(&late.email).await.is_empty());
    // The address is anybody's.
    let again = Wish::of("abandoned");
    let token = again.token(&office).await;
    confirm(&apex, &token, &again).await.data("");
}
