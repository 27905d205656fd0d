//! A program of its own on the crate: one table for every tenant, two tenants, and a host that finds one of them.
//!
//! Run it with a database in DATABASE_URL whose owner may make roles:
//! `DATABASE_URL=postgres://… cargo run --package tenancy --example adopt`

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, TransactionSession};
use sea_orm_migration::prelude::{DeriveMigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use tenancy::{
    Audience, HostTarget, Hostname, Hosts, NewTenant, PoolOptions, Refusal, Resolution, Slug, TenantId, TenantScope, Tenants,
    resolve,
};
use uuid::Uuid;

/// An entity as always. It names no schema and has no tenant column.
mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Makes the schema of every tenant. It runs with that schema as its search path.
struct TenantMigrator;

impl MigratorTrait for TenantMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(M20261121Notes)]
    }
}

#[derive(DeriveMigrationName)]
struct M20261121Notes;

#[async_trait::async_trait]
impl MigrationTrait for M20261121Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE TABLE IF NOT EXISTS notes (id uuid CONSTRAINT notes_pkey PRIMARY KEY, text text NOT NULL)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

/// The application's own tables in the control plane; this program has none.
struct PlatformMigrator;

impl MigratorTrait for PlatformMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }
}

/// Application code takes a scope in place of a database, so it cannot be called without a tenant.
async fn write(scope: &impl TenantScope, text: &str) -> Result<(), DbErr> {
    let transaction = scope.begin().await?;
    let note = note::ActiveModel { id: Set(Uuid::now_v7()), text: Set(text.to_owned()) };
    note.insert(&transaction).await?;
    transaction.commit().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = PoolOptions::new(std::env::var("DATABASE_URL")?);
    let tenants = Tenants::connect::<TenantMigrator>(&options)?;
    tenants.install::<PlatformMigrator>().await?;

    for name in ["north", "south"] {
        let slug = Slug::parse(name)?;
        if tenants.directory().by_slug(&slug).await?.is_none() {
            let id = TenantId(Uuid::now_v7());
            tenants.provision(&NewTenant { id, slug, name: name.to_owned(), hostnames: vec![], now: chrono::Utc::now() }).await?;
        }
    }
    // Brings tenants that an older program made up to date; one query when there is nothing to do.
    let report = tenants.migrate_all(4, chrono::Utc::now(), |_| {}).await?;
    println!("{} tenants were behind, {} failed", report.behind, report.failed.len());

    // Of a request: its Host header, and the audience of its token once the signature was verified.
    let hosts = Hosts::new(Hostname::parse("example.com")?);
    let host = hosts.sort(&Hostname::from_authority("North.example.com:443")?);
    let north = tenants.directory().by_host(&host).await?.ok_or("north is not there")?;
    let target = HostTarget::Tenant(north.id);
    assert_eq!(resolve(target, Some(Audience::Tenant(north.id))), Ok(Resolution::Tenant(north.id)));
    let south = tenants.directory().by_slug(&Slug::parse("south")?).await?.ok_or("south is not there")?;
    assert_eq!(resolve(target, Some(Audience::Tenant(south.id))), Err(Refusal::TenantMismatch));

    write(&tenants.read_write(&north), "A note of the north").await?;
    for tenant in [&north, &south] {
        // One READ ONLY snapshot for all statements, opened by the first.
        let scope = tenants.read_only(tenant);
        let notes = note::Entity::find().count(&scope).await?;
        scope.finish().await?;
        println!("{}: {notes} notes", tenant.slug);
    }
    tenants.close().await;
    Ok(())
}
