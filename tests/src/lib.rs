//! What the tests share: the real router on a real Postgres, and tenants of their own for each test.
//!
//! `make test` starts a Postgres for the run and names it in `DATABASE_URL`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be prepared has failed"
)]

mod account;
mod browser;
mod caller;
mod clock;
mod collector;
mod company;
mod contents;
mod database;
mod device;
mod dns;
mod http2;
mod introspection;
mod letter;
mod listening;
mod marked;
mod object_store;
mod operator;
mod patience;
mod post_office;
mod provider;
mod proxy;
mod second_factor;
mod smtp;
mod socket;
mod step;
mod tokens;
mod visitor;

use std::{path::Path, sync::Arc, time::Duration};

use api::{
    app::{App, Clock, system_clock},
    config::Config,
};
use axum::Router;
use chrono::Utc;
use clap::Parser as _;
use migration::{platform::PlatformMigrator, tenant::TenantMigrator};
use tenancy::{NewTenant, PoolOptions, Slug, Tenant, TenantId, Tenants};
use uuid::Uuid;

pub use account::Account;
pub use browser::Browser;
pub use caller::{Answer, Caller, nodes_of};
pub use clock::TestClock;
pub use collector::{CollectedSpan, Collector, hexadecimal};
pub use company::{Company, owner};
pub use contents::contents_of;
pub use database::{TestDatabase, run, value, waiters, waiters_for};
pub use device::Device;
pub use dns::{DnsMood, FakeDns};
pub use http2::Http2;
pub use introspection::{Field, INTROSPECTION, Introspection};
pub use letter::Letter;
pub use listening::Listening;
pub use marked::{assert_is_tenant, assert_own, assert_reads_own, department_of, is_own, mark, marked_tenant, schema_and_role};
pub use object_store::ObjectStore;
pub use operator::{OPERATOR_PASSWORD, Operator, complete_setup, events_of, refresh_operator, setup_app, sign_in_operator};
pub use patience::{cancelled_after, until, within};
pub use post_office::PostOffice;
pub use provider::{FakeProvider, query};
pub use proxy::Proxy;
pub use second_factor::CodeApp;
pub use smtp::{Received, SmtpMood, SmtpSecurity, SmtpServer};
pub use socket::Socket;
pub use step::Step;
pub use tokens::{Forgery, Member, Signer};

/// The database of this run.
pub fn database_url() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL names no database; run the tests by `make test`")
}

/// The configuration that the flags make, on top of the defaults.
pub fn config(flags: &[&str]) -> Config {
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }
    let name = std::iter::once("tests");
    Flags::try_parse_from(name.chain(flags.iter().copied())).expect("these flags cannot be read").config
}

/// Options for a small pool, so that tests in parallel share the server's connections.
pub fn pool_options(url: &str) -> PoolOptions {
    // On a loaded machine many share these four; what a program does without any is for the tests of just that.
    PoolOptions { max_connections: 4, acquire_timeout: Duration::from_secs(30), ..PoolOptions::new(url) }
}

/// Options for a pool of one connection, which every scope has to share.
pub fn one_connection(url: &str) -> PoolOptions {
    PoolOptions { max_connections: 1, ..pool_options(url) }
}

/// The program, as a test calls it.
pub struct Server {
    /// What requests share.
    pub app: Arc<App>,
    /// The routes.
    pub router: Router,
    /// Signs tokens with the program's own key.
    pub signer: Signer,
}

impl Server {
    /// The program with its usual configuration.
    pub async fn start() -> Self {
        Self::start_with(&[], system_clock()).await
    }

    /// The program with these flags and this clock.
    pub async fn start_with(flags: &[&str], clock: Clock) -> Self {
        let tenants = Tenants::connect::<TenantMigrator>(&pool_options(&database_url())).expect("the database cannot be reached");
        Self::start_on(tenants, flags, clock).await
    }

    /// The program on tenants that are connected already.
    pub async fn start_on(tenants: Tenants, flags: &[&str], clock: Clock) -> Self {
        tenants.install::<PlatformMigrator>().await.expect("the control plane cannot be made");
        let app = App::start(&config(flags), tenants, clock).await.expect("the program does not start");
        let signer = Signer::load(&app).await;
        Self { router: api::http::router(Arc::clone(&app)), app, signer }
    }

    /// Someone who is not signed in, on the apex.
    pub fn apex(&self) -> Caller {
        Caller::new(self.router.clone(), self.app.hosts.base().as_str(), None)
    }

    /// The tenants.
    pub fn tenants(&self) -> &Tenants {
        &self.app.tenants
    }

    /// Makes a tenant with nobody in it.
    pub async fn tenant(&self) -> Arc<Tenant> {
        make_tenant(self.tenants()).await
    }

    /// Makes a tenant with a few people in it.
    pub async fn company(&self) -> Company<'_> {
        Company::make(self, self.tenant().await).await
    }

    /// Puts a few people into a tenant.
    pub async fn company_of(&self, tenant: Arc<Tenant>) -> Company<'_> {
        Company::make(self, tenant).await
    }
}

/// A tenant to be made, with a slug that no other test has.
pub fn new_tenant() -> NewTenant {
    let id = Uuid::now_v7();
    let slug = Slug::parse(&format!("t{}", id.simple())).unwrap();
    NewTenant { id: TenantId(id), slug, name: format!("Test {id}"), hostnames: Vec::new(), now: Utc::now() }
}

/// Makes a tenant with a slug that no other test has.
pub async fn make_tenant(tenants: &Tenants) -> Arc<Tenant> {
    tenants.provision(&new_tenant()).await.expect("a tenant cannot be made")
}

/// The opaque form of a key, as requests and answers have it.
pub fn opaque(key: impl api::graphql::id::Key) -> String {
    api::graphql::id::encode(key).to_string()
}

/// The key in an opaque id.
pub fn key_of(id: &str) -> Uuid {
    api::graphql::id::parse(&id.into()).expect("the id cannot be read").1
}

/// The names of what is in a directory, sorted; none where there is no directory.
pub fn names_in(directory: &Path) -> Vec<String> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.expect("the directory cannot be read"),
    };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
