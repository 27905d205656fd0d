//! `graphql-sse`: distinct connections.

use std::time::Duration;

use domain::Role;
use serde_json::{Value, json};
use tests::{Company, Listening, Server, until};

use super::{EMPLOYEES, kind_and_name, rename};

/// An event stream that is read piece by piece.
struct Events {
    response: reqwest::Response,
    read: String,
}

/// An event: its name and its data.
type Event = (String, Value);

impl Events {
    async fn open(company: &Company<'_>, listening: &Listening, token: Option<&str>, query: &str) -> Self {
        let request = reqwest::Client::new().post(listening.url()).json(&json!({ "query": query }));
        Self::send(request, &company.host(), token).await
    }

    async fn send(request: reqwest::RequestBuilder, host: &str, token: Option<&str>) -> Self {
        let mut request = request.header("host", host).header("accept", "text/event-stream");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        Self { response, read: String::new() }
    }

    /// The next event; none at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if event.starts_with(':') {
                    continue;
                }
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
                return Some((field("event:"), serde_json::from_str(&field("data:")).unwrap_or(Value::Null)));
            }
            let piece = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("nothing comes");
            self.read.push_str(std::str::from_utf8(&piece.ok()??).unwrap());
        }
    }

    async fn assert_refused(mut self, code: &str) {
        assert_eq!(self.response.status(), 200);
        let (name, data) = self.next().await.unwrap();
        assert_eq!((name.as_str(), &data["errors"][0]["extensions"]["code"]), ("next", &json!(code)), "{data}");
        assert_eq!(self.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.next().await, None);
    }
}

#[tokio::test]
async fn an_event_stream_tells_of_its_tenant_until_its_reader_leaves() {
    let (server, other_process) = (Server::start().await, Server::start().await);
    let (company, other) = (server.company().await, server.company().await);
    let listening = other_process.listen().await;
    let token = company.token(Role::Hr);
    let mut events = Events::open(&company, &listening, Some(&token), EMPLOYEES).await;
    assert_eq!(events.response.status(), 200);
    assert_eq!(events.response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(events.response.headers()["cache-control"], "no-store");
    let by_get = reqwest::Client::new().get(listening.url()).query(&[("query", EMPLOYEES)]);
    let mut second = Events::send(by_get, &company.host(), Some(&token)).await;
    rename(&other.caller(Role::Hr), other.chief.id, "Elsewhere").await;
    for name in ["One", "Two"] {
        rename(&company.caller(Role::Hr), company.chief.id, name).await;
        for events in [&mut events, &mut second] {
            let (kind, answer) = events.next().await.unwrap();
            assert_eq!((kind.as_str(), kind_and_name(&answer).1.as_str()), ("next", name));
        }
    }
    assert_eq!(other_process.app.live.counts().subscriptions, 2);
    drop((events, second));
    // The server notices with the next thing that it has to say.
    until("nothing is left", async || {
        rename(&company.caller(Role::Hr), company.chief.id, &uuid::Uuid::now_v7().to_string()).await;
        other_process.app.live.counts() == api::live::Counts::default()
    })
    .await;
}

#[tokio::test]
async fn an_event_stream_says_what_is_wrong_and_ends() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let token = company.token(Role::Hr);
    let ask = async |token: Option<&str>, query: &str| Events::open(&company, &listening, token, query).await;
    for query in
        ["subscription {", "subscription { nothing }", "subscription { tenantChanged { id } departmentsChanged { kind } }"]
    {
        ask(Some(&token), query).await.assert_refused("BAD_USER_INPUT").await;
    }
    ask(Some(&token), "mutation { signOut { ended } }").await.assert_refused("BAD_USER_INPUT").await;
    ask(None, EMPLOYEES).await.assert_refused("UNAUTHENTICATED").await;
    ask(None, "subscription { tenantChanged { id } }").await.assert_refused("UNAUTHENTICATED").await;
    // What is wrong with the request as a whole has its status.
    assert_eq!(ask(Some("nonsense"), EMPLOYEES).await.response.status(), 401);

    let mut query = ask(Some(&token), "{ viewer { role } }").await;
    assert_eq!(query.next().await, Some(("next".to_owned(), json!({ "data": { "viewer": { "role": "HR" } } }))));
    assert_eq!(query.next().await, Some(("complete".to_owned(), Value::Null)));
    assert_eq!(query.next().await, None);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = Server::start_with(&["--body-timeout", "1"], api::app::system_clock()).await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut stream = tokio::net::TcpStream::connect(listening.address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{{\"query\":",
        company.host()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut answer)).await.expect("nothing comes").unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn whoever_can_also_read_an_event_stream_gets_json_for_a_query() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let accept = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
    let ask = async |query: &str| {
        let request = reqwest::Client::new().post(listening.url()).json(&json!({ "query": query }));
        let request = request.header("host", company.host()).header("accept", accept).bearer_auth(company.token(Role::Hr));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap().to_owned())
    };
    let json = "application/graphql-response+json; charset=utf-8".to_owned();
    assert_eq!(ask("{ viewer { role } } # subscription").await, (200, json.clone()));
    assert_eq!(ask("mutation { signOut { ended } }").await.1, json);
    assert_eq!(ask("subscription {").await, (400, json));
    assert_eq!(ask(EMPLOYEES).await, (200, "text/event-stream; charset=utf-8".to_owned()));
}

#[tokio::test]
async fn an_event_stream_ends_with_the_right_to_it() {
    let server = Server::start().await;
    let company = server.company().await;
    let listening = server.listen().await;
    let mut forgery = server.signer.forgery_of(company.member_with(Role::Hr));
    forgery.claims["exp"] = json!(chrono::Utc::now().timestamp() + 2);
    Events::open(&company, &listening, Some(&forgery.sign()), EMPLOYEES).await.assert_refused("UNAUTHENTICATED").await;

    let token = company.token(Role::Hr);
    let suspended = Events::open(&company, &listening, Some(&token), EMPLOYEES).await;
    let status = tenancy::TenantStatus::Suspended;
    server.tenants().set_status(company.tenant.id, status, chrono::Utc::now()).await.unwrap();
    suspended.assert_refused("TENANT_SUSPENDED").await;

    // Whoever shall come back is not told that this was all: the stream just breaks off.
    let company = server.company().await;
    let mut stopped = Events::open(&company, &listening, Some(&company.token(Role::Hr)), EMPLOYEES).await;
    server.app.live.stop();
    assert_eq!(stopped.next().await, None);
}
