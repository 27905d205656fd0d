//! Where a request comes from.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header::USER_AGENT, request::Parts};

use super::{host::hostname, peer};
use crate::{app::App, auth::Visitor};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What a browser says of itself is cut off here.
const LONGEST_USER_AGENT: usize = 300;

/// Reads where a request comes from.
pub(crate) fn visitor(parts: &Parts, app: &App) -> Visitor {
    let proxies = app.options.trusted_proxies.as_slice();
    let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(|text| {
        let end = text.floor_char_boundary(LONGEST_USER_AGENT);
        text.get(..end).unwrap_or_default().to_owned()
    });
    let host = hostname(&parts.uri, &parts.headers, peer(parts), proxies).ok();
    let address = address(&parts.headers, peer(parts), proxies);
    // A proxy is where requests pass, not where they come from: what it says too little of may come from anywhere.
    let origin = address.filter(|address| !proxies.contains(address));
    Visitor { address, user_agent, host, is_from_operators: app.operators.networks().admit(origin) }
}

/// The address of the peer. Where that is a trusted proxy, the last address in `X-Forwarded-For` that is none: whatever stands
/// before it was written by the client itself.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer?;
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    let values: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for text in values.into_iter().rev() {
        match text.trim().parse::<IpAddr>().map(|address| address.to_canonical()) {
            Ok(address) if proxies.contains(&address) => {}
            Ok(address) => return Some(address),
            Err(_) => break,
        }
    }
    Some(peer)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("203.0.113.9", &["198.51.100.7"], "203.0.113.9")]
    #[case("10.0.0.1", &[], "10.0.0.1")]
    #[case("10.0.0.1", &["198.51.100.7"], "198.51.100.7")]
    #[case("10.0.0.1", &["1.2.3.4, 198.51.100.7"], "198.51.100.7")]
    #[case("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.0.0.2"], "198.51.100.7")]
    #[case("10.0.0.1", &["1.2.3.4, nonsense"], "10.0.0.1")]
    #[case("10.0.0.1", &["::ffff:198.51.100.7"], "198.51.100.7")]
    fn a_client_cannot_choose_its_address(#[case] peer: &str, #[case] forwarded: &[&str], #[case] expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let proxies = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!(address(&headers, Some(peer.parse().unwrap()), &proxies), Some(expected.parse().unwrap()));
    }
}
