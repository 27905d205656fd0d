//! Which addresses this program connects to on behalf of a tenant.
//!
//! A tenant names its provider's address, and so could name one inside the operator's own network. So a name is resolved here,
//! addresses that are not of the public internet are thrown away, and the connection is made to one of those that were checked:
//! a name that resolves otherwise a moment later gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::bail;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Resolves names to addresses of the public internet alone.
pub(super) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Refuses an address that may not be asked. What a name resolves to is looked at later, when it is resolved.
pub(super) fn check(url: &Url, allow_local: bool) -> anyhow::Result<()> {
    match url.scheme() {
        "https" => {}
        "http" if allow_local => {}
        _ => bail!("the address is not https"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        bail!("the address has a user name or a password");
    }
    let ip = match url.host() {
        None => bail!("the address has no host"),
        Some(Host::Domain(_)) => return Ok(()),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
    };
    if !allow_local && !is_public(ip) {
        bail!("the address is not one of the public internet");
    }
    Ok(())
}

/// Whether an address belongs to the public internet. What is not known to, does not.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        // Shared by the customers of a provider.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // Benchmarks.
        || (a == 198 && (b == 18 || b == 19))
        // Reserved, and broadcast.
        || a >= 240)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Global unicast, without what is for protocols (such as Teredo), for documentation, and without IPv4 inside (6to4).
    (first & 0xe000) == 0x2000
        && !(first == 0x2001 && second < 0x0200)
        && !(first == 0x2001 && second == 0x0db8)
        && first != 0x2002
        && !(first == 0x3fff && second < 0x1000)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://accounts.example.com/realms/acme", true)]
    #[case("https://8.8.8.8/", true)]
    #[case("https://[2606:4700::1111]/", true)]
    #[case("http://accounts.example.com/", false)]
    #[case("ftp://accounts.example.com/", false)]
    #[case("file:///etc/passwd", false)]
    #[case("https://user@accounts.example.com/", false)]
    #[case("https://user:secret@accounts.example.com/", false)]
    #[case("https://127.0.0.1/", false)]
    #[case("https://127.1/", false)]
    #[case("https://2130706433/", false)]
    #[case("https://0x7f000001/", false)]
    #[case("https://0/", false)]
    #[case("https://10.1.2.3/", false)]
    #[case("https://172.16.0.1/", false)]
    #[case("https://192.168.0.1/", false)]
    #[case("https://169.254.169.254/latest/meta-data", false)]
    #[case("https://100.64.0.1/", false)]
    #[case("https://255.255.255.255/", false)]
    #[case("https://[::1]/", false)]
    #[case("https://[::]/", false)]
    #[case("https://[::ffff:127.0.0.1]/", false)]
    #[case("https://[::ffff:10.0.0.1]/", false)]
    #[case("https://[fe80::1]/", false)]
    #[case("https://[fd00:ec2::254]/", false)]
    #[case("https://[64:ff9b::7f00:1]/", false)]
    #[case("https://[2002:7f00:1::]/", false)]
    #[case("https://[2001:db8::1]/", false)]
    fn addresses(#[case] text: &str, #[case] allowed: bool) {
        assert_eq!(check(&Url::parse(text).unwrap(), false).is_ok(), allowed);
    }

    #[test]
    fn local_ones_are_for_tests_and_development() {
        assert!(check(&Url::parse("http://127.0.0.1:4000/").unwrap(), true).is_ok());
        assert!(check(&Url::parse("file:///etc/passwd").unwrap(), true).is_err());
    }

    #[tokio::test]
    async fn a_name_of_a_local_address_does_not_resolve() {
        assert!(PublicAddresses.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
