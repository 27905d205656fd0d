//! Passkeys: registering them, and signing in by them.

mod registered;

use chrono::TimeDelta;
use domain::Role;
use serde_json::{Value, json};
use tests::{Account, Answer, Caller, CodeApp, Company, Device, Server, TestClock};

const PASSKEYS: &str = "{ security { passkeys { id name lastUsedAt relyingParty } } }";

/// A challenge, and what the browser is asked.
type Step = (String, Value);

async fn begin_registration(caller: &Caller, account: &Account) -> Step {
    let input = json!({ "password": account.password });
    let answer = caller.mutate("beginPasskeyRegistration", input, "challenge options").await;
    (answer.text("/beginPasskeyRegistration/challenge"), answer.data("/beginPasskeyRegistration/options"))
}

async fn register(caller: &Caller, challenge: &str, name: &str, credential: &Value) -> Answer {
    let input = json!({ "challenge": challenge, "name": name, "credential": credential });
    caller.mutate("completePasskeyRegistration", input, "passkey { id name relyingParty }").await
}

async fn begin_sign_in(caller: &Caller) -> Step {
    let answer = caller.ask("mutation { beginPasskeySignIn { challenge options } }").await;
    (answer.text("/beginPasskeySignIn/challenge"), answer.data("/beginPasskeySignIn/options"))
}

async fn complete(caller: &Caller, challenge: &str, credential: &Value) -> Answer {
    let input = json!({ "challenge": challenge, "credential": credential });
    caller.mutate("completePasskeySignIn", input, "accessToken refreshToken").await
}

/// Signs in by a device, from the first step to the last.
async fn sign_in(caller: &Caller, device: &mut Device) -> Answer {
    let (challenge, options) = begin_sign_in(caller).await;
    let answer = device.answer(&options);
    complete(caller, &challenge, &answer).await
}

/// Somebody with a passkey at the tenant's host.
async fn with_passkey(company: &Company<'_>, role: Role) -> (Account, Device, Caller) {
    let account = company.account(role).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let (challenge, options) = begin_registration(&caller, &account).await;
    let (device, answer) = Device::register(&options, &format!("http://{}:8000", company.host()));
    register(&caller, &challenge, "Telephone", &answer).await.data("");
    (account, device, caller)
}

#[track_caller]
fn is_refused(answer: &Answer, case: &str) {
    assert_eq!(
        (answer.first_code(), answer.body["data"].clone()),
        (Some("UNAUTHENTICATED"), Value::Null),
        "{case}: {}",
        answer.body
    );
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password() {
    let server = Server::start().await;
    let company = server.company().await;
    let (account, mut device, caller) = with_passkey(&company, Role::Manager).await;
    let listed = caller.ask(PASSKEYS).await.data("/security/passkeys");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["name"], "Telephone");
    // A base domain of one label is no relying party.
    assert_eq!(listed[0]["relyingParty"], company.host());
    assert_eq!(listed[0]["lastUsedAt"], Value::Null);
    for _ in 0..2 {
        let token = sign_in(&company.anonymous(), &mut device).await.text("/completePasskeySignIn/accessToken");
        let here = company.anonymous().with_token(Some(token));
        let answer = here.ask("{ viewer { role account { email } } security { sessions { current method } } }").await;
        assert_eq!(answer.data("/viewer"), json!({ "role": "MANAGER", "account": { "email": account.email } }));
        let sessions = answer.data("/security/sessions");
        let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
        assert_eq!(current["method"], "PASSKEY");
    }
    assert!(caller.ask(PASSKEYS).await.data("/security/passkeys/0/lastUsedAt").is_string());

    let id = listed[0]["id"].as_str().unwrap();
    caller.delete("removePasskey", id).await.data("");
    is_refused(&sign_in(&company.anonymous(), &mut device).await, "removed");
    assert_eq!(caller.delete("removePasskey", id).await.code(), "NOT_FOUND");
}

/// The device has verified its owner already.
#[tokio::test]
async fn a_passkey_needs_no_second_factor() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let company = server.company().await;
    let (account, mut device, caller) = with_passkey(&company, Role::Hr).await;
    CodeApp::set_up(&caller, &account.password, clock.now()).await;
    company.anonymous().challenge(&account.email, &account.password).await;
    sign_in(&company.anonymous(), &mut device).await.data("");
}

#[tokio::test]
async fn under_a_domain_one_passkey_serves_every_organisation_of_its_owner_and_no_other() {
    let server = Server::start_with(&["--base-domain", "example.test", "--https"], api::app::system_clock()).await;
    let (company, other, strange) = (server.company().await, server.company().await, server.company().await);
    let account = company.account(Role::Hr).await;
    account.join(&other, Role::Employee).await;
    let apex = account.signed_in(&server.apex()).await;
    let (challenge, options) = begin_registration(&apex, &account).await;
    assert_eq!(options["publicKey"]["rp"]["id"], "example.test");
    let (mut device, answer) = Device::register(&options, "https://example.test");
    assert_eq!(
        register(&apex, &challenge, "Key", &answer).await.text("/completePasskeyRegistration/passkey/relyingParty"),
        "example.test"
    );
    sign_in(&server.apex(), &mut device).await.data("");
    for at in [&company, &other] {
        device.origin = format!("https://{}", at.host());
        sign_in(&at.anonymous(), &mut device).await.data("");
    }
    device.origin = format!("https://{}", strange.host());
    is_refused(&sign_in(&strange.anonymous(), &mut device).await, "no member there");
    // The browser says which page asks: it has to be the one that the answer is sent to.
    for origin in [
        format!("https://{}", other.host()),
        format!("http://{}", company.host()),
        "https://evil.test".to_owned(),
        format!("https://{}:8443", company.host()),
    ] {
        device.origin = origin;
        is_refused(&sign_in(&company.anonymous(), &mut device).await, &device.origin);
    }
}

#[tokio::test]
async fn a_challenge_of_a_passkey_is_good_once_in_its_place_for_five_minutes() {
    let clock = TestClock::start();
    let server = Server::start_with(&[], clock.clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let (account, mut device, caller) = with_passkey(&company, Role::Hr).await;
    account.join(&other, Role::Owner).await;
    let anonymous = company.anonymous();
    let (challenge, options) = begin_sign_in(&anonymous).await;
    let answer = device.answer(&options);
    for (at, place) in [(other.anonymous(), "another tenant"), (server.apex(), "the apex")] {
        is_refused(&complete(&at, &challenge, &answer).await, place);
    }
    // At the same time, too.
    let (one, two) = tokio::join!(complete(&anonymous, &challenge, &answer), complete(&anonymous, &challenge, &answer));
    assert_eq!([one, two].iter().filter(|answer| answer.first_code().is_none()).count(), 1);
    is_refused(&complete(&anonymous, &challenge, &answer).await, "used");
    let (fresh, _) = begin_sign_in(&anonymous).await;
    is_refused(&complete(&anonymous, &fresh, &answer).await, "an answer to another challenge");
    let (late, options) = begin_sign_in(&anonymous).await;
    clock.advance(TimeDelta::minutes(5));
    is_refused(&complete(&anonymous, &late, &device.answer(&options)).await, "expired");

    // A challenge of one kind is none of another.
    let caller = account.signed_in(&caller.with_token(None)).await;
    let (registration, options) = begin_registration(&caller, &account).await;
    is_refused(&complete(&anonymous, &registration, &device.answer(&options)).await, "of a registration");
    let (own, options) = begin_registration(&caller, &account).await;
    let (_, answer) = Device::register(&options, &device.origin);
    let second = other.account(Role::Hr).await.signed_in(&other.anonymous()).await;
    is_refused(&register(&second, &own, "Stolen", &answer).await, "another account's registration, at another tenant");
    let colleague = company.account(Role::Owner).await.signed_in(&anonymous).await;
    is_refused(&register(&colleague, &own, "Stolen", &answer).await, "another account's registration");
    clock.advance(TimeDelta::minutes(5));
    is_refused(&register(&account.signed_in(&anonymous).await, &own, "Late", &answer).await, "an expired registration");
}

#[tokio::test]
async fn an_answer_has_to_be_the_keys_own() {
    let server = Server::start().await;
    let company = server.company().await;
    let (_, mut device, caller) = with_passkey(&company, Role::Owner).await;
    let (account, mut thief, _) = with_passkey(&company, Role::Employee).await;
    let anonymous = company.anonymous();
    sign_in(&anonymous, &mut thief).await.data("");
    thief.pretend(&device);
    is_refused(&sign_in(&anonymous, &mut thief).await, "another key's signature");

    let (challenge, options) = begin_sign_in(&anonymous).await;
    let mut answer = device.answer(&options);
    answer["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    is_refused(&complete(&anonymous, &challenge, &answer).await, "another account");
    let (challenge, options) = begin_sign_in(&anonymous).await;
    let mut answer = device.answer(&options);
    answer["response"].as_object_mut().unwrap().remove("userHandle");
    is_refused(&complete(&anonymous, &challenge, &answer).await, "nobody's account");
    for nonsense in [json!({}), json!(null), json!("x"), json!([]), json!({ "id": "x", "rawId": "!", "type": "public-key" })] {
        let (challenge, _) = begin_sign_in(&anonymous).await;
        let input = json!({ "challenge": challenge, "credential": nonsense });
        let answer = anonymous.mutate("completePasskeySignIn", input, "accessToken").await;
        assert!(["UNAUTHENTICATED", "BAD_USER_INPUT"].contains(&answer.code()), "{nonsense}: {}", answer.body);
    }
    // A copy of the key that counts behind the first is noticed.
    sign_in(&anonymous, &mut device).await.data("");
    device.count -= 2;
    is_refused(&sign_in(&anonymous, &mut device).await, "a copy");
    device.count = 100;
    device.verifies = false;
    is_refused(&sign_in(&anonymous, &mut device).await, "an owner who is not verified");
    device.verifies = true;
    sign_in(&anonymous, &mut device).await.data("");
    // Others' passkeys cannot be removed.
    let id = caller.ask(PASSKEYS).await.text("/security/passkeys/0/id");
    let employee = account.signed_in(&anonymous).await;
    assert_eq!(employee.delete("removePasskey", &id).await.code(), "NOT_FOUND");
    assert_eq!(anonymous.delete("removePasskey", &id).await.code(), "UNAUTHENTICATED");
}

/// Each leaves a row for a while.
#[tokio::test]
async fn sign_ins_by_passkey_are_begun_so_many_times_a_minute_from_a_network() {
    let server = Server::start().await;
    let company = server.company().await;
    let begin = async |address: &str| {
        company.anonymous().from_address(address).ask("mutation { beginPasskeySignIn { challenge } }").await
    };
    for number in 0..30 {
        begin(&format!("2001:db8:7:7::{number}")).await.data("");
    }
    let refused = begin("2001:db8:7:7:ffff::1").await;
    assert_eq!(refused.code(), "RATE_LIMITED");
    assert!(refused.body["errors"][0]["extensions"]["retryAfter"].as_i64().is_some_and(|seconds| (1..=3).contains(&seconds)));
    begin("2001:db8:7:8::1").await.data("");
}
