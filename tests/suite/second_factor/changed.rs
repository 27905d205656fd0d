//! Setting the second factor up, replacing and removing it: by its owner, who hears of it.

use domain::Role;
use serde_json::json;
use tests::{CodeApp, PostOffice};

use super::{SECURITY, STEP, is_in, start, with_app};

#[tokio::test]
async fn what_protects_the_account_asks_for_the_password() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    for mutation in ["setUpAuthenticator", "removeAuthenticator", "replaceRecoveryCodes", "beginPasskeyRegistration"] {
        for wrong in ["wrong password", "", &"x".repeat(2_000)] {
            let answer = caller.mutate(mutation, json!({ "password": wrong }), "__typename").await;
            assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("password")), "{mutation}");
            account.forgive(&company).await;
        }
        let nobody = company.anonymous().mutate(mutation, json!({ "password": account.password }), "__typename").await;
        assert_eq!(nobody.code(), "UNAUTHENTICATED", "{mutation}");
    }
    let early = caller.mutate("confirmAuthenticator", json!({ "code": "123456" }), "__typename").await;
    assert_eq!(early.code(), "CONFLICT");
    let early = caller.mutate("replaceRecoveryCodes", json!({ "password": account.password }), "__typename").await;
    assert_eq!(early.code(), "CONFLICT");
    // A stolen access token is no place to guess the password.
    let tries = async || caller.mutate("setUpAuthenticator", json!({ "password": "wrong password" }), "__typename").await;
    let mut codes = Vec::new();
    for _ in 0..7 {
        codes.push(tries().await.code().to_owned());
    }
    assert_eq!(codes.iter().filter(|code| *code == "RATE_LIMITED").count(), 2, "{codes:?}");
    drop(clock);
}

#[tokio::test]
async fn recovery_codes_are_replaced_and_everything_is_removed_together() {
    let (server, clock) = start().await;
    let company = server.company().await;
    let (account, app, caller) = with_app(&company, &clock).await;
    let anonymous = company.anonymous();
    let password = json!({ "password": account.password });
    let again = caller.mutate("setUpAuthenticator", password.clone(), "secret").await;
    assert_eq!(again.code(), "CONFLICT", "a confirmed app is not replaced");
    // The password alone is no proof any more.
    let one_code = json!({ "password": account.password, "code": app.code(clock.now()) });
    for mutation in ["replaceRecoveryCodes", "removeAuthenticator", "beginPasskeyRegistration"] {
        let answer = caller.mutate(mutation, password.clone(), "__typename").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("code")), "{mutation}");
        let wrong = json!({ "password": account.password, "code": app.wrong_code(clock.now()) });
        let answer = caller.mutate(mutation, wrong, "__typename").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("code")), "{mutation}");
        let wrong = json!({ "password": account.password, "recoveryCode": "aaaa-aaaa-aaaa-aaaa" });
        let answer = caller.mutate(mutation, wrong, "__typename").await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("recoveryCode")), "{mutation}");
        account.forgive(&company).await;
    }
    let replaced = caller.mutate("replaceRecoveryCodes", one_code.clone(), "recoveryCodes").await;
    let new = replaced.text("/replaceRecoveryCodes/recoveryCodes/0");
    let again = caller.mutate("removeAuthenticator", one_code, "removed").await;
    assert_eq!(again.field(), Some("code"), "each code is good once");
    clock.advance(STEP);
    let challenge = anonymous.challenge(&account.email, &account.password).await;
    let old = anonymous.complete_by_recovery_code(&challenge, &app.recovery_codes[0]).await;
    assert_eq!(old.code(), "BAD_USER_INPUT");
    assert!(is_in(&anonymous.complete_by_recovery_code(&challenge, &new).await));

    let waiting = anonymous.challenge(&account.email, &account.password).await;
    let proof = json!({ "password": account.password, "code": app.code(clock.now()) });
    let removed = caller.mutate("removeAuthenticator", proof, "removed").await;
    assert_eq!(removed.data("/removeAuthenticator/removed"), true);
    assert_eq!(caller.ask(SECURITY).await.data("/security"), json!({ "authenticatorConfirmedAt": null, "recoveryCodesLeft": 0 }));
    account.signed_in(&anonymous).await;
    assert_eq!(anonymous.complete_by_code(&waiting, &app.code(clock.now())).await.code(), "BAD_USER_INPUT");
    let removed = caller.mutate("removeAuthenticator", password, "removed").await;
    assert_eq!(removed.data("/removeAuthenticator/removed"), false);
}

/// Whoever gets into a session must not be able to change in silence how its owner signs in.
#[tokio::test]
async fn the_owner_hears_of_every_change_of_the_second_factor() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let subjects = async || -> Vec<String> {
        let letters = office.mail_to(&account.email).await;
        letters.iter().map(|letter| letter.header("Subject")).collect()
    };
    caller.mutate("setUpAuthenticator", json!({ "password": account.password }), "secret").await.data("");
    caller.mutate("removeAuthenticator", json!({ "password": account.password }), "removed").await.data("");
    assert_eq!(subjects().await, Vec::<String>::new(), "what was never confirmed has let nobody in");
    let app = CodeApp::set_up(&caller, &account.password, office.clock.now()).await;
    office.clock.advance(STEP);
    let proof = || json!({ "password": account.password, "code": app.code(office.clock.now()) });
    assert_eq!(subjects().await, ["An authenticator app was added"]);
    let replaced = caller.mutate("replaceRecoveryCodes", proof(), "recoveryCodes").await;
    let code = replaced.text("/replaceRecoveryCodes/recoveryCodes/0");
    office.clock.advance(STEP);
    caller.mutate("removeAuthenticator", proof(), "removed").await.data("");
    let letters = office.mail_to(&account.email).await;
    for subject in ["Your recovery codes were replaced", "Your authenticator app was removed"] {
        let letter = letters.iter().find(|letter| letter.header("Subject") == subject).unwrap();
        assert!(letter.link().ends_with("/security") && letter.html.contains("/security"), "{}", letter.text);
        assert!(!letter.text.contains(&code) && !letter.html.contains(&code));
    }
    assert_eq!(letters.len(), 3);
}
