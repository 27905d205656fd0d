//! What goes with a host that is let go.

use std::time::Duration;

use chrono::Utc;
use domain::Role;
use serde_json::json;
use tests::{Caller, DnsMood, run, until, value, waiters, within};

use super::{Scene, new_host, remove};

const PLACE: &str = "{ tenant { slug } }";

/// Requests are finished, sessions of the host end, and those who watch there are sent away, in every process.
#[tokio::test]
async fn sessions_and_subscriptions_at_a_host_end_with_it_and_others_go_on() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    scene.prove(&company, &host).await;
    let second = scene.office.second(&[]).await;
    let listening = second.listen().await;
    let account = company.account(Role::Hr).await;
    let there = account.signed_in(&company.anonymous().at(host.as_str())).await;
    let home = account.signed_in(&company.anonymous()).await;
    let token = scene.office.server.signer.forgery_of(company.member_with(Role::Hr)).sign();
    let mut at_host = listening.connect(&host, &token).await;
    let mut at_home = listening.connect(&company.host(), &token).await;
    for socket in [&mut at_host, &mut at_home] {
        socket.subscribe("a", "subscription { tenantChanged { name } }").await;
    }

    // Requests that are under way are answered, before the host is gone or after, and never halfway.
    let requests = async {
        let mut answers = Vec::new();
        for _ in 0..40 {
            answers.push(company.caller(Role::Hr).at(host.as_str()).ask("{ employees { totalCount } }").await);
        }
        answers
    };
    let (answers, removed) = tokio::join!(requests, async { remove(&scene.owner(&company), &host).await });
    removed.data("");
    assert!(answers.iter().all(|answer| matches!(answer.first_code(), None | Some("TENANT_NOT_FOUND"))));

    assert_eq!(at_host.closed().await, (4403, "TENANT_NOT_FOUND".to_owned()));
    assert_eq!(listening.open_with(&host, &[]).await.err(), Some(404));
    // The other is told of the change and stays.
    assert!(at_home.told("a").await["data"]["tenantChanged"]["name"].is_string());

    let other_process = |caller: &Caller, host: &str| {
        let token = caller.token().map(str::to_owned);
        Caller::new(second.router.clone(), host, token)
    };
    within(Duration::from_secs(5), "the session of the host is over", async || {
        other_process(&there, &company.host()).ask("{ viewer { role } }").await.first_code() == Some("UNAUTHENTICATED")
    })
    .await;
    assert_eq!(other_process(&home, &company.host()).ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    assert_eq!(other_process(&home, &host).ask(PLACE).await.code(), "TENANT_NOT_FOUND");
}

/// The session would be there when the host is another's: the release waits for its commit, and ended the sessions that it saw.
#[tokio::test]
async fn nobody_signs_in_at_a_host_that_is_just_being_let_go() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    scene.prove(&company, &host).await;
    let account = company.account(Role::Hr).await;
    let at_host = company.anonymous().at(host.as_str());
    let (mut releasing, mut observer) = (scene.office.database.connect().await, scene.office.database.connect().await);
    let sessions = format!("SELECT count(*) FROM platform.sessions WHERE host = '{host}' AND ended_at IS NULL");
    run(&mut releasing, &format!("BEGIN; DELETE FROM platform.domains WHERE hostname = '{host}'")).await;
    let release = async {
        until("the sign-in waits", async || waiters(&mut observer).await > 0).await;
        run(&mut releasing, "COMMIT").await;
    };
    let (refused, ()) = tokio::join!(at_host.sign_in(&account.email, &account.password), release);
    assert_eq!(refused.code(), "TENANT_NOT_FOUND");
    assert_eq!(value::<i64>(&mut releasing, &sessions).await, 0);
}

/// The same of a passkey, which would be good there alone, and for whoever has the host next.
#[tokio::test]
async fn no_passkey_is_registered_at_a_host_that_is_just_being_let_go() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    scene.prove(&company, &host).await;
    let account = company.account(Role::Hr).await;
    let there = account.signed_in(&company.anonymous().at(host.as_str())).await;
    let begin = there.mutate("beginPasskeyRegistration", json!({ "password": account.password }), "challenge options").await;
    let options = begin.data("/beginPasskeyRegistration/options");
    let (_, credential) = tests::Device::register(&options, &format!("http://{host}:8000"));
    let challenge = begin.text("/beginPasskeyRegistration/challenge");
    let input = json!({ "challenge": challenge, "name": "Telephone", "credential": credential });
    let (mut releasing, mut observer) = (scene.office.database.connect().await, scene.office.database.connect().await);
    run(&mut releasing, &format!("BEGIN; DELETE FROM platform.domains WHERE hostname = '{host}'")).await;
    let release = async {
        until("the registration waits", async || waiters(&mut observer).await > 0).await;
        run(&mut releasing, "COMMIT").await;
    };
    let (refused, ()) = tokio::join!(there.mutate("completePasskeyRegistration", input, "passkey { id }"), release);
    assert_eq!(refused.code(), "TENANT_NOT_FOUND", "{}", refused.body);
    let passkeys = format!("SELECT count(*) FROM platform.passkeys WHERE relying_party = '{host}'");
    assert_eq!(value::<i64>(&mut releasing, &passkeys).await, 0);
}

/// The other way round: whoever lets the host go ends the session that was begun meanwhile.
#[tokio::test]
async fn a_session_that_begins_while_its_host_is_let_go_ends_with_it() {
    let scene = Scene::open().await;
    let (company, host) = (scene.company().await, new_host());
    scene.prove(&company, &host).await;
    let account = company.account(Role::Hr).await;
    let owner = scene.owner(&company);
    let (mut blocker, mut observer) = (scene.office.database.connect().await, scene.office.database.connect().await);
    // The sign-in has the host already, and waits for its account.
    let lock = format!("BEGIN; SELECT FROM platform.accounts WHERE email = '{}' FOR UPDATE", account.email);
    run(&mut blocker, &lock).await;
    let at_host = company.anonymous().at(host.as_str());
    let mut signing_in = Box::pin(at_host.sign_in(&account.email, &account.password));
    tokio::select! {
        answer = &mut signing_in => panic!("it did not wait: {}", answer.body),
        () = until("the sign-in waits", async || waiters(&mut observer).await >= 1) => {}
    }
    let mut removing = Box::pin(remove(&owner, &host));
    tokio::select! {
        answer = &mut removing => panic!("it did not wait: {}", answer.body),
        () = until("the release waits", async || waiters(&mut observer).await >= 2) => {}
    }
    run(&mut blocker, "ROLLBACK").await;
    let (_, removed) = tokio::join!(signing_in, removing);
    removed.data("");
    let sessions = format!("SELECT count(*) FROM platform.sessions WHERE host = '{host}' AND ended_at IS NULL");
    assert_eq!(value::<i64>(&mut blocker, &sessions).await, 0);
}

/// Whoever has the host next finds nothing of the tenant before, and nobody of that tenant is anything there.
#[tokio::test]
async fn nothing_carries_over_to_the_next_tenant() {
    let scene = Scene::open().await;
    let (former, next, host) = (scene.company().await, scene.company().await, new_host());
    let first = scene.prove(&former, &host).await;
    let account = former.account(Role::Hr).await;
    let at_host = former.anonymous().at(host.as_str());
    let session = at_host.sign_in(&account.email, &account.password).await;
    let there = account.signed_in(&at_host).await;

    // A passkey of this host, and leave for its pages to call the API.
    let begin = there.mutate("beginPasskeyRegistration", json!({ "password": account.password }), "challenge options").await;
    let (challenge, options) =
        (begin.text("/beginPasskeyRegistration/challenge"), begin.data("/beginPasskeyRegistration/options"));
    let (mut device, credential) = tests::Device::register(&options, &format!("http://{host}:8000"));
    let input = json!({ "challenge": challenge, "name": "Telephone", "credential": credential });
    there.mutate("completePasskeyRegistration", input, "passkey { id }").await.data("");
    let tenants = scene.office.server.tenants();
    let origins = json!([format!("https://{host}"), format!("http://{host}:3000"), "https://intranet.example"]);
    let keep = origins.clone();
    tenants
        .change_settings(former.tenant.id, scene.office.clock.now(), |settings| {
            settings.insert("allowedOrigins".to_owned(), keep);
        })
        .await
        .unwrap();

    // Released for want of a proof, and proved by the other.
    scene.dns.say(&first.name, DnsMood::NoName);
    for _ in 0..7 {
        scene.day().await;
    }
    scene.prove(&next, &host).await;
    assert!(scene.is_served(&next, &host).await);

    let tenant = tenants.directory().by_id(former.tenant.id).await.unwrap().unwrap();
    assert_eq!(tenant.settings["allowedOrigins"], json!(["https://intranet.example"]));
    let tenant = tenants.directory().by_id(next.tenant.id).await.unwrap().unwrap();
    assert!(tenant.settings.get("allowedOrigins").is_none());
    let refresh = json!({ "token": session.text("/signIn/refreshToken") });
    for host in [host.clone(), former.host(), next.host()] {
        let anonymous = Caller::new(scene.office.server.router.clone(), host.as_str(), None);
        let renew = "mutation($token: String) { refresh(refreshToken: $token) { accessToken } }";
        assert_eq!(anonymous.ask_with(renew, refresh.clone()).await.code(), "UNAUTHENTICATED", "{host}");
    }
    assert_eq!(
        former.caller(Role::Hr).at(host.as_str()).ask(PLACE).await.first_code(),
        Some("UNAUTHENTICATED"),
        "it has expired"
    );
    assert_eq!(scene.office.caller(&former, Role::Hr).at(host.as_str()).ask(PLACE).await.code(), "TENANT_MISMATCH");
    let begin = at_host.ask("mutation { beginPasskeySignIn { challenge options } }").await;
    let answer = device.answer(&begin.data("/beginPasskeySignIn/options"));
    let input = json!({ "challenge": begin.text("/beginPasskeySignIn/challenge"), "credential": answer });
    assert_eq!(at_host.mutate("completePasskeySignIn", input, "accessToken").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_tenant_that_is_deleted_leaves_no_claims() {
    let scene = Scene::open().await;
    let (company, next, host) = (scene.company().await, scene.company().await, new_host());
    scene.prove(&company, &host).await;
    let tenants = scene.office.server.tenants();
    tenants.delete(&company.tenant, Utc::now()).await.unwrap();
    let mut operator = scene.office.database.connect().await;
    assert_eq!(tests::value::<i64>(&mut operator, "SELECT count(*) FROM platform.domain_claims").await, 0);
    scene.prove(&next, &host).await;
    until("the next one is served", async || scene.is_served(&next, &host).await).await;
}
