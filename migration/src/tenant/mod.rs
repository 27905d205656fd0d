//! Migrations of a tenant's schema: everything that belongs to the organisation.

use sea_orm_migration::prelude::*;

mod m20261121_000001_people;
mod m20261121_000002_actors;
mod m20261121_000003_operators;

/// Tables that hold much in a large organisation: nobody can write to them while an index is built.
pub const BIG_TABLES: &[&str] = &["employees", "audit_events"];

/// Brings one tenant's schema up to date.
#[derive(Clone, Copy, Debug, Default)]
pub struct TenantMigrator;

impl MigratorTrait for TenantMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_people::Migration),
            Box::new(m20261121_000002_actors::Migration),
            Box::new(m20261121_000003_operators::Migration),
        ]
    }
}
