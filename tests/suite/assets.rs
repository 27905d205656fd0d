//! The web client, out of the binary.

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tests::Server;
use tower::ServiceExt as _;

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    #[track_caller]
    fn header(&self, name: &header::HeaderName) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("there is no {name}")).to_str().unwrap()
    }
}

async fn send(server: &Server, method: Method, host: &str, path: &str, headers: &[(header::HeaderName, &str)]) -> Page {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, host);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Page { status: parts.status, headers: parts.headers, bytes }
}

async fn get(server: &Server, host: &str, path: &str) -> Page {
    send(server, Method::GET, host, path, &[]).await
}

async fn start() -> (Server, String) {
    let server = Server::start().await;
    let tenant = server.tenant().await;
    let host = server.app.hosts.of_slug(&tenant.slug);
    let index = get(&server, &host, "/").await;
    assert!(
        !index.text().contains("web client is not part of this build"),
        "the web client is not built, or was not when the tests were compiled; run `make test`"
    );
    (server, host)
}

/// The paths of the scripts and styles that a page loads.
fn assets_of(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in page.split(['"', '\'']) {
        if part.trim_start_matches('/').starts_with("assets/") {
            found.push(format!("/{}", part.trim_start_matches('/')));
        }
    }
    assert!(!found.is_empty(), "the page loads nothing: {page}");
    found
}

#[tokio::test]
async fn the_app_comes_with_a_strict_policy() {
    let (server, host) = start().await;
    let index = get(&server, &host, "/").await;
    assert_eq!(index.status, 200);
    assert_eq!(index.header(&header::CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(index.header(&header::CACHE_CONTROL), "no-cache");
    assert_eq!(index.header(&header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(index.header(&header::X_FRAME_OPTIONS), "DENY");
    let policy = index.header(&header::CONTENT_SECURITY_POLICY);
    let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    for directive in ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(directives.contains(&directive), "{directive} is not in {policy}");
    }
    assert!(!policy.contains("unsafe-eval") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    assert!(!directives.iter().any(|one| one.starts_with("script-src") && one.contains("unsafe")), "{policy}");
    // Nothing that the policy would stop.
    let text = index.text();
    assert!(!text.contains("<style") && !text.contains(" onload="), "{text}");
    for script in text.split("<script").skip(1) {
        assert!(script.split('>').next().unwrap().contains(" src=\"/"), "an inline script or one from elsewhere: {script}");
    }
}

#[tokio::test]
async fn graphiql_works_offline() {
    let (server, host) = start().await;
    let page = get(&server, &host, "/graphiql").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    let links: Vec<&str> = text.split(['"', '\'']).filter(|part| part.starts_with("http") || part.starts_with("//")).collect();
    assert!(links.is_empty(), "GraphiQL loads {links:?}");
    let policy = page.header(&header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'self'") && !policy.contains("http"), "{policy}");
    for asset in assets_of(&text) {
        assert_eq!(get(&server, &host, &asset).await.status, 200, "{asset}");
    }
}

#[tokio::test]
async fn assets_never_change_under_their_names() {
    let (server, host) = start().await;
    for path in assets_of(&get(&server, &host, "/").await.text()) {
        let asset = get(&server, &host, &path).await;
        assert_eq!(asset.status, 200, "{path}");
        assert_eq!(asset.header(&header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        let kind = asset.header(&header::CONTENT_TYPE);
        let is_known = kind == "text/javascript; charset=utf-8" || kind == "text/css; charset=utf-8";
        assert!(is_known, "{path} is {kind}");
        assert!(asset.bytes.len() > 100);
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let (server, host) = start().await;
    let asset = assets_of(&get(&server, &host, "/").await.text()).remove(0);
    for path in ["/", "/graphiql", "/employees/anything", asset.as_str()] {
        for encoding in ["identity", "br"] {
            let encoding = (header::ACCEPT_ENCODING, encoding);
            let first = send(&server, Method::GET, &host, path, std::slice::from_ref(&encoding)).await;
            let tag = first.header(&header::ETAG).to_owned();
            for value in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
                let headers = [encoding.clone(), (header::IF_NONE_MATCH, value.as_str())];
                let again = send(&server, Method::GET, &host, path, &headers).await;
                assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {value}");
                assert!(again.bytes.is_empty());
                assert_eq!(again.header(&header::ETAG), tag);
            }
            let headers = [encoding, (header::IF_NONE_MATCH, "\"other\"")];
            assert_eq!(send(&server, Method::GET, &host, path, &headers).await.status, 200);
        }
    }
}

#[tokio::test]
async fn brotli_is_sent_to_those_who_take_it() {
    let (server, host) = start().await;
    let assets = assets_of(&get(&server, &host, "/").await.text());
    let script = assets.iter().find(|path| path.rsplit('.').next() == Some("js")).expect("there is no script");
    let ask = async |accept: &str| send(&server, Method::GET, &host, script, &[(header::ACCEPT_ENCODING, accept)]).await;
    let plain = ask("identity").await;
    let brotli = ask("gzip, deflate, br, zstd").await;
    assert!(plain.headers.get(header::CONTENT_ENCODING).is_none());
    assert_eq!(brotli.header(&header::CONTENT_ENCODING), "br");
    assert!(brotli.bytes.len() * 2 < plain.bytes.len(), "{} of {}", brotli.bytes.len(), plain.bytes.len());
    assert_ne!(plain.header(&header::ETAG), brotli.header(&header::ETAG), "each form has its own tag");
    assert_eq!(brotli.header(&header::CONTENT_TYPE), plain.header(&header::CONTENT_TYPE));
    for form in [&plain, &brotli] {
        assert!(form.header(&header::VARY).to_lowercase().contains("accept-encoding"));
    }
    let refused = ask("br;q=0, identity").await;
    assert!(refused.headers.get(header::CONTENT_ENCODING).is_none(), "brotli was refused by the client");
}

#[tokio::test]
async fn paths_of_the_app_get_the_app_and_missing_files_do_not() {
    let (server, host) = start().await;
    let index = get(&server, &host, "/").await.bytes;
    for path in ["/employees", "/employees/RToBkQ88Wn5wAIAAAAAAAAAB", "/sign-in", "/a/b/c?d=e", "//", "/%2e%2e/x"] {
        let page = get(&server, &host, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.bytes == index, "{path} is another page");
    }
    for path in ["/assets/missing.js", "/assets/missing", "/missing.css", "/a/b.png", "/assets/../../Cargo.toml", "/.env"] {
        let page = get(&server, &host, path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(!page.text().contains("<html"), "{path} is answered with a page");
    }
}

#[tokio::test]
async fn pages_are_read_and_nothing_else() {
    let (server, host) = start().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/", "/employees", "/assets/x.js"] {
            let answer = send(&server, method.clone(), &host, path, &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header(&header::ALLOW), "GET, HEAD");
            assert!(!String::from_utf8_lossy(&answer.bytes).contains("<html"));
        }
    }
    let head = send(&server, Method::HEAD, &host, "/", &[]).await;
    assert_eq!(head.status, 200);
    assert!(head.headers.contains_key(header::ETAG));
}

#[tokio::test]
async fn an_address_of_nobody_gets_a_page_with_the_status_404() {
    let (server, _) = start().await;
    for host in ["nobody.localhost", "example.com", "www.localhost", "127.0.0.1", "[::1]:8000"] {
        let page = get(&server, host, "/").await;
        assert_eq!(page.status, 404, "{host}");
        assert!(page.text().contains("<html"), "{host}: the page tells why");
    }
    assert_eq!(get(&server, "localhost", "/").await.status, 200, "the apex");
    assert_eq!(get(&server, "a b", "/").await.status, 400);
}
