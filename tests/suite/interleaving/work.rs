//! The pieces of work that are interleaved. Each is done for one tenant, and looks at every row that it reads.

use std::sync::{Arc, atomic::Ordering};

use chrono::Utc;
use entities::tenant::department;
use futures::TryStreamExt;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, TransactionSession, TransactionTrait,
};
use tenancy::{Tenant, TenantScope};
use tests::{Caller, department_of, is_own, schema_and_role};
use uuid::Uuid;

use super::{DEPARTMENTS, Marked, Scene};

impl Scene {
    /// One piece of work of one tenant.
    pub(super) async fn piece(&self, index: usize, kind: u32, variation: u64) {
        let Marked { tenant, owner } = &self.marked[index];
        let result = match kind {
            0..35 => self.reads(&self.tenants.read_only(tenant), tenant, variation).await,
            35..50 => self.streams(tenant, variation).await,
            50..60 => self.reads(&self.tenants.read_write(tenant), tenant, variation % 3).await,
            60..75 => self.writes_and_rolls_back(tenant, variation).await,
            75..82 => self.writes_and_commits(tenant).await,
            82..90 => self.fails(tenant, variation).await,
            90..94 => self.visits_the_control_plane(tenant).await,
            _ => {
                self.asks(tenant, owner).await;
                Ok(())
            }
        };
        if let Err(error) = result {
            panic!("{}: {error}", tenant.slug);
        }
    }

    /// Counts a read, and looks for rows of others in it.
    fn note(&self, tenant: &Arc<Tenant>, rows: &[department::Model], expected: Option<usize>) {
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(rows.len() as u64, Ordering::Relaxed);
        for row in rows {
            if !is_own(tenant, row) {
                self.report(format!("{} reads {:?}", tenant.slug, row.name));
            }
        }
        if expected.is_some_and(|expected| rows.len() != expected) {
            self.report(format!("{} reads {} rows, not {expected:?}", tenant.slug, rows.len()));
        }
    }

    fn report(&self, what: String) {
        self.foreign.lock().unwrap().push(what);
    }

    async fn reads(&self, scope: &impl TenantScope, tenant: &Arc<Tenant>, variation: u64) -> Result<(), DbErr> {
        for round in 0..8 + variation % 12 {
            let select = department::Entity::find().order_by_asc(department::Column::Id);
            match (variation >> 8).wrapping_add(round) % 5 {
                0 | 1 => self.note(tenant, &select.all(scope).await?, Some(DEPARTMENTS)),
                2 => {
                    let pages = select.paginate(scope, 3);
                    self.note(tenant, &pages.fetch_page(0).await?, Some(3));
                    self.note(tenant, &pages.fetch_page(1).await?, Some(1));
                }
                3 => {
                    let mine = department::Column::Name.starts_with(tenant.slug.as_str());
                    self.note(tenant, &select.clone().filter(mine.clone()).all(scope).await?, Some(DEPARTMENTS));
                    self.note(tenant, &select.filter(mine.not()).all(scope).await?, Some(0));
                }
                _ => {
                    let mut cursor = department::Entity::find().cursor_by(department::Column::Id);
                    self.note(tenant, &cursor.first(2).all(scope).await?, Some(2));
                }
            }
        }
        if variation.is_multiple_of(16) {
            self.is_in_place(scope, tenant).await;
        }
        Ok(())
    }

    async fn is_in_place<C: ConnectionTrait>(&self, scope: &C, tenant: &Arc<Tenant>) {
        let (schema, role) = schema_and_role(scope).await;
        if schema.as_deref() != Some(tenant.schema.as_str()) || role != tenant.schema.as_str() {
            self.report(format!("{} is at {schema:?} as {role}", tenant.slug));
        }
    }

    async fn streams(&self, tenant: &Arc<Tenant>, variation: u64) -> Result<(), DbErr> {
        let snapshot = self.tenants.read_only(tenant);
        for _ in 0..2 + variation % 6 {
            let mut stream = department::Entity::find().stream(&snapshot).await?;
            let mut rows = Vec::new();
            // Some are left before their end.
            let wanted = if variation.is_multiple_of(3) { 1 } else { usize::MAX };
            while rows.len() < wanted {
                let Some(row) = stream.try_next().await? else { break };
                rows.push(row);
            }
            self.note(tenant, &rows, Some(wanted.min(DEPARTMENTS)));
        }
        if variation.is_multiple_of(2) {
            snapshot.finish().await?;
        }
        Ok(())
    }

    async fn writes_and_rolls_back(&self, tenant: &Arc<Tenant>, variation: u64) -> Result<(), DbErr> {
        let transaction = self.tenants.read_write(tenant).begin().await?;
        let new = || department_of(tenant, &Uuid::now_v7().to_string());
        new().insert(&transaction).await?;
        let savepoint = transaction.begin().await?;
        new().insert(&savepoint).await?;
        self.note(tenant, &department::Entity::find().all(&savepoint).await?, Some(DEPARTMENTS + 2));
        if variation.is_multiple_of(2) {
            savepoint.rollback().await?;
        } else {
            // A failure that the savepoint ends.
            let failed = savepoint.execute_unprepared("SELECT 1 / 0").await;
            assert!(failed.is_err());
            self.counts.failed.fetch_add(1, Ordering::Relaxed);
            drop(savepoint);
        }
        self.note(tenant, &department::Entity::find().all(&transaction).await?, Some(DEPARTMENTS + 1));
        department::Entity::delete_many().exec(&transaction).await?;
        self.note(tenant, &department::Entity::find().all(&transaction).await?, Some(0));
        self.is_in_place(&transaction, tenant).await;
        if variation.is_multiple_of(3) {
            transaction.rollback().await?;
        }
        self.counts.rolled_back.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn writes_and_commits(&self, tenant: &Arc<Tenant>) -> Result<(), DbErr> {
        let transaction = self.tenants.read_write(tenant).begin().await?;
        // In one order, so that two of them never wait for one another.
        let locked = department::Entity::find().order_by_asc(department::Column::Id).lock_exclusive();
        let rows = locked.all(&transaction).await?;
        self.note(tenant, &rows, Some(DEPARTMENTS));
        let touched = department::ActiveModel { updated_at: Set(Utc::now()), ..Default::default() };
        let changed = department::Entity::update_many().set(touched).exec(&transaction).await?;
        if changed.rows_affected != DEPARTMENTS as u64 {
            self.report(format!("{} changes {} rows", tenant.slug, changed.rows_affected));
        }
        transaction.commit().await?;
        self.counts.committed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn fails(&self, tenant: &Arc<Tenant>, variation: u64) -> Result<(), DbErr> {
        let sql = match variation % 4 {
            0 => "SELECT 1 / 0",
            1 => "SELECT no_such_column FROM departments",
            2 => "INSERT INTO departments (id) VALUES (gen_random_uuid())",
            _ => "SELECT * FROM platform.tenants",
        };
        let writer = self.tenants.read_write(tenant);
        // Gone when the next connection is asked for: who holds one and waits for another may wait for somebody who does the same.
        let failed = if variation.is_multiple_of(3) {
            self.tenants.read_only(tenant).execute_unprepared(sql).await
        } else if variation % 3 == 1 {
            writer.execute_unprepared(sql).await
        } else {
            let transaction = writer.begin().await?;
            transaction.execute_unprepared(sql).await
        };
        assert!(failed.is_err(), "{sql}");
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        self.note(tenant, &department::Entity::find().all(&writer).await?, Some(DEPARTMENTS));
        Ok(())
    }

    async fn visits_the_control_plane(&self, tenant: &Arc<Tenant>) -> Result<(), DbErr> {
        let platform = self.tenants.platform();
        let (schema, role) = schema_and_role(&platform).await;
        if schema.as_deref() != Some("platform") || role.starts_with("tenant_") {
            self.report(format!("the control plane is at {schema:?} as {role}"));
        }
        self.note(tenant, &department::Entity::find().all(&self.tenants.read_only(tenant)).await?, Some(DEPARTMENTS));
        Ok(())
    }

    /// A request over HTTP.
    async fn asks(&self, tenant: &Arc<Tenant>, owner: &Caller) {
        let answer = owner.ask("{ tenant { slug } departments { nodes { name } } }").await;
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.reads.fetch_add(1, Ordering::Relaxed);
        if answer.text("/tenant/slug") != tenant.slug.as_str() {
            self.report(format!("{} is answered {}", tenant.slug, answer.body));
        }
        let nodes = answer.data("/departments/nodes");
        let names: Vec<_> = nodes.as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
        let own = names.iter().filter(|name| name.starts_with(&format!("{} ", tenant.slug))).count();
        if (own, names.len()) != (DEPARTMENTS, DEPARTMENTS) {
            self.report(format!("{} is answered {names:?}", tenant.slug));
        }
    }
}
