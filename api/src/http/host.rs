//! Which hostname a request was sent to, and how.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Uri, header::HOST};
use tenancy::{Hostname, HostnameError};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Why a request has no hostname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostRefusal {
    /// None, two that differ, or one that is no hostname: the request itself is wrong.
    Malformed,
    /// An IP address: well-formed, but no tenant's.
    IpLiteral,
}

/// Reads the hostname of a request.
///
/// The authority of the request line (HTTP/2, or an absolute form) and the `Host` header must agree, and there is one
/// `Host` header only: whoever reads the first and whoever reads the last must not see two tenants. `X-Forwarded-Host`
/// counts when the peer is one of `proxies`, and is ignored from anyone else.
pub(crate) fn hostname(
    uri: &Uri,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    proxies: &[IpAddr],
) -> Result<Hostname, HostRefusal> {
    let authority = authority(uri, headers, peer, proxies)?;
    Hostname::from_authority(authority).map_err(|error| match error {
        HostnameError::IpLiteral => HostRefusal::IpLiteral,
        HostnameError::Malformed => HostRefusal::Malformed,
    })
}

/// The origin of this host's own pages: scheme, host and port of the request. None where that cannot be told.
///
/// The program itself speaks no TLS. The scheme is what a trusted proxy says by `X-Forwarded-Proto`; otherwise https if people come
/// by https, as the operator says.
pub(crate) fn own_origin(
    uri: &Uri,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
    proxies: &[IpAddr],
    https: bool,
) -> Option<String> {
    let authority = authority(uri, headers, peer, proxies).ok()?;
    let scheme = match forwarded(headers, &FORWARDED_PROTO, peer, proxies).ok()? {
        None if https => "https",
        None => "http",
        Some(scheme) => ["https", "http"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?,
    };
    Some(format!("{scheme}://{authority}"))
}

/// The host and port that a request was sent to.
fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap, peer: Option<IpAddr>, proxies: &[IpAddr]) -> Result<&'a str, HostRefusal> {
    let sent = agreeing(uri, headers)?;
    Ok(forwarded(headers, &FORWARDED_HOST, peer, proxies)?.unwrap_or(sent))
}

/// What a trusted proxy says of the request that it hands on.
fn forwarded<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    peer: Option<IpAddr>,
    proxies: &[IpAddr],
) -> Result<Option<&'a str>, HostRefusal> {
    if !peer.is_some_and(|peer| proxies.contains(&peer)) {
        return Ok(None);
    }
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| HostRefusal::Malformed),
        (Some(_), Some(_)) => Err(HostRefusal::Malformed),
    }
}

fn agreeing<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, HostRefusal> {
    let mut values = headers.get_all(HOST).iter();
    let header = values.next().map(|value| value.to_str().map_err(|_| HostRefusal::Malformed)).transpose()?;
    if values.next().is_some() {
        return Err(HostRefusal::Malformed);
    }
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    match (authority, header) {
        (Some(authority), Some(header)) if !authority.eq_ignore_ascii_case(header) => Err(HostRefusal::Malformed),
        (Some(authority), _) => Ok(authority),
        (None, Some(header)) => Ok(header),
        (None, None) => Err(HostRefusal::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn read(uri: &str, headers: &[(&'static str, &str)], peer: IpAddr) -> Result<String, HostRefusal> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        hostname(&uri.parse().unwrap(), &map, Some(peer), &[PROXY]).map(|host| host.to_string())
    }

    #[test]
    fn one_host_header_is_read() {
        assert_eq!(read("/", &[("host", "Acme.Localhost:8000")], STRANGER), Ok("acme.localhost".to_owned()));
    }

    #[test]
    fn two_host_headers_are_refused_even_when_they_agree() {
        let hosts = [("host", "acme.localhost"), ("host", "acme.localhost")];
        assert_eq!(read("/", &hosts, STRANGER), Err(HostRefusal::Malformed));
    }

    #[test]
    fn the_request_line_and_the_header_must_agree() {
        let header = [("host", "globex.localhost")];
        assert_eq!(read("http://acme.localhost/", &header, STRANGER), Err(HostRefusal::Malformed));
        assert_eq!(read("http://globex.localhost/", &header, STRANGER), Ok("globex.localhost".to_owned()));
        assert_eq!(read("http://acme.localhost/", &[], STRANGER), Ok("acme.localhost".to_owned()));
    }

    #[test]
    fn a_request_without_a_host_is_refused() {
        assert_eq!(read("/", &[], STRANGER), Err(HostRefusal::Malformed));
    }

    #[test]
    fn an_ip_address_is_no_hostname() {
        assert_eq!(read("/", &[("host", "127.0.0.1:8000")], STRANGER), Err(HostRefusal::IpLiteral));
        assert_eq!(read("/", &[("host", "[::1]:8000")], STRANGER), Err(HostRefusal::IpLiteral));
    }

    #[test]
    fn a_forwarded_host_is_believed_from_a_proxy_alone() {
        let headers = [("host", "acme.localhost"), ("x-forwarded-host", "globex.localhost")];
        assert_eq!(read("/", &headers, PROXY), Ok("globex.localhost".to_owned()));
        assert_eq!(read("/", &headers, STRANGER), Ok("acme.localhost".to_owned()));
        let doubled = [("host", "acme.localhost"), ("x-forwarded-host", "a.localhost"), ("x-forwarded-host", "b.localhost")];
        assert_eq!(read("/", &doubled, PROXY), Err(HostRefusal::Malformed));
        let chained = [("host", "acme.localhost"), ("x-forwarded-host", "a.localhost, b.localhost")];
        assert_eq!(read("/", &chained, PROXY), Err(HostRefusal::Malformed));
    }

    #[test]
    fn a_forwarded_scheme_is_believed_from_a_proxy_alone() {
        let origin = |forwarded: &[&str], peer: IpAddr, https: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("acme.localhost:8000"));
            for value in forwarded {
                headers.append(FORWARDED_PROTO, HeaderValue::from_str(value).unwrap());
            }
            own_origin(&Uri::from_static("/"), &headers, Some(peer), &[PROXY], https)
        };
        let (http, https) = (Some("http://acme.localhost:8000".to_owned()), Some("https://acme.localhost:8000".to_owned()));
        assert_eq!(origin(&[], STRANGER, false), http);
        assert_eq!(origin(&[], STRANGER, true), https);
        assert_eq!(origin(&["https"], STRANGER, false), http);
        assert_eq!(origin(&["HTTPS"], PROXY, false), https);
        assert_eq!(origin(&["http"], PROXY, true), http);
        for odd in [&["https, http"][..], &["wss"], &[""], &["https", "https"]] {
            assert_eq!(origin(odd, PROXY, true), None, "{odd:?}");
        }
    }
}
