//! What all requests share.

use std::{net::IpAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use tenancy::{Hosts, Tenants};

use crate::{
    auth::{Auth, Lifetimes},
    config::Config,
    graphql::Schema,
};

/// Tells the time. A test passes its own.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}

/// The parts of the configuration that requests look at.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether people come by https.
    pub https: bool,
    /// Proxies whose `X-Forwarded-Host` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The port of the client's development server.
    pub development_port: Option<u16>,
    /// How long a request may take.
    pub request_timeout: Duration,
}

/// What all requests share.
pub struct App {
    /// The tenants and their connections.
    pub tenants: Tenants,
    /// The base domain.
    pub hosts: Hosts,
    /// Sign-in and tokens.
    pub auth: Arc<Auth>,
    /// The GraphQL schema, one for all tenants.
    pub schema: Schema,
    /// What requests look at.
    pub options: Options,
    /// Tells the time.
    pub clock: Clock,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("App").field("tenants", &self.tenants).field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl App {
    /// Prepares the program to answer requests: reads the keys, builds the schema.
    pub async fn start(config: &Config, tenants: Tenants, clock: Clock) -> anyhow::Result<Arc<Self>> {
        let lifetimes = Lifetimes {
            access_token: TimeDelta::minutes(config.access_token_minutes),
            session: TimeDelta::days(config.session_days),
        };
        let issuer = config.base_domain.as_str();
        let auth = Auth::start(&tenants, issuer, lifetimes, config.sign_ins_per_minute, clock())
            .await
            .context("The signing keys cannot be read")?;
        Ok(Arc::new(Self {
            tenants,
            hosts: Hosts::new(config.base_domain.clone()),
            auth: Arc::new(auth),
            schema: crate::graphql::schema(),
            options: Options {
                https: config.https,
                trusted_proxies: config.trusted_proxies.clone(),
                development_port: config.development_port,
                request_timeout: Duration::from_secs(config.request_timeout),
            },
            clock,
        }))
    }
}
