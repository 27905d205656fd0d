//! The whole configuration: one struct of flags and `TENANTRY_*` variables. `tenantry --help` is its reference.

mod addresses;
mod database;
mod sign_up;

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use lettre::message::Mailbox;
use tenancy::Hostname;

pub use self::{
    addresses::Addresses,
    database::{DatabaseOptions, Pooler},
    sign_up::SignUpOptions,
};
use crate::{
    backup::BackupOptions, domains::DnsServer, exports::ExportOptions, graphql::limits::Defaults, lifecycle::LifecycleOptions,
    live, operators::parse_network, secret::SecretKeys, usage::UsageOptions,
};

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The database.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Where the private Postgres keeps its files
    #[arg(
        long,
        env = "TENANTRY_DATA_DIRECTORY",
        global = true,
        default_value = "data",
        value_name = "PATH",
        help_heading = "Database"
    )]
    pub data_directory: PathBuf,

    /// Where to listen
    #[arg(
        long,
        env = "TENANTRY_LISTEN",
        global = true,
        default_value = "127.0.0.1:8000",
        value_name = "ADDRESS:PORT",
        help_heading = "Web"
    )]
    pub listen: SocketAddr,

    /// The domain under which tenants have their addresses
    #[arg(
        long,
        env = "TENANTRY_BASE_DOMAIN",
        global = true,
        default_value = "localhost",
        value_name = "DOMAIN",
        help_heading = "Web"
    )]
    pub base_domain: Hostname,

    /// Whether people reach the program by https: cookies are then for https alone
    #[arg(long, env = "TENANTRY_HTTPS", global = true, help_heading = "Web")]
    pub https: bool,

    /// Proxies whose X-Forwarded-Host, X-Forwarded-For and X-Forwarded-Proto are believed
    #[arg(
        long = "trusted-proxy",
        env = "TENANTRY_TRUSTED_PROXIES",
        global = true,
        value_delimiter = ',',
        value_name = "ADDRESS",
        help_heading = "Web"
    )]
    pub trusted_proxies: Vec<IpAddr>,

    /// Lets pages of the same host and this port call the API, for the development server of the web client
    #[arg(long, env = "TENANTRY_DEVELOPMENT_PORT", global = true, value_name = "PORT", help_heading = "Web")]
    pub development_port: Option<u16>,

    /// Seconds that a request may take
    #[arg(long, env = "TENANTRY_REQUEST_TIMEOUT", global = true, default_value_t = 30, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Web")]
    pub request_timeout: u64,

    /// Seconds in which the body of a request has to arrive
    #[arg(long, env = "TENANTRY_BODY_TIMEOUT", global = true, default_value_t = 10, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Web")]
    pub body_timeout: u64,

    /// Seconds in which the headers of a request have to arrive, and after which an unused connection is closed
    #[arg(long, env = "TENANTRY_HEADER_TIMEOUT", global = true, default_value_t = 30, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Web")]
    pub header_timeout: u64,

    /// Seconds that a client may take nothing of what it is sent
    #[arg(long, env = "TENANTRY_WRITE_TIMEOUT", global = true, default_value_t = 30, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600), help_heading = "Web")]
    pub write_timeout: u64,

    /// Connections that are open at a time, WebSockets too; others wait to be accepted
    #[arg(long, env = "TENANTRY_MAX_CONNECTIONS", global = true, default_value_t = 10_000, value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "Web")]
    pub max_connections: u32,

    /// Executes only the documents of this list, a JSON object of documents by their SHA-256; `built-in` for the web client's own
    #[arg(long, env = "TENANTRY_TRUSTED_DOCUMENTS", global = true, value_name = "FILE", help_heading = "Limits")]
    pub trusted_documents: Option<DocumentSource>,

    /// How much may be asked for.
    #[command(flatten)]
    pub limits: Defaults,

    /// Those who watch.
    #[command(flatten)]
    pub watching: live::Watching,

    /// What holds for the life of a tenant.
    #[command(flatten)]
    pub lifecycle: LifecycleOptions,

    /// What is counted of tenants.
    #[command(flatten)]
    pub usage: UsageOptions,

    /// Backups by schedule.
    #[command(flatten)]
    pub backup: BackupOptions,

    /// Exports that owners ask for.
    #[command(flatten)]
    pub exports: ExportOptions,

    /// Minutes that an access token lives
    #[arg(long, env = "TENANTRY_ACCESS_TOKEN_MINUTES", global = true, default_value_t = 15, value_name = "MINUTES",
        value_parser = clap::value_parser!(i64).range(1..=1440), help_heading = "Sign-in")]
    pub access_token_minutes: i64,

    /// Days that a session lives without being used
    #[arg(long, env = "TENANTRY_SESSION_DAYS", global = true, default_value_t = 30, value_name = "DAYS",
        value_parser = clap::value_parser!(i64).range(1..=3650), help_heading = "Sign-in")]
    pub session_days: i64,

    /// The keys that secrets are encrypted with in the database: 32 bytes in base64 a line; the first encrypts, all decrypt. Beside a
    /// private Postgres, `secret-key` in the data directory where none is given
    #[arg(long, env = "TENANTRY_SECRET_KEY_FILE", global = true, value_name = "FILE", help_heading = "Sign-in")]
    pub secret_key_file: Option<PathBuf>,

    /// Lets tenants use identity providers without https and at private addresses, for tests and development
    #[arg(long, env = "TENANTRY_ALLOW_LOCAL_IDENTITY_PROVIDERS", global = true, help_heading = "Sign-in")]
    pub allow_local_identity_providers: bool,

    /// Sign-up.
    #[command(flatten)]
    pub sign_up: SignUpOptions,

    /// The server that mail is handed to: smtps://user:password@host, or smtp://host with ?tls=required. Without it, mail is
    /// written to the folder `mailbox` of the data directory
    #[arg(long, env = "TENANTRY_SMTP_URL", global = true, hide_env_values = true, value_name = "URL", help_heading = "Mail")]
    pub smtp_url: Option<String>,

    /// The sender of mail, as `Acme <people@acme.example>`; no-reply@ the base domain where none is given
    #[arg(long, env = "TENANTRY_MAIL_FROM", global = true, value_name = "SENDER", help_heading = "Mail")]
    pub mail_from: Option<Mailbox>,

    /// A DNS server that is asked for the proofs of domains, by address; those of the system where none is given
    #[arg(
        long = "dns-server",
        env = "TENANTRY_DNS_SERVERS",
        global = true,
        value_delimiter = ',',
        value_name = "ADDRESS",
        help_heading = "Domains"
    )]
    pub dns_servers: Vec<DnsServer>,

    /// A proxy that may ask at /tls/ask whether a host may have a certificate, besides this machine and the trusted proxies
    #[arg(
        long = "tls-ask-from",
        env = "TENANTRY_TLS_ASK_FROM",
        global = true,
        value_delimiter = ',',
        value_name = "ADDRESS",
        help_heading = "Domains"
    )]
    pub tls_ask_from: Vec<IpAddr>,

    /// A network from which the API of operators answers, as 10.0.0.0/8, or an address; from everywhere where none is given. Elsewhere
    /// it is not found
    #[arg(
        long = "operator-network",
        env = "TENANTRY_OPERATOR_NETWORKS",
        global = true,
        value_delimiter = ',',
        value_parser = parse_network,
        value_name = "NETWORK",
        help_heading = "Operators"
    )]
    pub operator_networks: Vec<IpNet>,

    /// The form of the log
    #[arg(
        long,
        env = "TENANTRY_LOG_FORMAT",
        global = true,
        default_value = "pretty",
        value_name = "FORMAT",
        help_heading = "Log"
    )]
    pub log_format: LogFormat,

    /// What is logged: a level, or levels of modules as in `info,api=debug`
    #[arg(
        long,
        env = "TENANTRY_LOG",
        global = true,
        default_value = "info,object_store=warn,sqlx=warn,sea_orm_migration=warn",
        value_name = "FILTER",
        help_heading = "Log"
    )]
    pub log: String,
}

/// Where the list of trusted documents is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentSource {
    /// In the program, with the web client.
    BuiltIn,
    /// In a file.
    File(PathBuf),
}

impl From<OsString> for DocumentSource {
    fn from(text: OsString) -> Self {
        if text == "built-in" { Self::BuiltIn } else { Self::File(text.into()) }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The keys that secrets are encrypted with.
    pub fn secret_keys(&self) -> anyhow::Result<SecretKeys> {
        SecretKeys::load(self.secret_keys_at().as_deref())
    }

    /// Where these keys are, if anywhere.
    pub fn secret_keys_at(&self) -> Option<PathBuf> {
        self.secret_key_file.clone().or_else(|| self.own_secret_key_file().filter(|path| path.exists()))
    }

    /// Where the keys of a private Postgres are, unless another file was named. A database of somebody's own has none in a directory
    /// that may be another installation's, or gone tomorrow.
    pub fn own_secret_key_file(&self) -> Option<PathBuf> {
        let is_own = self.database.database_url.is_none() && self.secret_key_file.is_none();
        is_own.then(|| self.data_directory.join("secret-key"))
    }

    /// How addresses of hosts are written.
    pub fn addresses(&self) -> Addresses {
        Addresses { https: self.https, port: self.listen.port() }
    }

    /// The address of a host as people type it.
    pub fn address_of(&self, host: &str) -> String {
        self.addresses().of(host)
    }
}
