//! Asks DNS for the record of a host.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use anyhow::Context as _;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};

use super::{
    problem::{Finding, Problem},
    record::{Answer, Record, says, texts_of},
};

/// How long one try may take.
const TRY: Duration = Duration::from_secs(2);
/// How many further tries there are after a first that brought no answer.
const FURTHER_TRIES: usize = 2;
/// How long all of it may take, by whatever ways it goes.
const LONGEST: Duration = Duration::from_secs(10);
/// The port of DNS.
const PORT: u16 = 53;
/// The records of an answer that are looked at. A message has 64 KiB at most, so there is no more to bound.
const MOST_RECORDS: usize = 1_000;

/// A server that is asked: an address, and perhaps a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsServer(SocketAddr);

impl FromStr for DnsServer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT)).or_else(|_| text.parse());
        address.map(Self).map_err(|_| "give an IP address, or an IP address and a port as in 192.0.2.1:53 or [2001:db8::1]:53")
    }
}

/// Asks the configured servers, or those of the system.
pub(super) struct Dns {
    resolver: Option<TokioResolver>,
}

impl std::fmt::Debug for Dns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Dns").finish_non_exhaustive()
    }
}

impl Dns {
    /// Reads the system's servers where none are given. A system without any is no reason not to start.
    pub(super) fn new(servers: &[DnsServer]) -> anyhow::Result<Self> {
        let mut builder = if servers.is_empty() {
            match TokioResolver::builder_tokio() {
                Ok(builder) => builder,
                Err(error) => {
                    tracing::warn!(%error, "the system names no DNS server, so domains cannot be proved; name one by --dns-server");
                    return Ok(Self { resolver: None });
                }
            }
        } else {
            let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(name_server).collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = TRY;
        options.attempts = FURTHER_TRIES;
        options.edns0 = true;
        // Whoever has just set the record shall not be told what was there before.
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        // The aliases say whose word a text is.
        options.preserve_intermediates = true;
        // Makes answers harder to forge: they have to repeat the name as it was spelt.
        options.case_randomization = true;
        Ok(Self { resolver: Some(builder.build().context("DNS cannot be asked")?) })
    }

    /// Looks for the record.
    pub(super) async fn find(&self, record: &Record) -> Finding {
        let Some(resolver) = &self.resolver else {
            return Finding::Failed(Problem::NoAnswer);
        };
        // The dot at the end keeps the system's search list away.
        let Ok(name) = Name::from_ascii(format!("{}.", record.name)) else {
            return Finding::Failed(Problem::NoRecord);
        };
        let answer = match tokio::time::timeout(LONGEST, resolver.lookup(name.clone(), RecordType::TXT)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(name = record.name, %error, "no proof of a domain was found");
                return Finding::Failed(problem_of(&error));
            }
            Err(_) => return Finding::Failed(Problem::NoAnswer),
        };
        let records = answer.answers().iter().take(MOST_RECORDS);
        let answers: Vec<Answer<Name>> = records
            .filter_map(|record| match &record.data {
                RData::CNAME(alias) => Some(Answer::Alias { of: record.name.clone(), to: alias.0.clone() }),
                // A text of more than 255 bytes comes in parts.
                RData::TXT(text) => Some(Answer::Text { of: record.name.clone(), text: text.txt_data.concat() }),
                _ => None,
            })
            .collect();
        let texts = texts_of(&name, &answers);
        if says(&texts, &record.value) {
            Finding::Proved
        } else if texts.is_empty() {
            Finding::Failed(Problem::NoRecord)
        } else {
            Finding::Failed(Problem::OtherRecords)
        }
    }
}

fn name_server(DnsServer(address): &DnsServer) -> NameServerConfig {
    let at_port = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    server.connections = vec![at_port(ConnectionConfig::udp()), at_port(ConnectionConfig::tcp())];
    server
}

/// What a failure says of the record. Only a server that answers that there is none says that it is gone.
fn problem_of(error: &NetError) -> Problem {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(absence)) => problem_of_absence(absence),
        NetError::Dns(_) => Problem::ServerFailure,
        _ => Problem::NoAnswer,
    }
}

fn problem_of_absence(absence: &NoRecords) -> Problem {
    match absence.response_code {
        // A server that points to others without an answer of its own does not know.
        ResponseCode::NoError if absence.ns.is_some() && absence.soa.is_none() => Problem::ServerFailure,
        ResponseCode::NXDomain | ResponseCode::NoError => Problem::NoRecord,
        _ => Problem::ServerFailure,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("192.0.2.1", Some("192.0.2.1:53"))]
    #[case("192.0.2.1:5353", Some("192.0.2.1:5353"))]
    #[case("2001:db8::1", Some("[2001:db8::1]:53"))]
    #[case("[2001:db8::1]:5353", Some("[2001:db8::1]:5353"))]
    #[case("dns.example", None)]
    #[case("", None)]
    fn servers_are_named_by_address(#[case] text: &str, #[case] expected: Option<&str>) {
        let server = text.parse::<DnsServer>().ok().map(|DnsServer(address)| address.to_string());
        assert_eq!(server.as_deref(), expected);
    }
}
