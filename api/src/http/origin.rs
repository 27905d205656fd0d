//! Whose page opens a WebSocket. Browsers let the pages of any site do that, and no other rule of theirs stops them.

use std::net::IpAddr;

use axum::http::{HeaderName, Uri, header::ORIGIN, request::Parts};

use super::{host, peer, refusal::Refusal};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses what a page of another origin sends. Without an `Origin` it is no page.
pub(crate) fn check_same(parts: &Parts, proxies: &[IpAddr]) -> Result<(), Refusal> {
    if let Some(site) = parts.headers.get(SEC_FETCH_SITE)
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(Refusal::CrossSite);
    }
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(());
    };
    let authority = host::authority(&parts.uri, &parts.headers, peer(parts), proxies).map_err(|_| Refusal::MalformedHost)?;
    let is_same = origins.next().is_none() && origin.to_str().is_ok_and(|origin| is_of(origin, authority));
    if is_same { Ok(()) } else { Err(Refusal::CrossSite) }
}

/// Whether an origin is that of a host, as the port of its scheme may be left out on either side.
fn is_of(origin: &str, authority: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    let usual_port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return false,
    };
    let Ok(authority) = authority.parse::<axum::http::uri::Authority>() else {
        return false;
    };
    uri.host().is_some_and(|host| host.eq_ignore_ascii_case(authority.host()))
        && uri.port_u16().unwrap_or(usual_port) == authority.port_u16().unwrap_or(usual_port)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://acme.example.com", "acme.example.com", true)]
    #[case("https://acme.example.com", "acme.example.com:443", true)]
    #[case("http://ACME.localhost:8000", "acme.localhost:8000", true)]
    #[case("http://acme.localhost:5173", "acme.localhost:8000", false)]
    #[case("http://acme.localhost", "acme.localhost:8000", false)]
    #[case("https://globex.example.com", "acme.example.com", false)]
    #[case("https://acme.example.com.evil.test", "acme.example.com", false)]
    #[case("null", "acme.example.com", false)]
    #[case("file://acme.example.com", "acme.example.com", false)]
    #[case("", "acme.example.com", false)]
    fn origins(#[case] origin: &str, #[case] authority: &str, #[case] same: bool) {
        assert_eq!(is_of(origin, authority), same);
    }
}
