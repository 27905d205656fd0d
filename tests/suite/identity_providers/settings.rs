//! What a tenant says of its provider.

use domain::Role;
use serde_json::{Value, json};
use tests::{FakeProvider, Server, until};

use super::{server, set, set_up, usual};

#[tokio::test]
async fn a_provider_is_set_up_shown_and_removed() {
    let server = server().await;
    let (company, other) = (server.company().await, server.company().await);
    let provider = FakeProvider::start().await;
    let answer = set(&company, usual(&provider.issuer, &json!({ "defaultRole": "EMPLOYEE" }))).await;
    let expected = json!({
        "name": "Acme accounts", "issuer": provider.issuer, "clientId": "tenantry", "hasClientSecret": true,
        "audience": "https://api.acme.test", "roleClaim": "groups", "defaultRole": "EMPLOYEE",
        "roles": [{ "value": "leads", "role": "MANAGER" }, { "value": "people", "role": "HR" }],
        "redirectUri": format!("http://{}:8000/auth/callback", company.host()),
    });
    assert_eq!(answer.data("/setIdentityProvider/identityProvider"), expected);
    let owner = company.caller(Role::Owner);
    assert_eq!(owner.ask("{ identityProvider { name clientId } }").await.text("/identityProvider/clientId"), "tenantry");
    // The button is for everyone; the other tenant has none.
    let button = "{ tenant { identityProviderName } }";
    assert_eq!(company.anonymous().ask(button).await.text("/tenant/identityProviderName"), "Acme accounts");
    assert_eq!(other.anonymous().ask(button).await.data("/tenant/identityProviderName"), Value::Null);
    assert_eq!(other.caller(Role::Owner).ask("{ identityProvider { name } }").await.data("/identityProvider"), Value::Null);
    for role in [Role::Hr, Role::Employee] {
        assert_eq!(company.caller(role).ask("{ identityProvider { name } }").await.code(), "FORBIDDEN");
    }
    let elsewhere = super::server().await;
    let elsewhere = tests::Caller::new(elsewhere.router.clone(), company.host(), None);
    assert_eq!(elsewhere.ask(button).await.text("/tenant/identityProviderName"), "Acme accounts");
    assert_eq!(owner.ask("mutation { removeIdentityProvider { removed } }").await.data("/removeIdentityProvider/removed"), true);
    assert_eq!(company.anonymous().ask(button).await.data("/tenant/identityProviderName"), Value::Null);
    until("the other process knows", async || elsewhere.ask(button).await.data("/tenant/identityProviderName").is_null()).await;
    assert_eq!(owner.ask("mutation { removeIdentityProvider { removed } }").await.data("/removeIdentityProvider/removed"), false);
    let audit = owner.ask("{ auditEvents(first: 2) { nodes { action actorName changes } } }").await;
    assert_eq!(audit.data("/auditEvents/nodes/0/action"), "identity_provider.removed");
    assert_eq!(audit.data("/auditEvents/nodes/1/action"), "identity_provider.set");
    assert!(!audit.body.to_string().contains("a secret"), "{}", audit.body);
}

#[tokio::test]
async fn a_secret_stays_with_the_issuer_and_the_id_that_it_was_given_for() {
    let server = server().await;
    let company = server.company().await;
    let (provider, stranger) = (FakeProvider::start().await, FakeProvider::start().await);
    set_up(&company, &provider).await;
    let has = async |mut input: Value| {
        if input["clientSecret"] == "left out" {
            input.as_object_mut().unwrap().remove("clientSecret");
        }
        set(&company, input).await.data("/setIdentityProvider/identityProvider/hasClientSecret")
    };
    assert_eq!(has(usual(&provider.issuer, &json!({ "clientSecret": "left out", "name": "Other" }))).await, true);
    assert_eq!(has(usual(&stranger.issuer, &json!({ "clientSecret": "left out" }))).await, false);
    set_up(&company, &provider).await;
    assert_eq!(has(usual(&provider.issuer, &json!({ "clientSecret": "left out", "clientId": "other" }))).await, false);
    set_up(&company, &provider).await;
    assert_eq!(has(usual(&provider.issuer, &json!({ "clientSecret": null }))).await, false);
}

#[tokio::test]
async fn what_a_provider_cannot_be_is_refused() {
    let server = server().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    let refused = async |more: Value| {
        let answer = set(&company, usual(&provider.issuer, &more)).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{more}");
        answer.field().unwrap().to_owned()
    };
    for (more, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "clientId": " " }), "clientId"),
        (json!({ "clientSecret": "" }), "clientSecret"),
        (json!({ "audience": "tenantry" }), "audience"),
        (json!({ "roles": [{ "value": "kings", "role": "OWNER" }] }), "roles"),
        (json!({ "roles": [{ "value": "", "role": "HR" }] }), "roles"),
        (json!({ "defaultRole": "OWNER" }), "roles"),
        (json!({ "issuer": "acme" }), "issuer"),
        (json!({ "issuer": "file:///etc/passwd" }), "issuer"),
        (json!({ "issuer": "http://127.0.0.1:1" }), "issuer"),
        (json!({ "issuer": format!("{}?x=1", provider.issuer) }), "issuer"),
        (json!({ "issuer": format!("{}/elsewhere", provider.issuer) }), "issuer"),
        (json!({ "issuer": provider.issuer.replace("http://", "http://user:secret@") }), "issuer"),
    ] {
        assert_eq!(refused(more).await, field);
    }
    for (name, value) in [
        ("issuer", json!("https://accounts.example.com")),
        ("issuer", json!(7)),
        ("token_endpoint", json!("ftp://127.0.0.1/")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("jwks_uri", json!(null)),
    ] {
        let provider = FakeProvider::start().await;
        provider.say(name, value);
        assert_eq!(set(&company, usual(&provider.issuer, &json!({}))).await.field(), Some("issuer"), "{name}");
    }
}

/// A tenant cannot make this program ask addresses inside the operator's network.
#[tokio::test]
async fn local_addresses_are_refused_unless_the_operator_allows_them() {
    let server = Server::start().await;
    let company = server.company().await;
    let provider = FakeProvider::start().await;
    let port = provider.issuer.rsplit(':').next().unwrap();
    let mut messages = std::collections::BTreeSet::new();
    for issuer in [
        provider.issuer.clone(),
        format!("http://localhost:{port}"),
        format!("https://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("https://[::1]:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://2130706433:{port}"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://10.0.0.1".to_owned(),
    ] {
        let answer = set(&company, usual(&issuer, &json!({}))).await;
        assert_eq!((answer.code(), answer.field()), ("BAD_USER_INPUT", Some("issuer")), "{issuer}");
        messages.insert(answer.message().to_owned());
    }
    assert_eq!(messages.len(), 1, "what is at an address is not told: {messages:?}");
    assert_eq!(provider.key_requests(), 0);
}
