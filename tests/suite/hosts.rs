//! Traps 9 and 21 over HTTP: which tenant a request is for, by its host and its token.

use std::net::SocketAddr;

use api::app::system_clock;
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request, StatusCode, header},
};
use chrono::Utc;
use domain::Role;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy::{Hostname, TenantStatus};
use tests::{Answer, Caller, Company, Server, database_url, run};
use uuid::Uuid;

const ACCOUNT: &str = "{ account { id } }";
const PLACE: &str = "{ tenant { slug } }";

/// A request for the place, made by hand. `hosts` are the values of its `Host` headers.
struct Raw<'a> {
    uri: &'a str,
    hosts: &'a [&'a str],
    more: &'a [(&'static str, &'a str)],
    peer: Option<&'a str>,
}

impl Default for Raw<'_> {
    fn default() -> Self {
        Self { uri: "/graphql", hosts: &[], more: &[], peer: None }
    }
}

impl Raw<'_> {
    async fn send(&self, server: &Server) -> Answer {
        let mut request = Request::post(self.uri)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json");
        for host in self.hosts {
            request = request.header(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        for (name, value) in self.more {
            request = request.header(*name, *value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        }
        let body = Body::from(json!({ "query": PLACE }).to_string());
        Caller::new(server.router.clone(), "", None).send(request.body(body).unwrap()).await
    }
}

#[track_caller]
fn is_at(answer: &Answer, company: &Company<'_>) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.text("/tenant/slug"), company.tenant.slug.as_str());
}

#[track_caller]
fn is_refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{}", answer.body);
    assert!(!answer.message().is_empty());
    assert!(answer.body.get("data").is_none(), "{}", answer.body);
}

/// Trap 9, and the whole table of who is served where.
#[tokio::test]
async fn host_and_token_must_name_the_same_tenant() {
    let server = Server::start().await;
    let (acme, globex) = (server.company().await, server.company().await);
    let custom = Hostname::parse(&format!("{}.example.test", Uuid::now_v7().simple())).unwrap();
    server.tenants().add_host(acme.tenant.id, &custom, true, Utc::now()).await.unwrap();
    let platform = server.signer.platform_token(acme.tenant.id).await;
    let stranger = Some(server.signer.token(tenancy::TenantId(Uuid::now_v7()), Role::Owner, None).await);
    let (of_acme, of_globex) = (Some(acme.token(Role::Owner)), Some(globex.token(Role::Owner)));
    let caller = |host: &str, token: &Option<String>| Caller::new(server.router.clone(), host, token.clone());

    for host in [acme.host(), custom.to_string()] {
        let anonymous = caller(&host, &None);
        is_at(&anonymous.ask(PLACE).await, &acme);
        assert_eq!(anonymous.ask("{ employees { totalCount } }").await.code(), "UNAUTHENTICATED");
        let member = caller(&host, &of_acme).ask("{ tenant { slug } viewer { role } }").await;
        is_at(&member, &acme);
        assert_eq!(member.text("/viewer/role"), "OWNER");
        for token in [&of_globex, &stranger, &Some(platform.clone())] {
            is_refused(&caller(&host, token).ask(PLACE).await, StatusCode::FORBIDDEN, "TENANT_MISMATCH");
        }
        is_refused(
            &caller(&host, &Some("no.token.atall".to_owned())).ask(PLACE).await,
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
        );
    }

    is_at(&caller("api.localhost", &of_acme).ask(PLACE).await, &acme);
    is_at(&caller("api.localhost", &of_globex).ask(PLACE).await, &globex);
    let nobody = caller("api.localhost", &None).ask(PLACE).await;
    is_refused(&nobody, StatusCode::UNAUTHORIZED, "UNAUTHENTICATED");
    assert!(nobody.headers.contains_key(header::WWW_AUTHENTICATE));
    is_refused(&caller("api.localhost", &stranger).ask(PLACE).await, StatusCode::NOT_FOUND, "TENANT_NOT_FOUND");
    is_refused(&caller("api.localhost", &Some(platform.clone())).ask(PLACE).await, StatusCode::FORBIDDEN, "TENANT_MISMATCH");

    // The apex has a schema of its own, which knows no organisation's data, and refuses every organisation's token.
    is_refused(&caller("localhost", &of_acme).ask(ACCOUNT).await, StatusCode::FORBIDDEN, "TENANT_MISMATCH");
    assert!(caller("localhost", &None).ask(ACCOUNT).await.data("/account").is_null());
    assert!(caller("localhost", &Some(platform)).ask(ACCOUNT).await.data("/account/id").is_string());
    is_refused(&caller("localhost", &None).ask(PLACE).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    for token in [&None, &of_acme, &stranger] {
        for host in ["nobody.localhost", "people.nobody.test", "www.localhost", "xn--nobody.localhost"] {
            is_refused(&caller(host, token).ask(PLACE).await, StatusCode::NOT_FOUND, "TENANT_NOT_FOUND");
        }
    }
}

/// Trap 21: every spelling of a host is the same host.
#[tokio::test]
async fn a_host_is_read_in_every_spelling() {
    let server = Server::start().await;
    let acme = server.company().await;
    let host = acme.host();
    let (upper, dotted, port) = (host.to_uppercase(), format!("{host}."), format!("{host}:8000"));
    let all = format!("{upper}.:443");
    for spelling in [&host, &upper, &dotted, &port, &all] {
        is_at(&Raw { hosts: &[spelling], ..Raw::default() }.send(&server).await, &acme);
    }
}

/// Trap 21: names that only look like a tenant's host.
#[tokio::test]
async fn a_host_that_resembles_a_tenants_is_nobodys() {
    let server = Server::start().await;
    let acme = server.company().await;
    let (host, slug) = (acme.host(), &acme.tenant.slug);
    for nobodys in [
        format!("{host}.evil.com"),
        format!("evil-{host}"),
        format!("x.{host}"),
        format!("{slug}.evil.com"),
        format!("{slug}"),
        format!("{slug}.api.localhost"),
        format!("{slug}localhost"),
        "127.0.0.1".to_owned(),
        "127.0.0.1:8000".to_owned(),
        "[::1]:8000".to_owned(),
    ] {
        let answer = Raw { hosts: &[&nobodys], ..Raw::default() }.send(&server).await;
        is_refused(&answer, StatusCode::NOT_FOUND, "TENANT_NOT_FOUND");
    }
    for malformed in [
        String::new(),
        format!("{host}:"),
        format!("{host}:http"),
        format!("{host}:80:80"),
        format!("user@{host}"),
        format!("{host}/graphql"),
        format!("{host}, globex.localhost"),
        format!("{host} "),
        format!("{host}.."),
        format!(".{host}"),
        format!("{host}\u{7f}"),
        format!("{slug}_.localhost"),
        format!("{slug}é.localhost"),
        format!("{}.localhost", "a".repeat(64)),
        "2130706433".to_owned(),
    ] {
        let Ok(value) = HeaderValue::from_bytes(malformed.as_bytes()) else { continue };
        let request = Request::post("/graphql").header(header::HOST, value).header(header::CONTENT_TYPE, "application/json");
        let body = Body::from(json!({ "query": PLACE }).to_string());
        let answer = Caller::new(server.router.clone(), "", None).send(request.body(body).unwrap()).await;
        assert!(answer.status == StatusCode::BAD_REQUEST, "{malformed:?}: {} {}", answer.status, answer.body);
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{malformed:?}");
    }
}

/// Trap 21: whoever reads the first host and whoever reads the last must not see two tenants.
#[tokio::test]
async fn a_request_that_names_two_hosts_is_refused() {
    let server = Server::start().await;
    let (acme, globex) = (server.company().await, server.company().await);
    let (one, two) = (acme.host(), globex.host());
    for hosts in [[one.as_str(), &two], [&two, &one], [&one, &one]] {
        is_refused(&Raw { hosts: &hosts, ..Raw::default() }.send(&server).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    }
    is_refused(&Raw::default().send(&server).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");

    let absolute = format!("http://{one}/graphql");
    is_at(&Raw { uri: &absolute, ..Raw::default() }.send(&server).await, &acme);
    is_at(&Raw { uri: &absolute, hosts: &[&one], ..Raw::default() }.send(&server).await, &acme);
    let answer = Raw { uri: &absolute, hosts: &[&two], ..Raw::default() }.send(&server).await;
    is_refused(&answer, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    let hidden = format!("http://{two}@{one}/graphql");
    let answer = Raw { uri: &hidden, ..Raw::default() }.send(&server).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
}

/// Trap 21: a forwarded host counts when one of the configured proxies says it.
#[tokio::test]
async fn a_forwarded_host_is_believed_from_a_trusted_proxy_alone() {
    let proxied = Server::start_with(&["--trusted-proxy", "10.0.0.1,::1"], system_clock()).await;
    let plain = Server::start().await;
    let (acme, globex) = (plain.company().await, plain.company().await);
    let (one, two) = (acme.host(), globex.host());
    let forwarded = [("x-forwarded-host", two.as_str())];
    let send = async |server: &Server, peer: Option<&str>, more: &[(&'static str, &str)]| {
        Raw { hosts: &[&one], more, peer, ..Raw::default() }.send(server).await
    };
    for trusted in ["10.0.0.1", "::1", "::ffff:10.0.0.1"] {
        is_at(&send(&proxied, Some(trusted), &forwarded).await, &globex);
        is_at(&send(&proxied, Some(trusted), &[]).await, &acme);
    }
    for stranger in [Some("10.0.0.2"), Some("127.0.0.1"), None] {
        is_at(&send(&proxied, stranger, &forwarded).await, &acme);
    }
    is_at(&send(&plain, Some("10.0.0.1"), &forwarded).await, &acme);
    // Through the proxy, what it says is held to the same rules.
    let doubled = [("x-forwarded-host", one.as_str()), ("x-forwarded-host", two.as_str())];
    is_refused(&send(&proxied, Some("10.0.0.1"), &doubled).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    let chain = format!("{one}, {two}");
    let chained = [("x-forwarded-host", chain.as_str())];
    is_refused(&send(&proxied, Some("10.0.0.1"), &chained).await, StatusCode::BAD_REQUEST, "BAD_USER_INPUT");
    // A token for the host that was asked for does not open the one that was forwarded.
    let token = format!("Bearer {}", acme.token(Role::Owner));
    let with_token = [("x-forwarded-host", two.as_str()), ("authorization", token.as_str())];
    is_refused(&send(&proxied, Some("10.0.0.1"), &with_token).await, StatusCode::FORBIDDEN, "TENANT_MISMATCH");
}

/// Trap 19: what is stored about a tenant is in force.
#[tokio::test]
async fn a_suspended_tenant_is_not_served_and_its_neighbours_are() {
    let server = Server::start().await;
    let (acme, globex) = (server.company().await, server.company().await);
    let set = async |status| server.tenants().set_status(acme.tenant.id, status, Utc::now()).await.unwrap();
    set(TenantStatus::Suspended).await;
    for caller in [acme.anonymous(), acme.caller(Role::Owner), acme.caller(Role::Owner).at("api.localhost")] {
        is_refused(&caller.ask(PLACE).await, StatusCode::FORBIDDEN, "TENANT_SUSPENDED");
        let write = caller.mutate("createPosition", json!({ "title": "Anything" }), "position { id }").await;
        is_refused(&write, StatusCode::FORBIDDEN, "TENANT_SUSPENDED");
    }
    is_at(&globex.anonymous().ask(PLACE).await, &globex);
    set(TenantStatus::Active).await;
    is_at(&acme.anonymous().ask(PLACE).await, &acme);
}

#[tokio::test]
async fn a_tenant_whose_schema_is_behind_is_not_served_and_one_that_is_ahead_is() {
    let server = Server::start().await;
    let (acme, globex) = (server.company().await, server.company().await);
    let mut operator = PgConnection::connect(&database_url()).await.unwrap();
    let set = |value: &str| format!("UPDATE platform.tenants SET schema_version = {value} WHERE id = '{}'", acme.tenant.id);
    for behind in ["NULL", "'m20000101_000001_first'"] {
        run(&mut operator, &set(behind)).await;
        tests::within(std::time::Duration::from_secs(1), "the tenant is behind", async || {
            acme.anonymous().ask(PLACE).await.first_code().is_some()
        })
        .await;
        for caller in [acme.anonymous(), acme.caller(Role::Owner), acme.caller(Role::Owner).at("api.localhost")] {
            let answer = caller.ask(PLACE).await;
            is_refused(&answer, StatusCode::SERVICE_UNAVAILABLE, "TENANT_MIGRATING");
            assert!(answer.headers.contains_key(header::RETRY_AFTER));
        }
        is_at(&globex.anonymous().ask(PLACE).await, &globex);
    }
    run(&mut operator, &set("'m29990101_000001_last'")).await;
    tests::within(std::time::Duration::from_secs(1), "the tenant is served", async || {
        acme.anonymous().ask(PLACE).await.first_code().is_none()
    })
    .await;
    is_at(&acme.anonymous().ask(PLACE).await, &acme);
}
