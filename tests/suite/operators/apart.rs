//! Nothing of operators is anybody else's, and nothing of tenants is an operator's.

use std::net::{IpAddr, SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Role;
use entities::platform::operator::OperatorRole;
use serde_json::{Value, json};
use tests::{Answer, Caller, Server};

/// Sends somebody's question who is not signed in to the API of operators, with these headers.
async fn ask_with_headers(server: &Server, method: Method, from: IpAddr, headers: &[(&'static str, &str)]) -> Answer {
    let uri = if method == Method::GET { "/operator/graphql?query=%7Bviewer%7Bemail%7D%7D" } else { "/operator/graphql" };
    let mut request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::HOST, server.app.hosts.base().as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(SocketAddr::new(from, 4711)));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({ "query": "{ viewer { email } }" }).to_string();
    server.console().send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn every_token_is_good_at_its_own_api_alone() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let owner = company.caller(Role::Owner);
    let input = json!({ "name": "Machine", "permissions": ["READ_DIRECTORY"] });
    let made = company.caller(Role::Admin).mutate("createApiKey", input, "token").await;
    let tokens = [
        ("a tenant's", owner.token().unwrap().to_owned()),
        ("the apex's", server.signer.platform_token(company.tenant.id).await),
        ("an operator's", operator.caller.token().unwrap().to_owned()),
        ("a key", made.text("/createApiKey/token")),
    ];
    let base = server.app.hosts.base().to_string();
    let apis = [
        ("a tenant's", company.anonymous()),
        ("the apex's", server.apex()),
        ("an operator's", server.console()),
        ("the machines'", server.apex().at(format!("api.{base}"))),
    ];
    for (of, token) in &tokens {
        for (at, api) in &apis {
            let answer = api.with_token(Some(token.clone())).ask("{ __typename }").await;
            let is_tenants = matches!(*of, "a tenant's" | "a key");
            let fits = if is_tenants { matches!(*at, "a tenant's" | "the machines'") } else { of == at };
            assert_eq!(answer.status == StatusCode::OK, fits, "{of} token at {at} API: {}", answer.body);
            if !fits {
                assert!(matches!(answer.code(), "UNAUTHENTICATED" | "TENANT_MISMATCH"), "{}", answer.body);
            }
            if (*of == "an operator's" || *at == "an operator's") && !fits {
                assert_eq!(answer.code(), "UNAUTHENTICATED", "{of} token at {at} API");
            }
        }
    }
}

/// What a token says of itself, whoever has signed it.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Also one that is signed with the program's own key.
#[tokio::test]
async fn a_token_of_another_audience_or_session_names_nobody() {
    let server = Server::start().await;
    let company = server.company().await;
    let [operator, other] = [server.operator(OperatorRole::Admin).await, server.operator(OperatorRole::Admin).await]
        .map(|operator| claims(operator.caller.token().unwrap()));
    let member = server.signer.forgery(company.tenant.id, Role::Owner, None).await.claims;
    let ask = async |api: &Caller, who: &Value, session: &Value, audience: &str| {
        let mut forgery = server.signer.forgery(company.tenant.id, Role::Owner, None).await;
        forgery.claims["sub"] = who["sub"].clone();
        forgery.claims["sid"] = session["sid"].clone();
        forgery.claims["aud"] = json!(audience);
        api.with_token(Some(forgery.sign())).ask("{ __typename }").await
    };
    let (tenants, apex, console) = (company.anonymous(), server.apex(), server.console());
    // An operator's, for a tenant and for the apex.
    let of_tenant = company.tenant.id.to_string();
    let of_tenant = of_tenant.as_str();
    for (api, audience) in [(&tenants, of_tenant), (&apex, "platform"), (&tenants, "platform"), (&apex, of_tenant)] {
        let answer = ask(api, &operator, &operator, audience).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{audience}: {}", answer.body);
    }
    // A member's for the console, and an operator's with the session of another or of a member.
    for (who, session) in [(&member, &member), (&operator, &other), (&operator, &member), (&member, &operator)] {
        let answer = ask(&console, who, session, "operator").await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{}", answer.body);
    }
    // So signed, the right ones would do.
    assert_eq!(ask(&console, &operator, &operator, "operator").await.status, StatusCode::OK);
    assert_eq!(ask(&tenants, &member, &member, of_tenant).await.status, StatusCode::OK);
}

#[tokio::test]
async fn there_is_nothing_for_operators_at_tenants_hosts() {
    let server = Server::start().await;
    let company = server.company().await;
    let operator = server.operator(OperatorRole::Admin).await;
    let base = server.app.hosts.base().to_string();
    for host in [company.host(), format!("api.{base}"), format!("nobody.{base}"), "elsewhere.example".to_owned()] {
        for caller in [&operator.caller, &server.console()] {
            let answer = caller.at(host.clone()).ask("{ viewer { email } }").await;
            assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "NOT_FOUND"), "{host}");
        }
    }
}

#[tokio::test]
async fn from_other_networks_nothing_is_found() {
    let flags = ["--operator-network", "192.0.2.0/24,2001:db8::/32"];
    let server = Server::start_with(&flags, api::app::system_clock()).await;
    let ask = async |address: &str| server.console().from_address(address).ask("{ viewer { email } }").await;
    for inside in ["192.0.2.9", "2001:db8::1"] {
        assert!(ask(inside).await.data("/viewer").is_null());
    }
    for outside in ["198.51.100.1", "2001:db9::1", "127.0.0.1"] {
        let answer = ask(outside).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "NOT_FOUND"), "{outside}");
    }
    // Without an address nobody is in a network.
    assert_eq!(server.console().ask("{ viewer { email } }").await.status, StatusCode::NOT_FOUND);
    // The others are not concerned.
    assert_eq!(server.apex().from_address("198.51.100.1").ask("{ __typename }").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_proxy_within_the_networks_does_not_speak_for_strangers() {
    let flags = ["--trusted-proxy", "10.0.0.1", "--operator-network", "10.0.0.0/8"];
    let server = Server::start_with(&flags, api::app::system_clock()).await;
    let proxy: IpAddr = "10.0.0.1".parse().unwrap();
    let ask = async |forwarded: &[&str]| {
        let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
        ask_with_headers(&server, Method::POST, proxy, &headers).await.status
    };
    assert_eq!(ask(&["10.0.0.9"]).await, StatusCode::OK);
    // Nothing, a stranger, the proxy itself, and what cannot be read: an address with a port, as some proxies write it.
    let others: [&[&str]; 6] =
        [&[], &["198.51.100.1"], &["10.0.0.1"], &["nonsense"], &["10.0.0.9, nonsense"], &["198.51.100.1:4711"]];
    for other in others {
        assert_eq!(ask(other).await, StatusCode::NOT_FOUND, "{other:?}");
    }
}

#[tokio::test]
async fn the_page_of_another_site_is_refused_by_whatever_method_it_asks() {
    let server = Server::start().await;
    let person: IpAddr = "198.51.100.1".parse().unwrap();
    let cross_site = [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example")];
    for method in [Method::POST, Method::GET, Method::OPTIONS] {
        let answer = ask_with_headers(&server, method.clone(), person, &cross_site).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{method}: {}", answer.body);
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    assert_eq!(ask_with_headers(&server, Method::POST, person, &[]).await.status, StatusCode::OK);
}
