//! One tenant as a file: written while it is used, restored whole or not at all, and never out of a damaged file.

mod altered_exports;
mod damage;
mod fleet;
mod in_place;
mod open_formats;
mod program;
mod restore;
mod versions;

use std::{path::PathBuf, sync::Arc};

use chrono::Utc;
use sea_orm::ConnectionTrait as _;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tenancy::{ArchiveError, Error, ExportFormat, Tenant, TenantId, Tenants};
use tests::{Company, contents_of, database_url, names_in, value};
use uuid::Uuid;

const FORMATS: [ExportFormat; 2] = [ExportFormat::Ndjson, ExportFormat::Csv];

/// A directory for archives.
struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(TempDir::with_prefix("tenantry-archive-").unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Backs a tenant up, and gives the file.
    async fn backup(&self, tenants: &Tenants, tenant: &Tenant) -> PathBuf {
        let path = self.path(&format!("{}.tenantry", Uuid::now_v7()));
        tenants.backup(tenant, &path, None, Utc::now()).await.unwrap();
        path
    }

    /// What is on it.
    fn names(&self) -> Vec<String> {
        assert!(self.0.path().is_dir(), "the shelf itself is gone");
        names_in(self.0.path())
    }
}

async fn contents(tenants: &Tenants, tenant: &Arc<Tenant>) -> Value {
    contents_of(&tenants.read_only(tenant)).await
}

/// Rows with all that a text can hold, and more of them than one piece of an archive does.
async fn fill(company: &Company<'_>, rows: usize) {
    let sql = format!(
        r#"INSERT INTO locations (id, name, country_code, time_zone, created_at, updated_at)
           SELECT gen_random_uuid(), E'line\nbreak\ttab\\back\r"quote"'',;ä€😀 \\N \\. ' || n, 'DE', '', now(), 'infinity' FROM generate_series(1, {rows}) n;
           INSERT INTO audit_events (id, occurred_at, actor_name, action, subject_type, subject_id, changes)
           SELECT gen_random_uuid(), now(), '', 'x', 'y', gen_random_uuid(),
               jsonb_build_object('a', E'\n\t\\"', 'b', null, 'n', 12345678901234567890.123456789, 'r', md5(random()::text) || md5(random()::text))
           FROM generate_series(1, {rows});"#
    );
    company.scope().execute_unprepared(&sql).await.unwrap();
}

/// Schemas, roles and rows of the control plane that belong to a tenant, former schemas included.
async fn traces(id: TenantId) -> [i64; 3] {
    let mut connection = PgConnection::connect(&database_url()).await.unwrap();
    let name = format!("tenant_{}%", id.0.simple());
    [
        value(&mut connection, &format!("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '{name}'")).await,
        value(&mut connection, &format!("SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}'")).await,
        value(&mut connection, &format!("SELECT count(*) FROM platform.tenants WHERE id = '{id}'")).await,
    ]
}

#[track_caller]
fn archive_error<T: std::fmt::Debug>(result: Result<T, Error>) -> ArchiveError {
    match result.unwrap_err() {
        Error::Archive(error) => error,
        error => panic!("{error}"),
    }
}
