//! Whose pages may send requests, told by what browsers say of them: `Sec-Fetch-Site` and `Origin`.
//!
//! Programs that are no browser send neither and are let through: they carry no one else's cookies. Whatever a browser sends
//! that is not known to be a page of this very host is refused.

use std::{str::FromStr, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::IntoResponse,
};
use serde_json::Value;

use super::{host, peer, place::target_of, refusal::Refusal};
use crate::app::{App, Options};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The paths that answer nothing but programs and the client's own scripts, by whatever method.
const APIS: [&str; 2] = ["/graphql", "/operator/graphql"];
/// Where a tenant's settings have the origins whose pages may call its API.
pub(crate) const ALLOWED_ORIGINS: &str = "allowedOrigins";

/// Whose page sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    /// This host's own, or none: the person's own doing, or no browser.
    Own,
    /// Another's, as far as is known.
    Another,
}

/// Refuses what the page of another site sent, and answers the question that browsers ask beforehand.
///
/// Following a link or opening a page may come from anywhere: only the APIs refuse every method.
pub(crate) async fn check(State(app): State<Arc<App>>, request: Request<Body>, next: Next) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let Options { trusted_proxies, https, .. } = &app.options;
    let own_origin = || host::own_origin(&parts.uri, &parts.headers, peer(&parts), trusted_proxies, *https);
    if site(&parts.headers, own_origin) == Site::Own || (is_safe && !APIS.contains(&parts.uri.path())) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    // A response to one origin must not be taken from a cache for another.
    let refused = || {
        let mut response = Refusal::CrossSite.into_response();
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin, sec-fetch-site"));
        response
    };
    let Some((origin, trust)) = trusted(&app, &parts).await else {
        return refused();
    };
    // A WebSocket stays open, and is for the pages of this host.
    if trust == Trust::WithoutCookies && parts.headers.contains_key(header::UPGRADE) {
        return refused();
    }
    let mut response = if parts.method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        if trust == Trust::WithoutCookies {
            parts.headers.remove(header::COOKIE);
        }
        next.run(Request::from_parts(parts, body)).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    match trust {
        Trust::Full => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        // What a cookie would be set for is not theirs.
        Trust::WithoutCookies => {
            headers.remove(header::SET_COOKIE);
        }
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after, x-request-id"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.append(header::VARY, HeaderValue::from_static("origin, sec-fetch-site"));
    response
}

/// How far a page of another origin is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// As this host's own: the client's development server.
    Full,
    /// With what it brings itself, a token, and nothing that the browser adds.
    WithoutCookies,
}

/// The origin of the request, when its pages may call this host.
async fn trusted(app: &App, parts: &Parts) -> Option<(HeaderValue, Trust)> {
    if parts.uri.path() != "/graphql" {
        return None;
    }
    let mut values = parts.headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (values.next(), values.next()) else {
        return None;
    };
    let text = origin.to_str().ok()?;
    if app.options.development_port.is_some_and(|port| is_development_server(&parts.headers, text, port)) {
        return Some((origin.clone(), Trust::Full));
    }
    let (_, tenant, _) = target_of(app, parts, peer(parts)).await.ok()?;
    let allowed = allowed_origins(tenant?.settings.get(ALLOWED_ORIGINS));
    allowed.iter().any(|allowed| allowed.as_str() == text).then(|| (origin.clone(), Trust::WithoutCookies))
}

/// Whether the origin is this request's own hostname on the port of the client's development server. A page of one tenant
/// cannot call another's host this way.
fn is_development_server(headers: &HeaderMap, origin: &str, port: u16) -> bool {
    let uri: Option<Uri> = origin.parse().ok();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let hostname = host.rsplit_once(':').map_or(host, |(hostname, _)| hostname);
    uri.is_some_and(|uri| uri.port_u16() == Some(port) && uri.host().is_some_and(|origin| origin.eq_ignore_ascii_case(hostname)))
}

/// Whose page sent a request. Anything that cannot be read counts as another's.
fn site(headers: &HeaderMap, own_origin: impl FnOnce() -> Option<String>) -> Site {
    let one = |name: HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(drop),
            _ => Err(()),
        }
    };
    match (one(SEC_FETCH_SITE), one(header::ORIGIN)) {
        (Ok(Some("same-origin" | "none")), Ok(_)) | (Ok(None), Ok(None)) => Site::Own,
        // Browsers before `Sec-Fetch-Site`, and those that do not send it with an upgrade.
        (Ok(None), Ok(Some(origin))) => {
            if own_origin().is_some_and(|own| origin.eq_ignore_ascii_case(&own)) {
                Site::Own
            } else {
                Site::Another
            }
        }
        _ => Site::Another,
    }
}

/// An origin as browsers write it: scheme, host and, where it is not the usual one, port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The origin as browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = url::Url::parse(text).map_err(|_| "give an origin such as https://intranet.acme.com")?;
        let origin = url.origin().ascii_serialization();
        if !matches!(url.scheme(), "https" | "http") {
            Err("an origin begins with https:// or http://")
        } else if origin == text.trim_end_matches('/') {
            Ok(Self(origin))
        } else {
            Err("an origin has a scheme, a host and perhaps a port, in small letters and nothing else")
        }
    }
}

/// The origins in a tenant's settings. What is none is left out.
pub fn allowed_origins(setting: Option<&Value>) -> Vec<Origin> {
    let texts = setting.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    texts.filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], Site::Own)]
    #[case(&[("sec-fetch-site", "same-origin"), ("origin", "http://acme.localhost:8000")], Site::Own)]
    #[case(&[("sec-fetch-site", "none")], Site::Own)]
    #[case(&[("sec-fetch-site", "same-site"), ("origin", "http://globex.localhost:8000")], Site::Another)]
    #[case(&[("sec-fetch-site", "cross-site")], Site::Another)]
    #[case(&[("sec-fetch-site", "nonsense")], Site::Another)]
    #[case(&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], Site::Another)]
    #[case(&[("origin", "http://acme.localhost:8000")], Site::Own)]
    #[case(&[("origin", "http://acme.localhost")], Site::Another)]
    #[case(&[("origin", "https://acme.localhost:8000")], Site::Another)]
    #[case(&[("origin", "http://globex.localhost:8000")], Site::Another)]
    #[case(&[("origin", "null")], Site::Another)]
    #[case(&[("origin", "")], Site::Another)]
    #[case(&[("origin", "http://acme.localhost:8000"), ("origin", "http://evil.example")], Site::Another)]
    fn the_site_of_a_request(#[case] sent: &[(&'static str, &'static str)], #[case] expected: Site) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, HeaderValue::from_static(value));
        }
        assert_eq!(site(&headers, || Some("http://acme.localhost:8000".to_owned())), expected);
    }

    #[rstest]
    #[case("https://intranet.acme.com", true)]
    #[case("http://localhost:3000", true)]
    #[case("https://intranet.acme.com/", true)]
    #[case("https://intranet.acme.com:443", false)]
    #[case("https://Intranet.acme.com", false)]
    #[case("https://intranet.acme.com/page", false)]
    #[case("https://person@intranet.acme.com", false)]
    #[case("file:///etc/passwd", false)]
    #[case("*", false)]
    #[case("null", false)]
    fn origins(#[case] text: &str, #[case] good: bool) {
        assert_eq!(text.parse::<Origin>().is_ok(), good);
    }
}
