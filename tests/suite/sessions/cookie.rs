//! Sessions whose refresh token is kept in a cookie.

use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use serde_json::{Value, json};
use tests::{Account, Answer, Company, Server};

/// Sends an operation with a cookie.
async fn ask_with_cookie(company: &Company<'_>, cookie: &str, query: &str) -> Answer {
    let request = Request::post("/graphql")
        .header(header::HOST, company.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie)
        .body(Body::from(json!({ "query": query }).to_string()))
        .unwrap();
    company.anonymous().send(request).await
}

async fn sign_in_with_cookie(company: &Company<'_>, account: &Account) -> Answer {
    let input = json!({ "email": account.email, "password": account.password, "keepInCookie": true });
    company.anonymous().mutate("signIn", input, "accessToken refreshToken").await
}

/// The one cookie that an answer sets.
fn set_cookie(answer: &Answer) -> &str {
    let mut cookies = answer.headers.get_all(header::SET_COOKIE).iter();
    let cookie = cookies.next().expect("no cookie is set").to_str().unwrap();
    assert!(cookies.next().is_none(), "two cookies are set");
    cookie
}

/// What a browser sends back of it.
fn cookie_pair(answer: &Answer) -> String {
    set_cookie(answer).split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_in_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let signed_in = sign_in_with_cookie(&company, &account).await;
    assert_eq!(signed_in.data("/signIn/refreshToken"), Value::Null);
    let attributes = |cookie: &str| {
        let mut parts: Vec<String> = cookie.split(';').skip(1).map(|part| part.trim().to_owned()).collect();
        parts.sort_unstable();
        parts
    };
    let month = "Max-Age=2592000";
    assert_eq!(attributes(set_cookie(&signed_in)), ["HttpOnly", month, "Path=/graphql", "SameSite=Strict"]);

    let first = cookie_pair(&signed_in);
    assert!(first.starts_with("tenantry_refresh="));
    let renew = "mutation { refresh { accessToken refreshToken } }";
    let renewed = ask_with_cookie(&company, &format!("theme=dark; {first}; x=y"), renew).await;
    assert_eq!(renewed.data("/refresh/refreshToken"), Value::Null);
    let second = cookie_pair(&renewed);
    assert_ne!(first, second);
    let out = ask_with_cookie(&company, &second, "mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), true);
    assert!(set_cookie(&out).starts_with("tenantry_refresh=;"));
    assert_eq!(attributes(set_cookie(&out)), ["HttpOnly", "Max-Age=0", "Path=/graphql", "SameSite=Strict"]);
    assert_eq!(ask_with_cookie(&company, &second, renew).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn behind_https_the_cookie_is_for_https_alone() {
    let server = Server::start_with(&["--https"], api::app::system_clock()).await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let signed_in = sign_in_with_cookie(&company, &account).await;
    assert!(set_cookie(&signed_in).split(';').any(|part| part.trim() == "Secure"), "{}", set_cookie(&signed_in));
    assert!(signed_in.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    let renewed = ask_with_cookie(&company, &cookie_pair(&signed_in), "mutation { refresh { accessToken } }").await;
    assert!(set_cookie(&renewed).contains("; Secure"));
}

#[tokio::test]
async fn a_cookie_of_one_tenant_is_nothing_at_another() {
    let server = Server::start().await;
    let company = server.company().await;
    let other = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    let renew = "mutation { refresh { accessToken } }";
    assert_eq!(ask_with_cookie(&other, &cookie, renew).await.code(), "UNAUTHENTICATED");
    let out = ask_with_cookie(&other, &cookie, "mutation { signOut { signedOut } }").await;
    assert_eq!(out.data("/signOut/signedOut"), false);
    // It was not ended there.
    ask_with_cookie(&company, &cookie, renew).await.data("");
}

#[tokio::test]
async fn a_cookie_alone_signs_nobody_in() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    let answer = ask_with_cookie(&company, &cookie, "{ viewer { role } }").await;
    assert_eq!(answer.data("/viewer"), Value::Null);
    assert_eq!(ask_with_cookie(&company, &cookie, "{ employees { totalCount } }").await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_the_cookie() {
    let server = Server::start().await;
    let company = server.company().await;
    let account = company.account(Role::Hr).await;
    let cookie = cookie_pair(&sign_in_with_cookie(&company, &account).await);
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")] {
        let request = Request::post("/graphql")
            .header(header::HOST, company.host())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, &cookie)
            .header(name, value)
            .body(Body::from(json!({ "query": "mutation { refresh { accessToken } }" }).to_string()))
            .unwrap();
        let answer = company.anonymous().send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (403, "FORBIDDEN"), "{name}: {value}");
    }
}
