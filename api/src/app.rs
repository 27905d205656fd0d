//! What all requests share.

use std::{net::IpAddr, pin::pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use domain::CHANGES_CHANNEL;
use futures::StreamExt as _;
use tenancy::{DIRECTORY_CHANNEL, Heard, Hosts, Tenants};

use crate::{
    auth::{ACCESS_CHANNEL, Auth, KEYS_CHANNEL, Lifetimes},
    background::Background,
    backup::Backups,
    config::{Addresses, Config, DocumentSource},
    domains::Domains,
    exports::Exports,
    graphql::{Schema, documents::TrustedDocuments, limits::Defaults, operator, platform},
    lifecycle::Lifecycle,
    live::{Bounds, Hub},
    mail::{MAIL_CHANNEL, Mail},
    named_file,
    operators::Operators,
    secret,
    traffic::Traffic,
    usage::Usage,
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
    /// Proxies that are believed in what they say of a request: `X-Forwarded-Host`, `-For` and `-Proto`.
    pub trusted_proxies: Vec<IpAddr>,
    /// Who may ask whether a host may have a certificate, besides this machine and the proxies.
    pub tls_ask_from: Vec<IpAddr>,
    /// The port of the client's development server.
    pub development_port: Option<u16>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How addresses of hosts are written.
    pub addresses: Addresses,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
    /// How much may be asked for, where a tenant's settings do not say otherwise.
    pub limits: Defaults,
}

/// What all requests share.
pub struct App {
    /// The tenants and their connections.
    pub tenants: Tenants,
    /// The base domain.
    pub hosts: Hosts,
    /// Sign-in and tokens.
    pub auth: Arc<Auth>,
    /// Mail. It is written here; `serve` sends it.
    pub mail: Arc<Mail>,
    /// The hosts of tenants. `serve` looks after them.
    pub domains: Arc<Domains>,
    /// What holds for tenants, and what becomes of them.
    pub lifecycle: Arc<Lifecycle>,
    /// Their archives. `serve` makes them.
    pub backups: Arc<Backups>,
    /// What their owners ask to have exported. `serve` makes it.
    pub exports: Arc<Exports>,
    /// What operators do with tenants.
    pub operators: Arc<Operators>,
    /// The GraphQL schema, one for all tenants.
    pub schema: Schema,
    /// The GraphQL schema of the apex.
    pub platform_schema: platform::Schema,
    /// The GraphQL schema of operators.
    pub operator_schema: operator::Schema,
    /// The only documents that are executed; any, where there are none.
    pub documents: Option<TrustedDocuments>,
    /// Counts requests and operations.
    pub traffic: Traffic,
    /// Counts what tenants use. `serve` writes it.
    pub usage: Arc<Usage>,
    /// Those who watch.
    pub live: Arc<Hub>,
    /// What requests look at.
    pub options: Options,
    /// Tells the time.
    pub clock: Clock,
    /// What runs beside the requests, for as long as the program does.
    #[expect(dead_code, reason = "held to be dropped with the rest")]
    background: Background,
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
        let hosts = Hosts::new(config.base_domain.clone());
        let allow_local = config.allow_local_identity_providers;
        let secret_keys = config.secret_keys()?;
        secret::check_readable(&tenants.platform(), &secret_keys).await?;
        let auth = Auth::start(&tenants, hosts.clone(), lifetimes, config.sign_up.policy(), secret_keys, allow_local, clock());
        let auth = Arc::new(auth.await.context("The signing keys cannot be read")?);
        let mail = Mail::start(config, &tenants)?;
        let domains = Domains::start(config, &tenants, Arc::clone(&mail))?;
        let lifecycle = Arc::new(Lifecycle::new(config, &tenants, &mail));
        let usage = Arc::new(Usage::new(config, &tenants, &mail));
        let backups = Arc::new(Backups::new(config, &tenants)?);
        let exports = Arc::new(Exports::new(config, &tenants, &mail, &lifecycle)?);
        let operators = Arc::new(Operators::new(config, &tenants, &mail, &lifecycle));
        let mut background = Background::default();
        background.spawn(Arc::clone(&auth).keep_keys());
        background.spawn(Arc::clone(&auth).keep_uses());
        background.spawn(tidy(Arc::clone(&auth), Arc::clone(&clock)));
        let live = Arc::new(Hub::new(Bounds::of(&config.watching, config.database.database_connections)));
        background.spawn(hear(tenants.clone(), Arc::clone(&auth), Arc::clone(&mail), Arc::clone(&live)));
        Ok(Arc::new(Self {
            tenants,
            hosts,
            auth,
            mail,
            domains,
            lifecycle,
            backups,
            exports,
            operators,
            schema: crate::graphql::schema(),
            platform_schema: platform::schema(),
            operator_schema: operator::schema(),
            documents: config.trusted_documents.as_ref().map(read_documents).transpose()?,
            traffic: Traffic::default(),
            usage,
            live,
            options: Options {
                https: config.https,
                trusted_proxies: config.trusted_proxies.clone(),
                tls_ask_from: config.tls_ask_from.clone(),
                development_port: config.development_port,
                request_timeout: Duration::from_secs(config.request_timeout),
                addresses: config.addresses(),
                body_timeout: Duration::from_secs(config.body_timeout),
                limits: config.limits.clone(),
            },
            clock,
            background,
        }))
    }
}

/// Reads the list of trusted documents.
fn read_documents(source: &DocumentSource) -> anyhow::Result<TrustedDocuments> {
    let text = match source {
        DocumentSource::BuiltIn => web_client::get("trusted-documents.json")
            .context("This build of the web client has no list of trusted documents; name one by --trusted-documents")?
            .bytes
            .into_owned(),
        DocumentSource::File(path) => named_file::read(path, named_file::LONGEST_DOCUMENTS)?,
    };
    let documents = TrustedDocuments::parse(&text).context("The list of trusted documents cannot be used")?;
    tracing::info!(count = documents.count(), "only trusted documents are executed");
    Ok(documents)
}

/// Takes in what any process notifies, on one connection for all channels.
///
/// What is remembered is forgotten first: those who are then asked to look again must not read it.
async fn hear(tenants: Tenants, auth: Arc<Auth>, mail: Arc<Mail>, live: Arc<Hub>) {
    let mut heard = pin!(tenants.listen(&[ACCESS_CHANNEL, DIRECTORY_CHANNEL, CHANGES_CHANNEL, KEYS_CHANNEL, MAIL_CHANNEL]));
    while let Some(heard) = heard.next().await {
        match &heard {
            Heard::Connected => {
                auth.hear(&heard);
                live.hear();
                mail.wake();
            }
            Heard::Disconnected => {
                auth.hear(&heard);
                live.interrupt();
            }
            Heard::Notification { channel, payload } => match channel.as_str() {
                KEYS_CHANNEL => auth.hear(&heard),
                ACCESS_CHANNEL => {
                    auth.hear(&heard);
                    live.recheck(payload.parse().ok());
                }
                DIRECTORY_CHANNEL => {
                    let tenant = payload.parse().ok();
                    if let Some(tenant) = tenant {
                        tenants.directory().forget(tenant);
                    }
                    live.take_tenant(tenant);
                }
                CHANGES_CHANNEL => live.take(payload),
                MAIL_CHANNEL => mail.wake(),
                _ => {}
            },
        }
    }
}

/// How often what has expired is deleted.
const TIDYING: Duration = Duration::from_mins(5);

/// Deletes what has expired, now and then. Several processes may do so at once.
async fn tidy(auth: Arc<Auth>, clock: Clock) {
    loop {
        tokio::time::sleep(TIDYING).await;
        if let Err(failure) = auth.tidy(clock()).await {
            tracing::warn!(cause = %failure, "what has expired could not be deleted");
        }
    }
}
