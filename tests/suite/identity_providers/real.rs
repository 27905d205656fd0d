//! A real provider: the npm package `oidc-provider`, with a browser of a few lines.

use std::{collections::HashMap, path::Path, process::Stdio};

use chrono::TimeDelta;
use domain::Role;
use reqwest::{Client, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tests::{Browser, Company, Server, TestClock};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{LOCAL, set, usual};

struct RealProvider {
    issuer: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl RealProvider {
    async fn start(company: &Company<'_>) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
        assert!(
            directory.join("node_modules/oidc-provider").exists(),
            "the provider is not installed; run `make test`, or `npm ci` in tests/conformance"
        );
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(&directory)
            .env("PROVIDER_REDIRECT_URI", format!("http://{}:8000/auth/callback", company.host()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("node cannot be run; install Node.js 20.19 or newer");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut output = BufReader::new(output).lines();
        let issuer = loop {
            let line = output.next_line().await.unwrap().expect("the provider ended");
            if let Some(issuer) = line.strip_prefix("issuer ") {
                break issuer.to_owned();
            }
        };
        Self { issuer, input, output, _child: child }
    }

    async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        // It also has advice to give.
        while self.output.next_line().await.unwrap().expect("the provider ended") != "done" {}
    }

    /// Goes through the provider's pages, from the address that this program gives until the way leads back here.
    async fn pass(&self, address: &str) -> String {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut cookies: HashMap<String, String> = HashMap::new();
        let mut address = address.to_owned();
        for _ in 0..10 {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = client.get(&address).header("cookie", pairs.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let status = answer.status();
            let Some(next) = answer.headers().get("location").map(|next| next.to_str().unwrap().to_owned()) else {
                panic!("{address} answers {status}: {}", answer.text().await.unwrap());
            };
            address = reqwest::Url::parse(&address).unwrap().join(&next).unwrap().to_string();
            if let Some((_, path)) = address.split_once("/auth/callback") {
                return format!("/auth/callback{path}");
            }
        }
        panic!("the provider leads in a circle, to {address}")
    }

    async fn sign_in(&self, browser: &mut Browser<'_>) -> String {
        let address = browser.follow("/auth/sign-in").await;
        browser.follow(&self.pass(&address).await).await
    }

    /// An access token for a program.
    async fn robot(&self) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", "api")];
        let request = Client::new().post(format!("{}/token", self.issuer)).basic_auth("robot", Some("robot")).form(&form);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_provider_with_a_key_that_rotates() {
    let clock = TestClock::start();
    let server = Server::start_with(&[LOCAL], clock.clock()).await;
    let company = server.company().await;
    let mut provider = RealProvider::start(&company).await;
    set(&company, usual(&provider.issuer, &json!({}))).await.data("");

    // A member, by the code flow.
    let email = company.member_with(Role::Hr).email();
    provider
        .tell(&format!("account {}", json!({ "sub": "ada", "email": email, "email_verified": true, "groups": ["people"] })))
        .await;
    let mut browser = Browser::at(&company);
    assert_eq!(provider.sign_in(&mut browser).await, "/");
    let caller = company.anonymous().with_token(Some(browser.access_token().await));
    assert_eq!(caller.ask("{ viewer { account { email } } }").await.text("/viewer/account/email"), email);

    // A code that comes again, with a try of its own.
    let address = browser.follow("/auth/sign-in").await;
    let used = provider.pass(&address).await;
    assert_eq!(browser.follow(&used).await, "/");
    assert_eq!(browser.follow(&used).await, "/sign-in?problem=expired");

    // Somebody new, with a role by a claim that the provider gives on request.
    let email = format!("nora@{}.test", company.tenant.slug);
    let nora = json!({ "sub": "nora", "email": email, "email_verified": true, "name": "Nora New", "groups": ["leads"] });
    provider.tell(&format!("account {nora}")).await;
    let mut browser = Browser::at(&company);
    assert_eq!(provider.sign_in(&mut browser).await, "/");
    let caller = company.anonymous().with_token(Some(browser.access_token().await));
    let viewer = caller.ask("{ viewer { name role } }").await;
    assert_eq!(viewer.data("/viewer"), json!({ "name": "Nora New", "role": "MANAGER" }));

    // A program, by a bearer token, before and after the provider has another key, of another kind.
    let ask = async |token: &str| company.anonymous().with_token(Some(token.to_owned())).ask("{ viewer { role } }").await;
    let before = provider.robot().await;
    assert_eq!(ask(&before).await.text("/viewer/role"), "HR");
    for algorithm in ["ES256", "RS256"] {
        provider.tell(&format!("rotate {algorithm}")).await;
        clock.advance(TimeDelta::seconds(11));
        let after = provider.robot().await;
        assert_ne!(jsonwebtoken::decode_header(&after).unwrap().kid, jsonwebtoken::decode_header(&before).unwrap().kid);
        assert_eq!(ask(&after).await.text("/viewer/role"), "HR");
        assert_eq!(ask(&before).await.text("/viewer/role"), "HR", "the key before is published still");
        assert_eq!(provider.sign_in(&mut Browser::at(&company)).await, "/");
    }

    // The same token at another tenant, with a provider of its own and without.
    let other = server.company().await;
    let token = provider.robot().await;
    let there = other.anonymous().with_token(Some(token.clone()));
    assert_eq!(there.ask("{ viewer { role } }").await.status, 401);
    let second = RealProvider::start(&other).await;
    set(&other, usual(&second.issuer, &json!({}))).await.data("");
    assert_eq!(there.ask("{ viewer { role } }").await.status, 401);
    let theirs = second.robot().await;
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
    assert_eq!(kid(&theirs), kid(&before), "both have a key of this id");
    assert_eq!(other.anonymous().with_token(Some(theirs.clone())).ask("{ viewer { role } }").await.text("/viewer/role"), "HR");
    assert_eq!(ask(&theirs).await.status, 401);
}
