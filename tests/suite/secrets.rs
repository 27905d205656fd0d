//! Secrets at rest: what the program has to know again is encrypted in the database. Each test has a database of its own.

use std::path::PathBuf;

use api::{
    auth::{NewOperator, create_operator, disable_operator},
    secret::{SecretKeys, census, check_all_readable, check_keys, count_unreadable, encrypt_again, forget_unreadable},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use domain::Role;
use entities::platform::operator::OperatorRole;
use migration::tenant::TenantMigrator;
use serde_json::json;
use tempfile::TempDir;
use tests::{Browser, Caller, CodeApp, FakeProvider, Server, TestClock, TestDatabase, query, run, value};

const LOCAL: &str = "--allow-local-identity-providers";

/// A file of keys, and the database that they are for.
struct Safe {
    database: TestDatabase,
    clock: TestClock,
    home: TempDir,
}

impl Safe {
    async fn new() -> Self {
        Self { database: TestDatabase::create().await, clock: TestClock::start(), home: tempfile::tempdir().unwrap() }
    }

    /// A file with these keys.
    fn file(&self, keys: &[&str]) -> PathBuf {
        let path = self.home.path().join(format!("{}.keys", keys.len()));
        std::fs::write(&path, keys.join("\n")).unwrap();
        path
    }

    /// A process with these keys.
    async fn server(&self, keys: &[&str]) -> Server {
        let path = self.file(keys);
        let named = ["--secret-key-file", path.to_str().unwrap(), LOCAL];
        let flags = if keys.is_empty() { &named[2..] } else { &named };
        Server::start_on(self.database.tenants::<TenantMigrator>(), flags, self.clock.clock()).await
    }
}

fn key() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

async fn refresh(caller: &Caller, token: &str) -> String {
    let query = format!("mutation {{ refresh(refreshToken: \"{token}\") {{ refreshToken }} }}");
    caller.ask(&query).await.text("/refresh/refreshToken")
}

/// The same caller at another process.
fn at(server: &Server, host: String) -> Caller {
    Caller::new(server.router.clone(), host, None)
}

#[tokio::test]
async fn everything_works_with_secrets_that_are_encrypted() {
    let safe = Safe::new().await;
    let key = key();
    let (server, second) = (safe.server(&[&key]).await, safe.server(&[&key]).await);
    let company = server.company().await;
    let owner = company.account(Role::Owner).await;
    let member = company.account(Role::Hr).await;
    let token = company.anonymous().sign_in(&member.email, &member.password).await.text("/signIn/refreshToken");
    let there = at(&second, company.host());
    refresh(&there, &refresh(&company.anonymous(), &token).await).await;
    let caller = member.signed_in(&company.anonymous()).await;
    let app = CodeApp::set_up(&caller, &member.password, safe.clock.now()).await;
    safe.clock.advance(TimeDelta::seconds(30));
    let challenge = there.challenge(&member.email, &member.password).await;
    there.complete_by_code(&challenge, &app.code(safe.clock.now())).await.data("");

    let provider = FakeProvider::start().await;
    let input = json!({
        "name": "Acme accounts", "issuer": provider.issuer, "clientId": "tenantry", "clientSecret": "a secret",
        "roles": [], "defaultRole": "EMPLOYEE",
    });
    let administrator = owner.signed_in(&company.anonymous()).await;
    administrator.mutate("setIdentityProvider", input.clone(), "identityProvider { hasClientSecret }").await.data("");
    // Said again: nothing has changed, so there is no second event.
    administrator.mutate("setIdentityProvider", input, "identityProvider { hasClientSecret }").await.data("");
    let events = "{ auditEvents { nodes { action } } }";
    let events = administrator.ask(events).await.data("/auditEvents/nodes").to_string();
    assert_eq!(events.matches("identity_provider.set").count(), 1, "{events}");
    let mut browser = Browser::at(&company);
    let address = browser.follow("/auth/sign-in").await;
    let claims = json!({ "sub": "7", "email": format!("new@{}.test", company.tenant.slug), "email_verified": true });
    let code = provider.code(&address, &claims);
    let back = format!("/auth/callback?code={code}&state={}", query(&address)["state"]);
    assert_eq!(browser.follow(&back).await, "/");
    let expected = format!("Basic {}", STANDARD.encode("tenantry:a+secret"));
    assert!(provider.secrets().iter().all(|secret| *secret == expected), "{:?}", provider.secrets());

    let keys = SecretKeys::parse(&key).unwrap();
    let census = census(&server.tenants().platform(), &keys).await.unwrap();
    assert!(census.plain == 0 && census.other == 0 && census.current >= 6, "{census:?}");
}

/// Whoever can write to the database must not be able to give one account the second factor of another.
#[tokio::test]
async fn a_secret_is_good_in_its_own_row_alone() {
    let safe = Safe::new().await;
    let server = safe.server(&[&key()]).await;
    let company = server.company().await;
    let (thief, victim) = (company.account(Role::Employee).await, company.account(Role::Hr).await);
    let mut apps = Vec::new();
    for account in [&thief, &victim] {
        let caller = account.signed_in(&company.anonymous()).await;
        apps.push(CodeApp::set_up(&caller, &account.password, safe.clock.now()).await);
    }
    safe.clock.advance(TimeDelta::seconds(30));
    let mut connection = safe.database.connect().await;
    let copy = format!(
        "UPDATE platform.authenticators v SET secret = t.secret FROM platform.authenticators t \
         WHERE v.account_id = '{}' AND t.account_id = '{}'",
        victim.id, thief.id
    );
    run(&mut connection, &copy).await;
    let challenge = company.anonymous().challenge(&victim.email, &victim.password).await;
    let answer = company.anonymous().complete_by_code(&challenge, &apps[0].code(safe.clock.now())).await;
    assert_eq!(answer.code(), "INTERNAL");
}

#[tokio::test]
async fn keys_are_introduced_and_replaced_without_losing_anything() {
    let safe = Safe::new().await;
    let (first, second) = (key(), key());
    let plain = safe.server(&[]).await;
    let company = plain.company().await;
    let account = company.account(Role::Hr).await;
    let caller = account.signed_in(&company.anonymous()).await;
    let app = CodeApp::set_up(&caller, &account.password, safe.clock.now()).await;
    let challenge = company.anonymous().challenge(&account.email, &account.password).await;
    safe.clock.advance(TimeDelta::seconds(30));
    let session = company.anonymous().complete_by_code(&challenge, &app.code(safe.clock.now())).await;
    let mut token = session.text("/completeSignIn/refreshToken");
    let platform = plain.tenants().platform();
    let stages = [vec![first.as_str()], vec![second.as_str(), first.as_str()], vec![second.as_str()]];
    for (stage, keys) in stages.iter().enumerate() {
        let server = safe.server(keys).await;
        let here = at(&server, company.host());
        // The token that was signed before is good, the session goes on, and so does the second factor.
        here.with_token(Some(session.text("/completeSignIn/accessToken"))).ask("{ viewer { name } }").await.data("");
        token = refresh(&here, &token).await;
        safe.clock.advance(TimeDelta::seconds(30));
        let challenge = here.challenge(&account.email, &account.password).await;
        here.complete_by_code(&challenge, &app.code(safe.clock.now())).await.data("");
        let secret_keys = SecretKeys::parse(&keys.join("\n")).unwrap();
        let before = census(&platform, &secret_keys).await.unwrap();
        let left = before.plain + before.other;
        assert_eq!(left > 0, stage < 2, "{before:?}");
        assert_eq!(i64::try_from(encrypt_again(&platform, &secret_keys).await.unwrap()).unwrap(), left);
        let after = census(&platform, &secret_keys).await.unwrap();
        assert_eq!((after.plain, after.other, after.current), (0, 0, before.current + left));
        assert_eq!(encrypt_again(&platform, &secret_keys).await.unwrap(), 0);
    }
    // A process that was given no key, or another one, does not start.
    let tenants = || safe.database.tenants::<TenantMigrator>();
    let without = api::app::App::start(&tests::config(&[]), tenants(), safe.clock.clock()).await.unwrap_err();
    assert!(without.to_string().contains("--secret-key-file"), "{without:#}");
    let path = safe.file(&[&key(), &key(), &key(), &key()]);
    let with_other = tests::config(&["--secret-key-file", path.to_str().unwrap()]);
    let other = api::app::App::start(&with_other, tenants(), safe.clock.clock()).await.unwrap_err();
    assert!(format!("{other:#}").contains("is not in the file"), "{other:#}");
    // Also where none of the keys that sign tokens tells it: there are those who sign in with a second factor.
    run(&mut safe.database.connect().await, "DELETE FROM platform.signing_keys").await;
    let other = api::app::App::start(&with_other, tenants(), safe.clock.clock()).await.unwrap_err().to_string();
    assert!(other.contains("platform.authenticators") && other.contains("docs/operations.md"), "{other}");
    assert!(encrypt_again(&platform, &SecretKeys::default()).await.is_err());
}

/// Somebody lost the keys once, and has not made anew all that they had encrypted: it hurts those whose it is, and nobody else.
#[tokio::test]
async fn what_is_left_of_a_lost_key_keeps_no_process_from_starting() {
    let safe = Safe::new().await;
    let (lost, new) = (key(), key());
    let before = safe.server(&[&lost]).await;
    let company = before.company().await;
    let (with_app, other) = (company.account(Role::Hr).await, company.account(Role::Employee).await);
    let app = CodeApp::set_up(&with_app.signed_in(&company.anonymous()).await, &with_app.password, safe.clock.now()).await;
    let platform = before.tenants().platform();
    let (lost_keys, new_keys) = (SecretKeys::parse(&lost).unwrap(), SecretKeys::parse(&new).unwrap());
    let operator = NewOperator::parse("olga@operators.test", None, OperatorRole::Viewer).unwrap();
    create_operator(&platform, &lost_keys, &operator, safe.clock.now()).await.unwrap();
    let mut connection = safe.database.connect().await;
    run(&mut connection, "DELETE FROM platform.signing_keys").await;
    // The new one has encrypted nothing yet: it may be another installation's.
    assert!(check_keys(&platform, &new_keys).await.is_err());
    drop(safe.server(&[&new, &lost]).await);

    let after = safe.server(&[&new]).await;
    let there = at(&after, company.host());
    other.signed_in(&there).await.ask("{ viewer { name } }").await.data("");
    safe.clock.advance(TimeDelta::seconds(30));
    let challenge = there.challenge(&with_app.email, &with_app.password).await;
    assert_eq!(there.complete_by_code(&challenge, &app.code(safe.clock.now())).await.code(), "INTERNAL");
    // Whoever looks is told of it, but for operators who cannot sign in anyway.
    let found = check_all_readable(&platform, &new_keys).await.unwrap_err().to_string();
    assert!(found.contains("platform.authenticators"), "{found}");
    run(&mut connection, "DELETE FROM platform.authenticators").await;
    let found = check_all_readable(&platform, &new_keys).await.unwrap_err().to_string();
    assert!(found.contains("platform.operators"), "{found}");
    disable_operator(&platform, "olga@operators.test", safe.clock.now()).await.unwrap();
    check_all_readable(&platform, &new_keys).await.unwrap();
    // Without any key nothing is read, whatever was encrypted with which.
    assert!(check_keys(&platform, &SecretKeys::default()).await.is_err());
}

#[tokio::test]
async fn what_a_lost_key_has_encrypted_is_forgotten_and_nothing_else() {
    let safe = Safe::new().await;
    let (lost, new) = (key(), key());
    let before = safe.server(&[&lost]).await;
    let company = before.company().await;
    let (owner, hr, employee) =
        (company.account(Role::Owner).await, company.account(Role::Hr).await, company.account(Role::Employee).await);
    CodeApp::set_up(&hr.signed_in(&company.anonymous()).await, &hr.password, safe.clock.now()).await;
    let provider = FakeProvider::start().await;
    let input = json!({
        "name": "Acme accounts", "issuer": provider.issuer, "clientId": "tenantry", "clientSecret": "a secret",
        "roles": [], "defaultRole": "EMPLOYEE",
    });
    let administrator = owner.signed_in(&company.anonymous()).await;
    administrator.mutate("setIdentityProvider", input, "identityProvider { hasClientSecret }").await.data("");
    let platform = before.tenants().platform();
    let (lost_keys, new_keys) = (SecretKeys::parse(&lost).unwrap(), SecretKeys::parse(&new).unwrap());
    let operator = NewOperator::parse("olga@operators.test", None, OperatorRole::Viewer).unwrap();
    create_operator(&platform, &lost_keys, &operator, safe.clock.now()).await.unwrap();
    disable_operator(&platform, "olga@operators.test", safe.clock.now()).await.unwrap();
    // A second factor that the key at hand reads.
    let both = safe.server(&[&new, &lost]).await;
    let there = at(&both, company.host());
    let app = CodeApp::set_up(&employee.signed_in(&there).await, &employee.password, safe.clock.now()).await;

    let found = count_unreadable(&platform, &new_keys).await.unwrap();
    let places: Vec<&str> = found.iter().map(|table| table.place.as_str()).collect();
    let expected = ["signing_keys", "sessions", "authenticators", "identity_providers", "operators"];
    assert_eq!(places, expected.map(|table| format!("platform.{table}")));
    assert!(found.iter().all(|table| table.count == 1 || table.place == "platform.sessions"), "{found:?}");
    assert_eq!(forget_unreadable(&platform, &new_keys).await.unwrap(), found);
    assert!(forget_unreadable(&platform, &new_keys).await.unwrap().is_empty());
    assert_eq!(census(&platform, &new_keys).await.unwrap().other, 0);

    let after = safe.server(&[&new]).await;
    let there = at(&after, company.host());
    hr.signed_in(&there).await.ask("{ viewer { name } }").await.data("");
    let mut connection = safe.database.connect().await;
    let codes = format!("SELECT count(*) FROM platform.recovery_codes WHERE account_id = '{}'", hr.id);
    assert_eq!(value::<i64>(&mut connection, &codes).await, 0);
    safe.clock.advance(TimeDelta::seconds(30));
    let challenge = there.challenge(&employee.email, &employee.password).await;
    there.complete_by_code(&challenge, &app.code(safe.clock.now())).await.data("");
    let has_secret = "SELECT client_secret IS NOT NULL FROM platform.identity_providers";
    assert!(!value::<bool>(&mut connection, has_secret).await);
    // What is in place of the rest is encrypted as anything else.
    encrypt_again(&platform, &new_keys).await.unwrap();
    assert_eq!(census(&platform, &new_keys).await.unwrap().plain, 0);
}
