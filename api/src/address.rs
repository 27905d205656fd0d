//! The addresses that people type, for links in mail.

use tenancy::{Hosts, Tenant};

use crate::config::Config;

/// Makes the addresses of hosts. Never from what a request says of its host: a link leads where the configuration says.
#[derive(Debug, Clone)]
pub struct Addresses {
    https: bool,
    port: u16,
    hosts: Hosts,
}

impl Addresses {
    /// The addresses under the base domain of a configuration.
    pub fn of(config: &Config) -> Self {
        Self { https: config.https, port: config.listen.port(), hosts: Hosts::new(config.base_domain.clone()) }
    }

    /// The address of a host.
    pub fn of_host(&self, host: &str) -> String {
        let (scheme, usual_port) = if self.https { ("https", 443) } else { ("http", 80) };
        // Behind https stands a proxy, which has the usual port.
        if self.https || self.port == usual_port {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{}", self.port)
        }
    }

    /// The address of a tenant's primary host; of the one by its slug, if it has no other.
    pub fn of_tenant(&self, tenant: &Tenant) -> String {
        match &tenant.primary_host {
            Some(host) => self.of_host(host.as_str()),
            None => self.of_host(&self.hosts.of_slug(&tenant.slug)),
        }
    }

    /// The address of the apex.
    pub fn of_apex(&self) -> String {
        self.of_host(self.hosts.base().as_str())
    }
}
