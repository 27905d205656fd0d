//! Which hostname a request was sent to.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, Uri, header::HOST};
use tenancy::{Hostname, HostnameError};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

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
    let sent = agreeing(uri, headers)?;
    let forwarded = peer.filter(|peer| proxies.contains(peer)).and_then(|_| headers.get(FORWARDED_HOST));
    let authority = match forwarded {
        None => sent,
        Some(value) if headers.get_all(FORWARDED_HOST).iter().count() == 1 => {
            value.to_str().map_err(|_| HostRefusal::Malformed)?
        }
        Some(_) => return Err(HostRefusal::Malformed),
    };
    Hostname::from_authority(authority).map_err(|error| match error {
        HostnameError::IpLiteral => HostRefusal::IpLiteral,
        HostnameError::Malformed => HostRefusal::Malformed,
    })
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
}
