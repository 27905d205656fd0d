//! Whose pages may call the API.

use api::app::system_clock;
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, header},
};
use chrono::Utc;
use domain::Role;
use serde_json::json;
use tests::{Answer, Company, Server};

const INTRANET: &str = "https://intranet.acme.example";

async fn send(company: &Company<'_>, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, company.host());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({ "query": "{ tenant { slug } viewer { role } }" }).to_string();
    company.anonymous().send(request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap()).await
}

async fn allow(company: &Company<'_>, origins: &[&str]) {
    let change = |settings: &mut serde_json::Map<_, _>| drop(settings.insert("allowedOrigins".to_owned(), json!(origins)));
    company.server.tenants().change_settings(company.tenant.id, Utc::now(), change).await.unwrap();
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code()), (403, "FORBIDDEN"), "{}", answer.body);
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

fn allowed_for(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN)?.to_str().ok()
}

#[tokio::test]
async fn the_page_of_another_site_is_refused_whatever_it_sends() {
    let server = Server::start().await;
    let company = server.company().await;
    let cross_site = [("sec-fetch-site", "cross-site"), ("origin", INTRANET)];
    for method in [Method::POST, Method::GET, Method::OPTIONS] {
        refused(&send(&company, method, "/graphql?query=%7B__typename%7D", &cross_site).await);
    }
    // The socket of a subscription is opened by GET, without Sec-Fetch-Site in some browsers.
    refused(&send(&company, Method::GET, "/graphql", &[("origin", INTRANET), ("upgrade", "websocket")]).await);
    refused(&send(&company, Method::POST, "/graphql", &[("origin", "null")]).await);
    refused(&send(&company, Method::POST, "/graphql", &[("sec-fetch-site", "same-site")]).await);
    refused(&send(&company, Method::POST, "/", &cross_site).await);
    // A link to a page is followed from anywhere, and a program is no page.
    assert_ne!(send(&company, Method::GET, "/employees", &cross_site).await.status, 403);
    send(&company, Method::POST, "/graphql", &[]).await.data("/tenant/slug");
    let own = format!("http://{}", company.host());
    send(&company, Method::POST, "/graphql", &[("origin", &own)]).await.data("/tenant/slug");
}

#[tokio::test]
async fn a_page_that_came_by_another_scheme_is_of_another_site() {
    let plain = Server::start().await;
    let behind_tls = Server::start_with(&["--https"], system_clock()).await;
    for (server, own, other) in [(&plain, "http", "https"), (&behind_tls, "https", "http")] {
        let company = server.company().await;
        let origin = |scheme: &str| format!("{scheme}://{}", company.host());
        send(&company, Method::POST, "/graphql", &[("origin", &origin(own))]).await.data("/tenant/slug");
        refused(&send(&company, Method::POST, "/graphql", &[("origin", &origin(other))]).await);
        // What a stranger says of the scheme does not count.
        let claimed = [("origin", origin(other)), ("x-forwarded-proto", other.to_owned())];
        let claimed = claimed.each_ref().map(|(name, value)| (*name, value.as_str()));
        refused(&send(&company, Method::POST, "/graphql", &claimed).await);
    }
}

#[tokio::test]
async fn a_tenant_lets_pages_of_its_own_call_it_and_no_other_tenant() {
    let server = Server::start().await;
    let (company, other) = (server.company().await, server.company().await);
    allow(&company, &[INTRANET]).await;
    let token = format!("Bearer {}", company.token(Role::Hr));
    let page = [("sec-fetch-site", "cross-site"), ("origin", INTRANET), ("authorization", &token)];

    let asked = [("origin", INTRANET), ("sec-fetch-site", "cross-site"), ("access-control-request-method", "POST")];
    let before = send(&company, Method::OPTIONS, "/graphql", &asked).await;
    assert_eq!((before.status.as_u16(), allowed_for(&before.headers)), (204, Some(INTRANET)));
    let answer = send(&company, Method::POST, "/graphql", &page).await;
    assert_eq!(answer.text("/viewer/role"), "HR");
    assert_eq!(allowed_for(&answer.headers), Some(INTRANET));
    // Without the browser's cookies.
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    assert!(answer.headers.get_all(header::VARY).iter().any(|vary| vary.to_str().unwrap().contains("origin")));

    refused(&send(&other, Method::POST, "/graphql", &page).await);
    refused(&send(&other, Method::OPTIONS, "/graphql", &asked).await);
    for origin in ["https://evil.example", "https://intranet.acme.example.evil.example", "http://intranet.acme.example", "null"] {
        refused(&send(&company, Method::POST, "/graphql", &[("origin", origin)]).await);
    }
    refused(&send(&company, Method::POST, "/graphql", &[("origin", INTRANET), ("origin", "https://evil.example")]).await);
    // Its pages call the API, and nothing else.
    refused(&send(&company, Method::POST, "/", &page).await);
    allow(&company, &[]).await;
    refused(&send(&company, Method::POST, "/graphql", &page).await);
}

#[tokio::test]
async fn the_cookie_is_not_taken_from_an_allowed_page() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    allow(&company, &[INTRANET]).await;
    let sign_in = json!({
        "query": "mutation($input: SignInInput!) { signIn(input: $input) { accessToken refreshToken } }",
        "variables": { "input": { "email": account.email, "password": account.password, "keepInCookie": true } }
    });
    let request = |body: String, cookie: &str, origin: Option<&str>| {
        let mut request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookie);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        send_as(company.anonymous(), request.body(Body::from(body)).unwrap())
    };
    let signed_in = request(sign_in.to_string(), "", None).await;
    let cookie = signed_in.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let refresh = json!({ "query": "mutation { refresh { accessToken } }" }).to_string();
    let theirs = request(refresh.clone(), &cookie, Some(INTRANET)).await;
    assert_eq!(theirs.first_code(), Some("UNAUTHENTICATED"), "{}", theirs.body);
    assert!(!theirs.headers.contains_key(header::SET_COOKIE));
    request(refresh, &cookie, None).await.data("/refresh/accessToken");
}

#[tokio::test]
async fn the_development_server_is_let_in_when_asked_for() {
    let server = Server::start_with(&["--development-port", "5173"], system_clock()).await;
    let (company, other) = (server.company().await, server.company().await);
    let page = |company: &Company| format!("http://{}:5173", company.host());
    let own = page(&company);
    let answer = send(&company, Method::POST, "/graphql", &[("origin", &own), ("sec-fetch-site", "same-site")]).await;
    answer.data("/tenant/slug");
    assert_eq!(allowed_for(&answer.headers), Some(own.as_str()));
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    refused(&send(&company, Method::POST, "/graphql", &[("origin", &page(&other))]).await);
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let server = Server::start_with(&["--https"], system_clock()).await;
    let company = server.company().await;
    let answer = send(&company, Method::POST, "/graphql", &[]).await;
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.headers[name], value, "{name}");
    }
    let timing = answer.headers["server-timing"].to_str().unwrap();
    for part in ["read;dur=", "check;dur=", "wait;dur=", "execute;dur="] {
        assert!(timing.contains(part), "{timing}");
    }
}

async fn send_as(caller: tests::Caller, request: Request<Body>) -> Answer {
    caller.send(request).await
}
