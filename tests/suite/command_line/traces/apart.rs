//! Tenants, and what is nobody else's business.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::json;
use tests::Collector;

use super::{
    super::{Home, PASSWORD},
    LIST, Traced, hire, one, send, way_to,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_do_not_mix_and_nothing_secret_leaves() {
    let (home, collector) = (Home::new(), Collector::start().await);
    for slug in ["acme", "globex"] {
        home.create_tenant(slug).await;
    }
    let serving = Traced::to(&home, collector.endpoint()).flags(&["--log", "trace"]).serve().await;
    let mut secrets = vec![PASSWORD.to_owned()];
    let mut tokens = Vec::new();
    for slug in ["acme", "globex"] {
        let token = serving.sign_in(slug).await;
        hire(&serving, slug, &token, 2).await;
        secrets.extend([token.clone(), token.rsplit('.').next().unwrap().to_owned()]);
        tokens.push((slug, token));
    }
    let queries = (0..40).map(|number| {
        let (slug, token) = &tokens[number % 2];
        let body = json!({ "query": LIST, "variables": { "search": "somebodyprivate" } });
        let header = format!("00-{:032x}-00f067aa0ba902b7-01", if number % 2 == 0 { 0xacae + number } else { 0x10be + number });
        let serving = &serving;
        async move { send(serving, slug, token, body, &[("traceparent", &header)]).await }
    });
    for (answer, _) in join_all(queries).await {
        assert_eq!(answer["data"]["employees"]["totalCount"], 2, "{answer}");
    }
    // Wrong in every way: literals, variables, passwords, addresses, files, a database that refuses.
    let (_, token) = &tokens[0];
    for body in [
        json!({ "query": r#"{ employees(search: "literalhush") { totalCount } }"# }),
        json!({ "query": "query { employees(first: $x) { nosuchfieldhush } }", "variables": { "x": "variablehush" } }),
        json!({ "query": r#"mutation { signIn(input: { email: "mailhush@private.test", password: "passwordhush" }) { accessToken } }"# }),
        json!({ "query": r#"mutation { requestPasswordReset(input: { email: "mailhush@private.test" }) { sent } }"# }),
        json!({ "query": r#"mutation { inviteMember(input: { email: "mailhush@private.test", role: HR }) { invitation { id } } }"# }),
        json!({ "query": r#"mutation { createPosition(input: { title: "Mechanic" }) { position { id } } }"# }),
    ] {
        send(&serving, "acme", token, body, &[("cookie", "cookiehush=cookiehush"), ("x-request-id", "requesthush")]).await;
    }
    for path in ["auth/callback?code=codehush&state=statehush", "pathhush@private.test", "auth/sign-in?return=addresshush"] {
        let request = reqwest::Client::new().get(format!("http://127.0.0.1:{}/{path}", serving.port));
        request.header("host", "acme.localhost").send().await.unwrap();
    }
    serving.stop("INT").await;

    let spans = collector.spans();
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut schemas: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for span in &spans {
        let tenant = span.attribute("tenantry.tenant");
        places.entry(&span.trace).or_default().insert(tenant);
        if span.attribute("db.namespace").starts_with("tenant_") {
            schemas.entry(span.attribute("db.namespace")).or_default().insert(tenant);
        }
    }
    // A look-up of the tenant itself comes before it is known.
    let mixed = places.values().filter(|tenants| tenants.iter().filter(|tenant| !tenant.is_empty()).count() > 1).count();
    assert_eq!(mixed, 0, "{places:#?}");
    assert_eq!(schemas.len(), 2);
    assert!(schemas.values().all(|tenants| tenants.len() == 1), "{schemas:?}");
    for number in 0..40 {
        let trace = format!("{:032x}", if number % 2 == 0 { 0xacae + number } else { 0x10be + number });
        let of_trace: Vec<_> = spans.iter().filter(|span| span.trace == trace).cloned().collect();
        let request = one(&of_trace, "POST /graphql");
        assert_eq!(request.attribute("tenantry.tenant"), tokens[number % 2].0);
        assert!(of_trace.iter().filter(|span| span.is_statement()).count() >= 5, "{of_trace:#?}");
        for span in of_trace.iter().filter(|span| span.id != request.id) {
            assert_eq!(way_to(&of_trace, span)[0], "POST /graphql", "{span:#?}");
        }
    }

    // Columns are called secret, and texts of statements name them; what the test sends is called hush.
    secrets.extend(
        ["hush", "somebodyprivate", "private.test", "argon2", "mechanic", "workshop", "in-the-address"].map(str::to_owned),
    );
    let sent = String::from_utf8_lossy(&collector.bytes()).to_lowercase();
    for secret in secrets {
        assert!(!sent.contains(&secret.to_lowercase()), "{secret} was sent");
    }
    let texts = spans.iter().flat_map(|span| span.attributes.values().chain([&span.name]));
    for text in texts {
        assert!(!text.contains('@') && !text.contains("Bearer"), "{text} was sent");
    }
}
