//! Archives by schedule: made in turns, kept by rules, tried by drills, removed after their tenants.

mod commands;
mod deleted;
mod drill;
mod objects;
mod rotation;
mod schedule;

use std::{path::PathBuf, sync::Arc};

use chrono::TimeDelta;
use entities::platform::backup::{Model, State};
use tempfile::TempDir;
use tenancy::Tenant;
use tests::{PostOffice, Server, make_tenant, names_in};

/// An installation that backs its tenants up once a day.
struct Archives {
    office: PostOffice,
    directory: TempDir,
    flags: Vec<String>,
}

impl Archives {
    async fn open(more: &[&str]) -> Self {
        let directory = TempDir::with_prefix("tenantry-backups-").unwrap();
        let mut flags = vec!["--backup-to".to_owned(), directory.path().to_str().unwrap().to_owned()];
        flags.extend(more.iter().map(|flag| (*flag).to_owned()));
        let office = PostOffice::open_with(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
        Self { office, directory, flags }
    }

    /// Another process.
    async fn second(&self) -> Server {
        self.office.second(&self.flags.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    async fn tenants(&self, count: usize) -> Vec<Arc<Tenant>> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(make_tenant(self.office.server.tenants()).await);
        }
        all
    }

    async fn do_due(&self) {
        self.office.server.app.backups.do_due(&self.office.clock.clock()).await;
    }

    /// Lets a day pass, with its backups.
    async fn day(&self) {
        self.office.clock.advance(TimeDelta::days(1));
        self.do_due().await;
    }

    /// The rows of a tenant, the latest first.
    async fn of(&self, tenant: &Tenant) -> Vec<Model> {
        self.office.server.app.backups.list(Some(tenant.id)).await.unwrap()
    }

    async fn done(&self, tenant: &Tenant) -> Vec<Model> {
        self.of(tenant).await.into_iter().filter(|backup| backup.state == State::Done).collect()
    }

    fn home(&self, tenant: &Tenant) -> PathBuf {
        self.directory.path().join(tenant.id.to_string())
    }

    /// The files of a tenant.
    fn files(&self, tenant: &Tenant) -> Vec<String> {
        names_in(&self.home(tenant))
    }
}
