//! The `Host` of a request, and what kind of host it is.

use std::{fmt, net::IpAddr, str::FromStr};

use thiserror::Error;

use crate::Slug;

/// A DNS name in its one spelling: ASCII (punycode), lower case, no port, no trailing dot, at most 253 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(Box<str>);

/// Why a text is no hostname.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HostnameError {
    /// Not a name of labels as RFC 1123 has them, or a port that is no number.
    #[error("this is not a hostname")]
    Malformed,
    /// An IPv4 or IPv6 address: no tenant is found by an address.
    #[error("an IP address is not a hostname")]
    IpLiteral,
}

impl Hostname {
    /// Parses a hostname without a port, such as one that an operator types; names in Unicode become punycode.
    pub fn parse(text: &str) -> Result<Self, HostnameError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let ascii = if name.is_ascii() {
            name.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii_strict(name).map_err(|_| HostnameError::Malformed)?
        };
        if ascii.parse::<IpAddr>().is_ok() {
            return Err(HostnameError::IpLiteral);
        }
        let labels_are_valid = ascii.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        // A last label of digits alone is how an IPv4 address is written in ways that the parser above does not take.
        let last_is_number = ascii.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if ascii.len() > 253 || !labels_are_valid || last_is_number {
            return Err(HostnameError::Malformed);
        }
        Ok(Self(ascii.into()))
    }

    /// Parses the value of a `Host` header or of the authority of a request: a hostname and perhaps a port.
    pub fn from_authority(text: &str) -> Result<Self, HostnameError> {
        if text.starts_with('[') {
            return Err(HostnameError::IpLiteral);
        }
        let name = match text.split_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() && !port.starts_with('+') => name,
            Some(_) => return Err(HostnameError::Malformed),
            None => text,
        };
        Self::parse(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, HostnameError> {
        Self::parse(text)
    }
}

/// What a hostname means to the platform, before any tenant is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// The base domain itself: the control plane.
    Apex,
    /// `api.` and the base domain: the tenant is the one of the token.
    Api,
    /// A label under the base domain: the tenant of that slug.
    Slug(Slug),
    /// Any other name: a tenant's own domain, if it is registered.
    Custom(Hostname),
    /// A name under the base domain that no tenant can have. It is refused without a look-up.
    Impossible,
}

/// The platform's base domain, which sorts hostnames.
#[derive(Debug, Clone)]
pub struct Hosts {
    base: Hostname,
}

impl Hosts {
    /// Hosts under `base`, such as `example.com` or `localhost`.
    pub fn new(base: Hostname) -> Self {
        Self { base }
    }

    /// The base domain.
    pub fn base(&self) -> &Hostname {
        &self.base
    }

    /// The host that a tenant has by its slug.
    pub fn of_slug(&self, slug: &Slug) -> String {
        format!("{slug}.{}", self.base)
    }

    /// Sorts a hostname.
    pub fn sort(&self, hostname: &Hostname) -> Host {
        let Some(prefix) = hostname.as_str().strip_suffix(self.base.as_str()) else {
            return Host::Custom(hostname.clone());
        };
        match prefix.strip_suffix('.') {
            None if prefix.is_empty() => Host::Apex,
            // `evilexample.com` ends with `example.com`, but not at a label.
            None => Host::Custom(hostname.clone()),
            Some("api") => Host::Api,
            Some(label) if label.contains('.') => Host::Custom(hostname.clone()),
            Some(label) => Slug::parse(label).map_or(Host::Impossible, Host::Slug),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("acme.localhost", "acme.localhost")]
    #[case("acme.localhost:8000", "acme.localhost")]
    #[case("ACME.Localhost", "acme.localhost")]
    #[case("acme.localhost.", "acme.localhost")]
    #[case("acme.localhost.:443", "acme.localhost")]
    #[case("bücher.example", "xn--bcher-kva.example")]
    #[case("xn--bcher-kva.example", "xn--bcher-kva.example")]
    fn reads_an_authority(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Hostname::from_authority(text).map(|host| host.to_string()), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case("", HostnameError::Malformed)]
    #[case(".", HostnameError::Malformed)]
    #[case("acme..localhost", HostnameError::Malformed)]
    #[case("acme.localhost..", HostnameError::Malformed)]
    #[case(".acme.localhost", HostnameError::Malformed)]
    #[case("acme_corp.localhost", HostnameError::Malformed)]
    #[case("-acme.localhost", HostnameError::Malformed)]
    #[case("acme.localhost:", HostnameError::Malformed)]
    #[case("acme.localhost:+80", HostnameError::Malformed)]
    #[case("acme.localhost:99999", HostnameError::Malformed)]
    #[case("acme.localhost:80:80", HostnameError::Malformed)]
    #[case("acme.localhost/evil", HostnameError::Malformed)]
    #[case("user@acme.localhost", HostnameError::Malformed)]
    #[case("acme localhost", HostnameError::Malformed)]
    #[case("acme.localhost, globex.localhost", HostnameError::Malformed)]
    #[case("127.1", HostnameError::Malformed)]
    #[case("2130706433", HostnameError::Malformed)]
    #[case("127.0.0.1", HostnameError::IpLiteral)]
    #[case("127.0.0.1:8000", HostnameError::IpLiteral)]
    #[case("127.0.0.1.", HostnameError::IpLiteral)]
    #[case("[::1]:8000", HostnameError::IpLiteral)]
    #[case("::1", HostnameError::Malformed)]
    fn refuses_an_authority(#[case] text: &str, #[case] error: HostnameError) {
        assert_eq!(Hostname::from_authority(text), Err(error));
    }

    #[test]
    fn lengths_are_bounded() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(Hostname::parse(&longest).is_ok());
        assert_eq!(Hostname::parse(&format!("{longest}a")), Err(HostnameError::Malformed));
        assert_eq!(Hostname::parse(&format!("{label}a.example")), Err(HostnameError::Malformed));
    }

    #[rstest]
    #[case("example.com", Host::Apex)]
    #[case("api.example.com", Host::Api)]
    #[case("www.example.com", Host::Impossible)]
    #[case("xn--bcher-kva.example.com", Host::Impossible)]
    #[case("acme.example.com", Host::Slug(Slug::parse("acme").unwrap()))]
    #[case("hr.acme.example.com", Host::Custom(Hostname::parse("hr.acme.example.com").unwrap()))]
    #[case("acme.example.com.evil.com", Host::Custom(Hostname::parse("acme.example.com.evil.com").unwrap()))]
    #[case("evilexample.com", Host::Custom(Hostname::parse("evilexample.com").unwrap()))]
    #[case("hr.acme.com", Host::Custom(Hostname::parse("hr.acme.com").unwrap()))]
    fn sorts(#[case] text: &str, #[case] expected: Host) {
        let hosts = Hosts::new(Hostname::parse("example.com").unwrap());
        assert_eq!(hosts.sort(&Hostname::parse(text).unwrap()), expected);
    }
}
