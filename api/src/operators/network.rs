//! From where the API of operators answers at all.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks of operators; every one, where none is named.
#[derive(Debug, Clone)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// These.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    /// Whether somebody at this address may ask. Where networks are named, an address that is not known is in none of them.
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || address.is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }
}

/// Parses a network, or an address as the network that it is alone.
pub(crate) fn parse(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "give a network as 10.0.0.0/8 or 2001:db8::/32, or an address".to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], Some("203.0.113.9"), true)]
    #[case(&[], None, true)]
    #[case(&["10.0.0.0/8"], Some("10.255.0.1"), true)]
    #[case(&["10.0.0.0/8"], Some("11.0.0.1"), false)]
    #[case(&["10.0.0.0/8"], None, false)]
    #[case(&["10.0.0.0/8", "2001:db8::/32"], Some("2001:db8:1::9"), true)]
    #[case(&["192.0.2.7"], Some("192.0.2.7"), true)]
    #[case(&["192.0.2.7"], Some("192.0.2.8"), false)]
    fn who_is_admitted(#[case] networks: &[&str], #[case] address: Option<&str>, #[case] admitted: bool) {
        let networks: Vec<IpNet> = networks.iter().map(|text| parse(text).unwrap()).collect();
        assert_eq!(Networks::new(&networks).admit(address.map(|address| address.parse().unwrap())), admitted);
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "localhost", "10.0.0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
