//! Whether a host may have a certificate.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use tests::{Answer, Caller, Server};

use super::{Scene, new_host};

/// Asks as a peer, at a host.
async fn ask_at(server: &Server, host: &str, peer: Option<&str>, query: &str, more: &[(&'static str, &str)]) -> Answer {
    let mut request = Request::get(format!("/tls/ask{query}")).header(header::HOST, host);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    if let Some(peer) = peer {
        request = request.extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    }
    Caller::new(server.router.clone(), "", None).send(request.body(Body::empty()).unwrap()).await
}

async fn ask(server: &Server, domain: &str) -> StatusCode {
    ask_at(server, "127.0.0.1:8000", Some("127.0.0.1"), &format!("?domain={domain}"), &[]).await.status
}

#[tokio::test]
async fn hosts_that_are_served_may_have_a_certificate_and_no_others() {
    let scene = Scene::open().await;
    let (company, host, pending) = (scene.company().await, new_host(), new_host());
    let server = &scene.office.server;
    scene.prove(&company, &host).await;
    scene.claim(&company, &pending).await;
    for served in [&host, &company.host(), "localhost", "api.localhost", &host.to_uppercase(), &format!("{host}.")] {
        assert_eq!(ask(server, served).await, StatusCode::OK, "{served}");
    }
    for other in [&pending, "nobody.localhost", "www.localhost", &format!("x.{host}"), "127.0.0.1", "", "not%20a%20host", "a..b"]
    {
        assert_eq!(ask(server, other).await, StatusCode::NOT_FOUND, "{other}");
    }
    for query in ["", "?", "?host=localhost", "?domain=localhost&domain=evil.example"] {
        let answer = ask_at(server, "127.0.0.1:8000", Some("127.0.0.1"), query, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{query}");
    }
    super::remove(&scene.owner(&company), &host).await.data("");
    assert_eq!(ask(server, &host).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_the_operators_proxies_may_ask() {
    let flags = ["--trusted-proxy", "10.0.0.1", "--tls-ask-from", "10.0.0.2,fd00::2"];
    let server = Server::start_with(&flags, api::app::system_clock()).await;
    let company = server.company().await;
    let query = format!("?domain={}", company.host());
    for host in ["127.0.0.1:8000", "[::1]:8000", "10.0.0.9", "localhost"] {
        for peer in ["127.0.0.1", "::1", "10.0.0.1", "10.0.0.2", "fd00::2", "::ffff:10.0.0.2"] {
            assert_eq!(ask_at(&server, host, Some(peer), &query, &[]).await.status, StatusCode::OK, "{peer} at {host}");
        }
        for peer in [Some("10.0.0.3"), Some("198.51.100.7"), None] {
            assert_eq!(ask_at(&server, host, peer, &query, &[]).await.status, StatusCode::FORBIDDEN, "{peer:?} at {host}");
        }
    }
    // A proxy that hands on the question of a stranger does not ask for itself.
    for more in [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")] {
        let answer = ask_at(&server, "localhost", Some("10.0.0.1"), &query, &[more]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{more:?}");
    }
    // At a tenant's host there is nothing of the kind.
    for host in [company.host(), "api.localhost".to_owned(), "nobody.localhost".to_owned()] {
        assert_eq!(ask_at(&server, &host, Some("127.0.0.1"), &query, &[]).await.status, StatusCode::NOT_FOUND, "{host}");
    }
}
