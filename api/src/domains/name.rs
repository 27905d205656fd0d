//! Which names can be a tenant's own.

use domain::Error;
use tenancy::{Hostname, HostnameError, Hosts};

use super::record::RECORD_LABEL;

/// The longest name of the DNS in its usual form, in characters.
const LONGEST_NAME: usize = 253;

/// Reads the host that somebody claims, in any spelling.
pub(super) fn parse(hosts: &Hosts, text: &str) -> Result<Hostname, Error> {
    let bad = |message: &str| Error::bad_input("hostname", message);
    let hostname = Hostname::parse(text.trim()).map_err(|error| match error {
        HostnameError::IpLiteral => {
            bad("An IP address cannot be the address of an organisation. Give a name, such as hr.example.com.")
        }
        HostnameError::Malformed => {
            bad("This is not the name of a host. Give it without https:// and without a path, such as hr.example.com.")
        }
    })?;
    check_registrable(hosts, &hostname).map_err(|message| bad(&message))?;
    let name = hostname.as_str();
    if !name.contains('.') || name.ends_with(".localhost") {
        return Err(bad("This name is not one of the internet, so DNS cannot prove whose it is."));
    }
    // `domain` is the suffix and one label more. Names that nobody registers, such as `co.uk`, have none.
    if psl::domain_str(name).is_none() {
        return Err(bad("Under this name anybody can register one, so it is nobody's own. Give a name under it."));
    }
    if name.len() + RECORD_LABEL.len() + 1 > LONGEST_NAME {
        return Err(bad("This name is too long: the record that proves it would have no name in DNS."));
    }
    Ok(hostname)
}

/// What holds for hosts that an operator registers, too: the addresses under the base domain belong to the slugs, whoever has them or
/// will have them.
pub fn check_registrable(hosts: &Hosts, hostname: &Hostname) -> Result<(), String> {
    let base = hosts.base().as_str();
    if hostname.as_str().strip_suffix(base).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('.')) {
        return Err(format!("{hostname} is under {base}, where every organisation has its address by its slug."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(Hostname::parse("tenantry.example").unwrap())
    }

    #[rstest]
    #[case("hr.acme.com", "hr.acme.com")]
    #[case("acme.com", "acme.com")]
    #[case(" HR.Acme.COM. ", "hr.acme.com")]
    #[case("bücher.example", "xn--bcher-kva.example")]
    #[case("people.acme.co.uk", "people.acme.co.uk")]
    #[case("eviltenantry.example", "eviltenantry.example")]
    #[case("tenantry.example.acme.com", "tenantry.example.acme.com")]
    fn a_name_is_taken_in_its_one_spelling(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(parse(&hosts(), text).unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("hr acme.com")]
    #[case("https://hr.acme.com")]
    #[case("hr.acme.com/people")]
    #[case("hr.acme.com:443")]
    #[case("*.acme.com")]
    #[case("hr_.acme.com")]
    #[case("192.0.2.1")]
    #[case("[2001:db8::1]")]
    #[case("2001:db8::1")]
    #[case("127.1")]
    #[case("localhost")]
    #[case("acme.localhost")]
    #[case("intranet")]
    #[case("com")]
    #[case("co.uk")]
    #[case("github.io")]
    #[case("tenantry.example")]
    #[case("acme.tenantry.example")]
    #[case("HR.Acme.Tenantry.Example.")]
    fn a_name_that_cannot_be_ones_own_is_refused(#[case] text: &str) {
        assert!(matches!(parse(&hosts(), text), Err(Error::BadInput { field, .. }) if field == "hostname"), "{text}");
    }

    #[test]
    fn a_name_may_be_so_long_that_its_record_still_has_one() {
        let label = "a".repeat(63);
        let of_length = |length: usize| format!("{label}.{label}.{label}.{}.com", "a".repeat(length - 3 * 64 - 4));
        assert_eq!(of_length(243).len(), 243);
        assert!(parse(&hosts(), &of_length(243)).is_ok());
        for length in [244, 253, 254] {
            assert_eq!(of_length(length).len(), length);
            assert!(parse(&hosts(), &of_length(length)).is_err(), "{length}");
        }
    }
}
