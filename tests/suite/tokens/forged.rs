//! What is no token, or one that the program has not signed.

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tests::{Forgery, Server};

use super::{QUERY, ask, assert_refused, good};

/// The example of RFC 8410: a key that everybody has.
const ANYBODYS_KEY: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp-K06_nwoy_HU--CXqI9EdVhC";

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
