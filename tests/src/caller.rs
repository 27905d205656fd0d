//! Sends requests as one person to one host.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Someone who sends requests.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    host: String,
    path: &'static str,
    token: Option<String>,
    address: Option<IpAddr>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: axum::http::HeaderMap,
    /// The body, as JSON; null where it is none.
    pub body: Value,
}

impl Caller {
    /// Someone at a host, signed in by a token or not.
    pub fn new(router: Router, host: impl Into<String>, token: Option<String>) -> Self {
        Self { router, host: host.into(), path: "/graphql", token, address: None }
    }

    /// The same person at another host.
    #[must_use]
    pub fn at(&self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self.clone() }
    }

    /// The same person at the API of another path.
    #[must_use]
    pub fn at_path(&self, path: &'static str) -> Self {
        Self { path, ..self.clone() }
    }

    /// The same host with another token.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    /// The token, if there is one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same person from a network address, which the browser on the way is named after.
    #[must_use]
    pub fn from_address(&self, address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..self.clone() }
    }

    /// Sends an operation without variables.
    pub async fn ask(&self, query: &str) -> Answer {
        self.ask_with(query, json!({})).await
    }

    /// Sends an operation.
    pub async fn ask_with(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        let mut request = Request::post(self.path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(address) = self.address {
            request = request
                .header(header::USER_AGENT, format!("Browser at {address}"))
                .extension(ConnectInfo(SocketAddr::new(address, 4711)));
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Asks for one page of a list after the other, until there is no next one: what each answer has at a path. The operation takes
    /// `$after`.
    pub async fn pages(&self, query: &str, mut variables: Value, pointer: &str) -> Vec<Value> {
        let mut pages = Vec::new();
        variables["after"] = Value::Null;
        loop {
            let page = self.ask_with(query, variables.clone()).await.data(pointer);
            variables["after"] = page["pageInfo"]["endCursor"].clone();
            let is_last = page["pageInfo"]["hasNextPage"] == false;
            pages.push(page);
            if is_last {
                return pages;
            }
            assert!(pages.len() < 100, "there is no end");
        }
    }

    /// Calls a mutation that takes an input, and selects this of its payload.
    pub async fn mutate(&self, name: &str, input: Value, selection: &str) -> Answer {
        let (first, rest) = name.split_at(1);
        let kind = [&first.to_uppercase(), rest, "Input"].concat();
        let query = format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} }} }}");
        self.ask_with(&query, json!({ "input": input })).await
    }

    /// Calls a mutation that takes an id alone, as those that delete something.
    pub async fn delete(&self, name: &str, id: &str) -> Answer {
        let query = format!("mutation($id: ID!) {{ {name}(id: $id) {{ deletedId }} }}");
        self.ask_with(&query, json!({ "id": id })).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header(header::HOST, &self.host).body(Body::empty()).unwrap()).await
    }

    /// Sends any request, as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }
}

/// The nodes of all pages.
pub fn nodes_of(pages: &[Value]) -> impl Iterator<Item = &Value> {
    pages.iter().flat_map(|page| page["nodes"].as_array().unwrap())
}

impl Answer {
    /// The data of an answer without errors, at a path such as `/employee/name`.
    #[track_caller]
    pub fn data(&self, pointer: &str) -> Value {
        assert!(self.body.get("errors").is_none(), "{} {}", self.status, self.body);
        self.body.pointer(&format!("/data{pointer}")).unwrap_or_else(|| panic!("nothing at {pointer} of {}", self.body)).clone()
    }

    /// The text of an answer without errors, at a path.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        self.data(pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer} of {}", self.body)).to_owned()
    }

    /// The code of the first error.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.first_error("/extensions/code").unwrap_or_else(|| panic!("no error in {} {}", self.status, self.body))
    }

    /// The code of the first error, if there is an error.
    pub fn first_code(&self) -> Option<&str> {
        self.first_error("/extensions/code")
    }

    /// The codes of all errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.map(|error| error["extensions"]["code"].as_str().unwrap_or("an error without a code")).collect()
    }

    /// The field that the first error is about.
    pub fn field(&self) -> Option<&str> {
        self.first_error("/extensions/field")
    }

    /// The sentence of the first error.
    pub fn message(&self) -> &str {
        self.first_error("/message").unwrap_or_default()
    }

    fn first_error(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(&format!("/errors/0{pointer}"))?.as_str()
    }
}
