//! Bearer tokens of a tenant's provider.

use chrono::TimeDelta;
use domain::Role;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tests::{Answer, Browser, Company, FakeProvider, Server, TestClock, opaque, until};

use super::{LOCAL, server, set, set_up, sign_in, usual};

/// Claims that open the API.
fn robot(more: &Value) -> Value {
    let mut claims = json!({ "sub": "robot", "aud": "https://api.acme.test", "groups": ["people"], "name": "The robot" });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

async fn ask(company: &Company<'_>, token: String) -> Answer {
    company.anonymous().with_token(Some(token)).ask("{ viewer { name role account { id } } employees { totalCount } }").await
}

#[track_caller]
fn assert_refused(answer: &Answer, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "UNAUTHENTICATED"), "{case}");
}

#[tokio::test]
async fn a_token_of_the_provider_opens_the_tenants_own_host() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let token = provider.token(&robot(&json!({})));
    let viewer = ask(&company, token.clone()).await;
    assert_eq!(viewer.data("/viewer"), json!({ "name": "The robot", "role": "HR", "account": null }));
    let caller = company.anonymous().with_token(Some(token));
    caller.mutate("createPosition", json!({ "title": "Robot" }), "__typename").await.data("");
    let audit = caller.ask("{ auditEvents(first: 1) { nodes { action actorName } } }").await;
    assert_eq!(audit.data("/auditEvents/nodes/0"), json!({ "action": "position.created", "actorName": "The robot" }));
    let actors =
        company.texts("SELECT actor_type || ' ' || (actor_account_id IS NULL) FROM audit_events ORDER BY id DESC LIMIT 1").await;
    assert_eq!(actors, ["external_identity true"]);
    // Never the host of programs, which would have to believe the token's own word for the tenant; and not the apex.
    assert_refused(&caller.at("api.localhost").ask("{ __typename }").await, "api");
    assert_refused(&caller.at("localhost").ask("{ __typename }").await, "apex");
    let other = server.company().await;
    assert_eq!(caller.ask(&format!("{{ employee(id: \"{}\") {{ id }} }}", opaque(other.member.id))).await.code(), "NOT_FOUND");
}

/// Two providers have the same key id, the same subject, the same audience. Neither's token is good at the other's tenant.
#[tokio::test]
async fn a_token_of_one_tenants_issuer_is_nothing_in_another() {
    let server = server().await;
    let (acme, globex, bare) = (server.company().await, server.company().await, server.company().await);
    let (one, two) = (FakeProvider::start().await, FakeProvider::start().await);
    set_up(&acme, &one).await;
    set_up(&globex, &two).await;
    assert_eq!(one.public_key()["kid"], two.public_key()["kid"]);
    let (first, second) = (one.token(&robot(&json!({}))), two.token(&robot(&json!({}))));
    ask(&acme, first.clone()).await.data("");
    ask(&globex, second.clone()).await.data("");
    assert_refused(&ask(&globex, first.clone()).await, "of one at the other");
    assert_refused(&ask(&acme, second.clone()).await, "of the other at the one");
    assert_refused(&ask(&bare, first).await, "where there is no provider");
    // One that says that it is the other.
    assert_refused(&ask(&globex, one.token(&robot(&json!({ "iss": two.issuer })))).await, "in the other's name");
    assert_refused(&ask(&globex, one.token(&robot(&json!({ "iss": "localhost" })))).await, "in this program's name");
    ask(&globex, second).await.data("");
    // And they are two people, each the tenant's own.
    let ids = async |company: &Company<'_>| {
        let sql = format!("SELECT id::text FROM platform.external_identities WHERE tenant_id = '{}'", company.tenant.id);
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        let rows = sea_orm::ConnectionTrait::query_all_raw(&server.tenants().platform(), statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
    };
    let (here, there) = (ids(&acme).await, ids(&globex).await);
    assert_eq!((here.len(), there.len()), (1, 1));
    assert_ne!(here, there);
}

#[tokio::test]
async fn a_token_is_good_when_all_of_it_is_right() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let now = chrono::Utc::now().timestamp();
    for more in [
        json!({ "aud": "tenantry" }),
        json!({ "aud": null }),
        json!({ "aud": ["another"] }),
        json!({ "aud": company.tenant.id.to_string() }),
        json!({ "iss": null }),
        json!({ "iss": "https://elsewhere.example" }),
        json!({ "exp": now - 1 }),
        json!({ "exp": null }),
        json!({ "exp": i64::MAX }),
        json!({ "exp": -1e300 }),
        json!({ "nbf": now + 600 }),
        json!({ "iat": now + 600 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "groups": ["visitors"] }),
        json!({ "groups": null }),
    ] {
        assert_refused(&ask(&company, provider.token(&robot(&more))).await, &more.to_string());
    }
    ask(&company, provider.token(&robot(&json!({ "aud": ["another", "https://api.acme.test"] })))).await.data("");
    // Without an audience no bearer token is taken.
    set(&company, usual(&provider.issuer, &json!({ "audience": null }))).await.data("");
    assert_refused(&ask(&company, provider.token(&robot(&json!({})))).await, "no audience is set");
}

#[tokio::test]
async fn only_the_providers_asymmetric_signature_counts() {
    let server = server().await;
    let company = server.company().await;
    let (provider, stranger) = (FakeProvider::start().await, FakeProvider::start().await);
    set_up(&company, &provider).await;
    let claims = provider.claims(&robot(&json!({})));
    let forge = |algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = kid.map(str::to_owned);
        encode(&header, &claims, key).unwrap()
    };
    let public = provider.public_key();
    let x = public["x"].as_str().unwrap();
    let base64 = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
    let unsigned = |header: &str| format!("{}.{}.", base64(header), base64(&claims.to_string()));
    let token = provider.sign(&claims);
    let [_, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let critical = format!("{}.{body}.{signature}", base64("{\"alg\":\"EdDSA\",\"kid\":\"1\",\"crit\":[\"b64\"],\"b64\":false}"));
    for (case, token) in [
        ("HS256 with the public key", forge(Algorithm::HS256, Some("1"), &EncodingKey::from_secret(x.as_bytes()))),
        (
            "HS256 with the published key",
            forge(Algorithm::HS256, Some("1"), &EncodingKey::from_secret(public.to_string().as_bytes())),
        ),
        ("HS512 with nothing", forge(Algorithm::HS512, Some("1"), &EncodingKey::from_secret(b""))),
        ("alg none", unsigned("{\"alg\":\"none\",\"kid\":\"1\"}")),
        ("no signature", unsigned("{\"alg\":\"EdDSA\",\"kid\":\"1\"}")),
        ("RS256 under the id of another kind of key", unsigned("{\"alg\":\"RS256\",\"kid\":\"1\"}")),
        ("another's key under the same id", stranger.sign(&claims)),
        ("an extension that must be understood", critical),
        ("half a token", token[..token.len() / 2].to_owned()),
    ] {
        assert_refused(&ask(&company, token).await, case);
    }
    ask(&company, token).await.data("");
}

/// A token of the provider never does more than a program may, and for a member never more than the membership.
#[tokio::test]
async fn what_a_token_may_do() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    let roles = json!([{ "value": "admins", "role": "ADMIN" }, { "value": "staff", "role": "EMPLOYEE" },
                         { "value": "leads", "role": "MANAGER" }]);
    set(&company, usual(&provider.issuer, &json!({ "roles": roles }))).await.data("");
    let admin = company.anonymous().with_token(Some(provider.token(&robot(&json!({ "groups": "admins" })))));
    assert_eq!(admin.ask("{ viewer { role } auditEvents { nodes { id } } }").await.text("/viewer/role"), "ADMIN");
    let input = json!({ "name": "x", "permissions": ["READ_DIRECTORY"] });
    assert_eq!(admin.mutate("createApiKey", input, "token").await.code(), "FORBIDDEN");
    assert_eq!(admin.ask("{ identityProvider { name } }").await.code(), "FORBIDDEN");
    assert_eq!(admin.ask("mutation { removeIdentityProvider { removed } }").await.code(), "FORBIDDEN");

    let member = company.member_with(Role::Manager);
    let person = json!({ "sub": "m", "email": member.email(), "email_verified": true, "groups": ["leads"] });
    assert_eq!(sign_in(&mut Browser::at(&company), &provider, person).await, "/");
    let as_member = async |groups: &str| ask(&company, provider.token(&robot(&json!({ "sub": "m", "groups": groups })))).await;
    let viewer = as_member("admins").await.data("/viewer");
    assert_eq!((&viewer["role"], &viewer["account"]["id"]), (&json!("MANAGER"), &json!(opaque(member.account))));
    assert_eq!(as_member("staff").await.text("/viewer/role"), "EMPLOYEE");
    // Who is removed is out, here at once and without a look at the provider.
    company.part_with(&member.email()).await;
    until("the token is refused", async || as_member("admins").await.status == 401).await;
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_learnt_and_asking_is_bounded() {
    let clock = TestClock::start();
    let server = Server::start_with(&[LOCAL], clock.clock()).await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    ask(&company, provider.token(&robot(&json!({})))).await.data("");
    let asked = provider.key_requests();
    let old = provider.token(&robot(&json!({})));
    // Whoever invents key ids does not make this program ask.
    let stranger = FakeProvider::start().await;
    stranger.add_key("invented");
    for _ in 0..20 {
        let forged = stranger.sign(&provider.claims(&robot(&json!({}))));
        assert_refused(&ask(&company, forged).await, "an invented key");
    }
    assert!(provider.key_requests() <= asked + 1, "{} after {asked}", provider.key_requests());
    clock.advance(TimeDelta::seconds(11));
    provider.add_key("2");
    let new = provider.token(&robot(&json!({})));
    let (one, two) = tokio::join!(ask(&company, new.clone()), ask(&company, new));
    one.data("");
    two.data("");
    ask(&company, old.clone()).await.data("");
    assert!(provider.key_requests() <= asked + 2);
    // A key that the provider has taken back is not good for longer than what it published is kept.
    provider.drop_old_keys();
    clock.advance(TimeDelta::minutes(9));
    ask(&company, old.clone()).await.data("");
    clock.advance(TimeDelta::minutes(1));
    assert_refused(&ask(&company, old).await, "a key that was taken back");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_borne_for_a_while() {
    let clock = TestClock::start();
    let server = Server::start_with(&[LOCAL], clock.clock()).await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    set_up(&company, &provider).await;
    let end = clock.now().timestamp() + 7_200;
    let token = provider.token(&robot(&json!({ "exp": end })));
    ask(&company, token.clone()).await.data("");
    provider.say("issuer", json!("https://broken.example"));
    clock.advance(TimeDelta::minutes(30));
    ask(&company, token.clone()).await.data("");
    clock.advance(TimeDelta::minutes(31));
    assert_refused(&ask(&company, token.clone()).await, "an hour without an answer");
    provider.say("issuer", json!(provider.issuer));
    clock.advance(TimeDelta::seconds(11));
    ask(&company, token).await.data("");
}
