//! Registering passkeys, and what becomes of those that are registered.

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use tests::{CodeApp, Device, PostOffice, Server, TestClock};

use super::{PASSKEYS, begin_registration, is_refused, register, sign_in, with_passkey};

#[tokio::test]
async fn only_a_good_answer_registers_a_passkey_and_only_once() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let origin = format!("http://{}:8000", company.host());
    let (challenge, options) = begin_registration(&caller, &account).await;
    let (_, unverified) = Device::register_with(&options, &origin, false);
    let answer = register(&caller, &challenge, "Key", &unverified).await;
    assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("credential")));
    let (challenge, options) = begin_registration(&caller, &account).await;
    let (_, elsewhere) = Device::register(&options, "https://evil.test");
    assert_eq!(register(&caller, &challenge, "Key", &elsewhere).await.code(), "BAD_USER_INPUT");
    for nonsense in [json!({}), json!("x"), json!({ "id": "x" })] {
        let (challenge, _) = begin_registration(&caller, &account).await;
        assert_eq!(register(&caller, &challenge, "Key", &nonsense).await.code(), "BAD_USER_INPUT");
    }
    let (challenge, options) = begin_registration(&caller, &account).await;
    let (_, answer) = Device::register(&options, &origin);
    for name in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
        let refused = register(&caller, &challenge, name, &answer).await;
        assert_eq!((refused.code(), refused.field()), ("BAD_USER_INPUT", Some("name")), "the challenge is not used up");
    }
    register(&caller, &challenge, "  Key ", &answer).await.data("");
    is_refused(&register(&caller, &challenge, "Again", &answer).await, "the same answer");
    let passkeys = caller.ask(PASSKEYS).await.data("/security/passkeys");
    assert_eq!((passkeys.as_array().unwrap().len(), &passkeys[0]["name"]), (1, &json!("Key")));
    // The device is told not to make another.
    let (_, options) = begin_registration(&caller, &account).await;
    assert_eq!(options["publicKey"]["excludeCredentials"][0]["id"], answer["id"]);
}

/// Whoever has the password and a session must not be able to leave a way in that outlives both.
#[tokio::test]
async fn where_there_is_a_second_factor_a_new_passkey_asks_for_it() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let app = CodeApp::set_up(&caller, &account.password, clock.now()).await;
    clock.advance(TimeDelta::seconds(30));
    let begin = async |more: Value| {
        let mut input = json!({ "password": account.password });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        caller.mutate("beginPasskeyRegistration", input, "challenge").await
    };
    let (code, recovery) = (app.code(clock.now()), app.recovery_codes[0].clone());
    for more in [json!({}), json!({ "code": app.wrong_code(clock.now()) }), json!({ "code": code, "recoveryCode": recovery })] {
        assert_eq!(begin(more.clone()).await.field(), Some("code"), "{more}");
    }
    begin(json!({ "code": code })).await.data("");
    begin(json!({ "recoveryCode": recovery })).await.data("");
    for used in [json!({ "code": code }), json!({ "recoveryCode": recovery })] {
        assert_eq!(begin(used).await.code(), "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn the_owner_hears_of_a_passkey_that_is_added_or_removed() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let (account, _, caller) = with_passkey(&company, Role::Hr).await;
    let letter = office.last_mail_to(&account.email).await;
    assert_eq!(letter.header("Subject"), "A passkey was added");
    assert!(letter.text.contains("“Telephone”") && letter.html.contains("“Telephone”"), "{}", letter.text);
    assert_eq!(letter.link(), format!("http://{}:8000/security", company.host()));
    let id = caller.ask(PASSKEYS).await.text("/security/passkeys/0/id");
    caller.delete("removePasskey", &id).await.data("");
    let letters = office.mail_to(&account.email).await;
    assert!(letters.len() == 2 && letters.iter().any(|letter| letter.header("Subject") == "A passkey was removed"));
}

/// Somebody who was in the account may have left a passkey: a new password by mail puts it out, unless its owner says otherwise.
#[tokio::test]
async fn a_password_that_is_reset_ends_passkeys_unless_they_are_kept() {
    let office = PostOffice::open().await;
    let company = office.server.company().await;
    let (account, mut device, caller) = with_passkey(&company, Role::Hr).await;
    let app = CodeApp::set_up(&caller, &account.password, office.clock.now()).await;
    let guest = company.anonymous();
    let reset = async |password: &str, more: Value| {
        guest.mutate("requestPasswordReset", json!({ "email": account.email }), "sent").await.data("");
        let letters = office.mail_to(&account.email).await;
        let token = letters.iter().filter(|letter| letter.text.contains("/reset-password#")).map(tests::Letter::token);
        let mut input = json!({ "newPassword": password });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut last = None;
        for token in token {
            input["token"] = json!(token);
            let selection = "passkeysRemoved passkeys { name } authenticatorConfirmedAt";
            let answer = guest.mutate("resetPassword", input.clone(), selection).await;
            if answer.first_code().is_none() {
                last = Some(answer.data("/resetPassword"));
            }
        }
        last.unwrap()
    };
    let kept = reset("a second long password", json!({ "removePasskeys": false })).await;
    assert_eq!((&kept["passkeysRemoved"], &kept["passkeys"]), (&json!(0), &json!([{ "name": "Telephone" }])));
    assert!(kept["authenticatorConfirmedAt"].is_string());
    sign_in(&guest, &mut device).await.data("");
    let told = office.mail_to(&account.email).await;
    let told = told.iter().find(|letter| letter.header("Subject") == "Your password was changed").unwrap();
    for body in [&told.text, &told.html] {
        assert!(body.contains("“Telephone” still signs in") && body.contains("authenticator app"), "{body}");
    }
    let removed = reset("a third long password", json!({})).await;
    assert_eq!((&removed["passkeysRemoved"], &removed["passkeys"]), (&json!(1), &json!([])));
    is_refused(&sign_in(&guest, &mut device).await, "removed");
    // The mailbox does not stand in for the second factor.
    let challenge = guest.challenge(&account.email, "a third long password").await;
    office.clock.advance(TimeDelta::seconds(30));
    guest.complete_by_code(&challenge, &app.code(office.clock.now())).await.data("");
}
