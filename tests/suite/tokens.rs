//! Access tokens: good ones, and everything else.

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Role;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, jwk::JwkSet};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tests::{Answer, Company, Forgery, Server};

/// The example of RFC 8410: a key that everybody has.
const ANYBODYS_KEY: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhC";

const QUERY: &str = "{ viewer { role } employees { totalCount } }";

fn good(company: &Company) -> Forgery {
    company.server.signer.forgery_of(company.member_with(Role::Owner))
}

/// A token with its claims changed, and rightly signed.
fn with_claims(company: &Company, claims: &Value) -> String {
    let mut forgery = good(company);
    for (name, value) in claims.as_object().unwrap() {
        forgery.claims[name] = value.clone();
    }
    forgery.sign()
}

fn without_claim(company: &Company, name: &str) -> String {
    let mut forgery = good(company);
    forgery.claims.as_object_mut().unwrap().remove(name);
    forgery.sign()
}

async fn ask(company: &Company<'_>, token: &str) -> Answer {
    company.anonymous().with_token(Some(token.to_owned())).ask(QUERY).await
}

#[track_caller]
fn assert_refused(answer: &Answer, case: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (401, "UNAUTHENTICATED"), "{case}");
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer", "{case}");
    assert!(answer.body.get("data").is_none(), "{case}");
    assert_eq!(answer.message(), "The sign-in is not valid or has expired. Please sign in again.", "{case}");
}

#[tokio::test]
async fn a_good_token_is_good_at_its_tenant_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let token = good(&company).sign();
    assert_eq!(ask(&company, &token).await.text("/viewer/role"), "OWNER");
    let answer = ask(&other, &token).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "TENANT_MISMATCH"));
    // The host of machine clients, which leaves the tenant to the token.
    let api = company.caller(Role::Hr).at("api.localhost");
    assert_eq!(api.ask("{ tenant { slug } }").await.text("/tenant/slug"), company.tenant.slug.as_str());
    let nobody = api.with_token(None).ask("{ tenant { slug } }").await;
    assert_eq!((nobody.status.as_u16(), nobody.code()), (401, "UNAUTHENTICATED"));
}

#[tokio::test]
async fn without_a_token_a_request_is_anonymous() {
    let server = Server::start().await;
    let company = server.company().await;
    let answer = company.anonymous().ask(QUERY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (200, "UNAUTHENTICATED"));
    assert_eq!(answer.body["errors"][0]["path"], json!(["employees"]));
}

#[tokio::test]
async fn a_token_is_good_between_its_times() {
    let server = Server::start().await;
    let company = server.company().await;
    let now = chrono::Utc::now().timestamp();
    for (claims, case) in [
        (json!({ "exp": now - 1 }), "expired"),
        (json!({ "exp": now - 100_000 }), "long expired"),
        (json!({ "exp": 0 }), "the beginning of time"),
        (json!({ "exp": -1 }), "before it"),
        (json!({ "nbf": now + 60, "exp": now + 600 }), "not yet"),
        (json!({ "exp": "tomorrow" }), "a text"),
        (json!({ "exp": null }), "null"),
        (json!({ "exp": i64::MIN }), "the smallest number"),
        (json!({ "nbf": i64::MAX }), "the largest number"),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &claims)).await, case);
    }
    // Clocks differ by a moment.
    ask(&company, &with_claims(&company, &json!({ "nbf": now + 3, "exp": now + 600 }))).await.data("");
}

#[tokio::test]
async fn a_token_names_one_tenant() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let (here, there) = (company.tenant.id.to_string(), other.tenant.id.to_string());
    for (audience, case) in [
        (json!([here]), "a list of one"),
        (json!([here, there]), "a list of two"),
        (json!([]), "an empty list"),
        (json!(""), "empty"),
        (json!(null), "null"),
        (json!(company.tenant.slug.as_str()), "a slug"),
        (json!(company.host()), "a host"),
        (json!("*"), "everything"),
        (json!({ "tenant": here }), "an object"),
        (json!("PLATFORM"), "the platform, nearly"),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &json!({ "aud": audience }))).await, case);
    }
    // Another place than that of the token's session, though rightly signed.
    for audience in [json!("platform"), json!(there), json!(uuid::Uuid::now_v7())] {
        assert_refused(&ask(&company, &with_claims(&company, &json!({ "aud": audience }))).await, &audience.to_string());
    }
    let platform = server.signer.platform_token(company.tenant.id).await;
    let globex = other.token(Role::Owner);
    let nowhere = server.signer.token(tenancy::TenantId(uuid::Uuid::now_v7()), Role::Owner, None).await;
    for token in [platform, globex, nowhere] {
        let answer = ask(&company, &token).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "TENANT_MISMATCH"));
    }
    // A tenant that does not exist, at the host that believes the token.
    let stray = server.signer.token(tenancy::TenantId(uuid::Uuid::now_v7()), Role::Owner, None).await;
    let answer = company.anonymous().at("api.localhost").with_token(Some(stray)).ask(QUERY).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (404, "TENANT_NOT_FOUND"));
}

#[tokio::test]
async fn a_token_has_every_claim() {
    let server = Server::start().await;
    let company = server.company().await;
    for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "sid", "name", "email"] {
        assert_refused(&ask(&company, &without_claim(&company, name)).await, name);
    }
    for claims in [
        json!({ "iss": "https://elsewhere.example" }),
        json!({ "iss": ["localhost"] }),
        json!({ "role": ["owner"] }),
        json!({ "sub": uuid::Uuid::now_v7() }),
        json!({ "sid": uuid::Uuid::now_v7() }),
        json!({ "sub": "somebody" }),
        json!({ "sid": 7 }),
    ] {
        assert_refused(&ask(&company, &with_claims(&company, &claims)).await, &claims.to_string());
    }
}

/// What the owner may do is read from the membership; the claim is for display.
#[tokio::test]
async fn the_claim_of_a_role_gives_no_rights() {
    let server = Server::start().await;
    let company = server.company().await;
    let mut forgery = server.signer.forgery_of(company.member_with(Role::Employee));
    forgery.claims["role"] = json!("owner");
    assert_eq!(ask(&company, &forgery.sign()).await.text("/viewer/role"), "EMPLOYEE");
}

/// Whoever sets up an identity provider could otherwise become an owner by waiting for one.
#[tokio::test]
async fn a_session_of_an_identity_provider_is_never_an_owners() {
    let server = Server::start().await;
    let company = server.company().await;
    let member = server.signer.member(company.tenant.id, Role::Hr, None).await;
    let token = server.signer.forgery_of(&member).sign();
    let change = async |sql: &str| {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [member.account.uuid().into()]);
        server.tenants().platform().execute_raw(statement).await.unwrap();
    };
    change("UPDATE platform.sessions SET method = 'identity_provider' WHERE account_id = $1").await;
    assert_eq!(ask(&company, &token).await.text("/viewer/role"), "HR");
    change("UPDATE platform.memberships SET role = 'owner' WHERE account_id = $1").await;
    tests::until("the session is refused", async || ask(&company, &token).await.status == 401).await;
}

#[tokio::test]
async fn only_the_programs_own_signature_counts() {
    let server = Server::start().await;
    let company = server.company().await;
    let keys = company.anonymous().get("/.well-known/jwks.json").await.body;
    let public = URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let key_id = good(&company).header.kid.unwrap();
    let anybodys = EncodingKey::from_ed_der(&URL_SAFE_NO_PAD.decode(ANYBODYS_KEY).unwrap());
    let claims = good(&company).claims;
    let header = |algorithm: Algorithm, key_id: Option<&str>| {
        let mut header = Header::new(algorithm);
        header.kid = key_id.map(str::to_owned);
        header
    };
    let forge = |header: Header, key: &EncodingKey| Forgery { header, claims: claims.clone(), key: key.clone() }.sign();
    let own = |key_id: Option<&str>| Forgery { header: header(Algorithm::EdDSA, key_id), ..good(&company) }.sign();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = |algorithm: &str| format!("{}.{}.", part(&json!({ "alg": algorithm, "kid": key_id })), part(&claims));

    let token = good(&company).sign();
    let [head, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { unreachable!() };
    let tampered = part(&json!({ "role": "owner", "aud": company.tenant.id.to_string() }));
    let cases = [
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg NONE", unsigned("NONE")),
        ("alg missing", format!("{}.{}.", part(&json!({ "kid": key_id })), part(&claims))),
        ("alg none with a signature", format!("{}{signature}", unsigned("none"))),
        ("EdDSA without a signature", unsigned("EdDSA")),
        ("HS256 with the public key", forge(header(Algorithm::HS256, Some(&key_id)), &EncodingKey::from_secret(&public))),
        ("HS512 with the public key", forge(header(Algorithm::HS512, Some(&key_id)), &EncodingKey::from_secret(&public))),
        (
            "HS256 with the published key",
            forge(header(Algorithm::HS256, Some(&key_id)), &EncodingKey::from_secret(keys["keys"][0].to_string().as_bytes())),
        ),
        ("HS256 with nothing", forge(header(Algorithm::HS256, Some(&key_id)), &EncodingKey::from_secret(b""))),
        ("another key under the known id", forge(header(Algorithm::EdDSA, Some(&key_id)), &anybodys)),
        ("another key under its own id", forge(header(Algorithm::EdDSA, Some("anybodys")), &anybodys)),
        ("another key without an id", forge(header(Algorithm::EdDSA, None), &anybodys)),
        ("no key id", own(None)),
        ("an empty key id", own(Some(""))),
        ("an unknown key id", own(Some("0000000000000000000000000000000000000000000"))),
        ("a path for a key id", own(Some("../../../../dev/null"))),
        ("SQL for a key id", own(Some("' OR '1'='1"))),
        ("other claims under the signature", format!("{head}.{tampered}.{signature}")),
        ("half a signature", token[..token.len() - 43].to_owned()),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{token}.{signature}")),
        ("five parts, as an encrypted one has", format!("{head}.{body}.{signature}.{body}.{signature}")),
    ];
    for (case, token) in cases {
        assert_refused(&ask(&company, &token).await, case);
    }
    // A key inside the token, or an address of one, is not looked at.
    let mut embedded = header(Algorithm::EdDSA, Some("embedded"));
    embedded.jku = Some("http://127.0.0.1:9/jwks.json".to_owned());
    embedded.x5u = Some("http://127.0.0.1:9/key.pem".to_owned());
    assert_refused(&ask(&company, &forge(embedded, &anybodys)).await, "an address of a key");
    ask(&company, &token).await.data("");
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let server = Server::start().await;
    let company = server.company().await;
    let huge = {
        let mut forgery = good(&company);
        forgery.claims["name"] = json!("x".repeat(8_000));
        forgery.sign()
    };
    let deep = format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{\"alg\":\"EdDSA\",\"kid\":".to_owned() + &"[".repeat(2_000)), "e30");
    for garbage in [
        "x",
        ".",
        "..",
        "...",
        "a.b.c",
        "null",
        "undefined",
        "{}",
        "[object Object]",
        "e30.e30.e30",
        "é.é.é",
        &huge,
        &deep,
        &"x".repeat(60_000),
    ] {
        assert_refused(&ask(&company, garbage).await, &garbage[..garbage.len().min(20)]);
    }
    let token = good(&company).sign();
    let headers: Vec<Vec<Vec<u8>>> = vec![
        vec![b"Bearer".to_vec()],
        vec![b"Bearer ".to_vec()],
        vec![b"".to_vec()],
        vec![b"Basic b3duZXI6b3duZXI=".to_vec()],
        vec![token.clone().into_bytes()],
        vec![format!("Token {token}").into_bytes()],
        vec![b"Bearer \xff\xfe".to_vec()],
        vec![format!("Bearer {token} {token}").into_bytes()],
        vec![format!("Bearer {token}").into_bytes(), format!("Bearer {token}").into_bytes()],
        vec![b"Basic x".to_vec(), format!("Bearer {token}").into_bytes()],
    ];
    for values in headers {
        let mut request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "query": QUERY }).to_string()))
            .unwrap();
        for value in &values {
            request.headers_mut().append(header::AUTHORIZATION, value.as_slice().try_into().unwrap());
        }
        let answer = company.anonymous().send(request).await;
        assert_refused(&answer, &format!("{:?}", values.iter().map(|value| String::from_utf8_lossy(value)).collect::<Vec<_>>()));
    }
    // The scheme is written in any case.
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("bearer {token}"))
        .body(Body::from(json!({ "query": QUERY }).to_string()))
        .unwrap();
    company.anonymous().send(request).await.data("");
}

#[tokio::test]
async fn keys_outlive_the_process() {
    let before = Server::start().await;
    let company = before.company().await;
    let account = company.account(Role::Hr).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");
    let keys = company.anonymous().get("/.well-known/jwks.json").await.body;

    let after = Server::start().await;
    let caller = tests::Caller::new(after.router.clone(), company.host(), Some(token));
    assert_eq!(caller.ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    assert_eq!(caller.get("/.well-known/jwks.json").await.body, keys);
}

#[tokio::test]
async fn the_published_keys_verify_a_token_and_say_nothing_more() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Owner).await;
    let token = company.anonymous().sign_in(&account.email, &account.password).await.text("/signIn/accessToken");

    let published = company.anonymous().get("/.well-known/jwks.json").await;
    assert_eq!(published.status, 200);
    for key in published.body["keys"].as_array().unwrap() {
        assert!(key.get("d").is_none(), "the private half is published");
        let expected = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig" });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&key[name], value, "{key}");
        }
    }
    let keys: JwkSet = serde_json::from_value(published.body).unwrap();
    let head = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(head.alg, Algorithm::EdDSA);
    let key = keys.find(&head.kid.unwrap()).expect("the token's key is not published");
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[company.tenant.id.to_string()]);
    validation.set_issuer(&["localhost"]);
    let claims = decode::<Value>(&token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims;
    assert_eq!(claims["role"], "owner");
    assert_eq!(claims["email"], account.email);
}
