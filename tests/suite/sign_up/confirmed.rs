//! Confirming: the tenant is there at once, and its owner is in it.

use chrono::{TimeDelta, Utc};
use domain::Role;
use serde_json::{Value, json};
use tests::{Caller, PostOffice};

use super::{PASSWORD, Wish, confirm, confirm_with, count, open, opened, status};

const NONCE: &str = "a nonce that the page has made";

/// The token of a session on the apex.
fn session(answer: &tests::Answer) -> String {
    answer.text("/confirmSignUp/session/accessToken")
}

#[tokio::test]
async fn the_organisation_is_there_at_once_and_its_owner_in_it() {
    for prepared in [0, 1] {
        let office = open().await;
        office.server.tenants().refill_standby(prepared, Utc::now()).await.unwrap();
        let apex = office.server.apex();
        let wish = Wish::of("acme");
        let token = wish.token(&office).await;
        let answer = confirm(&apex, &token, &wish).await;
        let made = answer.data("/confirmSignUp");
        assert_eq!((made["slug"].clone(), made["url"].clone()), (json!("acme"), json!("http://acme.localhost:8000")));
        assert_eq!(made["session"]["account"], json!({ "email": wish.email, "name": "Ada Lovelace" }));
        assert_eq!(office.server.tenants().standby_status().await.unwrap().ready, 0);

        let signed_in = apex.with_token(Some(session(&answer)));
        let workspaces = signed_in.ask("{ workspaces { id name role available } }").await.data("/workspaces");
        assert_eq!((workspaces[0]["name"].clone(), workspaces[0]["role"].clone()), (json!("The acme"), json!("OWNER")));
        assert_eq!(workspaces[0]["available"], true);
        let input = json!({ "id": workspaces[0]["id"], "nonce": NONCE });
        let way = signed_in.mutate("enterWorkspace", input, "url").await.text("/enterWorkspace/url");
        let code = way.split_once('#').unwrap().1;
        let host = Caller::new(office.server.router.clone(), "acme.localhost", None);
        let selection = "accessToken viewer { role permissions { manageEmployees } }";
        let entered = host.mutate("enter", json!({ "code": code, "nonce": NONCE }), selection).await;
        assert_eq!(entered.data("/enter/viewer/role"), "OWNER");

        // An organisation with nobody in it, which can be used.
        let owner = host.with_token(Some(entered.text("/enter/accessToken")));
        let empty = owner.ask("{ employees { totalCount } departments { totalCount } }").await.data("");
        assert_eq!(empty, json!({ "employees": { "totalCount": 0 }, "departments": { "totalCount": 0 } }));
        owner.mutate("createDepartment", json!({ "name": "Everything" }), "department { id }").await.data("");
        let audit = owner.ask("{ auditEvents(first: 10) { nodes { action } } }").await.data("/auditEvents/nodes");
        assert!(audit.as_array().unwrap().contains(&json!({ "action": "member.joined" })), "{audit}");
        // By password as well, and the key of the sign-up knows where.
        host.sign_in(&wish.email, PASSWORD).await.data("");
        let progress = status(&apex, &wish.key).await;
        assert_eq!((progress["confirmed"].clone(), progress["url"].clone()), (json!(true), made["url"].clone()));
        // What could be read in the control plane is gone.
        assert_eq!(count(&office, "sign_ups WHERE password_hash IS NOT NULL").await, 0);
    }
}

#[tokio::test]
async fn the_trial_ends_after_the_operator_s_days() {
    for (days, expected) in [("7", Some(7)), ("0", None)] {
        let office = PostOffice::open_with(&["--sign-up", "open", "--trial-days", days]).await;
        let wish = Wish::of("acme");
        let token = wish.token(&office).await;
        confirm(&office.server.apex(), &token, &wish).await.data("");
        let tenant = office.server.tenants().directory().by_slug(&"acme".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(tenant.trial_ends_at, expected.map(|days| office.clock.now() + TimeDelta::days(days)));
    }
}

#[tokio::test]
async fn confirming_again_gives_the_same_organisation_and_no_session() {
    let office = open().await;
    let apex = office.server.apex();
    let wish = Wish::of("acme");
    let token = wish.token(&office).await;
    let second = office.second(&["--sign-up", "open"]).await;
    let there = second.apex();
    let both = tokio::join!(confirm(&apex, &token, &wish), confirm(&there, &token, &wish));
    let answers = [both.0.data("/confirmSignUp"), both.1.data("/confirmSignUp")];
    assert_eq!(answers[0]["url"], answers[1]["url"]);
    assert_eq!(answers.iter().filter(|answer| answer["session"].is_null()).count(), 1, "one of the two signs in");
    // Later, and also by whoever has the mail alone.
    for input in [json!({ "token": token, "idempotencyKey": wish.key }), json!({ "token": token })] {
        let again = confirm_with(&apex, input).await.data("/confirmSignUp");
        assert_eq!((again["url"].clone(), again["session"].clone()), (answers[0]["url"].clone(), Value::Null));
    }
    assert_eq!(opened(&apex, &token).await["url"], answers[0]["url"]);
    assert_eq!((count(&office, "tenants").await, count(&office, "accounts").await, count(&office, "sessions").await), (1, 1, 1));
}

#[tokio::test]
async fn of_two_sign_ups_for_one_address_one_wins_and_the_other_chooses_another() {
    let office = open().await;
    office.server.tenants().refill_standby(1, Utc::now()).await.unwrap();
    let apex = office.server.apex();
    let wishes = [Wish::by("acme", "ada@example.test"), Wish::by("acme", "grace@example.test")];
    let tokens = [wishes[0].token(&office).await, wishes[1].token(&office).await];
    let second = office.second(&["--sign-up", "open"]).await;
    let there = second.apex();
    let both = tokio::join!(confirm(&apex, &tokens[0], &wishes[0]), confirm(&there, &tokens[1], &wishes[1]));
    let answers = [both.0, both.1];
    let loser = answers.iter().position(|answer| answer.first_code().is_some()).expect("both have the address");
    answers[1 - loser].data("");
    assert_eq!((answers[loser].code(), answers[loser].field()), ("CONFLICT", Some("slug")));
    assert_eq!((count(&office, "tenants").await, count(&office, "accounts").await), (1, 1));

    let (token, wish) = (&tokens[loser], &wishes[loser]);
    let with_slug =
        async |slug: &str| confirm_with(&apex, json!({ "token": token, "idempotencyKey": wish.key, "slug": slug })).await;
    assert_eq!(with_slug("Nonsense!").await.field(), Some("slug"));
    assert_eq!(with_slug("acme").await.code(), "CONFLICT");
    let made = with_slug("acme-2").await;
    assert_eq!(made.text("/confirmSignUp/url"), "http://acme-2.localhost:8000");
    session(&made);
    assert_eq!(confirm(&apex, token, wish).await.text("/confirmSignUp/slug"), "acme-2");
}

/// Otherwise whoever follows a link that a stranger has asked for had an account with the stranger's password.
#[tokio::test]
async fn nobody_gets_an_account_with_a_stranger_s_password() {
    let office = open().await;
    let apex = office.server.apex();
    let wish = Wish::of("acme");
    let token = wish.token(&office).await;
    for input in [
        json!({ "token": token }),
        json!({ "token": token, "idempotencyKey": "not the key of the one who asked" }),
        json!({ "token": token, "password": "not the password" }),
    ] {
        let refused = confirm_with(&apex, input).await;
        assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("password")));
    }
    assert_eq!(count(&office, "accounts").await + count(&office, "tenants").await, 0);
    // In another browser, by the password that was chosen.
    let made = confirm_with(&apex, json!({ "token": token, "password": PASSWORD })).await;
    session(&made);
}

#[tokio::test]
async fn guessing_the_password_of_a_sign_up_is_throttled() {
    let office = open().await;
    let apex = office.server.apex();
    let token = Wish::of("acme").token(&office).await;
    let guess = json!({ "token": token, "password": "not the password" });
    for _ in 0..5 {
        assert_eq!(confirm_with(&apex, guess.clone()).await.code(), "BAD_USER_INPUT");
    }
    assert_eq!(confirm_with(&apex, guess).await.code(), "RATE_LIMITED");
}

#[tokio::test]
async fn whoever_has_an_account_keeps_it_and_signs_in_as_always() {
    let office = open().await;
    let apex = office.server.apex();
    let company = office.server.company().await;
    let account = company.account(Role::Employee).await;
    let wish = Wish::by("second", &account.email);
    let token = wish.token(&office).await;
    assert_eq!(opened(&apex, &token).await["hasAccount"], true);
    let made = confirm_with(&apex, json!({ "token": token })).await.data("/confirmSignUp");
    assert_eq!(made["session"], Value::Null);
    let host = Caller::new(office.server.router.clone(), "second.localhost", None);
    assert_eq!(host.sign_in(&account.email, PASSWORD).await.code(), "UNAUTHENTICATED");
    let signed_in = host.sign_in(&account.email, &account.password).await;
    let owner = host.with_token(Some(signed_in.text("/signIn/accessToken")));
    assert_eq!(owner.ask("{ viewer { role } }").await.data("/viewer/role"), "OWNER");
    // Where they were, they are what they were.
    assert_eq!(account.signed_in(&company.anonymous()).await.ask("{ viewer { role } }").await.data("/viewer/role"), "EMPLOYEE");
}

#[tokio::test]
async fn nothing_is_kept_of_the_sign_up_of_a_deleted_organisation() {
    let office = open().await;
    let apex = office.server.apex();
    let wish = Wish::of("acme");
    let token = wish.token(&office).await;
    confirm(&apex, &token, &wish).await.data("");
    let tenants = office.server.tenants();
    let tenant = tenants.directory().by_slug(&"acme".parse().unwrap()).await.unwrap().unwrap();
    tenants.delete(&tenant, Utc::now()).await.unwrap();
    assert_eq!(opened(&apex, &token).await, Value::Null);
    assert_eq!(confirm(&apex, &token, &wish).await.code(), "BAD_USER_INPUT");
    assert_eq!(count(&office, "sign_ups").await, 0);
    assert_eq!(count(&office, "sign_up_tokens").await, 0);
    assert_eq!(status(&apex, &wish.key).await, Value::Null);
}
