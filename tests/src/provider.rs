//! An identity provider that says whatever a test wants it to.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle};

/// The beginning of every Ed25519 key in PKCS#8.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// An identity provider that says whatever a test wants it to.
pub struct FakeProvider {
    /// Its address, and its name in tokens.
    pub issuer: String,
    said: Arc<Said>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct Said {
    discovery: Mutex<Value>,
    keys: Mutex<Vec<(String, EncodingKey)>>,
    codes: Mutex<HashMap<String, Code>>,
    userinfo: Mutex<Option<Value>>,
    key_requests: AtomicUsize,
    secrets: Mutex<Vec<String>>,
}

struct Code {
    challenge: String,
    id_token: String,
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeProvider {
    /// Starts one with a key of the id `1`, as every other has.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let said = Arc::new(Said::default());
        *said.discovery.lock().unwrap() = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&said));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let provider = Self { issuer, said, serving };
        provider.add_key("1");
        provider
    }

    /// Publishes another key, which signs from now on.
    pub fn add_key(&self, id: &str) {
        let der = [PKCS8.as_slice(), &rand::random::<[u8; 32]>()].concat();
        self.said.keys.lock().unwrap().insert(0, (id.to_owned(), EncodingKey::from_ed_der(&der)));
    }

    /// Publishes no other key than the one that signs.
    pub fn drop_old_keys(&self) {
        self.said.keys.lock().unwrap().truncate(1);
    }

    /// Says something else of itself.
    pub fn say(&self, name: &str, value: Value) {
        self.said.discovery.lock().unwrap()[name] = value;
    }

    /// Answers with these claims to whoever has an access token.
    pub fn tell(&self, claims: Value) {
        *self.said.userinfo.lock().unwrap() = Some(claims);
        self.say("userinfo_endpoint", json!(format!("{}/userinfo", self.issuer)));
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.said.key_requests.load(Ordering::SeqCst)
    }

    /// The secrets that were sent to it.
    pub fn secrets(&self) -> Vec<String> {
        self.said.secrets.lock().unwrap().clone()
    }

    /// Claims that are good for a while, with these on top. Null takes one away.
    pub fn claims(&self, more: &Value) -> Value {
        let now = Utc::now().timestamp();
        let mut claims = json!({ "iss": self.issuer, "sub": "somebody", "iat": now, "exp": now + 600 });
        for (name, value) in more.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    /// Signs claims as they are, with the newest key.
    pub fn sign(&self, claims: &Value) -> String {
        let keys = self.said.keys.lock().unwrap();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(keys[0].0.clone());
        encode(&header, claims, &keys[0].1).unwrap()
    }

    /// A token that is good for a while, with these claims on top.
    pub fn token(&self, more: &Value) -> String {
        self.sign(&self.claims(more))
    }

    /// The newest key as it is published.
    pub fn public_key(&self) -> Value {
        let keys = self.said.keys.lock().unwrap();
        published(&keys[0].0, &keys[0].1)
    }

    /// Makes a code for whoever was sent to this address, to be exchanged for an ID token with these claims on top.
    pub fn code(&self, address: &str, more: &Value) -> String {
        let query: HashMap<String, String> = query(address);
        let mut claims = json!({ "aud": query["client_id"], "nonce": query["nonce"] });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.code_for(address, self.token(&claims))
    }

    /// Makes a code to be exchanged for this ID token.
    pub fn code_for(&self, address: &str, id_token: String) -> String {
        let code = format!("{:032x}", rand::random::<u128>());
        let challenge = query(address)["code_challenge"].clone();
        self.said.codes.lock().unwrap().insert(code.clone(), Code { challenge, id_token });
        code
    }
}

/// The parameters of an address.
pub fn query(address: &str) -> HashMap<String, String> {
    reqwest::Url::parse(address).unwrap().query_pairs().into_owned().collect()
}

fn published(id: &str, key: &EncodingKey) -> Value {
    let mut key = Jwk::from_encoding_key(key, Algorithm::EdDSA).unwrap();
    key.common.key_id = Some(id.to_owned());
    serde_json::to_value(key).unwrap()
}

async fn discovery(State(said): State<Arc<Said>>) -> Json<Value> {
    Json(said.discovery.lock().unwrap().clone())
}

async fn keys(State(said): State<Arc<Said>>) -> Json<Value> {
    said.key_requests.fetch_add(1, Ordering::SeqCst);
    let mut keys: Vec<Value> = said.keys.lock().unwrap().iter().map(|(id, key)| published(id, key)).collect();
    // What is not known is passed over.
    keys.push(json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA", "use": "enc" }));
    keys.push(json!({ "kty": "of another time" }));
    Json(json!({ "keys": keys }))
}

async fn token(State(said): State<Arc<Said>>, headers: HeaderMap, body: String) -> Response {
    let form = query(&format!("http://form/?{body}"));
    if let Some(secret) =
        headers.get("authorization").and_then(|value| value.to_str().ok()).or(form.get("client_secret").map(String::as_str))
    {
        said.secrets.lock().unwrap().push(secret.to_owned());
    }
    let code = form.get("code").and_then(|code| said.codes.lock().unwrap().remove(code));
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    match code {
        Some(code) if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == code.challenge => {
            Json(json!({ "id_token": code.id_token, "access_token": "access", "token_type": "Bearer" })).into_response()
        }
        _ => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

async fn userinfo(State(said): State<Arc<Said>>, headers: HeaderMap) -> Response {
    let claims = said.userinfo.lock().unwrap().clone();
    match claims {
        Some(claims) if headers["authorization"] == "Bearer access" => Json(claims).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}
